"""Whatever a report is grouped by and narrowed to, in any zone: its groups are what adding up the calls one by one gives."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any, Protocol
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cost_mcp.budgets.windows import window_of
from cost_mcp.ledger.contract import Ledger
from cost_mcp.ledger.intake import Intake
from cost_mcp.ledger.quick import open_readings
from cost_mcp.ledger.readings import Readings
from cost_mcp.ledger.sqlite import open_ledger
from cost_mcp.model.call import Rank
from cost_mcp.model.charge import PricedCall
from cost_mcp.model.period import Period, hour_span, week_start_of
from cost_mcp.model.report import GROUP_DIMENSIONS, CostReport, ReportQuery


class CallOf(Protocol):
    """The fixture's builder of priced calls."""

    def __call__(self, call_id: str, *, cost: str | None = ..., list_cost: str | None = ..., **fields: Any) -> PricedCall:
        """A priced call with this id; other fields by their names."""
        ...


START = datetime(2026, 10, 29, tzinfo=UTC)
"""Three days later New York and Berlin have set their clocks back."""
MINUTES = 6 * 24 * 60
ZONES = ("UTC", "America/New_York", "Europe/Berlin", "Asia/Kathmandu", "Australia/Lord_Howe")
DIMENSIONS = (*GROUP_DIMENSIONS, "tag:team", 'tag:o\'dd "name"')
FILTERS: dict[str, tuple[str, ...]] = {
    "agent": ("a", "b", "nobody"),
    "model": ("x", "y"),
    "task_id": ("T-0", "T-1", "T-9"),
    "session_id": ("S-0", "S-1"),
    "billing": ("api", "subscription"),
    "tag:team": ("core", "none"),
}


@dataclass(frozen=True)
class Filled:
    """A ledger, and the calls that count in it."""

    path: Path
    calls: tuple[PricedCall, ...]
    door: Readings


def made(call_of: CallOf, number: int, dice: random.Random, **fields: Any) -> PricedCall:
    tags = {"team": dice.choice(["core", "edge"]), 'o\'dd "name"': dice.choice(["1", "2"]), "other": "z"}
    names: dict[str, Any] = {
        "model": dice.choice("xy"),
        "provider": dice.choice(["openai", "anthropic", None]),
        "agent": dice.choice(["a", "b", None]),
        "project": dice.choice(["p", "q"]),
        "feature": dice.choice(["f", None]),
        "purpose": dice.choice(["review", "test"]),
        "task_type": dice.choice(["bug", None]),
        "task_id": dice.choice(["T-0", "T-1", "T-2", "S-0", None]),
        "session_id": dice.choice(["S-0", "S-1", None]),
        "billing": dice.choice(["api", "api", "subscription"]),
        "source": dice.choice(["mcp", "cli"]),
        "tags": dict(dice.sample(sorted(tags.items()), dice.randrange(4))),
        "cost": dice.choice([None, "0.01", f"0.{dice.randrange(1, 10**9):09}"]),
        "at": START + timedelta(microseconds=dice.randrange(MINUTES * 60_000_000)),
    }
    return call_of(f"c{number}", **names | fields)


@pytest.fixture(scope="session")
def filled(call_of: CallOf, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Filled]:
    """Some calls in every kept sum, some only in the finer ones, some in none; some were corrected at each of these."""
    dice = random.Random("calls")  # noqa: S311 the same calls in every run
    path = tmp_path_factory.mktemp("filled") / "ledger.db"
    counted: dict[str, PricedCall] = {}
    for part, wrong, summed in (
        (range(500), (), True),
        (range(500, 800), range(0, 500, 9), False),
        (range(800, 900), range(1, 800, 9), False),
    ):
        corrections = [made(call_of, n, dice, rank=Rank.RESPONSE, source="python") for n in wrong]
        batch = [made(call_of, n, dice) for n in part]
        asyncio.run(_record(path, [*batch, *corrections]))
        counted |= {call.call.call_id: call for call in (*batch, *corrections)}
        if summed:
            with Intake(path, now=START, window_of=window_of) as intake:
                intake.fold()
    door = open_readings(path, window_of=window_of)
    yield Filled(path, tuple(counted.values()), door)
    door.close()


async def _record(path: Path, calls: Sequence[PricedCall]) -> None:
    ledger = await open_ledger(path, now=START, window_of=window_of)
    for answer in await ledger.record(calls, START):
        assert not isinstance(answer, Exception), answer
    assert (await ledger.verify()).differences == ()
    await ledger.close()


