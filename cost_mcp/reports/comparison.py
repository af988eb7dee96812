"""A period against the one before it: of the same kind and length, and only as much of it as has passed of this one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_EVEN, Decimal
from types import MappingProxyType
from zoneinfo import ZoneInfo

from cost_mcp.model.moment import EARLIEST, zone
from cost_mcp.model.period import Period, day_start, month_start_of
from cost_mcp.model.report import Group
from cost_mcp.model.totals import NOTHING, Totals
from cost_mcp.reports.explanation import Explanation
from cost_mcp.reports.top import Key, is_rest

_TENTH = Decimal("0.1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One sum now and before. Both are lower bounds, and their difference is ``inexact``, where calls have no known price."""

    current: Totals
    previous: Totals

    @property
    def usd(self) -> Decimal:
        """How much more was billed by use; negative for less."""
        return self.current.cost_usd - self.previous.cost_usd

    @property
    def subscription_usd(self) -> Decimal:
        """How much more a plan covered, at list prices."""
        return self.current.subscription_usd - self.previous.subscription_usd

    @property
    def percent(self) -> Decimal | None:
        """100 × (now − before) / before at one decimal, half to even; None where nothing was billed before."""
        if not self.previous.cost_usd:
            return None
        return (100 * self.usd / self.previous.cost_usd).quantize(_TENTH, rounding=ROUND_HALF_EVEN)

    @property
    def inexact(self) -> bool:
        """Whether calls without a known price are missing on either side."""
        return bool(self.current.unpriced_calls or self.previous.unpriced_calls)


NO_CHANGES: Mapping[Key, Change] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """This period up to ``until`` against ``previous``; ``groups`` by key, empty where groups of two periods are never the same.

    ``explanation`` says which names made the difference.
    """

    until: datetime
    previous: Period
    whole: Change
    groups: Mapping[Key, Change]
    explanation: Explanation | None = None


def previous_period(period: Period, now: datetime) -> tuple[datetime, Period] | None:
    """Until when a period is compared, and the span of the period before it that this is compared with.

    Days, weeks, months and years follow the calendar of the period's zone: before November is October, whole months before whole
    months, and seven days before seven days. A period that is still running is compared with the same part of the one before, by
    the calendar too: on the 22nd at noon, up to the 22nd at noon there, or up to its end where it is shorter. Anything that does not
    consist of whole days is compared with as long a time just before.

    Returns:
        None for a period that has not begun, and for one that nothing lies before.
    """
    if now <= period.start or period.start <= EARLIEST:
        return None
    until = min(period.end, now)
    tz = zone(period.timezone)
    days = _whole_days(period, tz)
    if days is None:
        start = period.start - (period.end - period.start)
        end = start + (until - period.start)
    else:
        first, after = days
        if first.day == after.day == 1 and not re.fullmatch(r"\d+[dw]", period.name):
            months = (after.year - first.year) * 12 + after.month - first.month
            before = month_start_of(first, -months)
        else:
            before = first - (after - first)
        start, end = day_start(before, tz), period.start
        if until < period.end:
            there = until.astimezone(tz)
            day = before + (there.date() - first)
            end = min(end, datetime.combine(day, there.timetz()).astimezone(UTC))
    start = max(start, EARLIEST)
    if start >= end:
        return None
    return until, Period(name="custom", start=start, end=end, timezone=period.timezone)


def compared(
    until: datetime, previous: Period, totals: tuple[Totals, Totals], groups: Iterable[Group], before: Iterable[Group] | None
) -> Comparison:
    """What changed, in all and for each of ``groups``.

    Args:
        until: as ``previous_period`` says.
        previous: as ``previous_period`` says.
        totals: of this period and of the previous one.
        groups: of this period, the rest of a shortened list among them as ``(other)``.
        before: of the previous period, all of them; None where a group of one period cannot be found in another.
    """
    changes: dict[Key, Change] = {}
    if before is not None:
        known = {group.key: group.totals for group in before}
        shown = list(groups)
        named = [group for group in shown if not is_rest(group.key)]
        changes = {group.key: Change(current=group.totals, previous=known.pop(group.key, NOTHING)) for group in named}
        for group in shown:
            if is_rest(group.key):
                changes[group.key] = Change(current=group.totals, previous=sum(known.values(), NOTHING))
    return Comparison(until=until, previous=previous, whole=Change(current=totals[0], previous=totals[1]), groups=changes)


def _whole_days(period: Period, tz: ZoneInfo) -> tuple[date, date] | None:
    """The first day and the day after the last, where the period consists of whole days of its zone."""
    first, after = period.start.astimezone(tz).date(), period.end.astimezone(tz).date()
    whole = day_start(first, tz) == period.start and day_start(after, tz) == period.end
    return (first, after) if whole else None
