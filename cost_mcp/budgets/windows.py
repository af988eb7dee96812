"""The windows a budget's period is cut into, by the calendar of its time zone."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from cost_mcp.model.moment import EARLIEST, zone
from cost_mcp.model.period import calendar_span, day_start, hour_span


class Cut(Protocol):
    """What of a budget says how its time is cut: a whole ``Budget``, or the little of one that a hook reads."""

    @property
    def period(self) -> str:
        """``hour`` … ``year``, or ``total``."""
        ...

    @property
    def timezone(self) -> str:
        """The IANA zone whose calendar days follow."""
        ...

    @property
    def week_start(self) -> int:
        """0 for Monday … 6 for Sunday."""
        ...


def window_of(budget: Cut, instant: datetime) -> tuple[datetime, datetime | None]:
    """The window of ``budget`` that holds ``instant``, half-open, in UTC.

    Days follow the zone's calendar, so one may last 23 or 25 hours; hours follow the offset in force and are cut short where
    the clock is set. A ``total`` budget has the one window from ``EARLIEST`` with no end. Windows never overlap.
    """
    if budget.period == "total":
        return EARLIEST, None
    tz = zone(budget.timezone)
    if budget.period == "hour":
        return hour_span(instant, tz)
    first, after = calendar_span(budget.period, instant.astimezone(tz).date(), budget.week_start)
    return day_start(first, tz), day_start(after, tz)
