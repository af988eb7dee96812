"""Single calls and tasks listed newest first: every one once, whatever is recorded meanwhile, as it now counts."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any, Protocol

import pytest

from cost_mcp.budgets.windows import window_of
from cost_mcp.errors import InvalidInput
from cost_mcp.ledger.contract import Ledger
from cost_mcp.ledger.quick import open_readings
from cost_mcp.ledger.readings import Readings
from cost_mcp.model.activity import ListedCall, ListedTask, ListQuery
from cost_mcp.model.call import Rank
from cost_mcp.model.charge import PricedCall
from cost_mcp.model.period import named_period
from cost_mcp.model.report import ReportQuery


class CallOf(Protocol):
    """The fixture's builder of priced calls."""

    def __call__(self, call_id: str, *, cost: str | None = ..., list_cost: str | None = ..., **fields: Any) -> PricedCall:
        """A priced call with this id; other fields by their names."""
        ...


@pytest.fixture
def readings(ledger: Ledger, ledger_path: Path) -> Generator[Readings]:
    """The second door of the ledger that is written to."""
    assert ledger is not None
    door = open_readings(ledger_path, window_of=window_of)
    yield door
    door.close()


def asked(now: datetime, limit: int = 100, period: str = "month", **filters: str) -> ListQuery:
    return ListQuery(period=named_period(period, now), limit=limit, filters=filters)


def all_calls(readings: Readings, query: ListQuery) -> list[ListedCall]:
    found: list[ListedCall] = []
    while True:
        page = readings.call_list(query)
        found += page.calls
        if page.following is None:
            return found
        assert len(page.calls) == query.limit
        query = replace(query, after=page.following, as_of=page.as_of)


def all_tasks(readings: Readings, query: ListQuery) -> list[ListedTask]:
    found: list[ListedTask] = []
    while True:
        page = readings.task_list(query)
        found += page.tasks
        if page.following is None:
            return found
        assert len(page.tasks) == query.limit
        query = replace(query, after=page.following, as_of=page.as_of)


async def test_calls_stand_newest_first_with_what_must_be_said_of_them(
    ledger: Ledger, readings: Readings, call_of: CallOf, now: datetime
):
    await ledger.record(
        [
            call_of("old", at=now - timedelta(hours=2), agent="coder", task_id="T-1", input_tokens=50, cost="1.25"),
            call_of("new", at=now - timedelta(hours=1), cost=None),
            call_of("plan", at=now - timedelta(hours=3), billing="subscription", provisional=True),
            call_of("before", at=now - timedelta(days=40)),
            call_of("whose", tenant="another"),
        ],
        now,
    )
    page = readings.call_list(asked(now))

    assert [call.call_id for call in page.calls] == ["new", "old", "plan"]
    assert page.following is None
    new, old, plan = page.calls
    assert (new.cost_usd, new.partial) == (None, False)
    assert (old.cost_usd, old.agent, old.task_id, old.input_tokens) == (Decimal("1.25"), "coder", "T-1", 50)
    assert (plan.billing, plan.provisional, plan.counted, plan.revision) == ("subscription", True, True, 1)


async def test_lists_are_narrowed_to_calls_with_a_tag(ledger: Ledger, readings: Readings, call_of: CallOf, now: datetime):
    await ledger.record(
        [
            call_of("c1", task_id="T", tags={"branch": "main", "team": "a"}),
            call_of("c2", task_id="U", tags={"branch": "main"}),
            call_of("c3", task_id="V", tags={"branch": "side", "team": "a"}),
            call_of("c4", task_id="W"),
        ],
        now,
    )
    main = replace(asked(now), filters={"tag:branch": "main"})
    both = replace(asked(now), filters={"tag:team": "a", "tag:branch": "main"})

    assert {call.call_id for call in readings.call_list(main).calls} == {"c1", "c2"}
    assert [task.task_id for task in readings.task_list(both).tasks] == ["T"]
    assert {call.call_id for call in readings.calls_since(main, None)[0]} == {"c1", "c2"}


