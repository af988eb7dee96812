"""Times, spans of time and states, in the words people at a terminal read."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from cost_mcp.model.moment import zone
from cost_mcp.model.period import FOREVER, Period, day_start

_NAMES = {
    "today": "Today",
    "day": "Today",
    "yesterday": "Yesterday",
    "total": "All time",
    "custom": "Spend",
    **{unit: f"This {unit}" for unit in ("week", "month", "quarter", "year")},
    **{f"last_{unit}": f"Last {unit}" for unit in ("week", "month", "quarter", "year")},
}
_UNITS = {"h": "hours", "d": "days", "w": "weeks"}


def period_title(period: Period) -> str:
    """A period's name as a heading: ``This week``, ``The last 7 days``, ``Spend`` for one given by its days."""
    known = _NAMES.get(period.name)
    if known is not None:
        return known
    count, unit = period.name[:-1], period.name[-1]
    return f"The last {count} {_UNITS[unit]}" if unit in _UNITS and count.isdigit() else "Spend"


def period_days(period: Period) -> str:
    """The days (or instants) a period covers, in its own zone; empty for all time."""
    if period.end >= FOREVER:
        return ""
    tz = zone(period.timezone)
    first, last = period.start.astimezone(tz), (period.end - timedelta(microseconds=1)).astimezone(tz)
    if day_start(first.date(), tz) != period.start or day_start(last.date() + timedelta(days=1), tz) != period.end:
        return f"{first:%Y-%m-%d %H:%M} to {period.end.astimezone(tz):%Y-%m-%d %H:%M}"
    if first.date() == last.date():
        return f"{first:%A} {_day(first)} {first.year}"
    return f"{_shared(first, last)} – {_day(last)} {last.year}"


def moment_words(instant: datetime, tz: ZoneInfo, now: datetime) -> str:
    """An instant in a zone: the time alone today, the day too this year, the year else."""
    there, here = instant.astimezone(tz), now.astimezone(tz)
    if there.date() == here.date():
        return f"{there:%H:%M}"
    return f"{there.day} {there:%b %H:%M}" if there.year == here.year else f"{there.day} {there:%b %Y %H:%M}"


def duration_words(span: timedelta) -> str:
    """A span of time in one unit, rounded down to it: ``12 min``, ``9 h``, ``5 days``; ``under a minute`` below one."""
    minutes = span // timedelta(minutes=1)
    if minutes < 1:
        return "under a minute"
    if minutes < 60:
        return f"{minutes} min"
    if minutes < 48 * 60:
        return f"{minutes // 60} h"
    return f"{minutes // (24 * 60)} days"


def _day(day: datetime) -> str:
    return f"{day.day} {day:%B}"


def _shared(first: datetime, last: datetime) -> str:
    if first.year != last.year:
        return f"{_day(first)} {first.year}"
    return _day(first) if first.month != last.month else str(first.day)
