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

from cost_mcp.model.call_row import CallRow
from cost_mcp.model.charge import STATED, UNPRICED
from cost_mcp.model.moment import from_micros, second_text
from cost_mcp.model.money import nanos, nanos_text, usd, usd_text
from cost_mcp.model.period import month_start_of
from cost_mcp.reports.focus_columns import COLUMNS, PLACE
from cost_mcp.reports.focus_offer import METERS, provider_name, publisher_name, service_name

FocusRow = tuple[str | None, ...]
"""The cells of one row in the order of ``COLUMNS``: decimals as plain text with a point, None where there is nothing to say."""

_EXACT = Context(prec=60)
_SECOND = 1_000_000

(
    _BILLED, _PERIOD_END, _PERIOD_START, _CLASS, _END, _START, _CONSUMED, _CONTRACTED, _CONTRACTED_PRICE, _EFFECTIVE, _LIST,
    _LIST_PRICE, _QUANTITY, _TAGS, _AGENT, _CALL, _FEATURE, _BOUND, _PRICE_ENTRY, _PROJECT, _PROVISIONAL, _PURPOSE, _RECORDED,
    _REVISION, _SESSION, _SOURCE, _TASK, _TITLE, _TYPE,
) = (
    PLACE[name]
    for name in (
        "BilledCost", "BillingPeriodEnd", "BillingPeriodStart", "ChargeClass", "ChargePeriodEnd", "ChargePeriodStart",
        "ConsumedQuantity", "ContractedCost", "ContractedUnitPrice", "EffectiveCost", "ListCost", "ListUnitPrice",
        "PricingQuantity", "Tags", "x_Agent", "x_CallId", "x_Feature", "x_LowerBound", "x_PriceEntryId", "x_Project",
        "x_Provisional", "x_Purpose", "x_RecordedAt", "x_Revision", "x_SessionId", "x_Source", "x_TaskId", "x_TaskTitle",
        "x_TaskType",
    )
)  # fmt: skip


class _Offer(NamedTuple):
    """The cells that all charges at one price share, that price, whether it is whole nano-dollars, and its unit's digits."""

    cells: tuple[str | None, ...]
    price: Decimal
    whole: bool
    digits: int


def is_left_out(row: CallRow) -> bool:
    """Whether FOCUS has no row for it: nobody knows what it cost."""
    return row.priced == UNPRICED


def focus_rows(row: CallRow) -> list[FocusRow]:
    """One row for each meter that was charged; none for what has no known price or was charged nothing for."""
    if row.priced == UNPRICED:
        return []
    charges: list[tuple[str, int, str, int]] = json.loads(row.charges)
    if not charges:
        return []
    whole_row = _of_call(row)
    by_use, sign = row.billing == "api", row.sign
    found: list[FocusRow] = []
    for meter, quantity, price, cost in charges:
        offer = _offer(
            row.tenant, row.billing, row.provider, row.catalog_model or row.model, row.model, row.service_tier,
            row.context_above, row.inference_geo, meter, price,
        )  # fmt: skip
        cells = list(offer.cells)
        for place, value in whole_row:
            cells[place] = value
        cells[_CONSUMED] = f"{sign * quantity}.0"
        cells[_QUANTITY] = _scaled(sign * quantity, offer.digits)
        billed = _pointed(nanos_text(sign * cost))
        exact = billed if offer.whole else _plain(_EXACT.multiply(offer.price, Decimal(sign * quantity)))
        cells[_CONTRACTED] = cells[_LIST] = exact
        if row.priced == STATED and row.list_cost_nanos is not None:
            listed = abs(row.list_cost_nanos)
            cells[_LIST], cells[_LIST_PRICE] = _pointed(nanos_text(sign * listed)), _pointed(nanos_text(listed))
        cells[_BILLED] = cells[_EFFECTIVE] = billed if by_use else "0.0"
        found.append(tuple(cells))
    return found


