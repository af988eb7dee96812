"""JSON schemas of tool arguments and answers, made from the nouns they are about; short, since every agent reads them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from cost_mcp.model.budget import STATES
from cost_mcp.model.call import BILLING_MODES, CONTEXT_NAMES, SERVICE_TIERS
from cost_mcp.model.charge import PRICED_STATES
from cost_mcp.model.report import FILTER_DIMENSIONS, MAX_GROUPING, TIME_DIMENSIONS
from cost_mcp.model.reservation import DEFAULT_TTL_SECONDS, MAX_TTL_SECONDS, MIN_TTL_SECONDS
from cost_mcp.model.usage import USAGE_FIELDS
from cost_mcp.views.shape import REPORT_BREAKDOWNS, TASK_BREAKDOWNS

Schema = dict[str, object]

TEXT: Schema = {"type": "string"}
COUNT: Schema = {"type": "integer"}
FLAG: Schema = {"type": "boolean"}
OBJECT: Schema = {"type": "object"}
ROWS: Schema = {"type": "array", "items": OBJECT}
LINES: Schema = {"type": "array", "items": TEXT}

DECISIONS = ("allow", "warn", "deny")


def _said(schema: Schema, description: str) -> Schema:
    return {**schema, "description": description}


def _one_of(values: Iterable[str]) -> Schema:
    return {"type": "string", "enum": list(values)}


_WHOSE: dict[str, Schema] = {**{name: TEXT for name in CONTEXT_NAMES if name != "task_title"}, "tags": OBJECT}
"""Whose budgets are asked."""
_MODEL: dict[str, Schema] = {"model": TEXT, "provider": TEXT}
_DECIDED: dict[str, Schema] = {"decision": _one_of(DECISIONS), "why": TEXT}
_HELD: dict[str, Schema] = {"reservation_id": TEXT, "reserved_usd": TEXT, "expires_at": TEXT}

_COUNTED_BY_HAND = tuple(name for name in USAGE_FIELDS if "audio" not in name and "image" not in name and "_1h_" not in name)
"""The counts worth their place in every agent's context; the others are taken too, and come in with a usage object."""


def record_call_input() -> Schema:
    """What one call is told with."""
    known: dict[str, Schema] = {
        **_MODEL,
        "usage": _said(OBJECT, "The provider's raw usage object, unchanged."),
        **dict.fromkeys(_COUNTED_BY_HAND, COUNT),
        "input_tokens": _said(COUNT, "All input, cache included."),
        "output_tokens": _said(COUNT, "All output, reasoning included."),
        "call_id": _said(TEXT, "The provider's response id: a repeat counts once."),
        "cost_usd": _said(TEXT, "Only when the true cost is known."),
        "reservation_id": TEXT,
        "occurred_at": _said(TEXT, "RFC 3339; default now."),
        "service_tier": _one_of(SERVICE_TIERS),
        "billing": _one_of(BILLING_MODES),
        **dict.fromkeys(CONTEXT_NAMES, TEXT),
        "tags": OBJECT,
        "metadata": OBJECT,
    }
    return _arguments(known, required=["model"])


def record_call_output() -> Schema:
    """What recording answers."""
    known: dict[str, Schema] = {
        "call_id": TEXT,
        "outcome": TEXT,
        "cost_usd": _said(TEXT, "Absent while unpriced."),
        "priced": _one_of(PRICED_STATES),
        "charges": _said(ROWS, "meter, quantity, unit_price_usd, cost_usd"),
        "budgets": ROWS,
        "warnings": LINES,
    }
    return _answer(known, "call_id", "outcome")


def task_cost_input() -> Schema:
    """How a task is named."""
    return _arguments({"task_id": TEXT})


def task_cost_output() -> Schema:
    """What a task came to."""
    known: dict[str, Schema] = {
        "task_id": TEXT,
        "known": FLAG,
        "cost_usd": TEXT,
        **_counted(),
        **dict.fromkeys(TASK_BREAKDOWNS, OBJECT),
        "efficiency": _said(OBJECT, "score: 1 is usual for its type, more is cheaper"),
        "budgets": ROWS,
        "nearest": LINES,
    }
    return _answer(known, "cost_usd", tokens=True)


def cost_report_input() -> Schema:
    """Which calls to sum, and by what."""
    known: dict[str, Schema] = {
        "period": _said(TEXT, "today, week, last_month, 7d, 24h, 2026-11, total; default month."),
        "start": _said(TEXT, "Instead of period: date or RFC 3339."),
        "end": _said(TEXT, "Excluded."),
        "timezone": _said(TEXT, "IANA name."),
        "group_by": _said({**LINES, "maxItems": MAX_GROUPING}, f"Any filter below, tag:NAME, {', '.join(TIME_DIMENSIONS)}."),
        **dict.fromkeys(FILTER_DIMENSIONS, TEXT),
        "compare": FLAG,
        "trend": FLAG,
        "forecast": FLAG,
        "top": COUNT,
        "limit": _said(COUNT, "Groups per page."),
        "cursor": TEXT,
    }
    return _arguments(known)


def cost_report_output() -> Schema:
    """A report: the whole, breakdowns as name → cost_usd, and the groups asked for."""
    known: dict[str, Schema] = {
        "period": TEXT,
        "period_start": TEXT,
        "period_end": TEXT,
        "timezone": TEXT,
        "total_cost_usd": TEXT,
        **_counted(),
        **dict.fromkeys(REPORT_BREAKDOWNS, OBJECT),
        "efficiency_score": TEXT,
        "comparison": OBJECT,
        "trend": OBJECT,
        "forecast": OBJECT,
        "groups": ROWS,
        "next_cursor": TEXT,
    }
    return _answer(known, "total_cost_usd", tokens=True)