def value(dimension: str, priced: PricedCall, tz: ZoneInfo) -> str | None:
    call = priced.call
    local = call.occurred_at.astimezone(tz)
    times = {
        "hour": hour_span(call.occurred_at, tz)[0].astimezone(tz).isoformat(timespec="minutes"),
        "day": local.date().isoformat(),
        "week": week_start_of(local.date(), 0).isoformat(),
        "month": local.date().isoformat()[:7],
    }
    if dimension in times:
        return times[dimension]
    if dimension.startswith("tag:"):
        return call.context.tags.get(dimension.removeprefix("tag:"))
    if dimension == "provider":
        return priced.provider
    of = call if dimension in ("model", "source", "billing", "tenant") else call.context
    found: str | None = getattr(of, dimension)
    return found


Sums = tuple[int, Decimal, Decimal]


def naive(filled: Filled, query: ReportQuery) -> list[tuple[tuple[str | None, ...], Sums]]:
    """The groups, in order, from nothing but the calls."""
    tz = ZoneInfo(query.period.timezone)
    found: dict[tuple[str | None, ...], Sums] = {}
    first: dict[str | None, datetime] = {}
    for priced in filled.calls:
        inside = query.period.start <= priced.call.occurred_at < query.period.end
        if not inside or any(value(name, priced, tz) != wanted for name, wanted in query.filters.items()):
            continue
        key = tuple(value(name, priced, tz) for name in query.group_by)
        calls, billed, planned = found.get(key, (0, Decimal(0), Decimal(0)))
        cost = priced.pricing.cost_usd or Decimal(0)
        is_billed = priced.call.billing == "api"
        found[key] = (calls + 1, billed + cost * is_billed, planned + cost * (not is_billed))
        if key:
            first[key[0]] = min(first.get(key[0], priced.call.occurred_at), priced.call.occurred_at)

    in_time = bool(query.group_by) and query.group_by[0] in ("hour", "day", "week", "month")

    def place(item: tuple[tuple[str | None, ...], Sums]) -> tuple[Any, ...]:
        key, (_, billed, planned) = item
        return first[key[0]] if in_time else START, -(billed + planned), tuple(part or "" for part in key)

    return sorted(found.items(), key=place)


def told(report: CostReport) -> list[tuple[tuple[str | None, ...], Sums]]:
    return [(g.key, (g.totals.calls, g.totals.cost_usd, g.totals.subscription_usd)) for g in report.groups]


