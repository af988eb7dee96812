"""How much of a call budgets still have room for. Plain arithmetic on where they stand."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import ROUND_FLOOR, Decimal

from cost_mcp.model.budget import Standing


def largest_output(
    enforcing: Iterable[Standing], *, fixed_usd: Decimal, output_price_usd: Decimal, input_tokens: int
) -> int | None:
    """The most output tokens a call may have so that every budget still admits it.

    Per budget in dollars: (remaining - fixed cost) / price per output token; in tokens: remaining - input tokens; both rounded
    down, and the smallest of them counts. None where not even one token fits, or where no budget bounds the output.

    Args:
        enforcing: the windows of enforcing budgets that cover the call.
        fixed_usd: what the call costs without any output.
        output_price_usd: what one output token costs; it must not depend on how many there are.
        input_tokens: all input of the call.
    """
    bounds: list[Decimal] = []
    for standing in enforcing:
        unit = standing.budget.unit
        if unit == "calls":
            if standing.remaining < 1:
                return None
        elif unit == "tokens":
            bounds.append(standing.remaining - input_tokens)
        elif output_price_usd:
            bounds.append((standing.remaining - fixed_usd) / output_price_usd)
        elif standing.remaining < fixed_usd:
            return None
    if not bounds:
        return None
    most = int(min(bounds).to_integral_value(rounding=ROUND_FLOOR))
    return most if most >= 1 else None