def budget_status_input() -> Schema:
    """Whose budgets, and which spend."""
    known: dict[str, Schema] = {
        "estimated_cost_usd": _said(TEXT, "Asks for a decision; or model and tokens:"),
        "input_tokens": COUNT,
        "max_output_tokens": COUNT,
        "budget": _said(TEXT, "Only the budget of this name."),
        **_MODEL,
        **_WHOSE,
    }
    return _arguments(known)


def budget_status_output() -> Schema:
    """Where budgets stand."""
    standing = (
        f"name, scope, period, limit_usd, spent_usd, remaining_usd, used_percent, state ({STATES[0]} to {STATES[-1]}), mode"
    )
    known: dict[str, Schema] = {
        "budgets": _said(ROWS, standing),
        **_DECIDED,
        "decided_by": TEXT,
        "max_output_tokens": _said(COUNT, "Would fit."),
        "alternatives": ROWS,
    }
    return _answer(known, "budgets")


def estimate_input() -> Schema:
    """What the call would be."""
    known: dict[str, Schema] = {
        **_MODEL,
        "service_tier": TEXT,
        "text": _said(TEXT, "The prompt, counted and forgotten; or input_tokens."),
        "input_tokens": COUNT,
        "cache_read_input_tokens": COUNT,
        "cache_creation_input_tokens": COUNT,
        "output_tokens": _said(COUNT, "Expected."),
        "max_output_tokens": _said(COUNT, "Limit."),
    }
    return _arguments(known, required=["model"])


def estimate_output() -> Schema:
    """What it would cost, and what would be cheaper."""
    known: dict[str, Schema] = {
        **_MODEL,
        "cost_usd": _said(TEXT, "Absent if unpriced."),
        "max_cost_usd": TEXT,
        "priced": TEXT,
        "charges": ROWS,
        "confidence": TEXT,
        "alternatives": _said(ROWS, "provider, model, cost_usd"),
        "warnings": LINES,
    }
    return _answer(known, "model")


def reserve_input() -> Schema:
    """What to hold, for whom and for how long."""
    known: dict[str, Schema] = {
        "amount_usd": _said(TEXT, "Or model and tokens:"),
        **_MODEL,
        "service_tier": TEXT,
        "input_tokens": COUNT,
        "cache_read_input_tokens": COUNT,
        "max_output_tokens": _said(COUNT, "The limit you will set."),
        **_WHOSE,
        "ttl_seconds": _said(COUNT, f"{MIN_TTL_SECONDS}-{MAX_TTL_SECONDS}; default {DEFAULT_TTL_SECONDS}."),
        "idempotency_key": _said(TEXT, "A retry with it holds once."),
    }
    return _arguments(known)


def reserve_output() -> Schema:
    """What reserving answers."""
    known: dict[str, Schema] = {
        **_DECIDED,
        **_HELD,
        "reservation_id": _said(TEXT, "Absent on deny."),
        "denied_by": TEXT,
        "remaining_usd": TEXT,
        "resets_at": TEXT,
        "alternatives": ROWS,
        "budgets": ROWS,
    }
    return _answer(known, "decision")


def savings_input() -> Schema:
    """Whose spend to look at, and how much a suggestion has to save."""
    known: dict[str, Schema] = {
        "period": TEXT,
        "min_savings": _said(TEXT, "US dollars; default 1."),
        "project": TEXT,
        "agent": TEXT,
        "limit": COUNT,
    }
    return _arguments(known)


def savings_output() -> Schema:
    """What could have cost less."""
    known: dict[str, Schema] = {
        "possible_savings_usd": _said(TEXT, "At most: rules overlap."),
        "suggestions": _said(ROWS, "saving_id, rule, saved_usd, confidence, advice, calls"),
    }
    return _answer(known, "suggestions")


def extend_input() -> Schema:
    """Which reservation to keep, and for how long from now."""
    return _arguments({"reservation_id": TEXT, "ttl_seconds": _said(COUNT, "From now.")}, required=["reservation_id"])


def release_input() -> Schema:
    """Which reservation to give back."""
    return _arguments({"reservation_id": TEXT}, required=["reservation_id"])


def reservation_output() -> Schema:
    """A reservation as it now is."""
    known: dict[str, Schema] = {
        "state": TEXT,
        "reserved_usd": TEXT,
        "expires_at": TEXT,
    }
    return _answer(known, "state")


def _counted() -> dict[str, Schema]:
    return {
        "calls": COUNT,
        "unpriced_calls": COUNT,
        "lower_bound": FLAG,
        "subscription_usd": TEXT,
    }


def _arguments(known: Mapping[str, Schema], required: list[str] | None = None) -> Schema:
    schema: Schema = {"type": "object", "properties": dict(known), "additionalProperties": False}
    return {**schema, "required": required} if required else schema


def _answer(known: Mapping[str, Schema], *required: str, tokens: bool = False) -> Schema:
    schema: Schema = {"type": "object", "properties": dict(known), "required": list(required)}
    # total_tokens, input_tokens, cache_read_input_tokens …: one pattern instead of six entries that every agent pays for.
    return {**schema, "patternProperties": {"_tokens$": COUNT}} if tokens else schema
