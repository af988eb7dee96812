"""Where the windows of a budget begin and end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cost_mcp.budgets.windows import window_of
from cost_mcp.model.budget import BUDGET_PERIODS, Budget
from cost_mcp.model.moment import EARLIEST


def _budget(period: str, timezone: str = "UTC", week_start: int = 0) -> Budget:
    return Budget(name="b", period=period, limit_usd=Decimal(1), timezone=timezone, week_start=week_start)


def _utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


CASES: list[Any] = [
    ("hour", "UTC", "2026-11-22T10:20", "2026-11-22T10:00", "2026-11-22T11:00"),
    ("hour", "Asia/Kathmandu", "2026-11-22T10:20", "2026-11-22T10:15", "2026-11-22T11:15"),
    ("day", "UTC", "2026-11-22T10:20", "2026-11-22T00:00", "2026-11-23T00:00"),
    ("day", "Asia/Kathmandu", "2026-11-22T18:15", "2026-11-22T18:15", "2026-11-23T18:15"),
    ("day", "America/New_York", "2026-03-08T12:00", "2026-03-08T05:00", "2026-03-09T04:00"),
    ("day", "America/New_York", "2026-11-01T12:00", "2026-11-01T04:00", "2026-11-02T05:00"),
    ("day", "Australia/Lord_Howe", "2026-04-04T20:00", "2026-04-04T13:00", "2026-04-05T13:30"),
    ("week", "UTC", "2026-11-22T10:20", "2026-11-16T00:00", "2026-11-23T00:00"),
    ("month", "UTC", "2026-02-10T00:00", "2026-02-01T00:00", "2026-03-01T00:00"),
    ("quarter", "UTC", "2026-11-22T00:00", "2026-10-01T00:00", "2027-01-01T00:00"),
    ("year", "Europe/Berlin", "2026-12-31T23:30", "2026-12-31T23:00", "2027-12-31T23:00"),
    # Lord Howe sets its clock back by half an hour at 02:00: both hours that touch the change are cut there.
    ("hour", "Australia/Lord_Howe", "2026-04-04T14:45", "2026-04-04T14:00", "2026-04-04T15:00"),
    ("hour", "Australia/Lord_Howe", "2026-04-04T15:10", "2026-04-04T15:00", "2026-04-04T15:30"),
    ("hour", "Australia/Lord_Howe", "2026-10-03T15:40", "2026-10-03T15:30", "2026-10-03T16:00"),
    # One o'clock comes twice in autumn, two o'clock not at all in spring.
    ("hour", "America/New_York", "2026-11-01T05:30", "2026-11-01T05:00", "2026-11-01T06:00"),
    ("hour", "America/New_York", "2026-11-01T06:30", "2026-11-01T06:00", "2026-11-01T07:00"),
    ("hour", "America/New_York", "2026-03-08T06:30", "2026-03-08T06:00", "2026-03-08T07:00"),
    ("hour", "America/New_York", "2026-03-08T07:30", "2026-03-08T07:00", "2026-03-08T08:00"),
    ("hour", "Asia/Kolkata", "2026-11-22T10:20", "2026-11-22T09:30", "2026-11-22T10:30"),
    # Weeks, months and quarters hold the missing and the added hour too.
    ("week", "America/New_York", "2026-03-08T12:00", "2026-03-02T05:00", "2026-03-09T04:00"),
    ("week", "America/New_York", "2026-11-01T12:00", "2026-10-26T04:00", "2026-11-02T05:00"),
    ("month", "America/New_York", "2026-03-15T00:00", "2026-03-01T05:00", "2026-04-01T04:00"),
    ("month", "America/New_York", "2026-11-15T00:00", "2026-11-01T04:00", "2026-12-01T05:00"),
    ("quarter", "Australia/Lord_Howe", "2026-05-01T00:00", "2026-03-31T13:00", "2026-06-30T13:30"),
    # Days that begin at one o'clock, and one that has its last hour twice.
    ("day", "America/Havana", "2026-03-08T10:00", "2026-03-08T05:00", "2026-03-09T04:00"),
    ("day", "Africa/Cairo", "2026-04-24T10:00", "2026-04-23T22:00", "2026-04-24T21:00"),
    ("day", "Africa/Cairo", "2026-10-29T21:30", "2026-10-28T21:00", "2026-10-29T22:00"),
    # Leap days, and the year and month that have one.
    ("day", "UTC", "2028-02-29T12:00", "2028-02-29T00:00", "2028-03-01T00:00"),
    ("month", "UTC", "2028-02-29T23:59", "2028-02-01T00:00", "2028-03-01T00:00"),
    ("month", "UTC", "2027-02-28T23:59", "2027-02-01T00:00", "2027-03-01T00:00"),
    ("year", "Asia/Kolkata", "2028-02-29T00:00", "2027-12-31T18:30", "2028-12-31T18:30"),
]


@pytest.mark.parametrize(("period", "timezone", "at", "start", "end"), CASES)
def test_a_window_follows_the_calendar_of_its_zone(period: str, timezone: str, at: str, start: str, end: str):
    assert window_of(_budget(period, timezone), _utc(at)) == (_utc(start), _utc(end))


@pytest.mark.parametrize("week_start", range(7))
def test_a_week_starts_on_the_day_the_budget_says(week_start: int):
    sunday = _utc("2026-11-22T10:00")
    start, end = window_of(_budget("week", week_start=week_start), sunday)
    assert start == _utc("2026-11-16T00:00") + timedelta(days=week_start)
    assert end == start + timedelta(days=7)
    assert start.weekday() == week_start


def test_a_total_budget_has_one_window_without_end():
    assert window_of(_budget("total"), _utc("2026-11-22T10:00")) == (EARLIEST, None)


ZONES = [
    "UTC",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "America/New_York",
    "Pacific/Chatham",
    "Africa/Cairo",
    "America/Havana",
]


@given(
    st.sampled_from([p for p in BUDGET_PERIODS if p != "total"]),
    st.sampled_from(ZONES),
    st.integers(0, 6),
    st.datetimes(datetime(2020, 1, 8), datetime(2036, 1, 1)),  # noqa: DTZ001 hypothesis draws naive times; UTC is put on below
)
def test_windows_hold_their_instant_and_follow_each_other_without_gap(
    period: str, timezone: str, week_start: int, at: datetime
):
    budget, instant = _budget(period, timezone, week_start), at.replace(tzinfo=UTC)
    start, end = window_of(budget, instant)
    assert end is not None
    assert start <= instant < end
    assert window_of(budget, start) == window_of(budget, end - timedelta(microseconds=1)) == (start, end)
    assert window_of(budget, end)[0] == end
