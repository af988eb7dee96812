"""Periods follow the calendar of their zone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cost_mcp.errors import CostError, InvalidInput, UnknownName
from cost_mcp.model.moment import EARLIEST, instant_text
from cost_mcp.model.period import FOREVER, PERIOD_NAMES, named_period, stated_period

NOW = datetime(2026, 11, 22, 15, 30, 12, tzinfo=UTC)  # a Sunday


@pytest.mark.parametrize(
    ("name", "start", "end"),
    [
        ("today", "2026-11-22T00:00:00Z", "2026-11-23T00:00:00Z"),
        ("yesterday", "2026-11-21T00:00:00Z", "2026-11-22T00:00:00Z"),
        ("week", "2026-11-16T00:00:00Z", "2026-11-23T00:00:00Z"),
        ("last_week", "2026-11-09T00:00:00Z", "2026-11-16T00:00:00Z"),
        ("month", "2026-11-01T00:00:00Z", "2026-12-01T00:00:00Z"),
        ("last_month", "2026-10-01T00:00:00Z", "2026-11-01T00:00:00Z"),
        ("quarter", "2026-10-01T00:00:00Z", "2027-01-01T00:00:00Z"),
        ("last_quarter", "2026-07-01T00:00:00Z", "2026-10-01T00:00:00Z"),
        ("year", "2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z"),
        ("last_year", "2025-01-01T00:00:00Z", "2026-01-01T00:00:00Z"),
        ("7d", "2026-11-16T00:00:00Z", "2026-11-23T00:00:00Z"),
        ("2w", "2026-11-09T00:00:00Z", "2026-11-23T00:00:00Z"),
        ("3h", "2026-11-22T12:31:00Z", "2026-11-22T15:31:00Z"),
        ("2026", "2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z"),
        ("2024-02", "2024-02-01T00:00:00Z", "2024-03-01T00:00:00Z"),
        ("2024-02-29", "2024-02-29T00:00:00Z", "2024-03-01T00:00:00Z"),
        ("Today", "2026-11-22T00:00:00Z", "2026-11-23T00:00:00Z"),
    ],
)
def test_a_name_means_these_instants(name: str, start: str, end: str):
    period = named_period(name, NOW)
    assert (instant_text(period.start), instant_text(period.end)) == (start, end)


def test_total_has_neither_beginning_nor_end():
    period = named_period("total", NOW)
    assert (period.start, period.end) == (EARLIEST, FOREVER)


def test_a_week_may_start_on_sunday():
    assert named_period("week", NOW, first_weekday=6).start == datetime(2026, 11, 22, tzinfo=UTC)


@pytest.mark.parametrize(
    ("day", "timezone", "hours"),
    [
        ("2026-03-08", "America/New_York", 23),
        ("2026-11-01", "America/New_York", 25),
        ("2026-03-08", "Asia/Kathmandu", 24),
        ("2026-04-05", "Australia/Lord_Howe", 24.5),
        ("2026-09-06", "America/Santiago", 23),  # midnight itself does not exist: the day begins at 01:00
    ],
)
def test_a_day_is_as_long_as_its_zone_makes_it(day: str, timezone: str, hours: float):
    period = named_period(day, NOW, timezone)
    assert period.end - period.start == timedelta(hours=hours)


@given(
    now=st.datetimes(min_value=datetime(2021, 1, 1), max_value=datetime(2037, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    timezone=st.sampled_from(["UTC", "Asia/Kathmandu", "America/New_York", "Pacific/Chatham", "Australia/Lord_Howe"]),
    name=st.sampled_from([n for n in PERIOD_NAMES if not n.startswith("last") and n != "yesterday"] + ["30d", "5h"]),
)
def test_a_current_period_holds_this_moment(now: datetime, timezone: str, name: str):
    period = named_period(name, now, timezone)
    assert period.start <= now < period.end


@given(now=st.datetimes(min_value=datetime(2021, 1, 1), max_value=datetime(2037, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001
@pytest.mark.parametrize("unit", ["day", "week", "month", "quarter", "year"])
def test_the_last_period_ends_where_this_one_starts(now: datetime, unit: str):
    this, last = ("today", "yesterday") if unit == "day" else (unit, f"last_{unit}")
    zone = "America/New_York"
    assert named_period(last, now, zone).end == named_period(this, now, zone).start


@pytest.mark.parametrize("name", ["", "fortnight", "0d", "20261", "2026-1", "d7", "99999999d"])
def test_a_name_that_is_none_is_refused_with_the_known_ones(name: str):
    with pytest.raises(UnknownName, match="today"):
        named_period(name, NOW)


def test_days_given_as_bounds_are_days_of_the_zone():
    period = stated_period("2026-11-01", "2026-11-02", NOW, "America/New_York")
    assert period.end - period.start == timedelta(hours=25)


def test_a_period_without_end_reaches_until_now():
    assert stated_period("2026-11-01T00:00:00+01:00", None, NOW).end == NOW


@pytest.mark.parametrize(
    ("start", "end", "field"),
    [
        ("2026-11-02", "2026-11-01", "end"),
        ("2026-11-02", "2026-11-02", "end"),
        ("2026-11-02T00:00:00", None, "start"),
        ("2019-12-31", "2026-01-01", "start"),
        ("soon", None, "start"),
        ("2026-02-30", None, "start"),
        (17, None, "start"),
    ],
)
def test_bounds_that_cannot_be_are_refused_by_name(start: object, end: object, field: str):
    with pytest.raises(CostError) as refused:
        stated_period(start, end, NOW)
    assert refused.value.field == field


@pytest.mark.parametrize(("name", "near"), [("Europe/Berln", "Europe/Berlin"), ("kathmandu", "Asia/Kathmandu")])
def test_an_unknown_zone_is_refused_with_the_nearest(name: str, near: str):
    with pytest.raises(UnknownName, match=near):
        named_period("today", NOW, name)


@pytest.mark.parametrize("name", ["../etc/passwd", "/etc/localtime", "", "UTC "])
def test_a_zone_is_never_a_path(name: str):
    with pytest.raises(InvalidInput):
        named_period("today", NOW, name)


def test_the_zone_of_a_period_is_kept():
    assert ZoneInfo(named_period("today", NOW, "Europe/Paris").timezone).key == "Europe/Paris"
