"""How spend went over a period: one point for each of its hours, days, weeks or months, those without calls too."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from cost_mcp.errors import InvalidInput
from cost_mcp.model.moment import EARLIEST, zone
from cost_mcp.model.period import FOREVER, Period, calendar_span, day_start, hour_span
from cost_mcp.model.report import Group
from cost_mcp.model.totals import NOTHING

TREND_UNITS = ("hour", "day", "week", "month")
MAX_POINTS = 1000
_LONGEST = (("hour", timedelta(days=2, hours=2)), ("day", timedelta(days=63)), ("week", timedelta(days=372)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """Points in their order, without gaps; a point's key is the text of its first moment, as in a report grouped by ``unit``."""

    unit: str
    points: tuple[Group, ...]


def fitting_unit(length: timedelta) -> str:
    """The unit that a time of this length is shown by: hours up to two days, days up to two months, weeks up to a year."""
    return next((unit for unit, longest in _LONGEST if length <= longest), "month")


def trend(unit: str, period: Period, now: datetime, week_start: int, groups: Iterable[Group]) -> Trend:
    """The series of a period from its report grouped by ``unit``; it sums up to the report.

    It ends with the bucket of ``now`` (or of the last call, where one lies ahead) and, for a period that reaches back to
    the beginning of time, begins with the first call.

    Raises:
        InvalidInput: more points than anyone reads.
    """
    sums = {group.key[0] or "": group.totals for group in groups}
    first, last = min(sums, default=None, key=_moment), max(sums, default=None, key=_moment)
    start, end = period.start, min(period.end, now)
    if period.start <= EARLIEST or now <= period.start:
        start = end if first is None else max(start, _start_of(first, period.timezone))
    if last is not None:
        end = max(end, min(period.end, _start_of(last, period.timezone) + timedelta(microseconds=1)))
    points: list[Group] = []
    for label in _labels(unit, start, end, period.timezone, week_start):
        points.append(Group(key=(label,), totals=sums.get(label, NOTHING)))
        if len(points) > MAX_POINTS:
            raise InvalidInput(
                f"a trend of this period by {unit} has more than {MAX_POINTS:,} points.",
                field="trend",
                hint="Ask for a longer unit, or a shorter period.",
            )
    return Trend(unit=unit, points=tuple(points))


def unit_of_months(months: Iterable[Group], period: Period) -> str:
    """The unit for a period without an end, from its report by month: how long it really is."""
    starts = sorted(_start_of(group.key[0] or "", period.timezone) for group in months)
    if period.end < FOREVER or not starts:
        return fitting_unit(period.end - period.start)
    return fitting_unit(starts[-1] - starts[0] + timedelta(days=31))


def _labels(unit: str, start: datetime, end: datetime, timezone: str, week_start: int) -> Iterator[str]:
    tz, at = zone(timezone), start
    while at < end:
        if unit == "hour":
            first, after = hour_span(at, tz)
            yield first.astimezone(tz).isoformat(timespec="minutes")
        else:
            day, next_day = calendar_span(unit, at.astimezone(tz).date(), week_start)
            yield day.isoformat()[:7] if unit == "month" else day.isoformat()
            after = day_start(next_day, tz)
        at = after


def _start_of(label: str, timezone: str) -> datetime:
    if "T" in label:
        return datetime.fromisoformat(label)
    return day_start(date.fromisoformat(label if len(label) > 7 else f"{label}-01"), zone(timezone))


def _moment(label: str) -> datetime:
    return _start_of(label, "UTC")
