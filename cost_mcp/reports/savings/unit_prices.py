"""The unit prices of one price entry, asked for by meter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Context, Decimal

from cost_mcp.model.money import nanos, usd

_EXACT = Context(prec=60)
_INSTEAD: Mapping[str, tuple[str, ...]] = {
    "cache_read": ("input",),
    "cache_write_5m": ("input",),
    "cache_write_1h": ("cache_write_5m", "input"),
    "reasoning": ("output",),
}
"""The meter that charges for another without a price of its own, as calls are charged."""


@dataclass(frozen=True, slots=True)
class UnitPrices:
    """Meter → US dollars per token."""

    prices: Mapping[str, Decimal]

    def stated(self, meter: str) -> bool:
        """Whether the entry gives this very meter a price."""
        return meter in self.prices

    def at(self, meter: str) -> Decimal:
        """What a token of this meter is charged; of one without a price of its own, what is charged instead, at last 0."""
        return next((self.prices[name] for name in (meter, *_INSTEAD.get(meter, ())) if name in self.prices), Decimal(0))

    def cost(self, tokens: Mapping[str, int]) -> Decimal:
        """Dollars for so many tokens by meter, exactly."""
        total = Decimal(0)
        for meter, count in tokens.items():
            if count:
                total = _EXACT.add(total, _EXACT.multiply(Decimal(count), self.at(meter)))
        return total


def rounded(amount: Decimal) -> Decimal:
    """An amount in whole nano-dollars, half to even."""
    return usd(nanos(amount))
