"""Finished tasks: which they are, what they came to, and what one task is held against; kept and yet exact at every moment."""

from __future__ import annotations

import sqlite3
from collections.abc import Awaitable, Callable, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Protocol

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cost_mcp.budgets.windows import window_of
from cost_mcp.ledger.book import FOLD_AFTER, Book
from cost_mcp.ledger.contract import Ledger
from cost_mcp.ledger.file import open_lock
from cost_mcp.ledger.finished import InPeriod
from cost_mcp.ledger.intake import Intake
from cost_mcp.ledger.quick import open_readings
from cost_mcp.ledger.refill import catch_up
from cost_mcp.ledger.sqlite import open_ledger
from cost_mcp.model.call import Rank
from cost_mcp.model.charge import PricedCall
from cost_mcp.model.outcome import FinishedTask, FinishedTasks, TaskPast

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


class CallOf(Protocol):
    """The fixture's builder of priced calls."""

    def __call__(self, call_id: str, *, cost: str | None = ..., list_cost: str | None = ..., **fields: Any) -> PricedCall:
        """A priced call with this id; other fields by their names."""
        ...


async def past(ledger: Ledger, task_id: str, last_call: datetime, now: datetime, most: int = 50) -> TaskPast:
    return await ledger.task_past("default", task_id, "bug", last_call, now, most)


async def finished(ledger: Ledger, start: datetime, end: datetime, **also: Any) -> FinishedTasks:
    given: dict[str, Any] = {"most": 1000, "before": 50} | also
    return await ledger.finished_tasks("default", InPeriod(start=start, end=end, **given))


def fold(path: Path, now: datetime) -> None:
    """Have everything that was entered before folded and summed up, as at the end of an import."""
    with Intake(path, now=now, window_of=window_of) as intake:
        intake.fold()


Settle = Callable[[Sequence[PricedCall]], Awaitable[None]]


@pytest.fixture(params=[False, True], ids=["waiting", "folded"])
def settle(request: pytest.FixtureRequest, ledger: Ledger, ledger_path: Path, now: datetime) -> Settle:
    """Records calls, which then wait for their sums or are part of them."""

    async def record(calls: Sequence[PricedCall]) -> None:
        await ledger.record(calls, now)
        if request.param:
            fold(ledger_path, now)

    return record


async def test_a_task_finishes_with_its_outcome_or_a_day_after_its_last_call_whichever_is_earlier(
    ledger: Ledger, call_of: CallOf, now: datetime, settle: Settle
):
    calls = [
        call_of(f"c-{task}-{n}", task_id=task, task_type="bug", at=now - hours * HOUR - n * HOUR)
        for task, hours in (("idle", 24), ("running", 23), ("done", 23), ("done late", 30))
        for n in range(2)
    ]
    await settle(calls)
    await ledger.finish_task("default", "done", "merged", now - 2 * HOUR, now, "cli:kim")
    await ledger.finish_task("default", "done late", "merged", now - 2 * HOUR, now, "cli:kim")

    found = await finished(ledger, now - DAY, now + timedelta(microseconds=1))

    assert {task.task_id: now - task.finished_at for task in found.tasks} == {
        "idle": timedelta(0),
        "done": 2 * HOUR,
        "done late": 6 * HOUR,
    }
    assert (await past(ledger, "running", now - 23 * HOUR, now)).finished_at is None
    assert (await past(ledger, "done", now - 23 * HOUR, now)).finished_at == now - 2 * HOUR


async def test_a_finished_task_is_told_with_everything_it_came_to(
    ledger: Ledger, call_of: CallOf, now: datetime, settle: Settle
):
    at = now - 3 * DAY
    calls = [
        call_of("a", task_id="t", task_type="bug", project="old", cost="0.5", at=at),
        call_of("b", task_id="t", task_type="fix", project="new", cost="0.25", at=at + HOUR),
        call_of("c", task_id="t", cost="0.125", billing="subscription", at=at + 2 * HOUR),
        call_of("d", task_id="t", cost=None, at=at + 3 * HOUR),
        call_of("e", cost="9", at=at + 3 * HOUR),
    ]
    await settle(calls)
    await ledger.finish_task("default", "t", "failed", None, now, "cli:kim")

    (task,) = (await finished(ledger, at, now)).tasks

    assert task == FinishedTask(
        task_id="t", task_type="fix", project="new", outcome="failed", calls=4, unpriced_calls=1, cost_usd=Decimal("0.75"),
        subscription_usd=Decimal("0.125"), finished_at=at + 27 * HOUR,
    )  # fmt: skip


