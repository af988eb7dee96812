"""Pages for people at a terminal: a day, a report, a task."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from cost_mcp.model.moment import zone
from cost_mcp.model.report import TIME_DIMENSIONS, CostReport, Group
from cost_mcp.model.totals import Totals
from cost_mcp.model.uncounted import uncounted_note
from cost_mcp.views.shape import group_names, largest
from cost_mcp.views.terminal_budget import standings_table
from cost_mcp.views.terminal_comparison import change_cell, comparison_lines, trend_drawing, trend_table
from cost_mcp.views.terminal_efficiency import task_efficiency
from cost_mcp.views.terminal_page import BLANK, Drawing, Line, Page, Span, Table, line
from cost_mcp.views.terminal_totals import named_table, notes, spent_line, tells_apart, token_table
from cost_mcp.views.terminal_words import moment_words, period_days, period_title
from cost_mcp.views.text import calls_words
from cost_mcp.views.text_efficiency import score_words

if TYPE_CHECKING:
    from cost_mcp.model.budget import Standing
    from cost_mcp.service.answer import ReportAnswer, TaskAnswer

_BREAKDOWNS = (
    ("by_project", "Project"),
    ("by_agent", "Agent"),
    ("by_task_type", "Task type"),
    ("by_purpose", "Purpose"),
)
_TITLES = {"task_id": "Task", "session_id": "Session", "task_type": "Task type"}


def today_page(answer: ReportAnswer, standings: tuple[Standing, ...], earlier: Totals, now: datetime) -> Page:
    """Today's spend by model, project and agent, and where the budgets stand; for a day without calls, what to do next.

    ``earlier`` is the sum of everything ever recorded: it tells an idle day from a new ledger.
    """
    report = answer.report
    page: list[Line | Table | Drawing] = [_heading(report), BLANK, *_not_yet(answer.notes)]
    if report.totals.calls:
        page += [spent_line(report.totals), *_beside(answer), *notes(report.totals), BLANK]
        page += [_model_table(report.breakdowns, report.totals), *_breakdowns(report)]
    else:
        page += _nothing(report, earlier)
    if standings:
        page += [BLANK, standings_table(standings, now)]
    return tuple(page)


def report_page(answer: ReportAnswer, days: ReportAnswer | None, earlier: Totals, *, series: bool = False) -> Page:
    """A period's spend: by the groups that were asked for, else day by day, by model and by the context calls name.

    ``days`` is the same question grouped by day, or None where that says nothing more. ``series`` shows every point of the trend.
    """
    report = answer.report
    page: list[Line | Table | Drawing] = [_heading(report), BLANK, *_not_yet(answer.notes)]
    if not report.totals.calls and answer.comparison is None:
        return (*page, *_nothing(report, earlier))
    page += [spent_line(report.totals), *_beside(answer), *notes(report.totals), *_efficiency(answer)]
    if series and answer.trend is not None:
        page += [BLANK, trend_table(answer.trend)]
    if not report.totals.calls or (series and not report.query.group_by):
        return tuple(page)
    if not report.query.group_by:
        page += [BLANK, _group_table(days, whole=None)] if days is not None and len(days.rows) > 1 else []
        page += [BLANK, _model_table(report.breakdowns, report.totals)]
        return (*page, *_breakdowns(report))
    complete = len(answer.rows) == report.group_count
    page += [BLANK, _group_table(answer, whole=report.totals if complete else None)]
    if not complete:
        more = f"{len(answer.rows)} of {report.group_count:,} rows; --limit shows more."
        page += [line(Span(more, "dim"))]
    return tuple(page)


def task_page(answer: TaskAnswer, timezone: str, now: datetime) -> Page:
    """What a task cost, by model, agent and purpose; for an unknown one the nearest ids."""
    task = answer.task
    more = "".join(f"  ·  {part}" for part in (task.title, task.task_type) if part)
    page: list[Line | Table | Drawing] = [
        line(Span(f"Task {task.task_id}", "strong"), Span(more, "dim")),
        BLANK,
        *_not_yet(answer.notes),
    ]
    if not task.known:
        page += [line(Span("$0.00", "money"), Span("  ·  nothing is recorded for this task", "dim"))]
        page += [line("Similar ids: ", Span(", ".join(task.nearest), "name"))] if task.nearest else []
    else:
        page += [(*spent_line(task.totals), *_between(task.totals, timezone, now)), *notes(task.totals)]
        page += [line(Span(uncounted_note(task.uncounted_calls), "warning"))] if task.uncounted_calls else []
        page += [*task_efficiency(answer), BLANK, _model_table(task.breakdowns, task.totals)]
        for key, title in (("by_agent", "Agent"), ("by_purpose", "Purpose")):
            named = largest(task.breakdowns.get(key, ()))
            page += [BLANK, named_table(title, named)] if tells_apart(named) else []
    if answer.standings:
        page += [BLANK, standings_table(answer.standings, now)]
    return tuple(page)


def _not_yet(notes: tuple[str, ...]) -> list[Line | Table]:
    """What the figures do not hold yet, before any of them is read."""
    return [*(line(Span(note, "warning")) for note in notes), BLANK] if notes else []


def _beside(answer: ReportAnswer) -> list[Line | Table | Drawing]:
    """How it went, and what changed since the period before, where that is known."""
    drawn = [] if answer.trend is None else trend_drawing(answer.trend)
    return [*drawn, *([] if answer.comparison is None else comparison_lines(answer.comparison, answer.report.query.period))]


def _efficiency(answer: ReportAnswer) -> list[Line | Table]:
    if answer.efficiency_score is None:
        return []
    score = answer.efficiency_score
    return [line("Efficiency ", Span(f"{score:f}", "strong"), Span(f", {score_words(answer.efficiency_tasks)}", "dim"))]


def _heading(report: CostReport) -> Line:
    period = report.query.period
    only = ", ".join(f"{_title(name).lower()} {value}" for name, value in report.query.filters.items())
    parts = [part for part in (period_days(period), period.timezone, only) if part]
    return line(Span(period_title(period), "strong"), Span("".join(f"  ·  {part}" for part in parts), "dim"))


def _model_table(breakdowns: Mapping[str, Iterable[tuple[str, Totals]]], whole: Totals) -> Table:
    models = largest(breakdowns.get("by_model", ()))
    return token_table(["Model"], [((name,), totals) for name, totals in models], whole=whole)


def _breakdowns(report: CostReport) -> list[Line | Table]:
    blocks: list[Line | Table] = []
    for key, title in _BREAKDOWNS:
        named = largest(report.breakdowns.get(key, ()))
        if tells_apart(named):
            blocks += [BLANK, named_table(title, named)]
    return blocks


def _group_table(answer: ReportAnswer, *, whole: Totals | None) -> Table:
    dimensions = answer.report.query.group_by
    rows: list[Group] = list(answer.rows)
    if dimensions[0] in TIME_DIMENSIONS:
        rows.sort(key=lambda group: group.key[0] or "")  # days read in their order; within one, the largest first
    named = [(tuple(group_names(dimensions, group).values()), group.totals) for group in rows]
    changes = answer.changes
    return token_table(
        [_title(name) for name in dimensions],
        named,
        whole=whole,
        changes=[change_cell(changes.get(group.key)) for group in rows] if changes else (),
    )


def _title(dimension: str) -> str:
    return _TITLES.get(dimension, dimension.capitalize())


def _between(totals: Totals, timezone: str, now: datetime) -> Line:
    if totals.first_call is None or totals.last_call is None:
        return ()
    tz = zone(timezone)
    first, last = moment_words(totals.first_call, tz, now), moment_words(totals.last_call, tz, now)
    return (Span("  ·  " + (first if first == last else f"{first} to {last}"), "dim"),)


def _nothing(report: CostReport, earlier: Totals) -> list[Line | Table]:
    when = "today" if report.query.period.name == "today" else "in this period"
    nothing = line(Span("$0.00", "money"), Span(f"  ·  nothing recorded {when}", "dim"))
    if earlier.calls:
        said = f"{calls_words(earlier.calls)} {'is' if earlier.calls == 1 else 'are'} recorded in all: "
        return [nothing, BLANK, line(said, Span("cost-mcp report --period total", "name"))]
    return [
        line(Span("$0.00", "money"), Span("  ·  nothing recorded yet", "dim")),
        BLANK,
        line("Three ways to begin:"),
        line("  look around    ", Span("cost-mcp demo", "name")),
        line("  from an agent  ", Span("claude mcp add cost-mcp -- cost-mcp serve", "name")),
        line("  by hand        ", Span("cost-mcp record --model MODEL --input-tokens 1200 --output-tokens 300", "name")),
    ]
