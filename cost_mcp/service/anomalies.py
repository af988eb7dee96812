"""Spend that is far above its own history: of everything, and of each agent, model and project, per hour and per day."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from cost_mcp.model.alert import LEVELS, Alert
from cost_mcp.model.call import new_id
from cost_mcp.model.moment import zone
from cost_mcp.model.money import usd_text
from cost_mcp.model.period import WEEKDAYS, Period, day_start, hour_span
from cost_mcp.model.report import NONE_GROUP, CostReport, ReportQuery
from cost_mcp.model.totals import ZERO, Totals
from cost_mcp.reports.anomaly import HISTORY_DAYS, Unusual, compare, level_of
from cost_mcp.reports.explanation import told_shortly
from cost_mcp.service.explaining import UnusualWindow, explain_window
from cost_mcp.service.history import LEDGER, Days, DearestHours, History
from cost_mcp.service.reporting import reported_by

if TYPE_CHECKING:
    from cost_mcp.config.settings import Settings
    from cost_mcp.ledger.contract import Ledger

DIMENSIONS = ("agent", "project", "model", LEDGER)
"""What is looked at; of several that tell the same, the first gives the alert its name."""

EVERY = timedelta(minutes=5)
FIRST_AFTER = timedelta(minutes=1)
"""How long between two looks, and from the start of a process to its first."""

_SHARE = Decimal("0.8")


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """An hour or a day in the settings' zone; ``running`` when it has not ended, and what it holds may still grow."""

    kind: str
    day: date
    start: datetime
    end: datetime
    running: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """An amount that is unusual for its dimension's value, with the numbers that make it so.

    ``value`` is '' for the whole ledger. ``unpriced_calls`` of the window make what was spent a lower bound; those of the days
    it was compared with, ``history_unpriced_calls``, make the usual one. ``also`` names others that the same spend is unusual
    for.
    """

    dimension: str
    value: str
    level: str
    window: Window
    found: Unusual
    unpriced_calls: int = 0
    history_unpriced_calls: int = 0
    also: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Whose spend it is, for people."""
        return "all spend" if self.dimension == LEDGER else f"{self.dimension} {self.value}"

    @property
    def compared_with(self) -> str:
        """What it was compared with, for people."""
        days = f"{WEEKDAYS[self.window.day.weekday()].capitalize()}s" if self.found.same_weekday else "days with calls"
        whose = "the dearest hours of " if self.window.kind == "hour" else ""
        return f"{whose}{self.found.samples} earlier {days}"


@dataclass(frozen=True, slots=True)
class _Spent:
    """What one value of a dimension spent in a window."""

    window: Window
    dimension: str
    value: str
    totals: Totals


class AnomalyWatch:
    """Looks for unusual spend now and then, and raises an alert for each.

    An hour is compared with the dearest hour of each earlier day, a day with the earlier days: one amount a day, of up to eight
    weeks, and of the same weekday where there are enough (``reports.anomaly.compare``). Hours of the day are not compared
    each with its like: work moves about the clock, and an hour matters when it is dear beside the dear ones. So a nightly batch
    or a quiet night is no anomaly, and an hour is held against one amount a day, not against a day's many quiet hours.

    What counts is money billed by use; days on plan or at no cost are days that cost nothing. Days most of whose calls have
    no price are left out.
    """

    def __init__(self, ledger: Ledger, settings: Settings, now: datetime) -> None:
        self._ledger = ledger
        self._settings = settings
        self._history = History(ledger.report, settings.tenant, settings.timezone)
        self._next = now + FIRST_AFTER
        self._seen: Totals | None = None
        self._told: set[tuple[str, datetime, str]] = set()

    async def look(self, now: datetime) -> tuple[Alert, ...]:
        """``raise_anomalies`` where it is time to: five minutes after the last look, and only where something was recorded
        since. To be called as often as one likes.
        """
        if not self._settings.anomalies or self._next - EVERY <= now < self._next:
            return ()
        self._next = now + EVERY
        today = now.astimezone(zone(self._settings.timezone)).date()
        seen = await self._history.totals(today - timedelta(days=1), today + timedelta(days=1))
        if seen == self._seen:
            return ()
        raised = await self.raise_anomalies(now)
        self._seen = seen
        return raised

    async def raise_anomalies(self, now: datetime) -> tuple[Alert, ...]:
        """Raise an alert for what is unusual now; answers with those that nobody had raised before at this level."""
        raised: list[Alert] = []
        for one in distinct(await self.find(now)):
            alert = _alert(one, self._settings.tenant, now, await self._explained(one))
            if await self._ledger.raise_alert(alert, now):
                raised.append(alert)
        return tuple(raised)

    async def _explained(self, one: Finding) -> str:
        """What made a day unusual, in some words; '' where this process told of it before.

        Not of an hour: that means reading eight weeks hour by hour, and is left to whoever asks about the alert.
        """
        told = (one.name, one.window.start, one.level)
        if one.window.kind != "day" or told in self._told:
            return ""
        self._told = {(*known,) for known in self._told if known[1] >= one.window.start - timedelta(days=2)} | {told}
        window = UnusualWindow(
            tenant=self._settings.tenant,
            timezone=self._settings.timezone,
            kind=one.window.kind,
            start=one.window.start,
            end=one.window.end,
            dimension=one.dimension,
            value=one.value,
        )
        return told_shortly(await reported_by(explain_window(window), self._ledger.report))

    async def find(self, now: datetime) -> tuple[Finding, ...]:
        """What is unusual in the running hour and day and in the last ended ones; most telling dimension first."""
        windows = _windows(now, self._settings.timezone)
        least = self._settings.anomalies_min_usd
        spent = [
            _Spent(window, *one)
            for window in windows
            for one in _spends(await self._report(window))
            if one[2].cost_usd >= least
        ]
        found: list[Finding] = []
        for dimension in DIMENSIONS:
            found += await self._judged(dimension, [one for one in spent if one.dimension == dimension], windows[-1].day)
        return tuple(found)

    async def _judged(self, dimension: str, spent: Sequence[_Spent], yesterday: date) -> list[Finding]:
        """What of one dimension is unusual."""
        if not spent:
            return []
        days = await self._history.days(dimension, yesterday - timedelta(days=HISTORY_DAYS), yesterday + timedelta(days=1))
        hours: DearestHours = {}
        if any(one.window.kind == "hour" for one in spent):
            hours = await self._history.dearest_hours(dimension, days)
        return [finding for one in spent if (finding := self._judge(one, days, hours)) is not None]

    def _judge(self, one: _Spent, days: Days, hours: DearestHours) -> Finding | None:
        known = {
            day: values[one.value]
            for day, values in days.items()
            if day < one.window.day and one.value in values and _is_known(values[one.value])
        }
        if one.window.kind == "hour":
            history = {day: hours[day].get(one.value, ZERO) for day in known}
        else:
            history = {day: totals.cost_usd for day, totals in known.items()}
        found = compare(one.totals.cost_usd, one.window.day, history)
        if found is None:
            return None
        level = level_of(found, self._settings.anomalies_sensitivity, self._settings.anomalies_min_usd)
        if level is None:
            return None
        return Finding(
            dimension=one.dimension,
            value=one.value,
            level=level,
            window=one.window,
            found=found,
            unpriced_calls=one.totals.unpriced_calls,
            history_unpriced_calls=sum(totals.unpriced_calls for totals in known.values()),
        )

    async def _report(self, window: Window) -> CostReport:
        period = Period(name="custom", start=window.start, end=window.end, timezone=self._settings.timezone)
        return await self._ledger.report(ReportQuery(period=period, tenant=self._settings.tenant))


def distinct(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """The findings, with those that tell the same made one; the highest level among them speaks, and names the others.

    Two of one window tell the same when they come to the same amount (then they are the same calls), or when one is the whole
    ledger and the other makes up four fifths of what is unusual about it.
    """
    kept: list[Finding] = []
    for one in sorted(findings, key=lambda one: -LEVELS.index(one.level)):  # stable: the first dimension stays first
        place = next((n for n, other in enumerate(kept) if _same(one, other)), None)
        if place is None:
            kept.append(one)
        else:
            kept[place] = replace(kept[place], also=(*kept[place].also, one.name))
    return tuple(kept)


def _same(one: Finding, other: Finding) -> bool:
    if one.window != other.window:
        return False
    if one.found.spent == other.found.spent:
        return True
    if LEDGER not in (one.dimension, other.dimension):
        return False
    part, whole = (one, other) if other.dimension == LEDGER else (other, one)
    return part.found.excess >= whole.found.excess * _SHARE


def _windows(now: datetime, timezone: str) -> tuple[Window, ...]:
    """The running hour and day of the zone, and those before them."""
    tz = zone(timezone)
    windows: list[Window] = []
    at, running = now, True
    for _ in range(2):
        start, end = hour_span(at, tz)
        windows.append(Window(kind="hour", day=start.astimezone(tz).date(), start=start, end=end, running=running))
        at, running = start - datetime.resolution, False
    today = now.astimezone(tz).date()
    for back in range(2):
        day = today - timedelta(days=back)
        start, end = day_start(day, tz), day_start(day + timedelta(days=1), tz)
        windows.append(Window(kind="day", day=day, start=start, end=end, running=not back))
    return tuple(windows)


def _spends(report: CostReport) -> Iterator[tuple[str, str, Totals]]:
    """(dimension, value, sums) of everything a report of no groups tells about what is looked at."""
    yield LEDGER, "", report.totals
    for dimension in DIMENSIONS:
        for value, totals in report.breakdowns.get(f"by_{dimension}", ()):
            if value != NONE_GROUP:
                yield dimension, value, totals


def _is_known(totals: Totals) -> bool:
    """Whether most of its calls have a price: else the sum says nothing on what they cost."""
    return totals.unpriced_calls * 2 <= totals.calls


def _alert(one: Finding, tenant: str, now: datetime, explained: str) -> Alert:
    return Alert(
        alert_id=new_id("alr"),
        tenant=tenant,
        kind="anomaly",
        level=one.level,
        raised_at=now,
        # Of one subject and start there is one alert a level: an hour at midnight and the day it begins are two subjects.
        subject=f"{one.name} per {one.window.kind}",
        window_start=one.window.start,
        window_end=one.window.end,
        period=one.window.kind,
        unit="usd",
        spent=one.found.spent,
        unpriced_calls=one.unpriced_calls,
        figures=_figures(one, explained),
    )


def _figures(one: Finding, explained: str) -> Mapping[str, str]:
    """The numbers that made it an alert, as text; what does not apply is left out."""
    found = one.found
    figures = {
        "dimension": one.dimension,
        "value": one.value,
        "window": f"{one.window.kind}, still running" if one.window.running else one.window.kind,
        "spent_usd": usd_text(found.spent),
        "median_usd": usd_text(found.median),
        "spread_usd": usd_text(found.spread),
        "score": usd_text(found.score),
        "samples": str(found.samples),
        "compared_with": one.compared_with,
        "also": ", ".join(one.also),
        "explained": explained,
        "unpriced_calls": str(one.unpriced_calls or ""),
        "history_unpriced_calls": str(one.history_unpriced_calls or ""),
    }
    return {name: text for name, text in figures.items() if text}
