"""A report with what is asked beside it: the period before, the largest groups and the rest, how spend went."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator
from dataclasses import replace
from typing import TypeVar

from cost_mcp.model.moment import EARLIEST
from cost_mcp.model.period import FOREVER
from cost_mcp.model.report import TIME_DIMENSIONS, CostReport, ReportQuery
from cost_mcp.reports.comparison import Comparison, compared, previous_period
from cost_mcp.reports.explanation import explain_change
from cost_mcp.reports.top import top_of
from cost_mcp.reports.trend import Trend, trend, unit_of_months
from cost_mcp.service.answer import ReportAnswer, report_answer
from cost_mcp.service.question import ReportQuestion

T = TypeVar("T")
Asking = Generator[ReportQuery, CostReport, T]
"""Asks for reports one after the other, is sent each, and ends with an answer."""


def reported(question: ReportQuestion) -> Asking[ReportAnswer]:
    """The answer to a report's question; everything in it is read as of the same rows.

    Raises:
        InvalidInput: a trend of more points than anyone reads.
    """
    shown = report = yield _asked(question)
    if question.top is not None:
        groups = top_of(report, question.top)
        shown = replace(report, query=_whole(report.query), groups=groups, group_count=len(groups))
    answer = report_answer(shown, question)
    if question.trend is not None:
        answer = replace(answer, trend=(yield from _trend(report, question, question.trend)))
    if not question.compare:
        return answer
    comparison = yield from _compared(shown, question)
    if comparison is None:
        return replace(answer, notes=(*answer.notes, _nothing_before(question)))
    return replace(answer, comparison=comparison)


async def reported_by(asking: Asking[T], report: Callable[[ReportQuery], Awaitable[CostReport]]) -> T:
    """Drive a question by a ledger that is awaited."""
    try:
        query = next(asking)
        while True:
            query = asking.send(await report(query))
    except StopIteration as end:
        return end.value


def reported_at_once(asking: Asking[T], report: Callable[[ReportQuery], CostReport]) -> T:
    """Drive a question by a ledger that answers at once."""
    try:
        query = next(asking)
        while True:
            query = asking.send(report(query))
    except StopIteration as end:
        return end.value


def _asked(question: ReportQuestion) -> ReportQuery:
    """The page that is wanted; of the largest groups so many that one of them may be called like the rest."""
    query = question.query
    if question.top is None:
        return query
    by_cost = query.group_by[0] not in TIME_DIMENSIONS
    return replace(query, limit=question.top + 1 if by_cost else None, offset=0)


def _whole(query: ReportQuery) -> ReportQuery:
    return replace(query, limit=None, offset=0)


def _trend(report: CostReport, question: ReportQuestion, unit: str) -> Asking[Trend]:
    query = replace(_whole(report.query), as_of=report.as_of)
    if unit == "auto":
        endless = query.period.start <= EARLIEST and query.period.end >= FOREVER
        months = (yield replace(query, group_by=("month",))).groups if endless else ()
        unit = unit_of_months(months, query.period)
    series = yield replace(query, group_by=(unit,))
    return trend(unit, query.period, question.now, query.week_start, series.groups)


def _compared(report: CostReport, question: ReportQuestion) -> Asking[Comparison | None]:
    query = report.query
    found = previous_period(query.period, question.now)
    if found is None:
        return None
    until, previous = found
    alike = not any(name in TIME_DIMENSIONS for name in query.group_by)
    before = yield replace(_whole(query), period=previous, as_of=report.as_of, group_by=query.group_by if alike else ())
    groups = before.groups if alike else None
    found_changes = compared(until, previous, (report.totals, before.totals), report.groups, groups)
    return replace(found_changes, explanation=explain_change(report, before))


def _nothing_before(question: ReportQuestion) -> str:
    if question.now <= question.query.period.start:
        return "The period has not begun: there is nothing to compare."
    return "Nothing lies before this period: there is nothing to compare it with."
