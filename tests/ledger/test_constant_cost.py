"""A budget question costs the same however many calls the ledger holds: counted in steps of SQLite's machine, not in time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from cost_mcp.budgets.windows import window_of
from cost_mcp.config.settings import Settings
from cost_mcp.ledger.alerting import raise_due
from cost_mcp.ledger.book import Book
from cost_mcp.ledger.file import open_for_reading, open_lock
from cost_mcp.ledger.plan import Plan, run_plan_at_once
from cost_mcp.ledger.standing import standings
from cost_mcp.ledger.task import task_cost
from cost_mcp.model.call import Rank
from cost_mcp.service.opening import open_service

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
PER_TASK = 10


async def fill(db: Path, calls: int, values: int = 3) -> None:
    async with open_service(Settings(db=str(db)), clock=lambda: NOW) as service:
        for name, each in (("day", None), ("each", "agent")):
            await service.set_budget({"name": name, "limit": "1000", "period": "day", "each": each}, changed_by="test")

        async def record(n: int) -> None:
            fields = {"model": "llama3", "provider": "ollama", "input_tokens": 1, "output_tokens": 1, "call_id": f"c-{n}"}
            fields |= {"task_id": f"T-{n // PER_TASK}", "agent": f"a-{n % values}"}
            await service.record(fields, source="cli", rank=Rank.AGENT)

        await asyncio.gather(*(record(n) for n in range(calls)))


def steps(db: Path, plan: Callable[[], Plan[object]]) -> int:
    """How many instructions SQLite runs to answer."""
    reading = open_for_reading(db)
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


async def test_where_budgets_stand_is_answered_in_the_same_steps(tmp_path: Path):
    few, many = tmp_path / "few.db", tmp_path / "many.db"
    await fill(few, 30)
    await fill(many, 3000)

    def asked() -> Plan[object]:
        return standings("default", None, NOW, window_of)

    assert steps(few, asked) > 0
    assert steps(many, asked) == steps(few, asked)


async def test_what_a_task_cost_is_answered_in_the_same_steps(tmp_path: Path):
    few, many = tmp_path / "few.db", tmp_path / "many.db"
    await fill(few, 30)
    await fill(many, 3000)

    def asked() -> Plan[object]:
        return task_cost("default", "T-1")

    assert steps(many, asked) == steps(few, asked)


async def test_the_tightest_of_many_values_are_found_in_the_same_steps(tmp_path: Path):
    few, many = tmp_path / "few.db", tmp_path / "many.db"
    await fill(few, 30, values=30)
    await fill(many, 3000, values=3000)

    def asked() -> Plan[object]:
        return standings("default", None, NOW, window_of)

    assert steps(many, asked) == steps(few, asked)


async def test_what_an_import_calls_for_is_found_in_the_same_steps_however_many_values_are_far_from_their_limit(tmp_path: Path):
    counts: list[int] = []
    for values in (30, 3000):
        db = tmp_path / f"{values}.db"
        await fill(db, values, values=values)
        with closing(open_lock(db)) as lock, lock, closing((book := Book(db, lock, NOW, window_of)).db):
            book.begin()
            assert raise_due(book, "default", NOW) == 0
            counts.append(0)

            def step() -> int:
                counts[-1] += 1
                return 0

            book.db.set_progress_handler(step, 1)
            raise_due(book, "default", NOW)
            book.db.set_progress_handler(None, 0)
            book.rollback()
    assert counts[0] > 0
    assert counts[0] == counts[1]
