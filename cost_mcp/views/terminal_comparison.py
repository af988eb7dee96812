"""What stands beside a report, for people: the period before, and how spend went."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from cost_mcp.model.money import display_usd
from cost_mcp.model.period import Period
from cost_mcp.model.totals import ZERO
from cost_mcp.reports.explanation import told_shortly
from cost_mcp.views.terminal_page import Column, Drawing, Line, Span, Table, line
from cost_mcp.views.terminal_picture import BAR, sparkline
from cost_mcp.views.terminal_totals import cost_cell, worth_bar
from cost_mcp.views.terminal_words import period_days
from cost_mcp.views.text import calls_words
from cost_mcp.views.text_comparison import change_words, signed_usd

if TYPE_CHECKING:
    from cost_mcp.reports.comparison import Change, Comparison
    from cost_mcp.reports.trend import Trend

SPARK = (8, 72)
_TITLES = {"hour": "Hours", "day": "Days", "week": "Weeks", "month": "Months"}


def comparison_lines(comparison: Comparison, period: Period) -> list[Line]:
    """What changed since the period before, and which spans were compared."""
    whole, previous = comparison.whole, comparison.previous
    before = display_usd(whole.previous.cost_usd)
    lines = [
        line(
            change_cell(whole)[0],
            f"  against {'≥ ' if whole.previous.unpriced_calls else ''}{before}",
            Span(f" and {calls_words(whole.previous.calls)} before", "dim"),
        )
    ]
    now = replace(period, end=comparison.until)
    lines.append(line(Span(f"Compared: {period_days(now)}  with  {period_days(previous)}", "dim")))
    if whole.subscription_usd or whole.previous.subscription_usd:
        plan = display_usd(whole.previous.subscription_usd)
        lines.append(line(f"{signed_usd(whole.subscription_usd)} of what subscriptions cover, {plan} before."))
    if whole.inexact:
        lines.append(line(Span("The change is not exact: calls without a known price are missing.", "warning")))
    if comparison.explanation is not None and (told := told_shortly(comparison.explanation)):
        lines.append(line("What made the difference: ", Span(told, "name"), "."))
    return lines


def change_cell(change: Change | None) -> Line:
    """A change in a table; empty for what was not compared. More is not worse and less not better: it has no colour of a state."""
    return line(Span("", "")) if change is None else (Span(change_words(change), "strong" if change.usd else "dim"),)


def trend_drawing(trend: Trend) -> list[Line | Table | Drawing]:
    """A sparkline of what was spent (by use and by plan), with the dearest time told; nothing for fewer than three points."""
    values = [point.totals.cost_usd + point.totals.subscription_usd for point in trend.points]
    most = max(values, default=ZERO)
    if len(values) < 3 or not most:
        return []
    peak = trend.points[values.index(most)].key[0] or ""
    plans = ", plans included" if _plans(trend) else ""
    behind = line(Span(f"  most {display_usd(most)} {_when(trend.unit, peak)}{plans}", "dim"))
    return [
        Drawing(before=line(Span(f"{_TITLES[trend.unit]}  ", "dim")), picture=sparkline(values), behind=behind, cells=SPARK)
    ]


def trend_table(trend: Trend) -> Table:
    """Every point of a series in a row of its own."""
    most = max((point.totals.cost_usd + point.totals.subscription_usd for point in trend.points), default=ZERO)
    columns = (
        Column(title=trend.unit.capitalize()),
        Column(title="Calls", align="right", yields=1),
        Column(title="Tokens", align="right", yields=2),
        *([Column(title="Plan", align="point", yields=3)] if _plans(trend) else []),
        Column(title="Cost", align="point"),
        Column(title="", yields=4, draws=BAR),
    )
    rows = tuple(
        (
            line(Span(point.key[0] or "", "name" if point.totals.calls else "dim")),
            line(Span(f"{point.totals.calls:,}", "" if point.totals.calls else "dim")),
            line(Span(f"{point.totals.total_tokens:,}", "" if point.totals.calls else "dim")),
            *([line(Span(display_usd(point.totals.subscription_usd), "dim"))] if _plans(trend) else []),
            cost_cell(point.totals) if point.totals.calls else line(Span("$0.00", "dim")),
            worth_bar(point.totals, most),
        )
        for point in trend.points
    )
    return Table(columns=columns, rows=rows)


def _plans(trend: Trend) -> bool:
    return any(point.totals.subscription_usd for point in trend.points)


def _when(unit: str, label: str) -> str:
    if unit == "hour":
        return f"at {datetime.fromisoformat(label):%H:%M}"
    if unit == "month":
        return f"in {datetime.fromisoformat(f'{label}-01'):%B %Y}"
    day = datetime.fromisoformat(label)
    return f"on {day.day} {day:%B}" if unit == "day" else f"in the week of {day.day} {day:%B}"