@st.composite
def queries(draw: st.DrawFn) -> ReportQuery:
    minutes = sorted(draw(st.tuples(st.integers(0, MINUTES), st.integers(0, MINUTES))))
    unit = draw(st.sampled_from([1, 15, 60, 24 * 60]))  # at every kind of bound, and at none
    start, end = (START + timedelta(minutes=at // unit * unit) for at in minutes)
    ragged = timedelta(microseconds=draw(st.sampled_from([0, 1_000_003])))
    names = draw(st.lists(st.sampled_from(sorted(FILTERS)), max_size=2, unique=True))
    return ReportQuery(
        period=Period(
            name="custom", start=start + ragged, end=end + timedelta(minutes=1) + ragged, timezone=draw(st.sampled_from(ZONES))
        ),
        group_by=tuple(draw(st.lists(st.sampled_from(DIMENSIONS), max_size=3, unique=True))),
        filters={name: draw(st.sampled_from(FILTERS[name])) for name in names},
    )


@settings(deadline=None, max_examples=150)
@given(query=queries())
def test_groups_are_what_the_single_calls_come_to_and_sum_to_the_whole(filled: Filled, query: ReportQuery):
    report = filled.door.report(query)
    wanted = naive(filled, query)
    assert (report.totals.calls, report.totals.cost_usd) == (sum(s[0] for _, s in wanted), sum(s[1] for _, s in wanted))
    assert report.totals.subscription_usd == sum(s[2] for _, s in wanted)
    for breakdown in report.breakdowns.values():
        assert sum(totals.calls for _, totals in breakdown) == report.totals.calls
        assert sum((totals.cost_usd for _, totals in breakdown), Decimal(0)) == report.totals.cost_usd
    if query.group_by:
        assert told(report) == wanted
        assert report.group_count == len(wanted)


@settings(deadline=None, max_examples=150)
@given(query=queries().filter(lambda query: bool(query.group_by)), limit=st.integers(1, 12), offset=st.integers(0, 30))
def test_a_page_of_groups_is_cut_from_all_of_them(filled: Filled, query: ReportQuery, limit: int, offset: int):
    whole = filled.door.report(query)
    page = filled.door.report(replace(query, limit=limit, offset=offset))
    assert page.groups == whole.groups[offset : offset + limit]
    assert (page.group_count, page.totals, page.breakdowns) == (len(whole.groups), whole.totals, whole.breakdowns)


@pytest.mark.parametrize("group_by", [("month", "day", "agent"), ("week", "task_id", "hour"), ("day", "hour", "model")])
@pytest.mark.parametrize("offset", [0, 7])
def test_pages_follow_the_first_of_several_times_and_then_the_cost(filled: Filled, group_by: tuple[str, ...], offset: int):
    period = Period(name="custom", start=START, end=START + timedelta(days=6), timezone="America/New_York")
    query = ReportQuery(period=period, group_by=group_by)
    page = filled.door.report(replace(query, limit=9, offset=offset))
    assert told(page) == naive(filled, query)[offset : offset + 9]


@settings(deadline=None, max_examples=60)
@given(query=queries(), minutes=st.lists(st.integers(0, MINUTES), max_size=3))
def test_the_parts_of_a_period_sum_to_the_whole(filled: Filled, query: ReportQuery, minutes: list[int]):
    period = query.period
    cuts = [START + timedelta(minutes=at, microseconds=at) for at in sorted(minutes)]
    bounds = [period.start, *(cut for cut in cuts if period.start < cut < period.end), period.end]
    parts = [filled.door.report(replace(query, period=replace(period, start=a, end=b))) for a, b in pairwise(bounds)]
    whole = filled.door.report(query)
    assert sum((part.totals for part in parts[1:]), parts[0].totals) == whole.totals
    summed: dict[tuple[str | None, ...], int] = {}
    for group in (group for part in parts for group in part.groups):
        summed[group.key] = summed.get(group.key, 0) + group.totals.calls
    assert summed == {group.key: group.totals.calls for group in whole.groups}


@settings(deadline=None, max_examples=60)
@given(query=queries(), name=st.sampled_from(sorted(FILTERS)), data=st.data())
def test_one_more_filter_never_adds_money(filled: Filled, query: ReportQuery, name: str, data: st.DataObject):
    narrowed = replace(query, filters={**query.filters, name: data.draw(st.sampled_from(FILTERS[name]))})
    if name in query.filters:
        return
    wide, narrow = filled.door.report(query), filled.door.report(narrowed)
    assert narrow.totals.cost_usd <= wide.totals.cost_usd
    assert narrow.totals.calls <= wide.totals.calls
    assert {group.key for group in narrow.groups} <= {group.key for group in wide.groups}


async def test_both_doors_find_the_same_groups(filled: Filled):
    ledger = await open_ledger(filled.path, now=START, window_of=window_of)
    period = Period(name="custom", start=START, end=START + timedelta(days=6), timezone="Asia/Kathmandu")
    for group_by in (
        ("task_id", "model", "day"),
        ("tag:team", "session_id"),
        ("hour", "agent"),
        ("tenant", "week"),
        ("day", "model"),
    ):
        for limit in (None, 3):
            query = ReportQuery(period=period, group_by=group_by, limit=limit)
            assert await ledger.report(query) == filled.door.report(query)
    await ledger.close()


@pytest.mark.parametrize("days", [-400, 400])
def test_a_period_in_which_nothing_happened_is_answered_with_nothing(filled: Filled, days: int):
    start = START + timedelta(days=days)
    period = Period(name="custom", start=start, end=start + timedelta(days=3), timezone="Europe/Berlin")
    for group_by in ((), ("day",), ("task_id", "day"), ("agent", "model", "hour"), ("tag:team",)):
        for limit in (None, 5):
            report = filled.door.report(ReportQuery(period=period, group_by=group_by, limit=limit))
            assert (report.totals.calls, report.groups, report.group_count) == (0, (), 0)
            assert all(breakdown == () for breakdown in report.breakdowns.values())


async def test_another_tenant_s_calls_stand_in_no_group(ledger: Ledger, ledger_path: Path, call_of: CallOf, now: datetime):
    for tenant in ("one", "two"):
        calls = [call_of(f"c{n}", tenant=tenant, agent=tenant, task_id="T", session_id=tenant, at=now) for n in range(300)]
        await ledger.record(calls, now)
    with Intake(ledger_path, now=now, window_of=window_of) as intake:
        intake.fold()
    period = Period(name="custom", start=now - timedelta(days=1), end=now + timedelta(days=1), timezone="UTC")
    for group_by in (("agent",), ("task_id", "session_id"), ("tenant", "agent", "feature")):
        for limit in (None, 9):
            report = await ledger.report(ReportQuery(period=period, tenant="one", group_by=group_by, limit=limit))
            assert [group.totals.calls for group in report.groups] == [300]
            assert "two" not in report.groups[0].key
