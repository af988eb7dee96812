"""The JSON shape of forecasts."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal
from typing import TYPE_CHECKING

from cost_mcp.model.moment import instant_text
from cost_mcp.model.money import usd_text
from cost_mcp.model.period import WEEKDAYS
from cost_mcp.reports.forecast import LEVEL_PERCENT, NONE
from cost_mcp.views.shape_budget import amount_value

if TYPE_CHECKING:
    from cost_mcp.reports.forecast import BackTest
    from cost_mcp.service.forecasting import ForecastAnswer, WindowForecast

_TENTH = Decimal("0.1")


def forecast_shape(answer: ForecastAnswer) -> dict[str, object]:
    """The ends of the running day, week and month and of every budget's window; what cannot be said is absent.

    ``level_percent`` is how often ``low_…`` to ``high_…`` should hold what comes.
    """
    shape: dict[str, object] = {"now": instant_text(answer.now), "timezone": answer.timezone, "level_percent": LEVEL_PERCENT}
    if answer.filters:
        shape["filters"] = dict(answer.filters)
    shape["periods"] = [window_shape(window) for window in answer.windows]
    if answer.pattern is not None:
        shape["weekdays"] = {day: usd_text(amount) for day, amount in zip(WEEKDAYS, answer.pattern, strict=True)}
    shape["budgets"] = [window_shape(window) for window in answer.budgets]
    if answer.notes:
        shape["notes"] = list(answer.notes)
    return shape


def forecast_brief_shape(window: WindowForecast) -> dict[str, object]:
    """One window's forecast in the few fields that a report gives beside its sums."""
    shape = window_shape(window)
    kept = ("expected_usd", "low_usd", "high_usd", "method", "history_days", "expected_lower_bound")
    return {"level_percent": LEVEL_PERCENT, **{name: shape[name] for name in kept if name in shape}}


def window_shape(window: WindowForecast) -> dict[str, object]:
    """One window: amounts end in its unit, as ``spent_usd``, ``expected_tokens``."""
    unit, standing = window.unit, window.standing
    shape: dict[str, object] = {"name": window.name}
    if standing is not None:
        shape["period"] = standing.budget.period
        if standing.budget.each is not None and standing.each_value is not None:
            shape |= {"each": standing.budget.each, "each_value": standing.each_value}
    shape["window_start"] = instant_text(window.window_start)
    if window.window_end is not None:
        shape["window_end"] = instant_text(window.window_end)
    amounts = {"spent": window.spent, "expected": window.expected, "low": window.low, "high": window.high}
    shape |= {f"{name}_{unit}": amount_value(amount, unit) for name, amount in amounts.items() if amount is not None}
    if standing is not None:
        shape[f"limit_{unit}"] = amount_value(standing.budget.limit, unit)
    if window.outlook is not None:
        shape["outlook"] = window.outlook
    if window.limit_at is not None:
        shape["limit_reached_at"] = instant_text(window.limit_at)
    shape |= {"method": window.method, "history_days": window.history_days, "lower_bound": window.lower_bound}
    if window.expected is not None:
        shape["expected_lower_bound"] = window.expected_lower_bound
    if window.why is not None:
        shape["why"] = window.why
    if window.back_test is not None and window.method != NONE:
        shape["back_test"] = back_test_shape(window.back_test)
    return shape


def back_test_shape(back_test: BackTest) -> dict[str, object]:
    """How wrong forecasts over as long a time were before on this ledger, of the time that was still to come."""
    shape: dict[str, object] = {"forecasts": back_test.forecasts}
    if back_test.median_error_percent is not None:
        shape["median_error_percent"] = percent(back_test.median_error_percent)
        shape["measured"] = back_test.measured
    if back_test.intervals:
        shape["intervals"] = back_test.intervals
        shape["held_percent"] = percent(Decimal(back_test.covered * 100) / back_test.intervals)
    return shape


def percent(amount: Decimal) -> float:
    """A percent at one decimal."""
    return float(amount.quantize(_TENTH, rounding=ROUND_HALF_EVEN))
