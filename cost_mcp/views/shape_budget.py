"""The JSON shapes of budgets: where they stand, how they are set, how they changed."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import ROUND_FLOOR, Decimal

from cost_mcp.ledger.contract import BudgetChange
from cost_mcp.model.budget import Budget, Standing
from cost_mcp.model.moment import instant_text
from cost_mcp.model.money import usd_text
from cost_mcp.model.period import WEEKDAYS

_HUNDREDTH = Decimal("0.01")


def budget_shape(standing: Standing) -> dict[str, object]:
    """Where a budget stands in one window.

    Amounts end in the budget's unit: ``limit_usd``, ``spent_usd`` … for money (text), ``limit_tokens`` or ``limit_calls``
    … for counts (whole numbers). ``window_end`` is absent for a budget that never starts anew.
    """
    budget = standing.budget
    unit = budget.unit
    shape: dict[str, object] = {"name": budget.name, "scope": budget.scope.as_dict(), "period": budget.period}
    if budget.each is not None:
        shape["each"] = budget.each
        if standing.each_value is not None:
            shape["each_value"] = standing.each_value
    shape["window_start"] = instant_text(standing.window_start)
    if standing.window_end is not None:
        shape["window_end"] = instant_text(standing.window_end)
    shape[f"limit_{unit}"] = amount_value(budget.limit, unit)
    shape[f"spent_{unit}"] = amount_value(standing.spent, unit)
    shape[f"reserved_{unit}"] = amount_value(standing.reserved, unit)
    shape[f"remaining_{unit}"] = amount_value(standing.remaining, unit)
    shape["used_percent"] = percent_number(standing.used_percent)
    shape["state"] = standing.state
    shape["mode"] = budget.mode
    shape["calls"] = standing.calls
    shape["unpriced_calls"] = standing.unpriced_calls
    shape["lower_bound"] = is_lower_bound(standing)
    if standing.assumed:
        shape["assumed_usd"] = usd_text(standing.assumed)
    if standing.projected is not None:
        shape[f"projected_{unit}"] = amount_value(standing.projected, unit)
    if standing.provisional:
        shape[f"provisional_{unit}"] = amount_value(standing.provisional, unit)
    return shape


def budget_shapes(standings: Iterable[Standing]) -> list[dict[str, object]]:
    """The standings, the one with the least left of its limit first."""
    return [budget_shape(standing) for standing in tightest_first(standings)]


def tightest_first(standings: Iterable[Standing]) -> list[Standing]:
    """The standings ordered by the share of the limit that is left, least first."""
    return sorted(standings, key=lambda standing: standing.remaining / standing.budget.limit)


def is_lower_bound(standing: Standing) -> bool:
    """Whether more may have been spent than is shown: dollars of calls whose price is neither known nor assumed."""
    return standing.unpriced_calls > 0 and standing.budget.unit == "usd" and not standing.assumed


def percent_number(percent: Decimal) -> float:
    """A percent at two decimals, rounded down: it never shows a threshold as reached before it is."""
    return float(percent.quantize(_HUNDREDTH, rounding=ROUND_FLOOR))


def budget_definition_shape(budget: Budget) -> dict[str, object]:
    """How a budget is set."""
    steps = budget.thresholds
    shape: dict[str, object] = {"name": budget.name, "scope": budget.scope.as_dict(), "period": budget.period}
    if budget.each is not None:
        shape["each"] = budget.each
    shape[f"limit_{budget.unit}"] = amount_value(budget.limit, budget.unit)
    shape["timezone"] = budget.timezone
    shape["week_start"] = WEEKDAYS[budget.week_start]
    shape["thresholds"] = {
        name: float(step)
        for name, step in (
            ("info", steps.info),
            ("warning", steps.warning),
            ("critical", steps.critical),
            ("exceeded", steps.exceeded),
        )
    }
    shape["mode"] = budget.mode
    shape["include_subscription"] = budget.include_subscription
    if budget.unit == "usd":
        shape["unpriced"] = budget.unpriced
    if budget.assumed is not None:
        shape["assume_usd_per_mtok"] = {"input": usd_text(budget.assumed.input), "output": usd_text(budget.assumed.output)}
    shape["origin"] = budget.origin
    if budget.created_at is not None:
        shape["created_at"] = instant_text(budget.created_at)
    if budget.counts_from is not None:
        shape["counts_from"] = instant_text(budget.counts_from)
    return shape


def change_shape(change: BudgetChange) -> dict[str, object]:
    """One change of a budget; ``before`` is absent when it was made, ``after`` when it was removed."""
    kind = "made" if change.before is None else "removed" if change.after is None else "changed"
    shape: dict[str, object] = {
        "name": change.name,
        "change": kind,
        "changed_at": instant_text(change.changed_at),
        "changed_by": change.changed_by,
    }
    if change.before is not None:
        shape["before"] = budget_definition_shape(change.before)
    if change.after is not None:
        shape["after"] = budget_definition_shape(change.after)
    return shape


def amount_value(value: Decimal, unit: str) -> str | int:
    """An amount in a budget's unit: text for dollars, a whole number for counts."""
    return usd_text(value) if unit == "usd" else int(value)