@pytest.mark.parametrize("filters", [{"agent": "nobody"}, {"model": "x", "task_id": "T"}, {"provider": "nobody"}])
async def test_what_no_call_has_is_answered_with_nothing(
    ledger: Ledger, readings: Readings, call_of: CallOf, now: datetime, filters: dict[str, str]
):
    await ledger.record([call_of("c1", task_id="T", agent="a")], now)

    query = replace(asked(now), filters=filters)
    assert readings.call_list(query).calls == ()
    assert readings.task_list(query).tasks == ()
    assert readings.calls_since(query, None)[0] == ()


async def test_a_corrected_call_is_listed_once_as_it_now_counts(
    ledger: Ledger, readings: Readings, call_of: CallOf, now: datetime
):
    earlier = now - timedelta(hours=1)
    await ledger.record([call_of("c", cost="5", provisional=True, task_id="T-1", at=earlier)], now)
    await ledger.record([call_of("c", cost="7", rank=Rank.RESPONSE, source="python", task_id="T-2", at=earlier)], now)

    (call,) = readings.call_list(asked(now)).calls
    assert (call.cost_usd, call.revision, call.provisional) == (Decimal(7), 2, False)
    assert [task.task_id for task in readings.task_list(asked(now)).tasks] == [call.task_id]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("limit", [1, 3, 100])
async def test_following_the_pages_gives_every_call_and_task_once(
    ledger: Ledger, readings: Readings, call_of: CallOf, now: datetime, seed: int, limit: int
):
    dice = Random(seed)  # noqa: S311 (test data, not secrets)
    calls: dict[str, PricedCall] = {}
    for number in range(40):
        call = call_of(
            f"c{number % 30}",
            at=now - timedelta(minutes=dice.randint(0, 20)),  # many at one moment
            cost=f"0.{dice.randint(1, 99):02}",
            agent=dice.choice(["a", "b"]),
            provisional=number < 30,
            rank=Rank.AGENT if number < 30 else Rank.RESPONSE,
            **({"task_id": f"T{dice.randint(0, 5)}"} if dice.random() < 0.8 else {}),
        )
        calls[call.call.call_id] = call
        await ledger.record([call], now)
    for filters in ({}, {"agent": "a"}, {"task_id": "T1"}, {"agent": "b", "task_id": "T2"}):
        query = asked(now, limit, **filters)
        report = await ledger.report(ReportQuery(period=query.period, filters=filters, group_by=("task_id",)))
        listed = all_calls(readings, query)
        assert len({call.call_id for call in listed}) == len(listed) == report.totals.calls
        assert sum(call.cost_usd or 0 for call in listed) == report.totals.cost_usd
        moments = [call.occurred_at for call in listed]
        assert moments == sorted(moments, reverse=True)

        tasks = all_tasks(readings, query)
        groups = {group.key[0]: group.totals for group in report.groups if group.key[0] is not None}
        assert {task.task_id: replace(task.totals, first_call=None, last_call=None) for task in tasks} == groups
        assert len(tasks) == len(groups)
        newest = {task.task_id: [c.occurred_at for c in listed if c.task_id == task.task_id] for task in tasks}
        assert [task.totals.last_call for task in tasks] == [max(newest[task.task_id]) for task in tasks]
        assert [task.totals.first_call for task in tasks] == [min(newest[task.task_id]) for task in tasks]
        assert [t.totals.last_call for t in tasks] == sorted((max(times) for times in newest.values()), reverse=True)


async def test_later_pages_are_cut_from_what_the_first_was_cut_from(
    ledger: Ledger, readings: Readings, call_of: CallOf, now: datetime
):
    await ledger.record(
        [call_of(f"c{n}", task_id=f"T{n}", at=now - timedelta(minutes=n), provisional=True) for n in range(4)], now
    )
    query = asked(now, 2)
    calls, tasks = readings.call_list(query), readings.task_list(query)
    await ledger.record([call_of("late", task_id="T3", at=now), call_of("c2", rank=Rank.RESPONSE, cost="9", task_id="T9")], now)

    rest = readings.call_list(replace(query, after=calls.following, as_of=calls.as_of))
    assert [(call.call_id, call.cost_usd) for call in rest.calls] == [("c2", Decimal("0.01")), ("c3", Decimal("0.01"))]
    left = readings.task_list(replace(query, after=tasks.following, as_of=tasks.as_of))
    assert [(task.task_id, task.totals.calls) for task in left.tasks] == [("T2", 1), ("T3", 1)]


