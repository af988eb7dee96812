"""Sums beside the rollups: kept behind a mark of their own, caught up with later, found out when they are wrong."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import pytest

from cost_mcp.budgets.windows import window_of
from cost_mcp.ledger.book import Book
from cost_mcp.ledger.contract import Ledger
from cost_mcp.ledger.cover import time_table
from cost_mcp.ledger.facet import by_facet
from cost_mcp.ledger.file import open_for_reading, open_lock
from cost_mcp.ledger.intake import Intake
from cost_mcp.ledger.plan import Plan, run_plan_at_once
from cost_mcp.ledger.refill import catch_up
from cost_mcp.ledger.sqlite import open_ledger
from cost_mcp.ledger.summing import SUM_AFTER, forget_sums, summed_seq
from cost_mcp.model.call import Rank
from cost_mcp.model.charge import PricedCall
from cost_mcp.model.period import Period
from cost_mcp.model.report import ReportQuery


class CallOf(Protocol):
    """The fixture's builder of priced calls."""

    def __call__(self, call_id: str, *, cost: str | None = ..., list_cost: str | None = ..., **fields: Any) -> PricedCall:
        """A priced call with this id; other fields by their names."""
        ...


def calls(call_of: CallOf, now: datetime, numbers: range) -> list[PricedCall]:
    return [
        call_of(f"c{n}", at=now - timedelta(minutes=n), task_id=f"T-{n % 7}", session_id=f"S-{n % 3}", agent=f"a{n % 2}")
        for n in numbers
    ]


def queries(now: datetime) -> list[ReportQuery]:
    period = Period(name="custom", start=now - timedelta(days=2), end=now, timezone="Asia/Kathmandu")
    ways = (("day", "agent"), ("task_id", "day"), ("session_id", "agent", "hour"), ())
    return [ReportQuery(period=period, group_by=way, limit=limit) for way in ways for limit in (None, 5)]


def mark(path: Path) -> int:
    with closing(sqlite3.connect(path)) as db:
        return summed_seq(db)


async def test_programs_that_record_and_end_leave_little_to_be_summed_up(ledger_path: Path, call_of: CallOf, now: datetime):
    """None of them is ever idle: each sums up a part of what waits when it ends."""
    for first in range(0, 2 * SUM_AFTER, 512):
        ledger = await open_ledger(ledger_path, now=now, window_of=window_of)
        await ledger.record(calls(call_of, now, range(first, first + 512)), now)
        await ledger.close()
    assert 2 * SUM_AFTER - mark(ledger_path) <= SUM_AFTER + 512
    ledger = await open_ledger(ledger_path, now=now, window_of=window_of)
    verification = await ledger.verify()
    assert (verification.calls, verification.differences) == (2 * SUM_AFTER, ())
    await ledger.close()


async def test_a_ledger_without_the_sums_answers_alike_and_gets_them_step_by_step(
    ledger: Ledger, ledger_path: Path, call_of: CallOf, now: datetime
):
    await ledger.record(calls(call_of, now, range(2 * SUM_AFTER + 500)), now)
    with Intake(ledger_path, now=now, window_of=window_of) as intake:
        intake.fold()
    answers = [await ledger.report(query) for query in queries(now)]
    with closing(sqlite3.connect(ledger_path, isolation_level=None)) as db:
        forget_sums(db)
    marks = [0]
    with closing(open_lock(ledger_path)) as lock, closing((book := Book(ledger_path, lock, now, window_of)).db):
        while True:
            assert [await ledger.report(query) for query in queries(now)] == answers
            more = catch_up(book, lock)
            marks.append(summed_seq(book.db))
            if not more:
                break
        assert not catch_up(book, lock)
    assert marks == sorted(marks)
    assert marks[-1] >= 2 * SUM_AFTER
    assert [await ledger.report(query) for query in queries(now)] == answers
    assert (await ledger.verify()).differences == ()