async def test_a_task_is_held_against_comparable_tasks_of_its_type_that_finished_before_it_newest_first(
    ledger: Ledger, call_of: CallOf, now: datetime, settle: Settle
):
    mine = now - 10 * DAY
    calls = [
        call_of("mine", task_id="mine", task_type="bug", cost="100", at=mine),
        *(call_of(f"c{n}", task_id=f"t{n}", task_type="bug", cost=f"{n}", at=mine - n * HOUR) for n in range(1, 5)),
        call_of("plan", task_id="plan", task_type="bug", cost="5", billing="subscription", at=mine - 5 * HOUR),
        call_of("same", task_id="at the same time", task_type="bug", cost="7", at=mine),
        call_of("later", task_id="later", task_type="bug", cost="8", at=mine + HOUR),
        call_of("other", task_id="other type", task_type="chore", cost="9", at=mine - HOUR),
        call_of("none", task_id="no type", cost="10", at=mine - HOUR),
        call_of("unpriced", task_id="unpriced", task_type="bug", cost=None, at=mine - HOUR),
        call_of("vain", task_id="in vain", task_type="bug", cost="11", at=mine - HOUR),
        call_of("alien", task_id="alien", task_type="bug", cost="12", at=mine - HOUR, tenant="other"),
    ]
    await settle(calls)
    await ledger.finish_task("default", "in vain", "abandoned", None, now, "cli:kim")

    found = await past(ledger, "mine", mine, now)
    newest = await past(ledger, "mine", mine, now, most=2)

    assert [float(amount) for amount in found.earlier] == [1, 2, 3, 4, 5]
    assert newest.earlier == found.earlier[:2]


async def test_a_task_that_goes_on_is_held_against_all_that_have_finished_by_now(
    ledger: Ledger, call_of: CallOf, now: datetime, settle: Settle
):
    calls = [
        call_of("mine", task_id="mine", task_type="bug", at=now - HOUR),
        call_of("a", task_id="a", task_type="bug", cost="1", at=now - DAY),
        call_of("b", task_id="b", task_type="bug", cost="2", at=now - DAY + HOUR),
    ]
    await settle(calls)

    assert [float(amount) for amount in (await past(ledger, "mine", now - HOUR, now)).earlier] == [1]
    assert (await past(ledger, "mine", now - HOUR, now - HOUR)).earlier == ()


async def test_a_correction_takes_a_call_out_of_its_old_task(ledger: Ledger, call_of: CallOf, now: datetime, settle: Settle):
    at = now - 5 * DAY
    calls = [
        call_of("first", task_id="old", task_type="bug", cost="1", at=at, provisional=True),
        call_of("moved", task_id="old", task_type="chore", cost="2", at=at + DAY, provisional=True),
        call_of("only", task_id="gone", task_type="bug", cost="4", at=at, provisional=True),
    ]
    await settle(calls)
    corrections = [
        call_of("moved", task_id="new", task_type="bug", cost="3", at=at + 2 * HOUR, rank=Rank.LOG, source="claude-code"),
        call_of("only", task_id="new", task_type="bug", cost="5", at=at + HOUR, rank=Rank.LOG, source="claude-code"),
    ]
    await ledger.record(corrections, now)

    found = await finished(ledger, at, now)

    told = {task.task_id: (task.task_type, float(task.cost_usd), task.finished_at - at) for task in found.tasks}
    assert told == {"old": ("bug", 1.0, DAY), "new": ("bug", 8.0, DAY + 2 * HOUR)}
    assert (await ledger.verify()).differences == ()


async def test_only_the_newest_of_too_many_are_told_and_that_there_are_more(
    ledger: Ledger, call_of: CallOf, now: datetime, settle: Settle
):
    at = now - 9 * DAY
    calls = [call_of(f"c{n}", task_id=f"t{n}", task_type="bug", cost=f"{n}", at=at + n * HOUR) for n in range(6)]
    await settle(calls)

    found = await finished(ledger, at, now, most=2, before=3)

    assert [task.task_id for task in found.tasks] == ["t4", "t5"]
    assert [task.task_id for task in found.before["bug"]] == ["t3", "t2", "t1"]
    assert found.more
    assert not (await finished(ledger, at, now)).more
    assert (await finished(ledger, at, now, task_type="chore")) == FinishedTasks()


