"""Plain text of budgets: where each stands, in one line."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from cost_mcp.model.budget import Standing
from cost_mcp.model.money import display_left, display_usd
from cost_mcp.views.shape_budget import is_lower_bound, percent_number, tightest_first
from cost_mcp.views.text_time import instant_words


def standing_lines(standings: Iterable[Standing]) -> list[str]:
    """One line per budget, the one with the least left of its limit first."""
    return [standing_line(standing) for standing in tightest_first(standings)]


def standing_line(standing: Standing) -> str:
    """Where one budget stands: spent, reserved, left, its state and when its window ends."""
    budget = standing.budget
    unit = budget.unit
    of = f" for {budget.each}={standing.each_value}" if standing.each_value is not None else ""
    scope = f" [{budget.scope}]" if budget.scope.conditions else ""
    bound = "≥ " if is_lower_bound(standing) else ""
    spent = f"{bound}{amount_words(standing.spent, unit)} of {amount_words(budget.limit, unit)} {budget.per} spent"
    parts = [f"{spent} ({percent_number(standing.used_percent):g} %)"]
    if standing.assumed:
        unknown = "1 call" if standing.unpriced_calls == 1 else f"{standing.unpriced_calls:,} calls"
        parts.append(f"{amount_words(standing.assumed, unit)} of it assumed for {unknown} without a known price")
    if standing.reserved:
        parts.append(f"{amount_words(standing.reserved, unit)} reserved")
    parts.append(_left(standing))
    if standing.provisional:
        parts.append(f"{amount_words(standing.provisional, unit)} of it provisional")
    if standing.projected is not None:
        parts.append(f"{bound}{amount_words(standing.projected, unit)} by its end at this rate")
    until = f", until {instant_words(standing.window_end)}" if standing.window_end is not None else ""
    lacking = "1 call has" if standing.unpriced_calls == 1 else f"{standing.unpriced_calls:,} calls have"
    unpriced = f"; lower bound, {lacking} no known price" if bound else ""
    since = f"since {instant_words(standing.window_start)}"
    return f"Budget {budget.name}{of}{scope}: {', '.join(parts)}; {standing.state}, {budget.mode}; {since}{until}{unpriced}."


def amount_words(amount: Decimal, unit: str) -> str:
    """An amount in a budget's unit."""
    return display_usd(amount) if unit == "usd" else f"{int(amount):,} {unit}"


def left_words(remaining: Decimal, unit: str) -> str:
    """What is left in a budget's unit, rounded down to what can be spent for certain; or by how much it is ``over``."""
    if remaining < 0:
        return f"{amount_words(-remaining, unit)} over"
    return display_left(remaining) if unit == "usd" else amount_words(remaining, unit)


def _left(standing: Standing) -> str:
    bound = is_lower_bound(standing)
    over = standing.remaining < 0
    words = left_words(standing.remaining, standing.budget.unit)
    return f"{('at least ' if over else 'at most ') if bound else ''}{words}{'' if over else ' left'}"
