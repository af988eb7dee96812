"""Stretches of time: half-open ``[start, end)`` in UTC, named in a time zone whose calendar the days follow."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from cost_mcp.errors import InvalidInput, UnknownName
from cost_mcp.model.moment import EARLIEST, LATEST, out_of_range, parse_instant, zone

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
FOREVER = LATEST
"""The end of a period that has none."""

PERIOD_NAMES = (
    "today", "yesterday", "week", "last_week", "month", "last_month", "quarter", "last_quarter", "year", "last_year", "total",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """``[start, end)`` in UTC, how it was asked for, and the zone its days are counted in."""

    name: str
    start: datetime
    end: datetime
    timezone: str


def day_start(day: date, tz: ZoneInfo) -> datetime:
    """The first instant of a calendar day in a zone, in UTC; right on days that begin at 01:00 or last 23 or 25 hours."""
    return datetime(day.year, day.month, day.day, tzinfo=tz).astimezone(UTC)


def week_start_of(day: date, first_weekday: int) -> date:
    """The day a week began on; ``first_weekday`` is 0 for Monday … 6 for Sunday."""
    return day - timedelta(days=(day.weekday() - first_weekday) % 7)


def month_start_of(day: date, months: int = 0) -> date:
    """The first of the month of ``day``, moved by ``months``."""
    index = day.year * 12 + day.month - 1 + months
    return date(index // 12, index % 12 + 1, 1)


def calendar_span(unit: str, day: date, first_weekday: int = 0) -> tuple[date, date]:
    """First day, and first day after, of the day, week, month, quarter or year that holds ``day``."""
    if unit == "day":
        return day, day + timedelta(days=1)
    if unit == "week":
        first = week_start_of(day, first_weekday)
        return first, first + timedelta(days=7)
    if unit == "month":
        return month_start_of(day), month_start_of(day, 1)
    if unit == "quarter":
        first = month_start_of(day, -((day.month - 1) % 3))
        return first, month_start_of(first, 3)
    return date(day.year, 1, 1), date(day.year + 1, 1, 1)


def hour_span(instant: datetime, tz: ZoneInfo) -> tuple[datetime, datetime]:
    """The clock hour of a zone that holds ``instant``, in UTC; cut short where the clock is set forward or back.

    Two hours never overlap, also where the clock moves by half an hour (Lord Howe) or at a quarter to (Chatham).
    """
    utc = instant.astimezone(UTC)
    offset = utc.astimezone(tz).utcoffset()
    assert offset is not None
    start = (utc + offset).replace(minute=0, second=0, microsecond=0) - offset
    quarters = [start + timedelta(minutes=15 * n) for n in range(5)]
    # All zones since 2000 change at whole quarter-hours: keep the stretch around the instant with its own offset.
    while quarters[0].astimezone(tz).utcoffset() != offset:
        quarters.pop(0)
    kept = [q for q in quarters[1:-1] if q > utc and q.astimezone(tz).utcoffset() != offset]
    return quarters[0], kept[0] if kept else quarters[-1]


def named_period(name: str, now: datetime, timezone: str = "UTC", first_weekday: int = 0) -> Period:
    """A period by name: those of ``PERIOD_NAMES``, ``Nd`` / ``Nw`` (calendar days and weeks up to and with the current
    one), ``Nh`` (the last N hours to the minute), ``2026``, ``2026-11``, ``2026-11-22``.

    Raises:
        UnknownName: no such period; the hint lists the forms.
        InvalidInput: a year, month or day that the calendar does not have, or before 2020 or after 2199.
    """
    tz = zone(timezone)
    today = now.astimezone(tz).date()
    wanted = name.strip().lower()
    if wanted in ("total", "all"):
        return Period(name="total", start=EARLIEST, end=FOREVER, timezone=timezone)
    if hours := re.fullmatch(r"([1-9]\d{0,4})h", wanted):
        end = now.astimezone(UTC).replace(second=0, microsecond=0) + timedelta(minutes=1)
        return Period(name=wanted, start=end - timedelta(hours=int(hours[1])), end=end, timezone=timezone)
    span = _relative(wanted, today, first_weekday) or _counted(wanted, today, first_weekday) or _written(wanted, "period")
    if span is None:
        raise UnknownName(
            "period is not a known name.",
            field="period",
            hint=f"Use {', '.join(PERIOD_NAMES)}, 7d, 4w, 24h, 2026-11 or 2026-11-22, or give start and end.",
        )
    return Period(name=wanted, start=day_start(span[0], tz), end=day_start(span[1], tz), timezone=timezone)


def stated_period(start: object, end: object | None, now: datetime, timezone: str = "UTC") -> Period:
    """A period by its instants (RFC 3339) or days (2026-11-22, in the zone; the end day excluded); no end means now.

    Raises:
        InvalidInput: a bound that is no time, or an end that is not after the start.
    """
    tz = zone(timezone)
    first = _bound(start, "start", tz)
    last = max(now.astimezone(UTC), first + timedelta(microseconds=1)) if end is None else _bound(end, "end", tz)
    if last <= first:
        raise InvalidInput("end is not after start.", field="end", hint="The end is excluded: give the following day.")
    return Period(name="custom", start=first, end=last, timezone=timezone)


def _bound(value: object, field: str, tz: ZoneInfo) -> datetime:
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", value.strip()):
        if value.strip() == f"{FOREVER:%Y-%m-%d}":  # the day after the last one: an end that is excluded
            return FOREVER
        span = _written(value.strip(), field)
        assert span is not None
        return day_start(span[0], tz)
    return parse_instant(value, field)


def _relative(name: str, today: date, first_weekday: int) -> tuple[date, date] | None:
    before: dict[str, tuple[str, Callable[[date], date]]] = {
        "yesterday": ("day", lambda first: first - timedelta(days=1)),
        "last_week": ("week", lambda first: first - timedelta(days=1)),
        "last_month": ("month", lambda first: first - timedelta(days=1)),
        "last_quarter": ("quarter", lambda first: first - timedelta(days=1)),
        "last_year": ("year", lambda first: first - timedelta(days=1)),
    }
    if name in before:
        unit, step = before[name]
        return calendar_span(unit, step(calendar_span(unit, today, first_weekday)[0]), first_weekday)
    unit = {"today": "day", "day": "day"}.get(name, name)
    return calendar_span(unit, today, first_weekday) if unit in ("day", "week", "month", "quarter", "year") else None


def _counted(name: str, today: date, first_weekday: int) -> tuple[date, date] | None:
    match = re.fullmatch(r"([1-9]\d{0,3})([dw])", name)
    if match is None:
        return None
    count, unit = int(match[1]), {"d": "day", "w": "week"}[match[2]]
    first, end = calendar_span(unit, today, first_weekday)
    return max(first - timedelta(days=(count - 1) * (end - first).days), EARLIEST.date()), end


def _written(name: str, field: str) -> tuple[date, date] | None:
    match = re.fullmatch(r"(\d{4})(?:-(\d{2}))?(?:-(\d{2}))?", name)
    if match is None:
        return None
    try:
        day = date(int(match[1]), int(match[2] or 1), int(match[3] or 1))
    except ValueError:
        what = "a day" if field != "period" else "a day or month"
        raise InvalidInput(f"{field} is not {what} of the calendar.", field=field, hint="Give it as 2026-11-22.") from None
    if not EARLIEST.year <= day.year < FOREVER.year:
        raise out_of_range(field, day.year)
    return calendar_span("day" if match[3] else "month" if match[2] else "year", day)
