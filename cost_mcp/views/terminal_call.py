"""Single calls for people: what recording one came to, why it cost that; and whether the ledger's totals agree."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from cost_mcp.model.charge import UNPRICED, Charge, PriceEntry, Pricing
from cost_mcp.model.moment import zone
from cost_mcp.model.money import display_usd, usd_text
from cost_mcp.model.receipt import CORRECTED, CREATED, EXISTS, SKIPPED, Receipt
from cost_mcp.views.terminal_budget import standings_table
from cost_mcp.views.terminal_page import BLANK, Column, Line, Page, Span, Table, line
from cost_mcp.views.text_reservation import reservation_text

if TYPE_CHECKING:
    from cost_mcp.ledger.contract import StoredCall, Verification

_OUTCOMES = {
    CREATED: "Recorded",
    EXISTS: "Already recorded; it counts once",
    CORRECTED: "Corrected an earlier report",
    SKIPPED: "Not recorded: tracking is off",
}
_STATES = {
    "list": "at list price",
    "override": "at your own price",
    "stated": "as stated",
    "free": "free of charge",
}


def receipt_page(receipt: Receipt, now: datetime) -> Page:
    """What became of a report: its cost meter by meter, warnings, and the budgets it touched."""
    call = receipt.recorded.call
    page: list[Line | Table] = [
        line(_cost(receipt.pricing), Span(f"  ·  {call.model}  ·  {_OUTCOMES[receipt.outcome]}", "dim")),
        line(Span(f"call {receipt.call_id}", "dim")),
    ]
    page += [] if receipt.reservation is None else [line(reservation_text(receipt.reservation))]
    if receipt.unadmitted:
        page.append(line(Span("unadmitted: an enforcing budget did not hold this beforehand", "warning")))
    page += [line(Span(f"warning: {warning}", "warning")) for warning in receipt.warnings]
    page += [BLANK, charges_table(receipt.pricing.charges)] if len(receipt.pricing.charges) > 1 else []
    page += [BLANK, standings_table(receipt.standings, now)] if receipt.standings else []
    return tuple(page)


def charges_table(charges: Sequence[Charge]) -> Table:
    """Charges meter by meter; dollars in full, for people who recalculate."""
    columns = (
        Column(title="Meter"),
        Column(title="Quantity", align="right"),
        Column(title="$ per million", align="point"),
        Column(title="Cost", align="point"),
    )
    rows = tuple(
        (
            line(Span(charge.meter.replace("_", " "), "name")),
            line(f"{charge.quantity:,}"),
            line(Span(usd_text(charge.unit_price_usd * 1_000_000), "dim")),
            line(_exact(charge.cost_usd)),
        )
        for charge in charges
    )
    return Table(columns=columns, rows=rows)


def call_page(stored: StoredCall, timezone: str) -> Page:
    """Why a call cost what it cost: meter by meter, the price entry, and what it was corrected from."""
    call, pricing = stored.priced.call, stored.priced.pricing
    page: list[Line | Table] = [
        line(Span(f"Call {call.call_id}", "strong")),
        line(_cost(pricing), Span(f"  ·  {call.model}  ·  {stored.priced.provider or 'provider not known'}", "dim")),
        BLANK,
    ]
    facts = {
        "Made": f"{call.occurred_at.astimezone(zone(timezone)):%Y-%m-%d %H:%M:%S} {timezone}",
        "Told by": call.source,
        "Tier": "" if call.service_tier == "standard" else call.service_tier,
        "Billing": "" if call.billing == "api" else call.billing,
        **{name.removesuffix("_id").replace("_", " ").capitalize(): value for name, value in call.context.as_dict().items()},
        "Provisional": "its final usage is not known" if call.provisional else "",
    }
    page += _facts(facts)
    page += [] if stored.owner is None else [_not_counted(stored.owner)]
    page += [BLANK, charges_table(pricing.charges)] if pricing.charges else []
    page += [BLANK, *_facts(_entry_facts(pricing.entry))] if pricing.entry is not None else []
    page += [line(Span(f"warning: {warning}", "warning")) for warning in pricing.warnings]
    page += [
        line(Span(f"Revision {number} said ", "dim"), _cost(priced.pricing), Span(f", told by {priced.call.source}", "dim"))
        for number, priced in enumerate(stored.earlier, start=1)
    ]
    return tuple(page)


def _not_counted(owner: str) -> Line:
    why = f": {owner} tells what its session spent, and without an id nobody knows which of those calls this is."
    return line(Span("Kept, not counted", "warning"), why)


def verification_page(found: Verification) -> Page:
    """Whether all totals agree with the calls, and each difference."""
    looked = f"{found.calls:,} calls, {found.windows:,} budget windows and {found.rollups:,} totals"
    if not found.differences:
        return (line(Span("Sound", "ok"), f": {looked} recomputed, no difference."),)
    head = line(Span("Not sound", "critical"), f": {looked} recomputed, {len(found.differences):,} differ.")
    rest = [line(f"  {difference}") for difference in found.differences]
    return (head, *rest, line("`cost-mcp rebuild` makes them anew from the calls."))


def rebuilt_page(found: Verification) -> Page:
    """What was made anew, and what was wrong before."""
    head = line(
        Span("Rebuilt", "ok"), f": {found.windows:,} budget windows and {found.rollups:,} totals from {found.calls:,} calls."
    )
    if not found.differences:
        return (head, line("Nothing was wrong before."))
    return (head, line("Wrong before:"), *(line(f"  {difference}") for difference in found.differences))


def _cost(pricing: Pricing) -> Span:
    if pricing.cost_usd is None:
        return Span(UNPRICED, "warning")
    if pricing.partial:
        return Span(f"at least {display_usd(pricing.cost_usd)} {_STATES[pricing.priced]}", "warning")
    return Span(f"{display_usd(pricing.cost_usd)} {_STATES[pricing.priced]}", "money")


def _exact(amount: Decimal) -> str:
    """Every digit of an amount, cents always among them."""
    whole, _, part = usd_text(amount).partition(".")
    return f"${whole}.{part.ljust(2, '0')}"


def _facts(facts: dict[str, str]) -> list[Line]:
    shown = {name: text for name, text in facts.items() if text}
    width = max(len(name) for name in shown) + 2
    return [line(Span(name.ljust(width), "dim"), text) for name, text in shown.items()]


def _entry_facts(entry: PriceEntry) -> dict[str, str]:
    start = "undated" if entry.valid_from is None else f"from {entry.valid_from}"
    end = "" if entry.valid_to is None else f" to {entry.valid_to}"
    above = "" if entry.context_above is None else f"above {entry.context_above:,} input tokens"
    return {
        "Priced as": f"{entry.provider}/{entry.model}",
        "Price": ", ".join(part for part in (f"{start}{end}", above) if part),
        "Book": f"{entry.book} {entry.version}",
        "Source": entry.source,
        "Note": entry.note or "",
        "Entry": entry.entry_id,
    }
