"""Everything the books say about one model, and what of it applies: the answer of ``prices show``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from cost_mcp.model.call import SERVICE_TIERS
from cost_mcp.model.charge import PriceEntry
from cost_mcp.pricing.rate import Card, Entry, Rate, TierCard, Window
from cost_mcp.pricing.resolving import STANDARD, held_card, tier_cards_of
from cost_mcp.pricing.rule import Rule
from cost_mcp.pricing.shelf import Sighting

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedPrice:
    """One price of one book: meter → US dollars per token or request, at the smallest context.

    ``steps`` are (input tokens above, prices from there) in rising order. ``times`` stands for prices given as a multiple
    of standard. ``hours`` and ``days`` are UTC, as text, empty for all. ``extends`` marks a price that only adds to a lower
    book's. ``applies`` is True where it (or a part of it) decides the price at the time asked about; ``overruled`` where a
    book above it says what the model costs then.
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
    overruled: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class InForce:
    """What a call in one service tier is charged: every meter, and the price that decides it."""

    price: ListedPrice
    unit_prices: Mapping[str, Decimal]
    steps: tuple[tuple[int, Mapping[str, Decimal]], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """What is known about a model at ``at``: the catalog's ids, every book's prices (the one that wins first).

    ``entry`` is what a standard call of few tokens would be charged by; None when nothing applies, and ``nearest`` then
    names up to three models to try instead. ``in_force`` holds what each tier that has prices of its own is charged, standard
    first.
    """

    asked_model: str
    asked_provider: str | None
    at: datetime
    provider: str | None = None
    model: str | None = None
    prices: tuple[ListedPrice, ...] = ()
    in_force: tuple[InForce, ...] = ()
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
    overruled = False
    for sighting in found:
        entry = sighting.entry
        for card in (*entry.cards, *entry.tiers):
            rates = entry.given(card, below) if isinstance(card, Card) else card.rates
            if rates or isinstance(card, TierCard):
                applies = any(card is decides for decides in deciding)
                yield _listed(entry, card, rates, applies=applies, overruled=overruled)
        overruled = overruled or (held is not None and sighting is held.sighting)


def in_force(rule: Rule, prices: Iterable[ListedPrice]) -> InForce | None:
    """What a rule charges, beside the listed price that decides it; None where its tier has no price of its own."""
    own = [price for price in prices if price.applies and price.service_tier == rule.asked_tier]
    decides = next((price for price in own if not price.extends), own[0] if own else None)
    if decides is None or rule.service_tier != rule.asked_tier:
        return None
    return InForce(price=decides, unit_prices=rule.unit_prices(0), steps=_steps(rule.rates))


def _listed(entry: Entry, card: Card | TierCard, rates: Mapping[str, Rate], *, applies: bool, overruled: bool) -> ListedPrice:
    window, origin = card.window, card.origin
    return ListedPrice(
        book=origin.book,
        source=origin.source,
        version=origin.version,
        service_tier=card.tier if isinstance(card, TierCard) else STANDARD,
        unit_prices={meter: rate.base for meter, rate in rates.items()},
        steps=_steps(rates),
        times=card.times if isinstance(card, TierCard) else None,
        valid_from=window.start,
        valid_to=window.end or _superseded(entry, card),
        hours=", ".join(f"{_clock(first)}-{_clock(end)}" for first, end in window.hours),
        days=_days(window),
        extends=entry.extends,
        undated=window.start is None,
        note=origin.note,
        applies=applies,
        overruled=overruled,
    )


def _superseded(entry: Entry, card: Card | TierCard) -> datetime | None:
    """When a later card of the entry takes the place of one for good: the first that holds on all days and hours."""
    if isinstance(card, TierCard):
        return None
    later = entry.cards[[other is card for other in entry.cards].index(True) + 1 :]
    starts = [other.window.start for other in later if not (other.window.hours or other.window.days or other.window.end)]
    return min((start for start in starts if start is not None), default=None)


def _steps(rates: Mapping[str, Rate]) -> tuple[tuple[int, Mapping[str, Decimal]], ...]:
    marks = sorted({above for rate in rates.values() for above, _ in rate.steps})
    return tuple((above, {meter: rate.at(above + 1) for meter, rate in rates.items()}) for above in marks)


def _clock(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"


def _days(window: Window) -> str:
    days = sorted(window.days)
    in_a_row = len(days) > 2 and days == list(range(days[0], days[-1] + 1))
    text = f"{_DAYS[days[0]]}-{_DAYS[days[-1]]}" if in_a_row else ", ".join(_DAYS[day] for day in days)
    off = ", ".join(day.isoformat() for day in sorted(window.not_on))
    return f"{text} except {off}".strip() if off else text
