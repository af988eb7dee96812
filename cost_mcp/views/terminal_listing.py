"""What the price books say about one model, for people: a row per price, in dollars per million tokens."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from cost_mcp.model.charge import METERS
from cost_mcp.model.money import usd_text
from cost_mcp.views.terminal_layout import shortened
from cost_mcp.views.terminal_page import BLANK, Column, Line, Page, Span, Table, line

if TYPE_CHECKING:
    from cost_mcp.pricing.listing import ListedPrice, Listing

_EACH = ("web_search", "request")
_MAIN = ("input", "output")
_MILLION = 1_000_000


def listing_page(listing: Listing) -> Page:
    """Every price known for a model, those that apply now marked; for an unknown one the nearest names."""
    if not listing.prices:
        return _unknown(listing)
    page: list[Line | Table] = [
        line(Span(f"{listing.provider}/{listing.model}", "strong"), Span("  ·  dollars per million tokens", "dim")),
        BLANK,
        _table(listing.prices),
    ]
    each = {meter: price for one in listing.prices if one.applies for meter, price in one.unit_prices.items() if meter in _EACH}
    page += [BLANK] if each else []
    page += [line(f"{meter.replace('_', ' ')}: ${usd_text(price)} each") for meter, price in each.items()]
    page += [BLANK, *(line(Span(text, "dim")) for text in _sources(listing.prices))]
    page += [line(Span(f"warning: {warning}", "warning")) for warning in listing.warnings]
    return tuple(page)


def _unknown(listing: Listing) -> Page:
    lines = [line(Span("No price is known.", "warning"), " Calls of this model are kept as unpriced, never as $0.")]
    if listing.nearest:
        lines.append(line("Similar: ", Span(", ".join(listing.nearest), "name")))
    return (
        *lines,
        line(Span("Your own prices go into prices.yaml beside your config.yaml; `cost-mcp doctor` says where.", "dim")),
    )


def _table(shown: Sequence[ListedPrice]) -> Table:
    used = {meter for one in shown for meter in one.unit_prices}
    meters = [meter for meter in METERS if meter in used and meter not in _EACH]
    stepped = any(one.steps for one in shown)
    columns = (
        Column(title=""),
        Column(title="Tier"),
        *([Column(title="Above", align="right")] if stepped else []),
        *(Column(title=m.replace("_", " "), align="point", yields=0 if m in _MAIN else 3) for m in meters),
        Column(title="Holds", yields=2),
        Column(title="Book", shortens=True, yields=1),
    )
    rows: list[tuple[Line, ...]] = []
    for one in shown:
        rows.append(_row(one, None, one.unit_prices, meters, stepped=stepped))
        rows += [_row(one, above, prices, meters, stepped=stepped) for above, prices in one.steps]
    return Table(columns=columns, rows=tuple(rows))


def _row(
    one: ListedPrice, above: int | None, prices: Mapping[str, Decimal], meters: list[str], *, stepped: bool
) -> tuple[Line, ...]:
    style = "" if one.applies else "dim"
    tier = one.service_tier if one.times is None else f"{one.service_tier} (× {one.times:f})"
    first = above is None
    return (
        line(Span("●", "ok") if one.applies and first else ""),
        line(Span(tier if first else "", style)),
        *([line(Span("" if above is None else f"{above:,}", "dim"))] if stepped else []),
        *(line(Span(usd_text(prices[meter] * _MILLION), style)) if meter in prices else () for meter in meters),
        line(Span(_holds(one) if first else "", "dim")),
        line(Span(f"{one.book} {one.version}" if first else "", "dim")),
    )


def _holds(one: ListedPrice) -> str:
    start = "undated" if one.undated or one.valid_from is None else f"from {_day(one.valid_from)}"
    end = "" if one.valid_to is None else f"until {_day(one.valid_to)}"
    hours = f"{one.hours} UTC" if one.hours else ""
    return ", ".join(part for part in (start, end, hours, shortened(one.days, 24)) if part)


def _day(instant: datetime) -> str:
    return f"{instant:%Y-%m-%d}"


def _sources(prices: Iterable[ListedPrice]) -> list[str]:
    said: dict[str, None] = {}
    for one in prices:
        said[f"{one.book}: {one.source}" + (f" ({one.note})" if one.note else "")] = None
    return list(said)
