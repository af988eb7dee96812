"""A period against the one before it: worked out by hand on the calendar, and never losing money."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cost_mcp.model.moment import parse_instant
from cost_mcp.model.period import Period, named_period, stated_period
from cost_mcp.model.report import CostReport, Group, ReportQuery
from cost_mcp.model.totals import NOTHING, Totals
from cost_mcp.reports.comparison import Change, compared, previous_period
from cost_mcp.reports.top import top_of

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
BERLIN = "Europe/Berlin"


def spans(period: Period, now: datetime = NOW) -> tuple[str, str, str]:
    """Until when it is compared, and from when to when the period before lasts."""
    found = previous_period(period, now)
    assert found is not None
    until, previous = found
    return until.isoformat(), previous.start.isoformat(), previous.end.isoformat()


@pytest.mark.parametrize(
    ("name", "until", "start", "end"),
    [
        # Berlin is an hour ahead of UTC in November, two until 25 October: midnight there is 23:00Z, then 22:00Z.
        ("today", "2026-11-22T12:00", "2026-11-20T23:00", "2026-11-21T12:00"),
        ("yesterday", "2026-11-21T23:00", "2026-11-19T23:00", "2026-11-20T23:00"),
        ("week", "2026-11-22T12:00", "2026-11-08T23:00", "2026-11-15T12:00"),
        ("last_week", "2026-11-15T23:00", "2026-11-01T23:00", "2026-11-08T23:00"),
        ("month", "2026-11-22T12:00", "2026-09-30T22:00", "2026-10-22T11:00"),  # 13:00 in Berlin, in both months
        ("last_month", "2026-10-31T23:00", "2026-08-31T22:00", "2026-09-30T22:00"),
        ("2026-11", "2026-11-22T12:00", "2026-09-30T22:00", "2026-10-22T11:00"),
        ("2026-02", "2026-02-28T23:00", "2025-12-31T23:00", "2026-01-31T23:00"),
        ("2026-11-21", "2026-11-21T23:00", "2026-11-19T23:00", "2026-11-20T23:00"),
        ("quarter", "2026-11-22T12:00", "2026-06-30T22:00", "2026-08-22T11:00"),
        ("year", "2026-11-22T12:00", "2024-12-31T23:00", "2025-11-22T12:00"),
        ("2025", "2025-12-31T23:00", "2023-12-31T23:00", "2024-12-31T23:00"),
        ("7d", "2026-11-22T12:00", "2026-11-08T23:00", "2026-11-15T12:00"),
        ("30d", "2026-11-22T12:00", "2026-09-23T22:00", "2026-10-23T11:00"),
        ("2w", "2026-11-22T12:00", "2026-10-25T23:00", "2026-11-08T12:00"),
    ],
)
def test_the_period_before_follows_the_calendar_up_to_the_same_moment(name: str, until: str, start: str, end: str):
    period = named_period(name, NOW, BERLIN)

    assert spans(period) == (f"{until}:00+00:00", f"{start}:00+00:00", f"{end}:00+00:00")


def test_hours_are_compared_with_as_many_hours_before():
    period = named_period("24h", NOW, BERLIN)  # to the end of this minute

    assert spans(period) == ("2026-11-22T12:00:00+00:00", "2026-11-20T12:01:00+00:00", "2026-11-21T12:00:00+00:00")


@pytest.mark.parametrize(
    ("start", "end", "before"),
    [
        ("2026-10-01", "2026-11-01", ("2026-09-01T00:00", "2026-10-01T00:00")),  # a whole month: not 31 days
        ("2026-09-01", "2026-11-01", ("2026-07-01T00:00", "2026-09-01T00:00")),  # two of them
        ("2026-11-02", "2026-11-05", ("2026-10-30T00:00", "2026-11-02T00:00")),  # three days
        ("2026-11-02T06:00Z", "2026-11-02T09:30Z", ("2026-11-02T02:30", "2026-11-02T06:00")),
    ],
)
def test_a_stated_period_is_compared_with_as_long_a_one(start: str, end: str, before: tuple[str, str]):
    _, first, after = spans(stated_period(start, end, NOW))

    assert (first, after) == (f"{before[0]}:00+00:00", f"{before[1]}:00+00:00")


def test_the_31st_is_compared_with_all_of_a_shorter_month():
    now = datetime(2026, 3, 31, 18, tzinfo=UTC)

    assert spans(named_period("month", now), now)[1:] == ("2026-02-01T00:00:00+00:00", "2026-03-01T00:00:00+00:00")


@pytest.mark.parametrize("name", ["total", "2027", "2020"])
def test_where_nothing_lies_before_there_is_nothing_to_compare(name: str):
    assert previous_period(named_period(name, NOW), NOW) is None


@given(
    start=st.datetimes(datetime(2021, 1, 1), datetime(2026, 11, 1)),  # noqa: DTZ001 (the strategy wants naive bounds)
    length=st.timedeltas(timedelta(microseconds=1), timedelta(days=400)),
    passed=st.timedeltas(timedelta(), timedelta(days=500)),
)
def test_what_is_compared_with_lies_before_and_is_never_longer_than_the_whole(
    start: datetime, length: timedelta, passed: timedelta
):
    first = start.replace(tzinfo=UTC)
    period = Period(name="custom", start=first, end=first + length, timezone=BERLIN)
    found = previous_period(period, first + passed)
    if found is None:
        assert passed == timedelta()
        return
    until, previous = found

    assert until == min(period.end, first + passed)
    assert previous.start < previous.end <= period.start
    assert (previous.end == period.start) or until < period.end


def usd(amount: str, unpriced: int = 0) -> Totals:
    return Totals(calls=1, cost_usd=Decimal(amount), unpriced_calls=unpriced)


@pytest.mark.parametrize(
    ("before", "now", "change", "percent"),
    [
        ("4", "5", "1", "25.0"),
        ("5", "4", "-1", "-20.0"),
        ("3", "4", "1", "33.3"),
        ("8", "8.01", "0.01", "0.1"),
        ("0", "2", "2", None),
        ("2", "0", "-2", "-100.0"),
    ],
)
def test_a_change_is_told_in_dollars_and_in_percent_of_what_was(before: str, now: str, change: str, percent: str | None):
    changed = Change(current=usd(now), previous=usd(before))

    assert changed.usd == Decimal(change)
    assert changed.percent == (None if percent is None else Decimal(percent))
    assert not changed.inexact


@pytest.mark.parametrize(("now", "before"), [(1, 0), (0, 1)])
def test_a_change_is_not_exact_where_a_call_without_a_price_is_on_either_side(now: int, before: int):
    assert Change(current=usd("1", now), previous=usd("1", before)).inexact


def top(groups: list[Group], most: int) -> tuple[Group, ...]:
    query = ReportQuery(period=named_period("total", NOW), group_by=("model",))
    whole = sum((group.totals for group in groups), NOTHING)
    return top_of(CostReport(query=query, totals=whole, groups=tuple(groups), group_count=len(groups)), most)


def test_each_group_is_compared_with_itself_and_the_rest_with_all_that_is_not_named():
    now = [Group(key=("a",), totals=usd("5")), Group(key=("b",), totals=usd("3")), Group(key=("c",), totals=usd("1"))]
    before = [Group(key=("b",), totals=usd("4")), Group(key=("c",), totals=usd("2")), Group(key=("d",), totals=usd("6"))]
    until, previous = NOW, Period(name="custom", start=NOW - timedelta(days=1), end=NOW, timezone="UTC")

    found = compared(until, previous, (usd("9"), usd("12")), top(now, 1), before)

    assert {key: (c.current.cost_usd, c.previous.cost_usd) for key, c in found.groups.items()} == {
        ("a",): (Decimal(5), Decimal(0)),
        ("(other)",): (Decimal(4), Decimal(12)),
    }
    assert sum(change.usd for change in found.groups.values()) == found.whole.usd == Decimal(-3)


names = st.dictionaries(st.sampled_from("abcdefgh"), st.integers(0, 10**12).map(lambda n: Decimal(n) / 10**9), max_size=8)


@given(now=names, before=names, most=st.integers(1, 9))
def test_where_a_rest_is_told_the_changes_of_all_rows_are_the_change_of_the_whole(
    now: dict[str, Decimal], before: dict[str, Decimal], most: int
):
    current = [Group(key=(name,), totals=Totals(calls=1, cost_usd=cost)) for name, cost in now.items()]
    earlier = [Group(key=(name,), totals=Totals(calls=1, cost_usd=cost)) for name, cost in before.items()]
    rows = top(current, most)
    whole = tuple(sum((g.totals for g in groups), NOTHING) for groups in (current, earlier))
    previous = Period(name="custom", start=NOW - timedelta(days=1), end=NOW, timezone="UTC")

    found = compared(NOW, previous, (whole[0], whole[1]), rows, earlier)

    assert sum((change.current.cost_usd for change in found.groups.values()), Decimal(0)) == whole[0].cost_usd
    if len(rows) > most:
        assert sum((change.usd for change in found.groups.values()), Decimal(0)) == found.whole.usd


def test_instants_are_taken_as_they_were_given():
    period = stated_period("2026-11-22T00:00:00Z", None, NOW)
    found = previous_period(period, NOW)
    assert found is not None
    assert found[1].start == parse_instant("2026-11-21T12:00:00Z", "start")
