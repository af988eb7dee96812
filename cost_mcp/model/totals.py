"""Sums over calls: the one shape in which the ledger answers how much."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from datetime import datetime
from decimal import Decimal

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """What a set of calls comes to; money by billing mode, tokens by kind.

    ``cost_usd`` is what was billed by use (billing ``api``); ``subscription_usd`` is the list-price equivalent of calls
    covered by a plan. Both are lower bounds while ``unpriced_calls`` is not 0. Calls and tokens count both modes.
    """

    calls: int = 0
    unpriced_calls: int = 0
    provisional_calls: int = 0
    cost_usd: Decimal = ZERO
    subscription_usd: Decimal = ZERO
    provisional_usd: Decimal = ZERO
    input_tokens: int = 0
    output_tokens: int = 0
    cache_read_input_tokens: int = 0
    cache_creation_input_tokens: int = 0
    reasoning_output_tokens: int = 0
    web_search_requests: int = 0
    first_call: datetime | None = None
    last_call: datetime | None = None

    @property
    def total_tokens(self) -> int:
        """All input plus all output."""
        return self.input_tokens + self.output_tokens

    @property
    def unpriced(self) -> bool:
        """Whether nothing of its cost is known: there are calls, and none has a price."""
        return 0 < self.calls == self.unpriced_calls and not self.cost_usd and not self.subscription_usd

    def __add__(self, other: Totals) -> Totals:
        sums = {name: getattr(self, name) + getattr(other, name) for name in SUMMED}
        firsts = [t for t in (self.first_call, other.first_call) if t is not None]
        lasts = [t for t in (self.last_call, other.last_call) if t is not None]
        return replace(self, **sums, first_call=min(firsts, default=None), last_call=max(lasts, default=None))


SUMMED: tuple[str, ...] = tuple(f.name for f in fields(Totals) if f.name not in ("first_call", "last_call"))
TOKEN_KINDS = (
    "input_tokens",
    "output_tokens",
    "cache_read_input_tokens",
    "cache_creation_input_tokens",
    "reasoning_output_tokens",
)
NOTHING = Totals()
