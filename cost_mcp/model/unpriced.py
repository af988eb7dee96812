"""What a budget in dollars makes of calls whose price nobody knows."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_CEILING, Context, Decimal

from cost_mcp.errors import InvalidInput
from cost_mcp.model.money import parse_usd

WARN_UNPRICED, DENY_UNPRICED, ASSUME_PRICE = "warn", "deny", "assume"
UNPRICED_POLICIES = (WARN_UNPRICED, DENY_UNPRICED, ASSUME_PRICE)
USUAL_UNPRICED = {"alert": WARN_UNPRICED, "enforce": DENY_UNPRICED, "shadow": DENY_UNPRICED}
"""The policy of a budget that says nothing of it, by its mode."""

MAX_USD_PER_MTOK = Decimal(1_000_000)

_WIDE = Context(prec=60, rounding=ROUND_CEILING)


@dataclass(frozen=True, slots=True, kw_only=True)
class AssumedPrice:
    """US dollars per million tokens of input and of output, taken for those whose price is not known; never nothing for both.

    Raises:
        InvalidInput: a price that is no amount of money, or two that are zero.
    """

    input: Decimal
    output: Decimal

    def __post_init__(self) -> None:
        for price in (self.input, self.output):
            parse_usd(price, "assume_usd_per_mtok", maximum=MAX_USD_PER_MTOK)
        if not self.input and not self.output:
            raise InvalidInput(
                "assume_usd_per_mtok is zero: an unknown price is not nothing.",
                field="assume_usd_per_mtok",
                hint="Give the dollars per million tokens of the dearest model that may be called.",
            )

    def cost(self, input_tokens: int, output_tokens: int) -> Decimal:
        """What so many tokens come to, rounded up once to the nano-dollar: never less than was stated."""
        exact = _WIDE.add(_WIDE.multiply(self.input, input_tokens), _WIDE.multiply(self.output, output_tokens))
        return _WIDE.scaleb(_WIDE.to_integral_value(_WIDE.scaleb(exact, 3)), -9)
