"""Reading connections of an asynchronous program: opened when first needed, a few at most, each question in one snapshot."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from typing import TypeVar

import aiosqlite

from cost_mcp.errors import LedgerUnavailable
from cost_mcp.ledger.faults import DATABASE_FAULTS, ledger_fault
from cost_mcp.ledger.file import BUSY_SECONDS, reading_uri, real_path
from cost_mcp.ledger.plan import Plan, Row

T = TypeVar("T")

MOST_READERS = 4


class Pool:
    """Read-only connections to one ledger file; they never write, checkpoint or wait for writers."""

    def __init__(self, path: Path) -> None:
        self._path = real_path(path)
        self._idle: list[aiosqlite.Connection] = []
        self._turns = asyncio.Semaphore(MOST_READERS)
        self._ending: list[asyncio.Future[None]] = []
        self._closed = False

    async def run(self, plan: Plan[T]) -> T:
        """The plan's answer, read in one snapshot.

        Raises:
            LedgerError: the ledger cannot be read.
        """
        async with self._turns:
            if self._closed:
                raise LedgerUnavailable("the ledger is closed.", hint="Open it again.")
            try:
                db = self._idle.pop() if self._idle else await self._open()
                answer = await self._drive(db, plan)
            except DATABASE_FAULTS as error:
                raise ledger_fault(error) from None
            if self._closed:
                await db.close()
            else:
                self._idle.append(db)
            return answer

    async def _drive(self, db: aiosqlite.Connection, plan: Plan[T]) -> T:
        try:
            await db.execute_fetchall("BEGIN")
            sql, values = next(plan)
            while True:
                rows: list[Row] = [tuple(row) for row in await db.execute_fetchall(sql, values)]
                sql, values = plan.send(rows)
        except StopIteration as end:
            await db.execute_fetchall("ROLLBACK")
            return end.value
        except BaseException:
            # Failed or cancelled half-way: its snapshot is of no use to anyone. What still runs in its thread ends first.
            self._ending.append(asyncio.ensure_future(db.close()))
            raise

    async def _open(self) -> aiosqlite.Connection:
        uri = reading_uri(self._path)
        if uri is None:
            raise LedgerUnavailable("the ledger's file is gone.", hint="Restore it, then start this program again.")
        return await _in_daemon_thread(uri)

    async def close(self) -> None:
        """Close what is open; safe to call twice."""
        self._closed = True
        while self._idle:
            await self._idle.pop().close()
        await asyncio.gather(*self._ending, return_exceptions=True)
        self._ending.clear()


async def _in_daemon_thread(uri: str) -> aiosqlite.Connection:
    """A connection whose thread does not keep a program alive that forgot to close: threads inherit that from their maker."""
    made: list[aiosqlite.Connection] = []

    def make() -> None:
        made.append(aiosqlite.connect(uri, uri=True, timeout=BUSY_SECONDS, isolation_level=None))

    maker = threading.Thread(target=make, daemon=True)
    maker.start()
    maker.join()
    return await made[0]
