"""What a model costs at one time and tier, whatever the call's size: resolved once, kept as text, charged many times."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from cost_mcp.model.charge import PriceEntry
from cost_mcp.model.moment import instant_text
from cost_mcp.model.money import usd_text
from cost_mcp.pricing.rate import Rate


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """The rates of one model in one service tier, true for every call in [``holds_from``, ``holds_until``).

    ``asked_tier`` is the tier asked for, ``service_tier`` the one whose prices apply: they differ where a tier has no price
    of its own, and ``warnings`` then says so. ``derived`` names meters whose price follows from another's by a published
    rule. ``override`` marks prices of a user's or project's own book. ``to_text`` and ``from_text`` are exact inverses.
    """

    provider: str
    model: str
    asked_tier: str
    service_tier: str
    rates: Mapping[str, Rate]
    book: str
    source: str
    version: str
    override: bool = False
    valid_from: date | None = None
    valid_to: date | None = None
    undated: bool = False
    note: str | None = None
    derived: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    holds_from: datetime | None = None
    holds_until: datetime | None = None
    _entries: dict[int | None, PriceEntry] = field(
        default_factory=dict[int | None, PriceEntry], init=False, repr=False, compare=False
    )
    """Entries made before, by the step they are above: hashing one costs as much as charging a call."""

    def covers(self, at: datetime) -> bool:
        """Whether the rule still answers for a call at this instant."""
        return (self.holds_from is None or self.holds_from <= at) and (self.holds_until is None or at < self.holds_until)

    def unit_prices(self, input_tokens: int) -> dict[str, Decimal]:
        """Meter → US dollars per token or request, for a call of this many input tokens."""
        return {meter: rate.at(input_tokens) for meter, rate in sorted(self.rates.items())}

    def context_above(self, input_tokens: int) -> int | None:
        """The highest context step that a call of this size is above, or None."""
        steps = [above for rate in self.rates.values() for above, _ in rate.steps if input_tokens > above]
        return max(steps, default=None)

    def entry(self, input_tokens: int) -> PriceEntry:
        """The price entry a call of this size is charged by; equal contents give equal ids."""
        above = self.context_above(input_tokens)
        known = self._entries.get(above)
        if known is None:
            known = self._entries[above] = self._entry(input_tokens, above)
        return known

    def _entry(self, input_tokens: int, above: int | None) -> PriceEntry:
        prices = self.unit_prices(input_tokens)
        contents = [
            self.provider, self.model, self.service_tier, {m: usd_text(p) for m, p in prices.items()}, self.book, self.source,
            self.version, above, _day_text(self.valid_from), _day_text(self.valid_to), self.undated, self.note,
        ]  # fmt: skip
        digest = hashlib.sha256(json.dumps(contents, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
        return PriceEntry(
            entry_id=f"price_{digest[:24]}",
            provider=self.provider,
            model=self.model,
            service_tier=self.service_tier,
            unit_prices=prices,
            book=self.book,
            source=self.source,
            version=self.version,
            context_above=above,
            valid_from=self.valid_from,
            valid_to=self.valid_to,
            undated=self.undated,
            note=self.note,
        )

    def to_text(self) -> str:
        """Compact JSON that ``from_text`` reads back without any other book or library."""
        shape: dict[str, object] = {name: value for name in _TEXTS if (value := getattr(self, name)) is not None}
        shape |= {name: getattr(self, name) for name in _FLAGS if getattr(self, name)}
        shape |= {name: list(getattr(self, name)) for name in _LISTS if getattr(self, name)}
        shape |= {name: value.isoformat() for name in _DAYS if (value := getattr(self, name)) is not None}
        shape |= {name: instant_text(value) for name in _INSTANTS if (value := getattr(self, name)) is not None}
        shape["rates"] = {
            meter: [usd_text(rate.base), *([above, usd_text(price)] for above, price in rate.steps)]
            for meter, rate in self.rates.items()
        }
        return json.dumps(shape, separators=(",", ":"), sort_keys=True)

    @classmethod
    def from_text(cls, text: str) -> Rule:
        """The rule that ``to_text`` wrote."""
        shape = json.loads(text)
        fields: dict[str, Any] = {name: shape.get(name) for name in _TEXTS}
        fields |= {name: shape.get(name, False) for name in _FLAGS}
        fields |= {name: tuple(shape.get(name, ())) for name in _LISTS}
        fields |= {name: date.fromisoformat(shape[name]) for name in _DAYS if name in shape}
        fields |= {name: datetime.fromisoformat(shape[name]) for name in _INSTANTS if name in shape}
        rates = {
            meter: Rate(Decimal(base), tuple((above, Decimal(price)) for above, price in steps))
            for meter, (base, *steps) in shape["rates"].items()
        }
        return cls(rates=rates, **fields)


_TEXTS = ("provider", "model", "asked_tier", "service_tier", "book", "source", "version", "note")
_FLAGS = ("override", "undated")
_LISTS = ("derived", "warnings")
_DAYS = ("valid_from", "valid_to")
_INSTANTS = ("holds_from", "holds_until")


def _day_text(day: date | None) -> str | None:
    return None if day is None else day.isoformat()
