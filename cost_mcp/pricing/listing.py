"""Everything the books say about one model, and what of it applies: the answer of ``prices show``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from cost_mcp.model.call import SERVICE_TIERS
from cost_mcp.model.charge import PriceEntry
from cost_mcp.pricing.rate import Card, Rate, TierCard, Window
from cost_mcp.pricing.resolving import STANDARD, held_card, tier_cards_of
from cost_mcp.pricing.shelf import Sighting

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedPrice:
    """One price of one book: meter → US dollars per token or request, at the smallest context.

    ``steps`` are (input tokens above, prices from there) in rising order. ``times`` stands for prices given as a multiple
    of standard. ``hours`` and ``days`` are UTC, as text, empty for all. ``extends`` marks a price that only adds to a lower
    book's. ``applies`` is True where it (or a part of it) decides the price at the time asked about.
    """

    book: str
    source: str
    version: str
    service_tier: str
    unit_prices: Mapping[str, Decimal]
    steps: tuple[tuple[int, Mapping[str, Decimal]], ...] = ()
    times: Decimal | None = None
    valid_from: datetime | None = None
    valid_to: datetime | None = None
    hours: str = ""
    days: str = ""
    extends: bool = False
    undated: bool = False
    note: str | None = None
    applies: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """What is known about a model at ``at``: the catalog's ids, every book's prices (the one that wins first).

    ``entry`` is what a standard call of few tokens would be charged by; None when nothing applies, and ``nearest`` then
    names up to three models to try instead.
    """

    asked_model: str
    asked_provider: str | None
    at: datetime
    provider: str | None = None
    model: str | None = None
    prices: tuple[ListedPrice, ...] = ()
    entry: PriceEntry | None = None
    nearest: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def listed_prices(sightings: Iterable[Sighting], at: datetime) -> Iterator[ListedPrice]:
    """Every price of the entries found, in their order; of one entry the standard ones first."""
    found = tuple(sightings)
    held = held_card(found, at, [])
    deciding: list[Card | TierCard] = []
    below: Mapping[str, Rate] = {} if held is None else held.card.rates
    if held is not None:
        deciding += [held.card, *(card for addition in held.additions if (card := addition.entry.card(at)) is not None)]
        for tier in SERVICE_TIERS:
            deciding += tier_cards_of(held, tier, at)
    for entry in (sighting.entry for sighting in found):
        filled = tuple(card for card in entry.cards if not entry.fills or entry.given(card, below))
        for card in (*filled, *entry.tiers):
            tier = card.tier if isinstance(card, TierCard) else STANDARD
            yield _listed(card, tier, extends=entry.extends, applies=any(card is decides for decides in deciding))


def _listed(card: Card | TierCard, tier: str, *, extends: bool, applies: bool) -> ListedPrice:
    window, origin = card.window, card.origin
    return ListedPrice(
        book=origin.book,
        source=origin.source,
        version=origin.version,
        service_tier=tier,
        unit_prices={meter: rate.base for meter, rate in card.rates.items()},
        steps=_steps(card.rates),
        times=card.times if isinstance(card, TierCard) else None,
        valid_from=window.start,
        valid_to=window.end,
        hours=", ".join(f"{_clock(first)}-{_clock(end)}" for first, end in window.hours),
        days=_days(window),
        extends=extends,
        undated=window.start is None,
        note=origin.note,
        applies=applies,
    )


def _steps(rates: Mapping[str, Rate]) -> tuple[tuple[int, Mapping[str, Decimal]], ...]:
    marks = sorted({above for rate in rates.values() for above, _ in rate.steps})
    return tuple((above, {meter: rate.at(above + 1) for meter, rate in rates.items()}) for above in marks)


def _clock(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"


def _days(window: Window) -> str:
    text = ", ".join(_DAYS[day] for day in sorted(window.days))
    off = ", ".join(day.isoformat() for day in sorted(window.not_on))
    return f"{text} except {off}" if off else text
