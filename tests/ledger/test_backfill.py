"""A new budget counts what was recorded before it, also what is recorded while its calls are being read."""

from __future__ import annotations

import asyncio
from contextlib import closing
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Protocol

import pytest

from cost_mcp.budgets.windows import window_of
from cost_mcp.ledger.backfill import compute_windows
from cost_mcp.ledger.book import Book
from cost_mcp.ledger.budgeting import look_ahead, set_budget
from cost_mcp.ledger.contract import Ledger
from cost_mcp.ledger.file import open_for_reading, open_lock
from cost_mcp.ledger.plan import run_plan_at_once
from cost_mcp.ledger.standing import standings
from cost_mcp.model.budget import Budget, Standing
from cost_mcp.model.call import Rank
from cost_mcp.model.charge import PricedCall
from cost_mcp.model.moment import EARLIEST
from cost_mcp.model.scope import Scope

BUDGETS: list[dict[str, Any]] = [
    {"each": "task_id"},
    {"each": "session_id", "include_subscription": True},
    {"each": "task_id", "scope": Scope.of({"project": "shop"})},
    {"each": "agent", "scope": Scope.of({"task": "T-1"})},
    {"each": "model", "scope": Scope.of({"session": "S-1", "tag:team": "web"})},
    {"scope": Scope.of({"tag:team": "web", "model": "gpt*"})},
]


class CallOf(Protocol):
    """The fixture's builder of priced calls."""

    def __call__(self, call_id: str, *, cost: str | None = ..., list_cost: str | None = ..., **fields: Any) -> PricedCall:
        """A priced call with this id; other fields by their names."""
        ...


def _calls(call_of: CallOf, now: datetime, first: int, rank: Rank = Rank.AGENT) -> list[PricedCall]:
    """Thirty calls, several of them in one instant; of a later number or better rank some correct earlier ones."""
    return [
        call_of(
            f"c{first + n}",
            cost=None if n % 7 == 0 else f"0.{first + n:03}",
            rank=rank,
            source=rank.name,
            billing="subscription" if n % 5 == 0 else "api",
            model="gpt-5" if n % 3 else "claude",
            agent="a" if n % 2 else "b",
            project="shop" if n % 4 else None,
            task_id=f"T-{n % 3}" if n % 6 else None,
            session_id=f"S-{n % 2}",
            tags={"team": "web"} if n % 3 else {},
            at=now - timedelta(minutes=n // 3),
        )
        for n in range(30)
    ]


def _budget(fields: dict[str, Any]) -> Budget:
    return Budget(name="b", period="total", limit_usd=Decimal(100), **fields)


@pytest.mark.parametrize("fields", BUDGETS)
async def test_calls_read_before_the_lock_and_those_that_came_since_are_all_counted_once(
    ledger: Ledger, ledger_path: Path, call_of: CallOf, now: datetime, fields: dict[str, Any]
):
    await ledger.record(_calls(call_of, now, 0), now)
    lock = open_lock(ledger_path)
    with closing(open_for_reading(ledger_path)) as db, lock:  # whoever holds the lock does not keep it from reading
        ahead = look_ahead(db, _budget(fields), now, window_of)
    assert ahead is not None
    assert ahead.windows
    await ledger.record([*_calls(call_of, now, 10, Rank.LOG), *_calls(call_of, now, 40)], now)
    book = Book(ledger_path, lock, now, window_of)
    with lock:
        book.begin()
        set_budget(book, _budget(fields), now, "tester", ahead)
        book.read_windows()
        book.commit()
        book.db.close()
    lock.close()
    counted = await ledger.standings("default", None, now)
    assert (await ledger.rebuild()).differences == ()
    assert await ledger.standings("default", None, now) == counted
    assert any(one.unpriced_calls for one in counted)


async def test_what_was_read_ahead_for_another_definition_is_left_aside(
    ledger: Ledger, ledger_path: Path, call_of: CallOf, now: datetime
):
    await ledger.record(_calls(call_of, now, 0), now)
    with closing(open_for_reading(ledger_path)) as db:
        ahead = look_ahead(db, _budget({"each": "task_id"}), now, window_of)
    lock = open_lock(ledger_path)
    book = Book(ledger_path, lock, now, window_of)
    with lock:
        book.begin()
        set_budget(book, _budget({"each": "session_id"}), now, "tester", ahead)
        book.read_windows()
        book.commit()
        book.db.close()
    lock.close()
    assert (await ledger.verify()).differences == ()


async def test_a_budget_made_while_others_record_misses_nothing(
    ledger: Ledger, ledger_path: Path, call_of: CallOf, now: datetime
):
    await ledger.record(_calls(call_of, now, 0), now)
    await asyncio.gather(
        *(ledger.record([call], now) for call in _calls(call_of, now, 100)),
        ledger.set_budget(_budget({"each": "session_id"}), now, "tester"),
        *(ledger.record([call], now) for call in _calls(call_of, now, 10, Rank.LOG)),
    )
    assert (await ledger.verify()).differences == ()
    with closing(open_for_reading(ledger_path)) as db:
        found: tuple[Standing, ...] = run_plan_at_once(db, standings("default", None, now, window_of))
    assert sum(one.calls for one in found) == 56


async def test_what_was_counted_call_by_call_is_what_is_computed_from_all_of_them(
    ledger: Ledger, call_of: CallOf, now: datetime
):
    for number, fields in enumerate(BUDGETS):
        budget = Budget(name=f"b{number}", period="day", limit_usd=Decimal(100), **fields)
        await ledger.set_budget(budget, now, "tester")
    for calls in (_calls(call_of, now, 0), _calls(call_of, now, 10, Rank.LOG), _calls(call_of, now, 40)):
        await ledger.record(calls, now)
    verification = await ledger.verify()
    assert verification.differences == ()
    assert verification.windows > 2 * len(BUDGETS)


@pytest.mark.parametrize("fields", BUDGETS)
@pytest.mark.parametrize("portion", [1, 2, 7])
@pytest.mark.parametrize("period", ["hour", "total"])
async def test_reading_in_portions_finds_what_reading_at_once_does(
    ledger: Ledger, ledger_path: Path, call_of: CallOf, now: datetime, fields: dict[str, Any], portion: int, period: str
):
    calls = [*_calls(call_of, now, 0), *_calls(call_of, now - timedelta(minutes=55), 40)]
    await ledger.record([*calls, *_calls(call_of, now, 10, Rank.LOG)], now)
    start = EARLIEST if period == "total" else now - timedelta(hours=3)
    budget = Budget(name="b", period=period, limit_usd=Decimal(1), counts_from=start, **fields)
    with closing(open_for_reading(ledger_path)) as db:
        whole = compute_windows(db, budget, window_of, raw=False)
        parts = compute_windows(db, budget, window_of, raw=True, portion=portion)
    assert {key: sums for key, sums in parts.items() if any(sums)} == {k: sums for k, sums in whole.items() if any(sums)}
    assert whole
