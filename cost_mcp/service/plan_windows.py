"""A subscription's windows: what was used in each, how the present one goes on, and what logs said of the allowance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from cost_mcp.errors import InvalidInput
from cost_mcp.model.moment import EARLIEST
from cost_mcp.model.period import Period
from cost_mcp.model.plan_limit import PlanLimit
from cost_mcp.reports.page import MAX_LIMIT
from cost_mcp.reports.plan_window import (
    HOURLY_SOURCES,
    LOOK_BACK,
    MAX_WINDOWS,
    Burn,
    PlanWindow,
    Span,
    burn,
    span_of,
    told_spans,
    window_length,
)
from cost_mcp.service.fields import Fields, present, refuse_unknown, whole_number
from cost_mcp.service.grouping import FILTER_FIELDS, read_filters
from cost_mcp.service.question import PERIOD_FIELDS, read_period

if TYPE_CHECKING:
    from cost_mcp.config.settings import Settings
    from cost_mcp.ledger.readings import Readings

WINDOW_FIELDS = ("windows", "limit", *PERIOD_FIELDS, *FILTER_FIELDS)
USUAL_LIMIT = 20
_DAY = timedelta(days=1)
_PLAN = "subscription"


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowsQuestion:
    """Windows of which length, in which period, of which calls; how many of each source are told."""

    name: str
    length: timedelta
    period: Period
    filters: Mapping[str, str]
    limit: int
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowsAnswer:
    """The newest windows of each source, oldest first; ``earlier`` is how many of the period are not shown.

    ``billing`` says of which calls they are, None for both modes. ``burns`` has the rate of each source's running window,
    where one can be told. ``limits`` are the newest that logs told of these sources.
    """

    question: WindowsQuestion
    billing: str | None
    windows: tuple[PlanWindow, ...]
    burns: Mapping[str, Burn]
    limits: tuple[PlanLimit, ...]
    earlier: int = 0
    notes: tuple[str, ...] = ()


def read_windows_question(fields: Fields, settings: Settings, now: datetime) -> WindowsQuestion:
    """A question about windows from raw fields; without a period the last seven days, twelve weeks for long windows.

    Raises:
        InvalidInput, UnknownName: a field that cannot be taken; it is named.
    """
    given = present(fields)
    refuse_unknown(given, WINDOW_FIELDS, "windows")
    length = window_length(given.get("windows"))
    period = read_period(given, settings, now, usual="7d" if length <= _DAY else "12w")
    start, end = max(period.start, EARLIEST), min(period.end, now + _DAY)
    if (end - start) // length > MAX_WINDOWS:
        raise InvalidInput(
            f"the period holds more than {MAX_WINDOWS:,} such windows.", field="windows", hint="Ask about a shorter period."
        )
    return WindowsQuestion(
        name=str(given["windows"]).strip().lower(),
        length=length,
        period=period,
        filters=read_filters(given),
        limit=whole_number(given.get("limit", USUAL_LIMIT), "limit", low=1, high=MAX_LIMIT),
        now=now,
    )


def windows_found(question: WindowsQuestion, readings: Readings, tenant: str) -> WindowsAnswer:
    """The windows of subscriptions; of all calls, and that is said, where no call of the period is covered by one."""
    limits = readings.plan_limits(tenant)
    billing = question.filters.get("billing", _PLAN)
    found = _windows(question, readings, tenant, limits, billing)
    notes: tuple[str, ...] = ()
    if not found and "billing" not in question.filters:
        found, billing = _windows(question, readings, tenant, limits, None), None
        notes = (
            ("No call here is covered by a subscription (billing subscription): these windows are of all calls.",)
            if found
            else ()
        )
    sources = {window.source for window in found}
    shown = [window for source in sorted(sources) for window in [w for w in found if w.source == source][-question.limit :]]
    running = {window.source: burn(window, question.now) for window in shown}
    return WindowsAnswer(
        question=question,
        billing=billing,
        windows=tuple(shown),
        burns={source: rate for source, rate in running.items() if rate is not None},
        limits=tuple(limit for limit in limits if _asked_for(limit, question, sources)),
        earlier=len(found) - len(shown),
        notes=notes,
    )


def _asked_for(limit: PlanLimit, question: WindowsQuestion, sources: set[str]) -> bool:
    wanted = question.filters.get("source")
    return limit.source == wanted if wanted is not None else limit.source in sources or not sources


def _windows(
    question: WindowsQuestion, readings: Readings, tenant: str, limits: Sequence[PlanLimit], billing: str | None
) -> list[PlanWindow]:
    told: dict[str, tuple[Span, ...]] = {}

    def span(source: str, first: datetime, after: datetime | None) -> Span:
        if source not in told:
            told[source] = told_spans(limits, source, question.length)
        return span_of(first, after, question.length, hourly=source in HOURLY_SOURCES, told=told[source])

    period = question.period
    since = EARLIEST if period.start - EARLIEST < LOOK_BACK * question.length else period.start - LOOK_BACK * question.length
    filters = dict(question.filters) if billing is None else {**question.filters, "billing": billing}
    reach = (since, period.start, min(period.end, question.now + _DAY))
    return [
        PlanWindow(
            source=found.source,
            start=found.start,
            end=found.end,
            first_call=found.first_call,
            totals=found.totals,
            told=(found.start, found.end) in told[found.source],
            idle_before=None if found.before is None else max(found.start - found.before, timedelta()),
        )
        for found in readings.plan_windows(tenant, filters, reach, span)
        if found.totals.calls
    ]
