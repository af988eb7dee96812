"""The overview, asked of the reading verbs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cost_mcp.errors import UnknownName
from cost_mcp.model.report import SERIES_DIMENSIONS
from cost_mcp.reports.page import MAX_LIMIT
from cost_mcp.views.html.overview import Overview

if TYPE_CHECKING:
    from cost_mcp.model.report import Group
    from cost_mcp.service.forecasting import WindowForecast
    from cost_mcp.service.quick import Quick
    from cost_mcp.web.pages import Asked

TICKER = (("Today", "today"), ("This week", "week"), ("This month", "month"))


def read_overview(quick: Quick, asked: Asked, by: str) -> Overview:
    """What the overview shows for what is asked.

    Raises:
        InvalidInput, UnknownName: a part of the address that cannot be taken; it is named.
    """
    if by not in SERIES_DIMENSIONS:
        raise UnknownName("by names an unknown dimension.", field="by", hint=f"Use any of: {', '.join(SERIES_DIMENSIONS)}.")
    period = quick.cost_report({**asked.fields, "trend": "auto"})
    unit = "day" if period.trend is None else period.trend.unit
    answers = {name: quick.cost_report({**asked.fields, "period": name}) for _, name in TICKER if name != asked.period}
    answers[asked.period] = period
    return Overview(
        period=period,
        ticker=[(title, answers[name]) for title, name in TICKER],
        forecasts={title: window for (title, _), window in zip(TICKER, _windows(quick, asked), strict=True)},
        parts=_all_groups(quick, {**asked.fields, "group_by": [unit, by]}),
        by=by,
        standings=quick.budget_status({}).standings,
        ever=bool(period.report.totals.calls or quick.cost_report({"period": "total"}).report.totals.calls),
    )


def _windows(quick: Quick, asked: Asked) -> tuple[WindowForecast, ...]:
    fields = {name: value for name, value in asked.fields.items() if name != "period"}
    return quick.forecast(fields).windows


def _all_groups(quick: Quick, fields: dict[str, object]) -> list[Group]:
    answer = quick.cost_report({**fields, "limit": MAX_LIMIT})
    groups = list(answer.rows)
    while answer.next_cursor is not None:
        answer = quick.cost_report({**fields, "limit": MAX_LIMIT, "cursor": answer.next_cursor})
        groups += answer.rows
    return groups
