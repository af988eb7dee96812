"""What made an unusual hour or day: asked of reports, by a program that waits and by one that does not.

A day is taken apart beside the very days it was found unusual among, an hour beside the dearest hour of each of them. Money billed
by use is what counts, as in ``anomalies``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal

from cost_mcp.errors import InvalidInput, NotFound
from cost_mcp.model.alert import Alert
from cost_mcp.model.moment import zone
from cost_mcp.model.period import Period, day_start
from cost_mcp.model.report import NONE_GROUP, CostReport, ReportQuery
from cost_mcp.model.totals import ZERO, Totals
from cost_mcp.reports.anomaly import HISTORY_DAYS, compare
from cost_mcp.reports.explanation import DIMENSIONS, MOST_NAMES, Contribution, Explanation, contributions
from cost_mcp.reports.middle import median_of
from cost_mcp.service.history import LEDGER
from cost_mcp.service.reporting import Asking

Times = Mapping[str, Mapping[str, Decimal]]
"""By the label of an hour or a day, what each name spent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnusualWindow:
    """An hour or a day (``kind``) of a tenant, and whose spend it is about; ``value`` is '' for the whole ledger."""

    tenant: str
    timezone: str
    kind: str
    start: datetime
    end: datetime
    dimension: str
    value: str

    @property
    def day(self) -> date:
        """The calendar day it is in."""
        return self.start.astimezone(zone(self.timezone)).date()

    @property
    def filters(self) -> dict[str, str]:
        """Which calls it is about."""
        return {} if self.dimension == LEDGER else {self.dimension: self.value}

    def now(self, *group_by: str) -> ReportQuery:
        """A question about the window itself."""
        return self._asked(self.start, self.end, group_by, self.filters)

    def earlier(self, *group_by: str, **also: str) -> ReportQuery:
        """The same about the weeks before its day, hour by hour or day by day."""
        tz, day = zone(self.timezone), self.day
        start, end = day_start(day - timedelta(days=HISTORY_DAYS), tz), day_start(day, tz)
        return self._asked(start, end, (self.kind, *group_by), {**self.filters, **also})

    def _asked(self, start: datetime, end: datetime, group_by: tuple[str, ...], filters: dict[str, str]) -> ReportQuery:
        period = Period(name="custom", start=start, end=end, timezone=self.timezone)
        return ReportQuery(period=period, tenant=self.tenant, group_by=group_by, filters=filters)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainedAlert:
    """An alert about unusual spend, the window it is about, and what made the difference."""

    alert: Alert
    window: UnusualWindow
    explanation: Explanation


def window_of_alert(alert: Alert | None, timezone: str) -> tuple[Alert, UnusualWindow]:
    """An alert, and the window it found unusual.

    Raises:
        NotFound: there is no such alert.
        InvalidInput: it is not about unusual spend.
    """
    if alert is None:
        raise NotFound(
            "there is no alert with this id.", field="alert_id", hint="List alerts, the old ones too, to see their ids."
        )
    dimension = alert.figures.get("dimension")
    if alert.kind != "anomaly" or dimension is None or alert.period is None or alert.window_end is None:
        raise InvalidInput(
            "this alert is not about unusual spend: there is no difference to explain.",
            field="alert_id",
            hint="See what a budget was spent on with `cost-mcp report`.",
        )
    return alert, UnusualWindow(
        tenant=alert.tenant,
        timezone=timezone,
        kind=alert.period,
        start=alert.window_start,
        end=alert.window_end,
        dimension=dimension,
        value=alert.figures.get("value", ""),
    )


def explain_window(window: UnusualWindow) -> Asking[Explanation]:
    """What made the difference, by agent, project, task type, model and task, as the ledger knows it now."""
    report = yield window.now()
    spent = report.totals.cost_usd
    labels, usual = _compared(window, spent, (yield window.earlier()))
    more = spent - usual
    parts: dict[str, tuple[Contribution, ...]] = {}
    for dimension in DIMENSIONS:
        here = {name: totals.cost_usd for name, totals in report.breakdowns.get(f"by_{dimension}", ())}
        if dimension == window.dimension or not here.keys() - {NONE_GROUP}:
            continue
        times = _times((yield window.earlier(dimension)))
        parts[dimension] = contributions(here, [times.get(label, {}) for label in labels], more)[:MOST_NAMES]
    tasks = yield from _tasks(window, labels, more)
    if tasks:
        parts["task_id"] = tasks
    return Explanation(spent=spent, usual=usual, samples=len(labels), parts=parts)


def _compared(window: UnusualWindow, spent: Decimal, report: CostReport) -> tuple[list[str], Decimal]:
    """The labels of the days compared with, or of the dearest hour of each, and what is usual among them."""
    dearest: dict[date, tuple[Decimal, str]] = {}
    sums: dict[date, Totals] = {}
    for group in report.groups:
        label = group.key[0] or ""
        day = date.fromisoformat(label[:10])
        sums[day] = sums.get(day, Totals()) + group.totals
        dearest[day] = max(dearest.get(day, (Decimal(-1), "")), (group.totals.cost_usd, label))
    known = {day: dearest[day] for day, totals in sums.items() if totals.unpriced_calls * 2 <= totals.calls}
    found = compare(spent, window.day, {day: amount for day, (amount, _) in known.items()})
    if found is not None and found.same_weekday:
        known = {day: hour for day, hour in known.items() if day.weekday() == window.day.weekday()}
    usual = found.median if found is not None else median_of(amount for amount, _ in known.values()) if known else ZERO
    return [label for _, label in known.values()], usual


def _tasks(window: UnusualWindow, labels: Sequence[str], more: Decimal) -> Asking[tuple[Contribution, ...]]:
    report = yield replace(window.now("task_id"), limit=MOST_NAMES + 1)  # one of them may be what names no task
    dearest = [group for group in report.groups if group.key[0] is not None and group.totals.cost_usd][:MOST_NAMES]
    here = {group.key[0] or "": group.totals.cost_usd for group in dearest}
    times: dict[str, dict[str, Decimal]] = {}
    for task_id in here:
        for group in (yield window.earlier(task_id=task_id)).groups:
            times.setdefault(group.key[0] or "", {})[task_id] = group.totals.cost_usd
    return contributions(here, [times.get(label, {}) for label in labels], more)


def _times(report: CostReport) -> Times:
    times: dict[str, dict[str, Decimal]] = {}
    for group in report.groups:
        label, name = group.key
        times.setdefault(label or "", {})[NONE_GROUP if name is None else name] = group.totals.cost_usd
    return times