async def test_a_task_is_called_and_typed_as_its_newest_call_says(
    ledger: Ledger, readings: Readings, call_of: CallOf, now: datetime
):
    for minutes, title, kind in ((30, "Old", "chore"), (20, "New", "bugfix"), (10, None, None)):
        named = {name: value for name, value in (("task_title", title), ("task_type", kind)) if value is not None}
        await ledger.record([call_of(f"c{minutes}", at=now - timedelta(minutes=minutes), task_id="T", **named)], now)

    (task,) = readings.task_list(asked(now)).tasks
    assert (task.title, task.task_type, task.outcome, task.totals.calls) == ("New", "bugfix", None, 3)


async def test_a_task_is_told_with_the_outcome_that_was_noted_last(
    ledger: Ledger, readings: Readings, call_of: CallOf, now: datetime
):
    await ledger.record([call_of("c1", task_id="T"), call_of("c2", task_id="U", at=now - timedelta(hours=1))], now)
    await ledger.finish_task("default", "T", "failed", now, now, "tester")
    await ledger.finish_task("default", "T", "merged", now, now, "tester")

    assert [(task.task_id, task.outcome) for task in readings.task_list(asked(now)).tasks] == [("T", "merged"), ("U", None)]


async def test_newer_tasks_are_found_behind_many_calls_of_one(
    ledger: Ledger, readings: Readings, call_of: CallOf, now: datetime, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("cost_mcp.ledger.task_list.STEP", 5)
    many = [call_of(f"m{n}", at=now - timedelta(seconds=n), task_id="busy") for n in range(23)]
    few = [call_of(f"f{n}", at=now - timedelta(minutes=n), task_id=f"T{n}") for n in range(1, 4)]
    await ledger.record([*many, *few], now)

    assert [task.task_id for task in all_tasks(readings, asked(now, 2))] == ["busy", "T1", "T2", "T3"]


async def test_what_was_recorded_since_is_told_in_the_order_it_came(
    ledger: Ledger, readings: Readings, call_of: CallOf, now: datetime
):
    await ledger.record([call_of("c1", provisional=True)], now)
    mark = readings.call_list(asked(now, 1)).as_of
    version = readings.version()
    assert readings.calls_since(asked(now), mark) == ((), mark)
    assert readings.version() == version

    await ledger.record([call_of("c3", agent="a"), call_of("c2", at=now - timedelta(days=300))], now)
    await ledger.record([call_of("c1", rank=Rank.RESPONSE, cost="3")], now)
    assert readings.version() != version
    calls, later = readings.calls_since(asked(now), mark)
    assert [(call.call_id, call.revision) for call in calls] == [("c3", 1), ("c2", 1), ("c1", 2)]
    assert readings.calls_since(asked(now), later) == ((), later)
    assert [call.call_id for call in readings.calls_since(asked(now, agent="a"), mark)[0]] == ["c3"]
    assert [call.call_id for call in readings.calls_since(asked(now), None)[0]] == ["c3", "c2", "c1"]


async def test_what_was_recorded_since_comes_in_parts(
    ledger: Ledger, readings: Readings, call_of: CallOf, now: datetime, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("cost_mcp.ledger.call_list.AT_ONCE", 3)
    await ledger.record([call_of(f"c{n}") for n in range(7)], now)
    seen: list[str] = []
    mark: str | None = None
    while True:
        calls, reached = readings.calls_since(asked(now), mark)
        seen += [call.call_id for call in calls]
        if reached == mark:
            break
        mark = reached
    assert seen == [f"c{n}" for n in range(7)]


def test_a_ledger_that_is_not_there_lists_nothing_and_has_no_version(ledger_path: Path, now: datetime):
    door = open_readings(ledger_path, window_of=window_of)
    assert door.call_list(asked(now)).calls == ()
    assert door.task_list(asked(now)).tasks == ()
    assert door.version() is None
    door.close()
    assert list(ledger_path.parent.iterdir()) == []


def test_a_mark_of_another_kind_of_ledger_is_refused(ledger_path: Path, now: datetime):
    door = open_readings(ledger_path, window_of=window_of)
    for mark in ("x", "1" * 19, "", "-1"):
        with pytest.raises(InvalidInput):
            door.call_list(replace(asked(now), as_of=mark))
    door.close()
