"""A series without gaps, whose points are those of a report by the same unit."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from cost_mcp.errors import InvalidInput
from cost_mcp.model.period import named_period, stated_period
from cost_mcp.model.report import Group
from cost_mcp.model.totals import Totals
from cost_mcp.reports.trend import fitting_unit, trend, unit_of_months

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def spent(label: str, cost: str = "1") -> Group:
    return Group(key=(label,), totals=Totals(calls=1, cost_usd=Decimal(cost)))


def told(unit: str, name: str, *groups: Group, timezone: str = "Europe/Berlin") -> list[tuple[str | None, str]]:
    series = trend(unit, named_period(name, NOW, timezone), NOW, 0, groups)
    assert series.unit == unit
    return [(point.key[0], str(point.totals.cost_usd)) for point in series.points]


def test_days_without_calls_are_told_as_nothing():
    assert told("day", "week", spent("2026-11-17", "2"), spent("2026-11-20", "3")) == [
        ("2026-11-16", "0"),
        ("2026-11-17", "2"),
        ("2026-11-18", "0"),
        ("2026-11-19", "0"),
        ("2026-11-20", "3"),
        ("2026-11-21", "0"),
        ("2026-11-22", "0"),
    ]


def test_a_period_that_is_running_ends_now_unless_calls_lie_ahead():
    assert told("day", "2026-11", spent("2026-11-01"))[-1] == ("2026-11-22", "0")
    assert told("day", "2026-11", spent("2026-11-25"))[-1] == ("2026-11-25", "1")


def test_the_day_on_which_clocks_go_back_has_25_hours_and_the_other_23():
    october = stated_period("2026-10-25", "2026-10-26", NOW, "Europe/Berlin")
    march = stated_period("2026-03-29", "2026-03-30", NOW, "Europe/Berlin")

    hours = [point.key[0] for point in trend("hour", october, NOW, 0, ()).points]
    assert (len(hours), hours[2:4]) == (25, ["2026-10-25T02:00+02:00", "2026-10-25T02:00+01:00"])
    assert len(trend("hour", march, NOW, 0, ()).points) == 23


def test_weeks_begin_on_the_day_that_is_asked_for():
    period = stated_period("2026-11-04", "2026-11-18", NOW, "UTC")

    assert [point.key[0] for point in trend("week", period, NOW, 6, ()).points] == ["2026-11-01", "2026-11-08", "2026-11-15"]


def test_all_time_begins_with_the_first_call():
    assert told("month", "total", spent("2026-08"), spent("2026-10", "2")) == [
        ("2026-08", "1"), ("2026-09", "0"), ("2026-10", "2"), ("2026-11", "0"),
    ]  # fmt: skip
    assert told("month", "total") == []


def test_a_period_that_has_not_begun_has_no_points():
    assert told("day", "2027-01") == []


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("today", "hour"),
        ("48h", "hour"),
        ("week", "day"),
        ("month", "day"),
        ("60d", "day"),
        ("quarter", "week"),
        ("2024", "week"),
    ],
)
def test_the_unit_fits_the_length(name: str, unit: str):
    period = named_period(name, NOW)

    assert fitting_unit(period.end - period.start) == unit


def test_for_all_time_the_unit_fits_how_long_there_were_calls():
    period = named_period("total", NOW)

    assert unit_of_months([spent("2026-11")], period) == "day"
    assert unit_of_months([spent("2026-11"), spent("2026-05")], period) == "week"
    assert unit_of_months([spent("2026-11"), spent("2023-05")], period) == "month"
    assert unit_of_months([], period) == "month"


def test_more_points_than_anyone_reads_are_refused():
    period = stated_period(NOW - timedelta(days=80), None, NOW)

    with pytest.raises(InvalidInput, match="more than 1,000 points") as refused:
        trend("hour", period, NOW, 0, ())
    assert refused.value.field == "trend"
