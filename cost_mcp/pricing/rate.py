"""Prices as a book gives them: rates with context steps, the times they hold, and the entry of one model."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

PER_MILLION = 6
"""Most price lists quote US dollars per million tokens: the exponent that turns one into dollars per token."""

CALL_METERS = ("web_search", "request")
"""Meters that do not count tokens; no service tier multiplies them."""

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Rate:
    """US dollars per token or request; ``steps`` are (input tokens above, price) pairs in rising order.

    A step is a cliff: once the call's whole input is above it, its price applies to every token of the meter.
    """

    base: Decimal
    steps: tuple[tuple[int, Decimal], ...] = ()

    def at(self, input_tokens: int) -> Decimal:
        """The price for a call of this many input tokens; at exactly a step the price below it still applies."""
        price = self.base
        for above, stepped in self.steps:
            if input_tokens > above:
                price = stepped
        return price

    def times(self, factor: Decimal) -> Rate:
        """The same rate with every price multiplied."""
        return Rate(self.base * factor, tuple((above, price * factor) for above, price in self.steps))


FREE = Rate(Decimal(0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """When a price holds: from ``start`` (included) to ``end`` (excluded), within daily ``hours``, on some days only.

    ``hours`` are (first minute, end minute) of the UTC day, a pair may wrap round midnight; ``days`` are weekdays (0 is
    Monday) and ``not_on`` dates, both of the UTC day. Empty means no such limit.
    """

    start: datetime | None = None
    end: datetime | None = None
    hours: tuple[tuple[int, int], ...] = ()
    days: frozenset[int] = frozenset()
    not_on: frozenset[date] = frozenset()

    def holds(self, at: datetime) -> bool:
        """Whether the price holds at an instant."""
        if (self.start is not None and at < self.start) or (self.end is not None and at >= self.end):
            return False
        moment = at.astimezone(UTC)
        if (self.days and moment.weekday() not in self.days) or moment.date() in self.not_on:
            return False
        minute = moment.hour * 60 + moment.minute
        return not self.hours or any(_within(minute, first, end) for first, end in self.hours)

    def edges(self, at: datetime) -> Iterator[datetime]:
        """The instants near ``at`` at which the answer of ``holds`` may change."""
        yield from (edge for edge in (self.start, self.end) if edge is not None)
        if not (self.hours or self.days or self.not_on):
            return
        midnight = datetime.combine(at.astimezone(UTC).date(), time(), UTC)
        for day in (midnight - _DAY, midnight, midnight + _DAY):
            yield day
            for pair in self.hours:
                yield from (day + timedelta(minutes=minute) for minute in pair)


ALWAYS = Window()


def _within(minute: int, first: int, end: int) -> bool:
    return first <= minute < end if first <= end else minute >= first or minute < end


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where a price comes from: which book, the page or file, its version, what else to know."""

    book: str
    source: str
    version: str
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """The rates of one model while one window holds."""

    rates: Mapping[str, Rate]
    origin: Origin
    window: Window = ALWAYS


@dataclass(frozen=True, slots=True, kw_only=True)
class TierCard:
    """What a service tier changes of a card: some rates, or (``times``) every token rate by one factor."""

    tier: str
    origin: Origin
    rates: Mapping[str, Rate] = field(default_factory=dict[str, Rate])
    times: Decimal | None = None
    window: Window = ALWAYS

    def over(self, standard: Mapping[str, Rate]) -> dict[str, Rate]:
        """The rates this tier sets, given the standard ones."""
        if self.times is None:
            return dict(self.rates)
        return {meter: rate.times(self.times) for meter, rate in standard.items() if meter not in CALL_METERS}


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """Everything one book says about one model. The last card whose window holds applies.

    ``extends`` marks an entry that only adds to (or corrects meters of) what the books below it say; ``fills`` one that adds
    only the meters they lack.
    """

    provider: str
    model: str
    cards: tuple[Card, ...] = ()
    tiers: tuple[TierCard, ...] = ()
    names: tuple[str, ...] = ()
    extends: bool = False
    fills: bool = False

    def card(self, at: datetime) -> Card | None:
        """The card that holds at an instant, or None."""
        return next((card for card in reversed(self.cards) if card.window.holds(at)), None)

    def given(self, card: Card, below: Mapping[str, Rate]) -> dict[str, Rate]:
        """What one of its cards sets over the rates of the books below."""
        return {meter: rate for meter, rate in card.rates.items() if not (self.fills and meter in below)}

    def tier(self, tier: str, at: datetime) -> tuple[TierCard, ...]:
        """What holds for a tier at an instant; the first one that sets a meter decides it."""
        return tuple(card for card in self.tiers if card.tier == tier and card.window.holds(at))

    def windows(self) -> Iterable[Window]:
        """The windows of every card and tier."""
        return [card.window for card in (*self.cards, *self.tiers)]
