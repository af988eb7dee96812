"""The JSON shapes of single calls: what was reported, what it cost and why; and of a check of the whole ledger."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from cost_mcp.ledger.contract import StoredCall, Verification
from cost_mcp.model.charge import Charge, PricedCall, PriceEntry
from cost_mcp.model.moment import instant_text
from cost_mcp.model.money import usd_text


def charge_shape(charge: Charge) -> dict[str, object]:
    """One meter's share of a cost."""
    return {
        "meter": charge.meter,
        "quantity": charge.quantity,
        "unit_price_usd": usd_text(charge.unit_price_usd),
        "cost_usd": usd_text(charge.cost_usd),
    }


def call_shape(stored: StoredCall) -> dict[str, object]:
    """A call as it now counts, meter by meter, with its price entry and what it was corrected from (oldest first).

    One that is kept and not counted says so, and which source tells what its session spent.
    """
    shape = _priced_shape(stored.priced)
    shape["recorded_at"] = instant_text(stored.recorded_at)
    shape["revision"] = stored.revision
    if stored.owner is not None:
        shape.update(counted=False, told_better_by=stored.owner)
    shape["earlier"] = [_priced_shape(priced) for priced in stored.earlier]
    return shape


def verification_shape(verification: Verification) -> dict[str, object]:
    """What a check of the ledger looked at, and every difference it found."""
    return {
        "sound": not verification.differences,
        "calls": verification.calls,
        "windows": verification.windows,
        "rollups": verification.rollups,
        "differences": list(verification.differences),
    }


def price_shape(entry: PriceEntry) -> dict[str, object]:
    """A price entry: unit prices in dollars per token or request, and where they come from."""
    known: dict[str, object | None] = {
        "entry_id": entry.entry_id,
        "provider": entry.provider,
        "model": entry.model,
        "service_tier": entry.service_tier,
        "unit_prices_usd": {meter: usd_text(price) for meter, price in entry.unit_prices.items()},
        "book": entry.book,
        "source": entry.source,
        "version": entry.version,
        "context_above": entry.context_above,
        "valid_from": _day(entry.valid_from),
        "valid_to": _day(entry.valid_to),
        "undated": entry.undated,
        "note": entry.note,
    }
    return present(known)


def _priced_shape(priced: PricedCall) -> dict[str, object]:
    call, pricing = priced.call, priced.pricing
    shape = present(
        {
            "call_id": call.call_id,
            "occurred_at": instant_text(call.occurred_at),
            "provider": priced.provider,
            "model": call.model,
            "response_model": call.response_model,
            "priced_as": pricing.model,
            "service_tier": call.service_tier,
            "billing": call.billing,
            "source": call.source,
            "rank": call.rank.name.lower(),
            "provisional": call.provisional,
            "reservation_id": call.reservation_id,
            **call.context.as_dict(),
        }
    )
    if call.context.tags:
        shape["tags"] = dict(call.context.tags)
    if call.metadata:
        shape["metadata"] = dict(call.metadata)
    shape["usage"] = call.usage.as_dict()
    shape["total_tokens"] = call.usage.total_tokens
    money = {
        "cost_usd": pricing.cost_usd,
        "list_cost_usd": pricing.list_cost_usd,
        "stated_cost_usd": call.stated_cost_usd,
    }
    shape.update((name, usd_text(amount)) for name, amount in money.items() if amount is not None)
    shape["priced"] = pricing.priced
    if pricing.partial:
        shape["lower_bound"] = True
    shape["charges"] = [charge_shape(charge) for charge in pricing.charges]
    if pricing.entry is not None:
        shape["price"] = price_shape(pricing.entry)
    if pricing.nearest:
        shape["nearest"] = list(pricing.nearest)
    shape["warnings"] = list(pricing.warnings)
    return shape


def present(known: Mapping[str, object | None]) -> dict[str, object]:
    """The entries that are not None."""
    return {name: value for name, value in known.items() if value is not None}


def _day(day: date | None) -> str | None:
    return None if day is None else day.isoformat()
