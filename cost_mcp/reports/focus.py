"""Rows of the ledger as rows of FOCUS 1.2, the FinOps Open Cost and Usage Specification: one for each meter of each call.

What the specification's words are taken to mean here:

- ``BilledCost`` and ``EffectiveCost`` are what was billed by use, so that their sums are a report's ``total_cost_usd``. A call
  that a plan covers has 0 in both (the plan's fee is in no log; whoever has the invoice adds it as a ``Purchase``), what it is
  worth at list price in ``ListCost``, and ``PricingCategory`` ``Other``.
- ``ListCost`` and ``ContractedCost`` are the exact product of quantity and unit price; ``BilledCost`` is rounded to
  nano-dollars, once a charge. A cost that was told instead of computed is one row of one request at that price, beside the list
  cost where it is known.
- ``ChargeClass`` is ``Correction`` on the reversal of a report (its quantities and costs negative) and on what stands in its
  place: when a provider invoices, a ledger cannot know. ``x_RecordedAt`` tells those corrected within their month from others.
- A call without a known price has no row: no cost may be null, and 0 may not stand for one that is not known. ``is_left_out``
  tells, so that it is said how many. Where a part of the cost is missing, ``x_LowerBound`` is ``true``.
- A charge's period is the second of the call, its billing period the calendar month, in UTC. The billing account is the tenant.

Source: FOCUS 1.2, see ``focus_columns``.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Context, Decimal
from functools import lru_cache
from typing import NamedTuple

from cost_mcp.model.call_row import CallRow, SeriesNames
from cost_mcp.model.charge import STATED, UNPRICED
from cost_mcp.model.moment import from_micros, second_text
from cost_mcp.model.money import nanos, nanos_text, usd, usd_text
from cost_mcp.model.period import month_start_of
from cost_mcp.reports.focus_columns import COLUMNS, LAST, OF_CALL, OF_CHARGE
from cost_mcp.reports.focus_offer import METERS, provider_name, publisher_name, service_name

Cell = str | None
"""Decimals as plain text with a point, None where there is nothing to say."""

_EXACT = Context(prec=60)
_SECOND = 1_000_000
_DAY = 86_400


class Offer(NamedTuple):
    """What all charges at one price have in common: their cells, those of a call or a charge still None, and the price.

    ``unit_price`` is the price of the unit that is told, ten to so many ``digits`` of what is used; ``whole`` says that the price
    is whole nano-dollars, so that no cost at it was rounded.
    """

    cells: tuple[Cell, ...]
    price: Decimal
    unit_price: str
    whole: bool
    digits: int


class FocusCall(NamedTuple):
    """What the rows of one call have in common: its cells of ``OF_CALL`` and of ``LAST``."""

    of_call: tuple[Cell, ...]
    last: tuple[Cell, ...]


class FocusCharge(NamedTuple):
    """One charge: what is offered, and its cells of ``OF_CHARGE``."""

    offer: Offer
    of_charge: tuple[str, ...]


def is_left_out(row: CallRow) -> bool:
    """Whether FOCUS has no row for it: nobody knows what it cost."""
    return row.priced == UNPRICED


def focus_rows(row: CallRow) -> list[tuple[Cell, ...]]:
    """One row of cells, in the order of ``COLUMNS``, for each charge; none for what has no known price or was charged nothing for."""
    charges = focus_charges(row)
    if not charges:
        return []
    call = focus_call(row)
    found: list[tuple[Cell, ...]] = []
    for charge in charges:
        cells = dict(zip(COLUMNS, charge.offer.cells, strict=True))
        cells.update(zip(OF_CALL, call.of_call, strict=True))
        cells.update(zip(OF_CHARGE, charge.of_charge, strict=True))
        cells.update(zip(LAST, call.last, strict=True))
        found.append(tuple(cells.values()))
    return found


def focus_call(row: CallRow) -> FocusCall:
    """What the rows of a call have in common."""
    names = row.names
    second = row.occurred_at // _SECOND
    first, after = _month(second // _DAY)
    correction = "Correction" if row.corrects else None
    return FocusCall(
        (after, first, correction, second_text(second + 1), second_text(second)),
        (
            row.tags,
            names.agent or None,
            names.billing,
            row.call_id,
            names.feature or None,
            "true" if row.unpriced_calls else None,
            names.model,
            row.price.entry_id,
            names.project or None,
            "true" if row.provisional_calls else None,
            names.purpose or None,
            second_text(row.recorded_at // _SECOND),
            str(row.revision),
            row.service_tier,
            row.session_id,
            names.source,
            row.task_id,
            row.task_title,
            names.task_type or None,
        ),
    )


def focus_charges(row: CallRow) -> list[FocusCharge]:
    """The charges of a call, meter by meter; none for what has no known price."""
    if row.priced == UNPRICED:
        return []
    sign, by_use = row.sign, row.names.billing == "api"
    offers = _offers(row.names, row.service_tier, row.price.context_above, row.inference_geo)
    found: list[FocusCharge] = []
    for meter, quantity, price, cost in json.loads(row.charges):
        offer = offers.get((meter, price))
        if offer is None:
            offer = offers[meter, price] = _offer(
                row.names, row.service_tier, row.price.context_above, row.inference_geo, meter, price
            )
        billed = _pointed(nanos_text(sign * cost))
        exact = billed if offer.whole else _plain(_EXACT.multiply(offer.price, Decimal(sign * quantity)))
        listed, unit_price = exact, offer.unit_price
        if row.priced == STATED and row.list_cost_nanos is not None:
            listed, unit_price = _pointed(nanos_text(row.list_cost_nanos)), _pointed(nanos_text(abs(row.list_cost_nanos)))
        paid = billed if by_use else "0.0"
        amounts = (paid, f"{sign * quantity}.0", exact, paid, listed, unit_price, _scaled(sign * quantity, offer.digits))
        found.append(FocusCharge(offer, amounts))
    return found


@lru_cache(maxsize=4096)
def _offers(names: SeriesNames, tier: str, context_above: int | None, geo: str | None) -> dict[tuple[str, str], Offer]:  # noqa: ARG001 (what it is remembered by)
    """What was offered to calls like these, by meter and unit price; filled as it is asked for."""
    return {}


def _offer(names: SeriesNames, tier: str, context_above: int | None, geo: str | None, meter: str, price: str) -> Offer:
    told = METERS[meter]
    priced_as = names.catalog_model or names.model
    sku = f"{names.provider or 'unknown'}/{priced_as}/{meter}"
    details: dict[str, object] = {"x_ServiceTier": tier}
    parts = [sku, tier]
    if context_above is not None:
        details["x_ContextAbove"] = context_above
        parts.append(f"above-{context_above}")
    if geo is not None:
        details["x_InferenceGeo"] = geo
        parts.append(geo)
    unit = Decimal(price)
    unit_price = _plain(_EXACT.scaleb(unit, told.digits))
    seller = provider_name(names.provider)
    values: dict[str, str | None] = {
        "BillingAccountId": names.tenant,
        "BillingCurrency": "USD",
        "ChargeCategory": "Usage",
        "ChargeDescription": f"{told.name} of {names.model}, {tier} tier",
        "ChargeFrequency": "Usage-Based",
        "ConsumedUnit": told.unit,
        "ContractedUnitPrice": unit_price,
        "InvoiceIssuerName": seller,
        "PricingCategory": "Standard" if names.billing == "api" else "Other",
        "PricingUnit": told.pricing_unit,
        "ProviderName": seller,
        "PublisherName": publisher_name(names.provider, priced_as),
        "RegionId": geo,
        "RegionName": geo,
        "ServiceCategory": "AI and Machine Learning",
        "ServiceName": service_name(names.provider, names.billing),
        "ServiceSubcategory": "Generative AI",
        "SkuId": sku,
        "SkuMeter": told.name,
        "SkuPriceDetails": json.dumps(details, separators=(",", ":"), ensure_ascii=False),
        "SkuPriceId": "/".join(parts),
    }
    return Offer(
        cells=tuple(values.get(name) for name in COLUMNS),
        price=unit,
        unit_price=unit_price,
        whole=usd(nanos(unit)) == unit,
        digits=told.digits,
    )


@lru_cache(maxsize=1024)
def _month(day: int) -> tuple[str, str]:
    """Start and end of the calendar month that holds a day, which is counted from 1970."""
    date = from_micros(day * _DAY * _SECOND).date()
    first, after = (datetime.combine(month_start_of(date, more), datetime.min.time(), UTC) for more in (0, 1))
    return f"{first:%Y-%m-%dT%H:%M:%SZ}", f"{after:%Y-%m-%dT%H:%M:%SZ}"


def _scaled(quantity: int, digits: int) -> str:
    """A whole number divided by ten to so many, as plain text."""
    whole, rest = divmod(abs(quantity), 10**digits)
    text = f"{whole}.{rest:0{digits}}".rstrip("0") if rest else f"{whole}.0"
    return f"-{text}" if quantity < 0 else text


def _plain(amount: Decimal) -> str:
    return _pointed(usd_text(amount))


def _pointed(text: str) -> str:
    """A decimal as one: readers that guess would take a column of whole numbers for whole numbers, the validator among them."""
    return text if "." in text else f"{text}.0"