async def test_an_earlier_answer_is_given_again_when_more_has_been_summed_up(
    ledger: Ledger, ledger_path: Path, call_of: CallOf, now: datetime
):
    await ledger.record(calls(call_of, now, range(300)), now)
    before = [await ledger.report(query) for query in queries(now)]
    await ledger.record(calls(call_of, now, range(300, 700)), now)
    corrected = [replace(one, call=replace(one.call, rank=Rank.RESPONSE)) for one in calls(call_of, now, range(9))]
    await ledger.record(corrected, now)
    with Intake(ledger_path, now=now, window_of=window_of) as intake:
        intake.fold()
    for was in before:
        again = await ledger.report(replace(was.query, as_of=was.as_of))
        assert (again.totals, again.groups, again.breakdowns) == (was.totals, was.groups, was.breakdowns)
        assert (await ledger.report(was.query)).totals != was.totals


async def test_a_program_that_has_nothing_to_record_catches_up(
    ledger: Ledger, ledger_path: Path, call_of: CallOf, now: datetime
):
    await ledger.record(calls(call_of, now, range(SUM_AFTER + 300)), now)
    await ledger.close()
    with closing(sqlite3.connect(ledger_path, isolation_level=None)) as db:
        forget_sums(db)
    idle = await open_ledger(ledger_path, now=now, window_of=window_of)

    async def asked_until_it_has() -> None:
        while mark(ledger_path) == 0:
            await idle.report(queries(now)[0])

    await asyncio.wait_for(asked_until_it_has(), 60)
    assert (await idle.verify()).differences == ()
    await idle.close()


def steps(path: Path, plan: Callable[[], Plan[object]]) -> int:
    """How many instructions SQLite runs to answer."""
    reading = open_for_reading(path)
    count = 0

    def step() -> int:
        nonlocal count
        count += 1
        return 0

    run_plan_at_once(reading, plan())  # the first answer also reads the schema
    reading.set_progress_handler(step, 1)
    run_plan_at_once(reading, plan())
    reading.close()
    return count


async def test_days_by_model_are_read_in_the_same_steps_however_many_agents_there_are(
    tmp_path: Path, call_of: CallOf, now: datetime
):
    counts: list[int] = []
    for agents in (3, 300):
        path = tmp_path / f"{agents}.db"
        ledger = await open_ledger(path, now=now, window_of=window_of)
        made = [call_of(f"c{n}", at=now - timedelta(minutes=n), agent=f"a{n % agents}", model="xyz"[n % 3]) for n in range(900)]
        await ledger.record(made, now)
        await ledger.close()
        with Intake(path, now=now, window_of=window_of) as intake:
            intake.fold()
        table = time_table(now - timedelta(days=2), now, ("day",), "America/New_York", 0)
        counts.append(steps(path, partial(by_facet, "default", table.stretches, ("model",), None)))
    assert counts[0] > 0
    assert counts[0] == counts[1]


@pytest.mark.parametrize(
    "tampering",
    [
        "UPDATE facets SET cost_nanos = cost_nanos + 1 WHERE grain = 96 AND dimension = 'agent'",
        "DELETE FROM facets WHERE grain = 4 AND dimension = 'model'",
        "UPDATE efforts SET calls = calls - 1 WHERE grain = 4 AND task = 1",
        "UPDATE efforts SET session = task, task = session WHERE grain = 96",
    ],
)
async def test_a_kept_sum_that_is_wrong_is_named_and_put_right(
    ledger: Ledger, ledger_path: Path, call_of: CallOf, now: datetime, tampering: str
):
    await ledger.record(calls(call_of, now, range(300)), now)
    with Intake(ledger_path, now=now, window_of=window_of) as intake:
        intake.fold()
    with closing(sqlite3.connect(ledger_path, isolation_level=None)) as db:
        db.execute(tampering)
    found = await ledger.rebuild()
    assert found.differences
    assert all("are not those of the calls" in sentence for sentence in found.differences)
    assert (await ledger.verify()).differences == ()
    period = Period(name="custom", start=now - timedelta(days=2), end=now + timedelta(hours=1), timezone="UTC")
    report = await ledger.report(ReportQuery(period=period, group_by=("task_id",)))
    assert sum(group.totals.calls for group in report.groups) == 300