def _of_call(row: CallRow) -> list[tuple[int, str | None]]:
    """What all charges of a call share, by place."""
    second = row.occurred_at // _SECOND
    first, after = _month(second // 86_400)
    return [
        (_PERIOD_START, first),
        (_PERIOD_END, after),
        (_START, second_text(second)),
        (_END, second_text(second + 1)),
        (_CLASS, "Correction" if row.corrects else None),
        (_TAGS, row.tags),
        (_AGENT, row.agent or None),
        (_CALL, row.call_id),
        (_FEATURE, row.feature or None),
        (_BOUND, "true" if row.unpriced_calls else None),
        (_PRICE_ENTRY, row.price_entry_id),
        (_PROJECT, row.project or None),
        (_PROVISIONAL, "true" if row.provisional_calls else None),
        (_PURPOSE, row.purpose or None),
        (_RECORDED, second_text(row.recorded_at // _SECOND)),
        (_REVISION, str(row.revision)),
        (_SESSION, row.session_id),
        (_SOURCE, row.source),
        (_TASK, row.task_id),
        (_TITLE, row.task_title),
        (_TYPE, row.task_type or None),
    ]


@lru_cache(maxsize=4096)
def _offer(
    tenant: str,
    billing: str,
    provider: str,
    priced_as: str,
    model: str,
    tier: str,
    context_above: int | None,
    geo: str | None,
    meter: str,
    price: str,
) -> _Offer:
    told = METERS[meter]
    sku = f"{provider or 'unknown'}/{priced_as}/{meter}"
    details: dict[str, object] = {"x_ServiceTier": tier}
    parts = [sku, tier]
    if context_above is not None:
        details["x_ContextAbove"] = context_above
        parts.append(f"above-{context_above}")
    if geo is not None:
        details["x_InferenceGeo"] = geo
        parts.append(geo)
    unit = Decimal(price)
    unit_price = _plain(unit.scaleb(told.digits))
    values: dict[str, str | None] = {
        "BillingAccountId": tenant,
        "BillingCurrency": "USD",
        "ChargeCategory": "Usage",
        "ChargeDescription": f"{told.name} of {model}, {tier} tier",
        "ChargeFrequency": "Usage-Based",
        "ConsumedUnit": told.unit,
        "ContractedUnitPrice": unit_price,
        "InvoiceIssuerName": provider_name(provider),
        "ListUnitPrice": unit_price,
        "PricingCategory": "Standard" if billing == "api" else "Other",
        "PricingUnit": told.pricing_unit,
        "ProviderName": provider_name(provider),
        "PublisherName": publisher_name(provider, priced_as),
        "RegionId": geo,
        "RegionName": geo,
        "ServiceCategory": "AI and Machine Learning",
        "ServiceName": service_name(provider, billing),
        "ServiceSubcategory": "Generative AI",
        "SkuId": sku,
        "SkuMeter": told.name,
        "SkuPriceDetails": json.dumps(details, separators=(",", ":"), ensure_ascii=False),
        "SkuPriceId": "/".join(parts),
        "x_Billing": billing,
        "x_Model": model,
        "x_ServiceTier": tier,
    }
    return _Offer(
        cells=tuple(values.get(name) for name in COLUMNS),
        price=unit,
        whole=usd(nanos(unit)) == unit,
        digits=told.digits,
    )


@lru_cache(maxsize=1024)
def _month(day: int) -> tuple[str, str]:
    """Start and end of the calendar month that holds a day, which is counted from 1970."""
    date = from_micros(day * 86_400 * _SECOND).date()
    first, after = (datetime.combine(month_start_of(date, more), datetime.min.time(), UTC) for more in (0, 1))
    return f"{first:%Y-%m-%dT%H:%M:%SZ}", f"{after:%Y-%m-%dT%H:%M:%SZ}"


def _scaled(quantity: int, digits: int) -> str:
    """A whole number divided by ten to so many, as plain text."""
    whole, rest = divmod(abs(quantity), 10**digits)
    text = _pointed(f"{whole}.{rest:0{digits}}".rstrip("0").rstrip(".") if rest else str(whole))
    return f"-{text}" if quantity < 0 else text


def _plain(amount: Decimal) -> str:
    return _pointed(usd_text(amount))


def _pointed(text: str) -> str:
    """A decimal as one: readers that guess would take a column of whole numbers for whole numbers, the validator among them."""
    return text if "." in text else f"{text}.0"
