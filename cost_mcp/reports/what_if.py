"""What past calls cost beside what they would have cost otherwise; only calls of which both are known are compared."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from decimal import Decimal

_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Repriced:
    """Calls at two prices.

    ``cost_usd`` and ``would_cost_usd`` are of the ``compared`` calls. Of others one of the two is not known:
    ``would_be_known`` of ``unknown_then`` calls, and ``was_usd`` of ``unknown_now`` calls, which the other prices do not cover.
    """

    calls: int = 0
    compared: int = 0
    cost_usd: Decimal = _ZERO
    would_cost_usd: Decimal = _ZERO
    unknown_then: int = 0
    would_be_known_usd: Decimal = _ZERO
    unknown_now: int = 0
    was_usd: Decimal = _ZERO

    def __add__(self, other: Repriced) -> Repriced:
        return Repriced(*(getattr(self, one.name) + getattr(other, one.name) for one in fields(self)))

    @property
    def difference_usd(self) -> Decimal:
        """How much less (negative) or more the compared calls would have cost."""
        return self.would_cost_usd - self.cost_usd

    @property
    def percent_change(self) -> Decimal | None:
        """The same in percent of what they cost, at one decimal; None where they cost nothing."""
        return (self.difference_usd * 100 / self.cost_usd).quantize(Decimal("0.1")) + 0 if self.cost_usd else None


@dataclass(frozen=True, slots=True, kw_only=True)
class RepricedModel:
    """The calls of one model and billing mode as they were made; ``into`` is the model they were priced as (None: none is known)."""

    provider: str | None
    model: str
    billing: str
    into: str | None
    repriced: Repriced


@dataclass(frozen=True, slots=True, kw_only=True)
class RepricedMeter:
    """What the compared calls billed by use would have been charged for one meter."""

    meter: str
    quantity: int
    cost_usd: Decimal


def total(models: Iterable[RepricedModel], billing: str) -> Repriced:
    """The sum of the models of one billing mode."""
    return sum((one.repriced for one in models if one.billing == billing), Repriced())