async def test_a_task_is_told_apart_by_the_models_it_was_made_with(
    ledger: Ledger, ledger_path: Path, call_of: CallOf, now: datetime
):
    calls = [
        call_of("a", task_id="t", model="gpt-5", cost="1"),
        call_of("b", task_id="t", model="gpt-5", cost="2"),
        call_of("c", task_id="t", model="o3", cost="4", billing="subscription"),
        call_of("d", task_id="t'\"", model="o3", cost="8"),
        call_of("e", task_id="u", model="o3", cost="16"),
    ]
    await ledger.record(calls, now)
    with closing(open_readings(ledger_path, window_of=window_of)) as quick:
        found = quick.task_models("default", ("t", "t'\"", "unknown"))

    assert found == {"t": {"gpt-5": Decimal(3), "o3": Decimal(4)}, "t'\"": {"o3": Decimal(8)}}


async def test_both_doors_answer_alike(ledger: Ledger, ledger_path: Path, call_of: CallOf, now: datetime):
    calls = [
        call_of(f"c{n}", task_id=f"t{n % 40}", task_type=("bug", "fix")[n % 2], cost=f"0.{n}1", at=now - n * HOUR)
        for n in range(300)
    ]
    await ledger.record(calls, now)
    await ledger.finish_task("default", "t3", "merged", None, now, "cli:kim")
    asked = InPeriod(start=now - 9 * DAY, end=now, most=20, before=5)
    with closing(open_readings(ledger_path, window_of=window_of)) as quick:
        assert quick.finished_tasks("default", asked) == await ledger.finished_tasks("default", asked)
        for task in ("t3", "t4"):
            last = now - int(task[1:]) * HOUR
            assert quick.task_past("default", task, "bug", last, now, 9) == await past(ledger, task, last, now, most=9)


def test_a_ledger_that_is_not_there_has_no_finished_tasks(ledger_path: Path, now: datetime):
    with closing(open_readings(ledger_path, window_of=window_of)) as quick:
        assert quick.finished_tasks("default", InPeriod(start=now - DAY, end=now, most=9, before=9)) == FinishedTasks()
        assert quick.task_past("default", "t", "bug", None, now, 9) == TaskPast()
        assert quick.task_models("default", ("t",)) == {}
        assert quick.alert("default", "alr_1") is None


@pytest.mark.parametrize(
    "tampering",
    [
        "UPDATE task_sums SET cost_nanos = cost_nanos + 1 WHERE task_id = 't3'",
        "UPDATE task_sums SET outcome = 'failed' WHERE task_id = 't3'",
        "UPDATE task_sums SET last_at = last_at + 1 WHERE task_id = 't3'",
        "DELETE FROM task_sums WHERE task_id = 't3'",
        (
            "INSERT INTO task_sums (tenant, task_id, typed, last_at, calls, unpriced_calls, cost_nanos, plan_nanos, outcome) "
            "VALUES ('default', 't3x', '', 1, 1, 0, 0, 0, '')"
        ),
    ],
)
async def test_what_is_kept_wrongly_is_found_and_made_anew(
    ledger: Ledger, ledger_path: Path, call_of: CallOf, now: datetime, tampering: str
):
    await ledger.record(
        [call_of(f"c{n}", task_id=f"t{n % 9}", task_type="bug", at=now - 9 * DAY) for n in range(FOLD_AFTER)], now
    )
    await ledger.finish_task("default", "t3", "merged", None, now, "cli:kim")
    fold(ledger_path, now)
    before = await finished(ledger, now - 20 * DAY, now)
    with closing(sqlite3.connect(ledger_path, isolation_level=None)) as other:
        other.execute(tampering)

    verification = await ledger.verify()
    await ledger.rebuild()

    assert len(verification.differences) == 1
    assert "what is kept of task t3" in verification.differences[0]
    assert (await ledger.verify()).differences == ()
    assert await finished(ledger, now - 20 * DAY, now) == before


