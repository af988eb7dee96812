"""What the running period of a report will have come to, where that is asked for beside its sums."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cost_mcp.errors import InvalidInput
from cost_mcp.ledger.spend_history import HistoryAsked
from cost_mcp.service.forecasting import ForecastQuestion, day_cuts, forecast_of

if TYPE_CHECKING:
    from cost_mcp.ledger.spend_history import SpendHistory
    from cost_mcp.service.forecasting import WindowForecast
    from cost_mcp.service.question import ReportQuestion

RUNNING = {"today": "day", "week": "week", "month": "month"}
"""The periods whose end can be forecast, and its unit."""


def forecast_asked(question: ReportQuestion) -> ForecastQuestion:
    """The forecast of a report's own calls: the same period, zone and filters.

    Raises:
        InvalidInput: a period that is over, or has no end that days and weeks tell anything about.
    """
    query, now = question.query, question.now
    unit = RUNNING.get(query.period.name)
    if unit is None:
        raise InvalidInput(
            "forecast was asked of a period that is not running.", field="forecast", hint=f"Ask for: {', '.join(RUNNING)}."
        )
    asked = HistoryAsked(
        tenant=query.tenant,
        now=now,
        timezone=query.period.timezone,
        cuts_of=lambda name: day_cuts(name, now),
        filters=query.filters,
        budgets=False,
        budget=None,
        asking=None,
    )
    return ForecastQuestion(asked=asked, units=(unit,), week_start=query.week_start)


def report_forecast(question: ForecastQuestion, history: SpendHistory) -> WindowForecast:
    """The one window that was asked about."""
    return forecast_of(question, history).windows[0]
