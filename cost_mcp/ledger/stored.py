"""Rows of ``entries`` read back as the calls they hold."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from cost_mcp.ledger.entry import FACTS, HAS_PROVIDER, NEGATED, SUPPLIED_BITS
from cost_mcp.ledger.series import SERIES_COLUMNS
from cost_mcp.model.call import Call, Context, Rank
from cost_mcp.model.charge import UNPRICED, Charge, PricedCall, PriceEntry, Pricing
from cost_mcp.model.moment import from_micros
from cost_mcp.model.money import usd
from cost_mcp.model.usage import USAGE_FIELDS, Usage

_OWN = (
    "seq", "call_id", "revision", "counted", "recorded_at", *FACTS, *NEGATED, "charges", "tags", "metadata", "notes", "unadmitted",
)  # fmt: skip
_NAMES = (*_OWN, "contents", *SERIES_COLUMNS)
SELECT_REVISIONS = (
    f"SELECT {', '.join(f'e.{c}' for c in _OWN)}, p.contents, {', '.join(f's.{c}' for c in SERIES_COLUMNS)} FROM entries e "
    "JOIN series s ON s.series_id = e.series_id LEFT JOIN price_entries p ON p.price_id = e.price_id "
    "WHERE e.tenant = ? AND e.call_id = ? AND e.sign = 1 ORDER BY e.revision DESC"
)
"""Every report of a call that counted once, the one that counts now first. Parameters: tenant, call_id."""
SELECT_CURRENT = f"{SELECT_REVISIONS} LIMIT 1"
"""The report of a call that counts now. Parameters: tenant, call_id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredEntry:
    """One report of a call as it was entered: its row number, its revision, when it came, what it said, and if it is counted."""

    seq: int
    revision: int
    recorded_at: datetime
    priced: PricedCall
    unadmitted: bool
    counted: bool


def stored_entry(row: tuple[Any, ...]) -> StoredEntry:
    """A row of ``SELECT_CURRENT`` or ``SELECT_REVISIONS``."""
    values = dict(zip(_NAMES, row, strict=True))
    return StoredEntry(
        seq=values["seq"],
        revision=values["revision"],
        recorded_at=from_micros(values["recorded_at"]),
        priced=PricedCall(call=_call(values), pricing=_pricing(values)),
        unadmitted=bool(values["unadmitted"]),
        counted=bool(values["counted"]),
    )


def _call(values: dict[str, Any]) -> Call:
    bits = values["supplied"]
    return Call(
        call_id=values["call_id"],
        occurred_at=from_micros(values["occurred_at"]),
        model=values["model"],
        usage=Usage(**{name: values[name] for name in USAGE_FIELDS}),
        source=values["source"],
        rank=Rank(values["rank"]),
        tenant=values["tenant"],
        provider=values["provider"] if bits & HAS_PROVIDER else None,
        response_model=values["response_model"] or None,
        service_tier=values["service_tier"],
        billing=values["billing"],
        context=Context(
            **{name: values[name] or None for name in ("project", "agent", "feature", "purpose", "task_type")},
            **{name: values[name] for name in ("task_id", "task_title", "session_id")},
            tags=json.loads(values["tags"] or "{}"),
        ),
        metadata=json.loads(values["metadata"] or "{}"),
        stated_cost_usd=_usd(values["stated_cost_nanos"]),
        reservation_id=values["reservation_id"],
        provisional=bool(values["provisional_calls"]),
        supplied=frozenset(name for name, bit in SUPPLIED_BITS.items() if bits & bit),
    )


def _usd(nanos: int | None) -> Decimal | None:
    return None if nanos is None else usd(nanos)


def _pricing(values: dict[str, Any]) -> Pricing:
    notes = json.loads(values["notes"] or "{}")
    return Pricing(
        priced=values["priced"],
        cost_usd=None if values["priced"] == UNPRICED else usd(values["cost_nanos"]),
        partial=bool(values["unpriced_calls"]) and values["priced"] != UNPRICED,
        charges=tuple(
            Charge(meter=meter, quantity=quantity, unit_price_usd=Decimal(price), cost_usd=usd(cost))
            for meter, quantity, price, cost in json.loads(values["charges"])
        ),
        entry=None if values["contents"] is None else price_entry(values["contents"]),
        list_cost_usd=_usd(values["list_cost_nanos"]),
        provider=values["catalog_provider"] or None,
        model=values["catalog_model"] or None,
        warnings=tuple(notes.get("warnings", ())),
        nearest=tuple(notes.get("nearest", ())),
    )


def price_entry(text: str) -> PriceEntry:
    """A price entry from its stored JSON."""
    contents: dict[str, Any] = json.loads(text)
    for name in ("valid_from", "valid_to"):
        if name in contents:
            contents[name] = date.fromisoformat(contents[name])
    prices = {meter: Decimal(price) for meter, price in contents.pop("unit_prices").items()}
    return PriceEntry(**contents, unit_prices=MappingProxyType(prices))
