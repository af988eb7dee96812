"""One process of the shared-file measurement: four tasks that record until time is up, then say how it went.

Run as ``python -m bench.recorder MODE DB START SECONDS NUMBER``; prints one JSON object. MODE is ``ours``, ``plain`` (the same rows
into the same tables, as it is usually written: a connection per task, a busy time-out, a transaction a call) or ``lean`` (written
the same way, but a row of six columns and three counters without any index, rollup or check).
"""

from __future__ import annotations

import asyncio
import gc
import json
import sqlite3
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from bench.rows import priced_call

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

TASKS = 4
MOST_CALLS = 4000
"""Calls made beforehand for each task: making them is not recording them."""
Record = Callable[[int, int], Awaitable[None]]


@asynccontextmanager
async def ours(db: Path, number: int) -> AsyncGenerator[Record]:
    """Recording through our ledger."""
    from cost_mcp.budgets.windows import window_of
    from cost_mcp.ledger.sqlite import open_ledger
    from cost_mcp.service.opening import utc_now

    ledger = await open_ledger(db, window_of=window_of, now=utc_now())
    now = utc_now()
    made = [[(priced_call(f"call-{number}-{task}-{n}", now, n),) for n in range(MOST_CALLS)] for task in range(TASKS)]

    async def record(task: int, n: int) -> None:
        (answer,) = await ledger.record(made[task][n], now)
        if isinstance(answer, Exception):
            raise answer

    yield record
    await ledger.close()


Statements = Callable[[int, int], list[tuple[str, tuple[object, ...]]]]


@asynccontextmanager
async def plainly(db: Path, statements: Statements) -> AsyncGenerator[Record]:
    """Recording as it is usually written: a connection per task, a busy time-out, one transaction a call."""
    import aiosqlite

    async with AsyncExitStack() as stack:
        connections: list[aiosqlite.Connection] = []
        for _ in range(TASKS):
            connection = await stack.enter_async_context(aiosqlite.connect(db, isolation_level=None, timeout=5))
            await connection.execute("PRAGMA synchronous=FULL")
            connections.append(connection)

        async def record(task: int, n: int) -> None:
            connection = connections[task]
            await connection.execute("BEGIN IMMEDIATE")
            for statement, values in statements(task, n):
                await connection.execute(statement, values)
            await connection.execute("COMMIT")

        yield record


def plain(db: Path, number: int) -> AbstractAsyncContextManager[Record]:
    """The rows that our ledger writes for a call, its three budget windows included, written plainly."""
    from cost_mcp.ledger.entry import INSERT_ENTRY, entry_values
    from cost_mcp.ledger.window import ADD_TO_WINDOW, window_sums
    from cost_mcp.service.opening import utc_now

    now = utc_now()
    made = [[priced_call(f"call-{number}-{task}-{n}", now, n) for n in range(MOST_CALLS)] for task in range(TASKS)]
    entered = [[entry_values(call) for call in calls] for calls in made]

    def statements(task: int, n: int) -> list[tuple[str, tuple[object, ...]]]:
        call = made[task][n]
        entry = ("default", call.call.call_id, 1, 0, 1, None, *entered[task][n], 0)
        sums = window_sums(call)
        windows = [("default", budget, 0, "", "api", "mcp", 20, *sums) for budget in ("day", "week", "month")]
        return [(INSERT_ENTRY, entry), *((ADD_TO_WINDOW, window) for window in windows)]

    return plainly(db, statements)


def lean(db: Path, number: int) -> AbstractAsyncContextManager[Record]:
    """The least that could be called recording, written plainly."""

    def statements(task: int, n: int) -> list[tuple[str, tuple[object, ...]]]:
        call = (f"call-{number}-{task}-{n}", time.time_ns(), "T-1", 1200, 300, 9_000_000)
        spent = "UPDATE budgets SET spent = spent + ? WHERE name = ?"
        return [
            ("INSERT INTO calls VALUES (?, ?, ?, ?, ?, ?)", call),
            *((spent, (9_000_000, budget)) for budget in ("day", "week", "month")),
        ]

    return plainly(db, statements)


def add_series(db: Path) -> None:
    """The one dimension set that plainly written rows name; ours finds its own."""
    connection = sqlite3.connect(db)
    blank = ", ".join("''" for _ in range(10))
    with connection:
        connection.execute(f"INSERT INTO series VALUES (1, 'default', 'api', 'mcp', 20, {blank})")
    connection.close()


def create_lean(db: Path) -> None:
    """The lean schema: calls under their id, three budget counters."""
    connection = sqlite3.connect(db)
    connection.executescript(
        "PRAGMA journal_mode=WAL;"
        "CREATE TABLE calls(id TEXT PRIMARY KEY, at INTEGER, task TEXT, input INTEGER, output INTEGER, cost INTEGER) WITHOUT ROWID;"
        "CREATE TABLE budgets(name TEXT PRIMARY KEY, spent INTEGER NOT NULL);"
        "INSERT INTO budgets VALUES ('day', 0), ('week', 0), ('month', 0);"
    )
    connection.close()


MODES = {"ours": ours, "plain": plain, "lean": lean}


async def run(mode: str, db: Path, start: float, seconds: float, number: int) -> dict[str, object]:
    """Record until the time is up; gives calls, errors and latencies in seconds."""
    latencies: list[float] = []
    errors: list[str] = []

    async with MODES[mode](db, number) as record:

        async def work(task: int) -> None:
            n = 0
            while time.time() < start + seconds and n < MOST_CALLS:
                began = time.perf_counter()
                try:
                    await record(task, n)
                except sqlite3.OperationalError as error:
                    errors.append(str(error))
                    continue
                latencies.append(time.perf_counter() - began)
                n += 1

        gc.collect()
        gc.freeze()  # what was made beforehand is not looked at again, in any mode
        await asyncio.sleep(max(0.0, start - time.time()))
        await asyncio.gather(*(work(task) for task in range(TASKS)))
    return {"calls": len(latencies), "errors": errors, "latencies": latencies}


if __name__ == "__main__":
    mode, db, start, seconds, number = sys.argv[1:]
    print(json.dumps(asyncio.run(run(mode, Path(db), float(start), float(seconds), int(number)))))