async def test_a_program_that_folds_without_keeping_tasks_leaves_them_to_the_next(
    ledger: Ledger, ledger_path: Path, call_of: CallOf, now: datetime
):
    """An earlier version that still has the ledger open moves the watermark of the rollups alone."""
    await ledger.record([call_of(f"c{n}", task_id=f"t{n}", task_type="bug", at=now - 9 * DAY) for n in range(9)], now)
    with closing(sqlite3.connect(ledger_path, isolation_level=None)) as other:
        other.execute("UPDATE state SET value = 0 WHERE name = 'folded_seq'")
    before = await finished(ledger, now - 20 * DAY, now)
    fold(ledger_path, now)

    assert len(before.tasks) == 9
    assert await finished(ledger, now - 20 * DAY, now) == before
    assert (await ledger.verify()).differences == ()


async def test_of_a_ledger_far_behind_it_is_said_that_tasks_are_not_known_until_an_idle_moment_has_caught_up(
    ledger: Ledger, ledger_path: Path, call_of: CallOf, now: datetime, monkeypatch: pytest.MonkeyPatch
):
    at = now - 20 * DAY
    monkeypatch.setattr("cost_mcp.ledger.writer._IDLE_SECONDS", 3600)  # this ledger is not idle before we have looked
    monkeypatch.setattr("cost_mcp.ledger.task_sums.FAR_BEHIND", 2)
    monkeypatch.setattr("cost_mcp.ledger.finished.MOST_WAITING", 200)
    monkeypatch.setattr("cost_mcp.ledger.refill.SUM_AFTER", 100)
    await ledger.record([call_of(f"c{n}", task_id=f"t{n % 30}", task_type="bug", at=at + n * HOUR) for n in range(300)], now)
    behind = await finished(ledger, at, now), await past(ledger, "t3", at, now)

    with closing(open_lock(ledger_path)) as lock, lock, closing((book := Book(ledger_path, lock, now, window_of)).db):
        portions = 1
        while catch_up(book, lock):
            portions += 1

    assert behind == (FinishedTasks(behind=True), TaskPast(behind=True, finished_at=at + DAY))
    assert portions >= 3
    found = await finished(ledger, at, now)
    assert (len(found.tasks), sum(task.calls for task in found.tasks), found.behind) == (30, 300, False)
    assert (await ledger.verify()).differences == ()


START = datetime(2026, 11, 1, tzinfo=UTC)
reports = st.tuples(
    st.integers(0, 14),  # call
    st.integers(0, 3),  # task
    st.sampled_from([None, "bug", "fix"]),
    st.integers(0, 200),  # hours
    st.sampled_from([None, "0.1", "2"]),
    st.booleans(),  # provisional
    st.sampled_from([Rank.AGENT, Rank.LOG, Rank.RESPONSE]),
)


@given(batches=st.lists(st.lists(reports, max_size=6), max_size=6), fold_after=st.sampled_from([1, 3, 1000]))
async def test_kept_or_not_every_task_comes_to_what_a_report_of_it_says(
    tmp_path_factory: pytest.TempPathFactory, call_of: CallOf, batches: list[list[Any]], fold_after: int
):
    path = tmp_path_factory.mktemp("ledger") / "ledger.db"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("cost_mcp.ledger.book.FOLD_AFTER", fold_after)
        ledger = await open_ledger(path, now=START, window_of=window_of)
    for batch in batches:
        calls = [
            call_of(
                f"c{call}", task_id=f"t{task}", task_type=kind, at=START + hours * HOUR, cost=cost, provisional=provisional,
                rank=rank, source=rank.name.lower(),
            )
            for call, task, kind, hours, cost, provisional, rank in batch
        ]  # fmt: skip
        await ledger.record(calls, START)
    found = {task.task_id: task for task in (await finished(ledger, START, START + 30 * DAY)).tasks}
    verification = await ledger.verify()
    for n in range(4):
        cost = await ledger.task_cost("default", f"t{n}")
        assert cost.known == (f"t{n}" in found)
        if cost.known:
            task = found[f"t{n}"]
            assert cost.totals.last_call is not None
            assert (task.task_type, task.calls, task.unpriced_calls, task.cost_usd, task.finished_at) == (
                cost.task_type, cost.totals.calls, cost.totals.unpriced_calls, cost.totals.cost_usd, cost.totals.last_call + DAY,
            )  # fmt: skip
    await ledger.close()
    assert verification.differences == ()
