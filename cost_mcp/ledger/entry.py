"""One call as a row of ``entries``."""

from __future__ import annotations

import json
from operator import attrgetter
from typing import Any

from cost_mcp.errors import InvalidInput
from cost_mcp.model.call import Call
from cost_mcp.model.charge import Charge, PricedCall, PriceEntry, Pricing
from cost_mcp.model.moment import EARLIEST, micros
from cost_mcp.model.money import MAX_CALL_USD, nanos
from cost_mcp.model.usage import USAGE_FIELDS

NEGATED = (
    "cost_nanos",
    "charged_nanos",
    "list_cost_nanos",
    "stated_cost_nanos",
    "unpriced_calls",
    "provisional_calls",
    *USAGE_FIELDS,
)
FACTS = (
    "occurred_at", "task_id", "task_title", "session_id", "service_tier", "supplied", "priced", "reservation_id",
)  # fmt: skip
_REMARKS = ("tags", "metadata", "notes")
ENTRY_COLUMNS = (
    "tenant", "call_id", "revision", "sign", "counted", "recorded_at", "series_id", "price_id", *FACTS, *NEGATED, "charges", *_REMARKS,
    "unadmitted",
)  # fmt: skip

INSERT_ENTRY, INSERT_UNCOUNTED = (
    f"INSERT INTO entries ({', '.join(ENTRY_COLUMNS)}) VALUES (?, ?, ?, 1, {counted}, {', '.join('?' for _ in ENTRY_COLUMNS[5:])})"
    for counted in (1, 0)
)
"""Parameters: tenant, call_id, revision, recorded_at, series_id, price_id, then ``entry_values``, unadmitted."""
REVERSE_ENTRY = (
    f"INSERT INTO entries ({', '.join(ENTRY_COLUMNS)}) SELECT tenant, call_id, revision, -1, counted, ?, series_id, price_id, "
    f"{', '.join(FACTS)}, {', '.join(f'-{c}' for c in NEGATED)}, '[]', {', '.join(_REMARKS)}, unadmitted FROM entries WHERE seq = ?"
)
"""Parameters: when it is recorded, and the seq of the row to reverse."""
ENTER_AGAIN = (
    f"INSERT INTO entries ({', '.join(ENTRY_COLUMNS)}) SELECT tenant, call_id, revision + 1, 1, ?, ?, series_id, price_id, "
    f"{', '.join(FACTS)}, {', '.join(NEGATED)}, charges, {', '.join(_REMARKS)}, unadmitted FROM entries WHERE seq = ?"
)
"""The same report once more, counted or not. Parameters: 1 or 0, when it is recorded, and the seq of the reversed row."""

INSERT_PRICE_ENTRY = "INSERT INTO price_entries (tenant, entry_id, contents) VALUES (?, ?, ?)"
SELECT_PRICE_ENTRY = "SELECT price_id FROM price_entries WHERE tenant = ? AND entry_id = ?"

_usage_values = attrgetter(*USAGE_FIELDS)
SUPPLIED_BITS = {"provider": 1, "service_tier": 2, "occurred_at": 4, "stated_cost_usd": 8, "billing": 32}
HAS_PROVIDER = 16


def check_recordable(priced: PricedCall) -> None:
    """Refuse what the ledger's whole numbers are not made for.

    Raises:
        InvalidInput: a cost above the largest one call may have, or a time before 2020.
    """
    if priced.call.occurred_at < EARLIEST:
        raise InvalidInput("occurred_at is before 2020.", field="occurred_at", hint="Check its unit and clock.")
    for amount in (priced.pricing.cost_usd, priced.pricing.list_cost_usd, priced.call.stated_cost_usd):
        if amount is not None and not 0 <= amount <= MAX_CALL_USD:
            raise InvalidInput(
                f"the cost of one call is not from 0 to {MAX_CALL_USD:,f} USD.",
                field="cost_usd",
                hint="Check its unit: US dollars.",
            )


def charged_nanos(priced: PricedCall) -> int:
    """What enforcing budgets count: an agent that states its own cost does not get below the list price."""
    cost = 0 if priced.pricing.cost_usd is None else nanos(priced.pricing.cost_usd)
    if priced.call.source == "mcp" and priced.call.stated_cost_usd is not None and priced.pricing.list_cost_usd is not None:
        return max(cost, nanos(priced.pricing.list_cost_usd))
    return cost


def entry_values(priced: PricedCall) -> tuple[Any, ...]:
    """What the call and its pricing say of themselves: the parameters of ``INSERT_ENTRY`` between the numbers and the last."""
    call, context, pricing = priced.call, priced.call.context, priced.pricing
    return (
        micros(call.occurred_at),
        context.task_id,
        context.task_title,
        context.session_id,
        call.service_tier,
        _bits(call),
        pricing.priced,
        call.reservation_id,
        0 if pricing.cost_usd is None else nanos(pricing.cost_usd),
        charged_nanos(priced),
        None if pricing.list_cost_usd is None else nanos(pricing.list_cost_usd),
        None if call.stated_cost_usd is None else nanos(call.stated_cost_usd),
        int(pricing.lacks_price),
        int(call.provisional),
        *_usage_values(call.usage),
        _charges_text(pricing.charges),
        _compact(dict(context.tags)) if context.tags else None,
        _compact(dict(call.metadata)) if call.metadata else None,
        _notes_text(pricing),
    )


def _bits(call: Call) -> int:
    return sum([SUPPLIED_BITS[name] for name in call.supplied]) + (0 if call.provider is None else HAS_PROVIDER)


def _compact(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _charges_text(charges: tuple[Charge, ...]) -> str:
    # Written by hand: meters are our own words and the rest are numbers, so nothing needs escaping.
    rows = [f'["{c.meter}",{c.quantity},"{c.unit_price_usd!s}",{nanos(c.cost_usd)}]' for c in charges]
    return f"[{','.join(rows)}]"


def _notes_text(pricing: Pricing) -> str | None:
    if not pricing.warnings and not pricing.nearest:
        return None
    return _compact({"warnings": pricing.warnings, "nearest": pricing.nearest})


def price_entry_text(entry: PriceEntry) -> str:
    """A price entry's contents as JSON."""
    contents = {name: getattr(entry, name) for name in PriceEntry.__slots__ if name not in ("entry_id", "unit_prices")}
    contents["unit_prices"] = {meter: str(price) for meter, price in entry.unit_prices.items()}
    for name in ("valid_from", "valid_to"):
        contents[name] = contents[name].isoformat() if contents[name] else None
    return _compact(
        {name: value for name, value in sorted(contents.items()) if value is not None} | {"entry_id": entry.entry_id}
    )
