"""Forecasts in sentences: complete in themselves, since hosts show text or structure."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from cost_mcp.model.money import display_usd
from cost_mcp.model.period import WEEKDAYS
from cost_mcp.reports.forecast import NONE, PATTERN_WEEKS, WEEKDAY
from cost_mcp.views.shape_forecast import percent
from cost_mcp.views.text_budget import amount_words
from cost_mcp.views.text_time import instant_words

if TYPE_CHECKING:
    from cost_mcp.reports.forecast import BackTest
    from cost_mcp.service.forecasting import ForecastAnswer, WindowForecast

_LEAST = Decimal("0.05")
_UNITS = {"day": "Today", "week": "This week", "month": "This month"}


def forecast_text(answer: ForecastAnswer) -> str:
    """One line for each window, then how it was worked out."""
    lines = [window_line(window) for window in (*answer.windows, *answer.budgets)]
    if answer.pattern is not None:
        days = [f"{day} {display_usd(amount)}" for day, amount in zip(WEEKDAYS, answer.pattern, strict=True)]
        lines.append(f"Usual by weekday: {', '.join(days)}.")
    lines += [method_words(answer), *(f"Note: {note}" for note in answer.notes)]
    return "\n".join(one for one in lines if one)


def window_line(window: WindowForecast) -> str:
    """What one window holds, what it is expected to hold at its end, how sure that is, and whether a limit is reached."""
    spent = f"{title(window)}: {_bounded(window, window.spent, window.lower_bound)} spent"
    if window.standing is not None:
        spent += f" of {amount_words(window.standing.budget.limit, window.unit)}"
    parts = [spent]
    if window.expected is not None and window.window_end is not None:
        sure = "" if window.low is None or window.high is None else f", {between(window)} in 8 of 10 cases"
        parts.append(
            f"{_bounded(window, window.expected, window.expected_lower_bound)} expected by {instant_words(window.window_end)}{sure}"
        )
    elif window.window_end is not None:
        parts.append("nothing can be said of its end yet")
    if window.outlook is not None:
        parts.append(outlook_words(window))
    tested = "" if window.back_test is None else back_test_words(window.back_test)
    return "; ".join(parts) + "." + (f" {tested}" if tested else "") + (f" {window.why}" if window.why else "")


def title(window: WindowForecast) -> str:
    """Whose forecast it is."""
    if window.standing is None:
        return _UNITS[window.name]
    value = window.standing.each_value
    return f"Budget {window.name}" + (f" for {window.standing.budget.each}={value}" if value is not None else "")


def between(window: WindowForecast) -> str:
    """The interval; empty where there is none."""
    if window.low is None or window.high is None:
        return ""
    return f"{amount_words(window.low, window.unit)} to {amount_words(window.high, window.unit)}"


def outlook_words(window: WindowForecast, when: datetime | None = None) -> str:
    """Whether the limit is reached before the window ends."""
    at = window.limit_at if when is None else when
    if window.outlook == "reached":
        return "the limit is reached"
    if window.outlook == "likely":
        return "the limit will be reached" + ("" if at is None else f" about {instant_words(at)}")
    if window.outlook == "possible":
        return "the limit may be reached"
    return "the limit will hardly be reached" if window.outlook == "unlikely" else "whether the limit is reached cannot be said"


def back_test_words(back_test: BackTest) -> str:
    """How wrong such forecasts were before on this ledger."""
    if back_test.median_error_percent is None:
        return "No such forecast could be tried out on earlier days yet." if not back_test.forecasts else ""
    off = f"As long forecasts on {back_test.measured} earlier days were off by {percent_words(back_test.median_error_percent)} (median)"
    if not back_test.intervals:
        return f"{off}."
    held = percent_words(Decimal(back_test.covered * 100) / back_test.intervals)
    return f"{off}; {held} of {back_test.intervals} intervals held."


def method_words(answer: ForecastAnswer) -> str:
    """How the periods were forecast, else the budgets; empty where none was."""
    window = next((one for one in (*answer.windows, *answer.budgets) if one.why is None), None)
    if window is None or window.method == NONE:
        return ""
    if window.method == WEEKDAY:
        return (
            f"Each day to come counts as its weekday's usual of the last {PATTERN_WEEKS} weeks, newer ones weighing more; the rest of "
            "today as what came after this time of day."
        )
    days = "1 full day" if window.history_days == 1 else f"{window.history_days} full days"
    return f"Run rate: {days} of history; weekdays are told apart from 37 on, and an interval is given from 16 on."


def _bounded(window: WindowForecast, amount: Decimal, bound: bool) -> str:  # noqa: FBT001 (a mark, beside what it marks)
    return f"{'≥ ' if bound else ''}{amount_words(amount, window.unit)}"


def percent_words(amount: Decimal) -> str:
    """A percent at one decimal; what is not nothing does not read so."""
    return "under 0.1 %" if 0 < amount < _LEAST else f"{percent(amount):g} %"
