"""How tasks ended: noted once, superseded visibly, never changed."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

import pytest

from cost_mcp.errors import NotFound, UnknownName
from cost_mcp.ledger.contract import Ledger
from cost_mcp.model.charge import PricedCall
from cost_mcp.model.outcome import TaskOutcome

HOUR = timedelta(hours=1)


class CallOf(Protocol):
    """The fixture's builder of priced calls."""

    def __call__(self, call_id: str, *, cost: str | None = ..., list_cost: str | None = ..., **fields: Any) -> PricedCall:
        """A priced call with this id; other fields by their names."""
        ...


async def test_an_outcome_is_noted_with_when_and_by_whom(ledger: Ledger, call_of: CallOf, now: datetime):
    await ledger.record([call_of("c", task_id="t")], now)

    finish = await ledger.finish_task("default", "t", "merged", now - HOUR, now, "cli:kim")

    noted = TaskOutcome(outcome="merged", done_at=now - HOUR, recorded_at=now, by="cli:kim")
    assert (finish.status, finish.outcomes) == ("noted", (noted,))
    assert (await ledger.task_past("default", "t", None, now, now, 9)).outcomes == (noted,)


async def test_the_same_again_changes_nothing(ledger: Ledger, call_of: CallOf, now: datetime):
    await ledger.record([call_of("c", task_id="t")], now)
    first = await ledger.finish_task("default", "t", "failed", None, now, "cli:kim")

    again = await ledger.finish_task("default", "t", "failed", None, now + HOUR, "cli:sam")
    at_that_time = await ledger.finish_task("default", "t", "failed", now, now + HOUR, "cli:sam")

    assert (again.status, at_that_time.status) == ("known", "known")
    assert again.outcomes == at_that_time.outcomes == first.outcomes


@pytest.mark.parametrize(("outcome", "hours"), [("merged", None), ("failed", 2)], ids=["another outcome", "another time"])
async def test_another_one_stands_above_what_was_noted_which_stays(
    ledger: Ledger, call_of: CallOf, now: datetime, outcome: str, hours: int | None
):
    await ledger.record([call_of("c", task_id="t")], now)
    first = await ledger.finish_task("default", "t", "failed", None, now, "cli:kim")
    done_at = None if hours is None else now - hours * HOUR

    finish = await ledger.finish_task("default", "t", outcome, done_at, now + HOUR, "cli:sam")

    assert finish.status == "superseded"
    assert finish.outcomes[:-1] == first.outcomes
    assert (finish.outcomes[-1].outcome, finish.outcomes[-1].by) == (outcome, "cli:sam")
    assert (await ledger.task_past("default", "t", None, now, now, 9)).outcomes == finish.outcomes


async def test_going_back_to_an_earlier_outcome_is_news_again(ledger: Ledger, call_of: CallOf, now: datetime):
    await ledger.record([call_of("c", task_id="t")], now)
    for outcome in ("merged", "failed", "merged"):
        finish = await ledger.finish_task("default", "t", outcome, None, now, "cli:kim")

    assert [one.outcome for one in finish.outcomes] == ["merged", "failed", "merged"]


async def test_a_task_nobody_recorded_is_refused_with_the_nearest(ledger: Ledger, call_of: CallOf, now: datetime):
    await ledger.record([call_of("c", task_id="T-123")], now)

    with pytest.raises(NotFound, match="Did you mean T-123") as refused:
        await ledger.finish_task("default", "T-124", "merged", None, now, "cli:kim")

    assert refused.value.field == "task_id"


async def test_an_unknown_outcome_is_refused_and_nothing_is_written(ledger: Ledger, call_of: CallOf, now: datetime):
    await ledger.record([call_of("c", task_id="t")], now)
    with pytest.raises(UnknownName):
        await ledger.finish_task("default", "t", "deployed", None, now, "cli:kim")
    assert (await ledger.task_past("default", "t", None, now, now, 9)).outcomes == ()


async def test_another_tenants_task_of_the_same_name_is_another_task(ledger: Ledger, call_of: CallOf, now: datetime):
    await ledger.record([call_of("c", task_id="t"), call_of("d", task_id="t", tenant="other")], now)
    await ledger.finish_task("default", "t", "merged", None, now, "cli:kim")

    assert (await ledger.task_past("other", "t", None, now, now, 9)).outcomes == ()
    with pytest.raises(NotFound):
        await ledger.finish_task("third", "t", "merged", None, now, "cli:kim")


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM task_outcomes",
        "UPDATE task_outcomes SET outcome = 'failed'",
        "INSERT OR REPLACE INTO task_outcomes SELECT * FROM task_outcomes",
    ],
)
async def test_the_database_refuses_to_change_what_was_noted(
    ledger: Ledger, ledger_path: Path, call_of: CallOf, now: datetime, statement: str
):
    await ledger.record([call_of("c", task_id="t")], now)
    await ledger.finish_task("default", "t", "merged", None, now, "cli:kim")
    with closing(sqlite3.connect(ledger_path, isolation_level=None)) as other:
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            other.execute(statement)
        assert other.execute("SELECT outcome FROM task_outcomes").fetchall() == [("merged",)]
