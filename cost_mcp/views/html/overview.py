"""The overview: what was spent, where it went, what is left."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from cost_mcp.model.report import OTHER_GROUP, Group
from cost_mcp.views.html.budgets import budget_bar
from cost_mcp.views.html.chart import BarChart, Series, stacked_bars
from cost_mcp.views.html.rendering import rendered
from cost_mcp.views.shape import largest

if TYPE_CHECKING:
    from cost_mcp.model.budget import Standing
    from cost_mcp.model.totals import Totals
    from cost_mcp.service.answer import ReportAnswer
    from cost_mcp.service.forecasting import WindowForecast
    from cost_mcp.views.html.frame import Frame

STACKED = 6
"""Names a chart tells apart; the rest is one colour."""

TALLEST = 3
"""A limit is drawn up to so many times the dearest day: further up it would press all days flat."""

BREAKDOWNS = (
    ("by_model", "Model", "model"),
    ("by_agent", "Agent", "agent"),
    ("by_project", "Project", "project"),
    ("by_task_type", "Task type", "task_type"),
    ("by_provider", "Provider", "provider"),
    ("by_purpose", "Purpose", "purpose"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """What the page shows: the period asked for with its trend, the three that tick, the trend's parts by name, every budget."""

    period: ReportAnswer
    ticker: Sequence[tuple[str, ReportAnswer]]
    forecasts: Mapping[str, WindowForecast]
    parts: Sequence[Group]
    by: str
    standings: Sequence[Standing]
    ever: bool


def overview_page(overview: Overview, frame: Frame) -> str:
    """The whole page."""
    report = overview.period.report
    drawn = _chart(overview)
    return rendered(
        "overview.html.j2",
        frame=frame,
        totals=report.totals,
        query=report.query,
        notes=overview.period.notes,
        ticker=[(title, answer.report, overview.forecasts.get(title)) for title, answer in overview.ticker],
        among_ticker=report.query.period.name in {answer.report.query.period.name for _, answer in overview.ticker},
        chart=None if drawn is None else stacked_bars(drawn),
        drawn=drawn,
        by=overview.by,
        unit="day" if overview.period.trend is None else overview.period.trend.unit,
        standings=[budget_bar(standing) for standing in overview.standings],
        breakdowns=[
            (title, dimension, _shares(largest(report.breakdowns[name]), report.totals))
            for name, title, dimension in BREAKDOWNS
        ],
        ever=overview.ever,
    )


def _chart(overview: Overview) -> BarChart | None:
    trend = overview.period.trend
    if trend is None or not overview.parts:
        return None
    days = [point.key[0] or "" for point in trend.points]
    sums: dict[str, Decimal] = {}
    for group in overview.parts:
        name = group.key[1] or "(none)"
        sums[name] = sums.get(name, Decimal(0)) + group.totals.cost_usd
    named = sorted(sums, key=lambda name: (-sums[name], name))[:STACKED]
    amounts: dict[str, dict[str, Decimal]] = {name: dict.fromkeys(days, Decimal(0)) for name in [*named, OTHER_GROUP]}
    for group in overview.parts:
        name = group.key[1] or "(none)"
        row = amounts[name if name in named else OTHER_GROUP]
        row[group.key[0] or ""] += group.totals.cost_usd
    shown = [*named, *([OTHER_GROUP] if len(sums) > len(named) else [])]
    highest = max(sum((amounts[name][day] for name in shown), Decimal(0)) for day in days)
    limit = _daily_limit(overview.standings) if trend.unit == "day" else None
    return BarChart(
        title=f"Cost by {trend.unit} and {overview.by.replace('_', ' ')}",
        labels=[_label(trend.unit, day) for day in days],
        series=[Series(name, [amounts[name][day] for day in days]) for name in shown],
        limit=limit if limit is not None and limit <= highest * TALLEST else None,
        above=limit,
    )


def _label(unit: str, text: str) -> str:
    if unit == "month":
        return date.fromisoformat(f"{text}-01").strftime("%b %Y")
    if unit == "hour":
        return datetime.fromisoformat(text).strftime("%H:%M")
    day = date.fromisoformat(text)
    return f"{day:%b} {day.day}"


def _daily_limit(standings: Sequence[Standing]) -> Decimal | None:
    """The tightest budget over all calls of a day, in dollars."""
    limits = [
        standing.budget.limit
        for standing in standings
        if standing.budget.period == "day"
        and standing.budget.unit == "usd"
        and not standing.budget.scope.conditions
        and standing.budget.each is None
    ]
    return min(limits, default=None)


def _shares(named: Sequence[tuple[str, Totals]], whole: Totals) -> list[tuple[str, Totals, Decimal]]:
    total = whole.cost_usd
    return [(name, totals, totals.cost_usd * 100 / total if total else Decimal(0)) for name, totals in named]
