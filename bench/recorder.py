"""One process of the shared-file measurement: four tasks that record until time is up, then say how it went.

Run as ``python -m bench.recorder MODE DB START SECONDS NUMBER`` with MODE ``ours`` or ``plain``; prints one JSON object.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
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


@asynccontextmanager
async def plain(db: Path, number: int) -> AsyncGenerator[Record]:
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
            await connection.execute(
                "INSERT INTO calls VALUES (?, ?, ?, ?, ?, ?)",
                (f"call-{number}-{task}-{n}", time.time_ns(), "T-1", 1200, 300, 9_000_000),
            )
            for budget in ("day", "week", "month"):
                await connection.execute("UPDATE budgets SET spent = spent + ? WHERE name = ?", (9_000_000, budget))
            await connection.execute("COMMIT")

        yield record


def create_plain(db: Path) -> None:
    """The plain schema: calls under their id, three budget counters."""
    connection = sqlite3.connect(db)
    connection.executescript(
        "PRAGMA journal_mode=WAL;"
        "CREATE TABLE calls(id TEXT PRIMARY KEY, at INTEGER, task TEXT, input INTEGER, output INTEGER, cost INTEGER) WITHOUT ROWID;"
        "CREATE TABLE budgets(name TEXT PRIMARY KEY, spent INTEGER NOT NULL);"
        "INSERT INTO budgets VALUES ('day', 0), ('week', 0), ('month', 0);"
    )
    connection.close()


async def run(mode: str, db: Path, start: float, seconds: float, number: int) -> dict[str, object]:
    """Record until the time is up; gives calls, errors and latencies in seconds."""
    latencies: list[float] = []
    errors: list[str] = []

    async with (ours if mode == "ours" else plain)(db, number) as record:

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

        await asyncio.sleep(max(0.0, start - time.time()))
        await asyncio.gather(*(work(task) for task in range(TASKS)))
    return {"calls": len(latencies), "errors": errors, "latencies": latencies}


if __name__ == "__main__":
    mode, db, start, seconds, number = sys.argv[1:]
    print(json.dumps(asyncio.run(run(mode, Path(db), float(start), float(seconds), int(number)))))
