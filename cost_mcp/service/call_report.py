"""From what a reporter said of a call to a ``Call``: the one place where raw fields of a recording are read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, cast

from cost_mcp.errors import ContextBound, InvalidInput
from cost_mcp.model.call import BILLING_MODES, CONTEXT_NAMES, INFERENCE_GEO, Call, Context, Rank, check_choice, new_id
from cost_mcp.model.charge import AGENTS, Pricing
from cost_mcp.model.moment import MAX_AHEAD, parse_instant
from cost_mcp.model.money import parse_usd
from cost_mcp.model.name import clean_metadata, clean_name, optional_name
from cost_mcp.model.usage import USAGE_FIELDS, Usage, check_quantity
from cost_mcp.service.fields import Fields, context_of, flag, present, refuse_unknown

if TYPE_CHECKING:
    from cost_mcp.capture.usage import ReadUsage
    from cost_mcp.config.settings import Settings

TOKEN_ALIASES = {
    "prompt_tokens": "input_tokens",
    "completion_tokens": "output_tokens",
    "cached_tokens": "cache_read_input_tokens",
    "cache_read_tokens": "cache_read_input_tokens",
    "cache_write_tokens": "cache_creation_input_tokens",
    "reasoning_tokens": "reasoning_output_tokens",
}
RECORD_FIELDS = (
    "model", "provider", "usage", *USAGE_FIELDS, *TOKEN_ALIASES, "cost_usd", "call_id", "occurred_at", "response_model",
    "service_tier", "billing", *CONTEXT_NAMES, "tags", "metadata", "provisional", "reservation_id",
)  # fmt: skip


_COUNTS = (*USAGE_FIELDS, *TOKEN_ALIASES)
BOUND_CONTEXT = ("project", "agent", "session_id", "task_id")
"""Context a process may be given for every call: by its environment, which binds, or by files, which do not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reporter:
    """Who reports: the source's name, how much it is believed, and whether its times are held to a recent window.

    ``product`` is the agent program it reports for, where it is known.
    """

    source: str
    rank: Rank
    held_to_recent: bool = False
    product: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Remarks:
    """What the reader of a provider's usage has to say beside the counts, to be kept with the call.

    ``uncounted`` are those of the ``notes`` that tell of a cost which is in no count.
    """

    notes: tuple[str, ...] = ()
    uncounted: tuple[str, ...] = ()

    def on(self, pricing: Pricing, source: str) -> Pricing:
        """The pricing with these remarks, a lower bound where a cost is in no count."""
        return pricing.remarked(self.notes, self.uncounted, agents=source == AGENTS)


def read_call(fields: Fields, reporter: Reporter, settings: Settings, now: datetime) -> tuple[Call, Remarks]:
    """The call a report tells of, and what there is to say about its usage.

    Args:
        fields: Raw values by the names of ``RECORD_FIELDS``; None counts as absent.
        reporter: Where they come from.
        settings: The context that binds or fills gaps, tenant, billing, how far back an agent may date a call.
        now: The time of the report; the call's time when none is given.

    Raises:
        InvalidInput: a field that cannot be taken; it is named.
    """
    given = present(fields)
    refuse_unknown(given, RECORD_FIELDS, "record_call")
    read, usage = _usage(given)
    model = _model(given, read)
    stated = _stated(given, read)
    supplied = {name for name in ("provider", "service_tier", "occurred_at", "billing") if name in given}
    if stated is not None:
        supplied.add("stated_cost_usd")
    if read is not None and read.service_tier is not None:
        supplied.add("service_tier")
    call_id = _call_id(given, read)
    call = Call(
        call_id=call_id or new_id("call"),
        occurred_at=_occurred_at(given, reporter, settings, now),
        model=model,
        usage=usage,
        source=reporter.source,
        rank=reporter.rank,
        tenant=settings.tenant,
        provider=_provider(given, read),
        response_model=_response_model(given, read, model),
        service_tier=_service_tier(given, read),
        billing=read_billing(given, settings, reporter.source),
        context=bind(context_of(given), settings),
        metadata=_metadata(given, read),
        stated_cost_usd=stated,
        reservation_id=optional_name(given.get("reservation_id"), "reservation_id"),
        provisional=flag(given.get("provisional"), "provisional") or (read is not None and read.provisional),
        supplied=frozenset(supplied),
        product=reporter.product,
        unshared=call_id is None,
    )
    return call, Remarks() if read is None else Remarks(notes=read.notes, uncounted=read.uncounted)


def read_billing(given: Fields, settings: Settings, source: str | None) -> str:
    """How a call is billed: as said, else as the settings have it.

    Raises:
        UnknownName: not a billing mode.
        ContextBound: an agent says a plan covers the call, which would take it out of budgets, and the settings do not say so.
    """
    billing = check_choice(given.get("billing", settings.billing), BILLING_MODES, "billing")
    if billing == "subscription" and source == AGENTS and settings.billing != billing:
        raise ContextBound(
            "billing is subscription, and this server's settings do not say that a plan covers its calls.",
            field="billing",
            hint="Leave billing out, or have COST_MCP_BILLING=subscription set where the server is configured.",
        )
    return billing


