"""What the price books say about one model, for people: a row per price, in dollars per million tokens."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from cost_mcp.model.charge import METERS
from cost_mcp.model.money import usd_text
from cost_mcp.views.terminal_page import BLANK, Column, Line, Page, Span, Table, line

if TYPE_CHECKING:
    from cost_mcp.pricing.listing import ListedPrice, Listing

_EACH = ("web_search", "request")
_MAIN = ("input", "output")
_YIELDS = {"input": 0, "output": 0, "cache_read": 0, "cache_write_5m": 1}
_MILLION = 1_000_000


def listing_page(listing: Listing) -> Page:
    """What a model is charged now, tier by tier, then every other price known; for an unknown one the nearest names."""
    if not listing.prices:
        return _unknown(listing)
    title = f"{listing.provider}/{listing.model}" if listing.model else listing.asked_model
    page: list[Line | Table] = [line(Span(title, "strong"), Span("  ·  dollars per million tokens", "dim"))]
    now = [_Row(one.price, one.unit_prices, one.steps) for one in listing.in_force]
    page += [BLANK, line(Span(f"In force at {_moment(listing.at)} UTC", "strong")), _table(now)] if now else []
    each = {meter: price for row in now[:1] for meter, price in row.unit_prices.items() if meter in _EACH}
    page += [line(f"{meter.replace('_', ' ')}: ${usd_text(price)} each") for meter, price in each.items()]
    resting = [one for one in listing.prices if not one.applies]
    for head, some in (
        ("At other times", [one for one in resting if not one.overruled]),
        ("Overruled by the prices above", [one for one in resting if one.overruled]),
    ):
        rows = [_Row(one, one.unit_prices, one.steps) for one in some]
        page += [BLANK, line(Span(head, "strong")), _table(rows)] if rows else []
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


@dataclass(frozen=True, slots=True)
class _Row:
    """A price and the figures to show of it: its own, or what comes of it and those it stands on."""

    price: ListedPrice
    unit_prices: Mapping[str, Decimal]
    steps: tuple[tuple[int, Mapping[str, Decimal]], ...]


def _table(shown: Sequence[_Row]) -> Table:
    used = {meter for row in shown for meter in row.unit_prices} | {*_MAIN}
    meters = [meter for meter in METERS if meter in used and meter not in _EACH]
    stepped = any(row.steps for row in shown)
    columns = (
        Column(title="  Tier"),
        *([Column(title="Above", align="right")] if stepped else []),
        *(Column(title=m.replace("_", " "), align="point", yields=_YIELDS.get(m, 2)) for m in meters),
        Column(title="Holds", yields=1),
        Column(title="Book", shortens=True, yields=4),
    )
    return Table(columns=columns, rows=tuple(cells for row in shown for cells in _rows(row, meters, stepped=stepped)))


def _rows(row: _Row, meters: Sequence[str], *, stepped: bool) -> Iterator[tuple[Line, ...]]:
    """One row per context step, and further ones where it takes more lines to say when the price holds."""
    one = row.price
    factor = "" if one.times is None else f"× {one.times:f}"
    figures: list[tuple[str, Mapping[str, str]]] = [("", _figures(row.unit_prices) or dict.fromkeys(_MAIN, factor))]
    figures += [(f"{above:,}", _figures(prices)) for above, prices in row.steps]
    holds = _holds(one)
    tier = one.service_tier if one.times is None else f"{one.service_tier} ({factor})"
    figures += [("", {})] * (len(holds) - len(figures))
    for number, (above, prices) in enumerate(figures):
        first = number == 0
        yield (
            line(f"  {tier}" if first else ""),
            *([line(Span(above, "dim"))] if stepped else []),
            *(line(prices.get(meter, "")) for meter in meters),
            line(Span(holds[number] if number < len(holds) else "", "dim")),
            line(Span(f"{one.book} {one.version}" if first else "", "dim")),
        )


def _figures(prices: Mapping[str, Decimal]) -> dict[str, str]:
    return {meter: usd_text(price * _MILLION) for meter, price in prices.items()}


def _holds(one: ListedPrice) -> list[str]:
    """When a price holds, a line each: from when, until when, at which hours, on which days."""
    days, _, off = one.days.partition("except ")
    count = len(off.split(", "))
    parts = [
        "" if one.valid_from is None else f"from {_moment(one.valid_from)}",
        "" if one.valid_to is None else f"until {_moment(one.valid_to)}",
        f"{one.hours} UTC" if one.hours else "",
        days.strip(),
        f"except {off if count == 1 else f'{count} days'}" if off else "",
    ]
    return [part for part in parts if part] or ["undated"]


def _moment(instant: datetime) -> str:
    told = instant.astimezone(UTC)
    return f"{told:%Y-%m-%d}" if (told.hour, told.minute) == (0, 0) else f"{told:%Y-%m-%d %H:%M}"


def _sources(prices: Iterable[ListedPrice]) -> list[str]:
    said: dict[str, None] = {}
    for one in prices:
        said[f"{one.book} {one.version}: {one.source}" + (f" ({one.note})" if one.note else "")] = None
    return list(said)
