"""From the entries of a model to the rule that holds at one time in one service tier."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from cost_mcp.pricing.book import PROJECT, USER
from cost_mcp.pricing.rate import Card, Entry, Origin, Rate, TierCard
from cost_mcp.pricing.rule import Rule
from cost_mcp.pricing.shelf import Sighting

STANDARD = "standard"

_HOUR_WRITE_TIMES = Decimal(2)
"""A cache write kept for an hour costs twice the input price of every Claude model.

Source: https://platform.claude.com/docs/en/about-claude/pricing, read 2026-11-22.
"""


@dataclass(frozen=True, slots=True)
class Held:
    """The card that holds, and the sightings above it that only add to it (highest first)."""

    sighting: Sighting
    card: Card
    additions: tuple[Sighting, ...]


def build_rule(sightings: Iterable[Sighting], tier: str, at: datetime) -> Rule | None:
    """The rule for a tier at an instant, or None where no entry has a price at that time.

    Sightings come highest first and are read only as far as needed. A tier without a price of its own is charged at the
    standard price, and the rule's warnings say so.
    """
    seen: list[Entry] = []
    held = held_card(sightings, at, seen)
    if held is None:
        return None
    card, entry = held.card, held.sighting.entry
    rates, origins, layers = dict(card.rates), [card.origin], {held.sighting.layer}
    for addition in reversed(held.additions):
        added = addition.entry.card(at)
        given = {} if added is None else addition.entry.given(added, rates)
        if added is not None and given:
            rates |= given
            origins.append(added.origin)
            layers.add(addition.layer)
    tier_cards = tier_cards_of(held, tier, at)
    for tier_card in reversed(tier_cards):
        rates |= tier_card.over(rates if tier_card.times is None else card.rates)
    layers |= {addition.layer for addition in held.additions if any(card in addition.entry.tiers for card in tier_cards)}
    origins += [tier_card.origin for tier_card in tier_cards if tier_card.origin not in origins]
    warnings = () if tier_cards or tier == STANDARD else (_no_tier(tier, entry),)
    if held.sighting.place is not None:
        warnings += (_no_place(held.sighting.place, entry),)
    derived, note = _derive(entry, rates)
    holds_from, holds_until = _holding(seen, at)
    return Rule(
        provider=entry.provider,
        model=entry.model,
        asked_tier=tier,
        service_tier=tier if tier_cards else STANDARD,
        rates=rates,
        book=card.origin.book,
        source="; ".join(dict.fromkeys(origin.source for origin in origins if origin.source)),
        version=card.origin.version,
        override=not layers.isdisjoint({USER, PROJECT}),
        valid_from=_valid_from(card, tier_cards),
        valid_to=_valid_to(entry, card, at),
        undated=card.window.start is None,
        note="; ".join(text for text in (*_notes(origins), note) if text) or None,
        derived=derived,
        warnings=warnings,
        holds_from=holds_from,
        holds_until=holds_until,
    )


def held_card(sightings: Iterable[Sighting], at: datetime, seen: list[Entry]) -> Held | None:
    """The card that decides at an instant, or None; entries read on the way are added to ``seen``."""
    additions: list[Sighting] = []
    for sighting in sightings:
        seen.append(sighting.entry)
        if sighting.entry.extends:
            additions.append(sighting)
        elif (card := sighting.entry.card(at)) is not None:
            return Held(sighting, card, tuple(additions))
    return None


def tier_cards_of(held: Held, tier: str, at: datetime) -> Sequence[TierCard]:
    """What the tier changes, the deciding one first: additions above the entry, then the entry itself.

    A published multiple is a way to price a tier that has no prices: it gives way to prices of the tier itself.
    """
    cards = [card for addition in held.additions for card in addition.entry.tier(tier, at)]
    cards += held.sighting.entry.tier(tier, at)
    priced = [card for card in cards if card.times is None]
    return priced or cards[:1]


def _no_tier(tier: str, entry: Entry) -> str:
    return f"{entry.provider} {entry.model} has no {tier} price at that time: charged at the standard price."


def _no_place(place: str, entry: Entry) -> str:
    return f"{entry.provider} {entry.model} has no price listed for {place}: charged at the price that is listed."


def _derive(entry: Entry, rates: dict[str, Rate]) -> tuple[tuple[str, ...], str | None]:
    """Add what follows from a published rule; the meters added and a note about them."""
    if "claude" not in entry.model.lower() or "cache_write_1h" in rates:
        return (), None
    if "input" not in rates or not rates["input"].base:
        return (), None
    rates["cache_write_1h"] = rates["input"].times(_HOUR_WRITE_TIMES)
    return ("cache_write_1h",), "cache_write_1h is 2 x input (platform.claude.com, pricing)"


def _notes(origins: Iterable[Origin]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(origin.note for origin in origins if origin.note))


def _valid_from(card: Card, tier_cards: Sequence[TierCard]) -> date | None:
    starts = [window.start for window in (card.window, *(tier.window for tier in tier_cards)) if window.start is not None]
    return max(starts).date() if starts else None


def _valid_to(entry: Entry, card: Card, at: datetime) -> date | None:
    """The day the price ends: its own end, or the start of a later price of the entry that holds at all hours."""
    ends = [card.window.end] if card.window.end is not None else []
    ends += [
        other.window.start
        for other in entry.cards
        if other.window.start is not None and other.window.start > at and not other.window.hours
    ]
    return min(ends).date() if ends else None


def _holding(seen: Iterable[Entry], at: datetime) -> tuple[datetime | None, datetime | None]:
    """The span round ``at`` in which no window of any entry read begins or ends."""
    edges = [edge for entry in seen for window in entry.windows() for edge in window.edges(at)]
    return max((e for e in edges if e <= at), default=None), min((e for e in edges if e > at), default=None)