def differs_from_bound(context: Context, settings: Settings) -> bool:
    """Whether a context names something else than the environment binds this process to."""
    bound = [name for name in BOUND_CONTEXT if name in settings.bound]
    return any(getattr(context, name) not in (None, getattr(settings, name)) for name in bound)


def bind(context: Context, settings: Settings) -> Context:
    """The context completed from the settings: what the environment binds holds, what files say fills gaps.

    Raises:
        ContextBound: a field differs from what the environment binds it to.
    """
    if not any(getattr(settings, name) is not None for name in BOUND_CONTEXT):
        return context
    completed = {name: getattr(context, name) for name in CONTEXT_NAMES}
    for name in BOUND_CONTEXT:
        value, ours = completed[name], getattr(settings, name)
        if name in settings.bound and value not in (None, ours):
            raise ContextBound(
                f"{name} differs from the one this server is bound to.",
                field=name,
                hint=f"Leave {name} out, or have COST_MCP_{name.upper()} changed where the server is configured.",
            )
        completed[name] = value or ours
    return Context(**completed, tags=context.tags)


def _usage(given: dict[str, object]) -> tuple[ReadUsage | None, Usage]:
    counted = [name for name in _COUNTS if name in given]
    if "usage" in given:
        if counted:
            raise InvalidInput(
                f"usage and {counted[0]} were both given.",
                field=counted[0],
                hint="Give the provider's usage object alone; it holds every count.",
            )
        from cost_mcp.capture.usage import read_usage

        provider = given.get("provider")
        read = read_usage(given["usage"], provider if isinstance(provider, str) else None)
        return read, read.usage
    if not counted and "cost_usd" not in given:
        raise InvalidInput(
            "no usage was given.",
            field="usage",
            hint="Give the provider's usage object as usage, or input_tokens and output_tokens, or a cost_usd.",
        )
    return None, counted_usage(given, counted)


def counted_usage(given: Fields, names: Iterable[str]) -> Usage:
    """The usage that the named count fields give, under whichever of their names.

    Raises:
        InvalidInput: not a count, two names of one count with different values, or parts above their whole.
    """
    counts: dict[str, int] = {}
    for name in names:
        target = TOKEN_ALIASES.get(name, name)
        value = check_quantity(given[name], name)
        if counts.setdefault(target, value) != value:
            raise InvalidInput(f"{name} and {target} differ.", field=name, hint="They mean the same: give one of them.")
    return Usage(**counts)


def _metadata(given: dict[str, object], read: ReadUsage | None) -> Mapping[str, object]:
    metadata = clean_metadata(given.get("metadata"))
    if read is None or read.inference_geo is None:
        return metadata
    return clean_metadata({**metadata, INFERENCE_GEO: read.inference_geo})


def _model(given: dict[str, object], read: ReadUsage | None) -> str:
    if "model" in given:
        return clean_name(given["model"], "model")
    if read is not None and read.model is not None:
        return clean_name(read.model, "model")
    raise InvalidInput("model is missing.", field="model", hint='Give the model\'s name, as in "claude-opus-4-6".')


def _response_model(given: dict[str, object], read: ReadUsage | None, model: str) -> str | None:
    if "response_model" in given:
        return optional_name(given["response_model"], "response_model")
    return read.model if read is not None and read.model not in (None, model) else None


def _provider(given: dict[str, object], read: ReadUsage | None) -> str | None:
    if "provider" in given:
        return clean_name(given["provider"], "provider")
    return read.provider if read is not None else None


def _service_tier(given: dict[str, object], read: ReadUsage | None) -> str:
    if "service_tier" in given:
        tier = given["service_tier"]
        return "standard" if tier in ("default", "auto") else cast("str", tier)
    return (read.service_tier if read is not None else None) or "standard"


def _stated(given: dict[str, object], read: ReadUsage | None) -> Decimal | None:
    if "cost_usd" in given:
        return parse_usd(given["cost_usd"], "cost_usd")
    return read.stated_cost_usd if read is not None else None


def _call_id(given: dict[str, object], read: ReadUsage | None) -> str | None:
    if "call_id" in given:
        return clean_name(given["call_id"], "call_id")
    if read is not None and read.response_id is not None:
        return clean_name(read.response_id, "call_id")
    return None


def _occurred_at(given: dict[str, object], reporter: Reporter, settings: Settings, now: datetime) -> datetime:
    if "occurred_at" not in given:
        return now
    instant = parse_instant(given["occurred_at"], "occurred_at")
    if instant > now + MAX_AHEAD:
        raise InvalidInput(
            "occurred_at lies in the future, more than 5 minutes ahead of this machine's clock.",
            field="occurred_at",
            hint="Check its zone; leave it out for a call made just now.",
        )
    hours = settings.max_backdate_hours
    if reporter.held_to_recent and instant < now - timedelta(hours=hours):
        raise InvalidInput(
            f"occurred_at lies more than {hours} hours in the past.",
            field="occurred_at",
            hint="Older calls come in through the command line: cost-mcp record --occurred-at …, or cost-mcp import.",
        )
    return instant
