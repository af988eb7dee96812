"""The one thread of this process that writes: it drains all waiting jobs into one transaction under the ledger's lock."""

from __future__ import annotations

import asyncio
import atexit
import os
import queue
import sqlite3
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from cost_mcp.errors import LedgerError, LedgerUnavailable
from cost_mcp.ledger.alerting import raise_alerts
from cost_mcp.ledger.book import Book
from cost_mcp.ledger.callers import Callers
from cost_mcp.ledger.contract import WindowOf
from cost_mcp.ledger.durable import Log
from cost_mcp.ledger.faults import DATABASE_FAULTS, gone, held, ledger_fault, not_durable, system_fault, too_large
from cost_mcp.ledger.file import open_lock, real_path
from cost_mcp.ledger.fold import fold_when_due
from cost_mcp.ledger.held import Held
from cost_mcp.ledger.lock import PATIENCE_SECONDS, FileLock
from cost_mcp.ledger.refill import catch_up, refill_when_due

T = TypeVar("T")

MOST_JOBS = 512
"""The most jobs in one transaction: bounds how long other processes wait for the lock."""

_LAST_WORDS_SECONDS = 5.0
_IDLE_SECONDS = 0.1


@dataclass(slots=True, eq=False)
class _Job:
    run: Callable[[Book], Any]
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[Any]
    meanwhile: Callable[[Any, Held], None] | None
    result: Any = None
    waiting: list[None] = field(default_factory=lambda: [None])
    held: Held = field(default_factory=Held)
    error: BaseException | None = None

    def take(self) -> bool:
        """Whether it is ours to do: the first of writer and impatient caller to take it decides (a pop is atomic)."""
        try:
            self.waiting.pop()
        except IndexError:
            return False
        return True

    def foretell(self) -> None:
        """Say in the loop that asked what the answer will be. A listener that fails has failed its caller, nobody else."""
        if self.meanwhile is not None and not self.future.done():
            try:
                self.meanwhile(self.result, self.held)
            except Exception as error:  # noqa: BLE001 handed to the caller, who gave the listener
                self.error = error

    def deliver(self) -> None:
        # The caller may have been cancelled or timed out meanwhile; what it asked for is done all the same.
        if self.future.done():
            return
        if self.error is not None:
            self.future.set_exception(self.error)
        else:
            self.future.set_result((self.result, self.held))


class Writer:
    """Runs jobs one after another; each is answered after the commit that makes it durable."""

    def __init__(self, path: Path, now: datetime, window_of: WindowOf) -> None:
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._path = path = real_path(path)
        self._name = os.fspath(path)
        self._lock = open_lock(path)
        try:
            self._book = Book(path, self._lock, now, window_of)
        except BaseException:
            self._lock.close()
            raise
        try:
            refill_when_due(self._book, self._lock)
        except BaseException:
            _close(self._book.db, self._lock)
            raise
        try:
            self._log = Log(path)
            self._file = _identity(self._name)
        except OSError as error:
            _close(self._book.db, self._lock)
            raise system_fault(error) from None
        self._closed = False
        self._behind = True  # as far as is known: looked at in the first moment in which nothing is asked
        self._callers = Callers(PATIENCE_SECONDS, self._take_in, _give_up)
        # A daemon, so that a program that ends without closing does not wait for ever; it is asked to finish at exit.
        self._thread = threading.Thread(target=self._serve, name="cost-mcp ledger writer", daemon=True)
        self._thread.start()
        atexit.register(self._at_exit)

    @property
    def book(self) -> Book:
        """What this process remembers of the ledger: for looking at while the thread writes, never for changing."""
        return self._book

    async def run(self, job: Callable[[Book], T], meanwhile: Callable[[T, Held], None] | None = None) -> tuple[T, Held]:
        """The job's result, once it is durable, and what the windows it looked at held then.

        ``meanwhile`` hears both in this loop while the disk makes them durable: nothing of them may leave before this returns.

        Raises:
            LedgerError: the ledger is closed, or could not write; then nothing of the job was written.
        """
        if self._closed:
            raise LedgerUnavailable("the ledger is closed.", hint="Open it again.")
        loop = asyncio.get_running_loop()
        future: asyncio.Future[tuple[T, Held]] = loop.create_future()
        asked = _Job(job, loop, future, meanwhile)
        self._callers.ask(loop, asked)
        try:
            return await future
        finally:
            self._callers.answered(loop, asked)

    def close(self) -> None:
        """Finish the waiting jobs, close the connection under the lock and end the thread; safe to call twice.

        Close reading connections before: SQLite leaves the log beside the database while another connection is open.
        """
        self.end()
        self._jobs.put(None)
        atexit.unregister(self._at_exit)
        self._thread.join()

    def _at_exit(self) -> None:
        # Bounded: another program may hold the lock, and what was not acknowledged was not promised.
        self.end()
        self._jobs.put(None)
        self._thread.join(_LAST_WORDS_SECONDS)

    def end(self) -> None:
        """Take no further jobs. Called in the loop that asks, so that none can slip in behind the end."""
        with suppress(RuntimeError):  # at the end of the program no loop runs, and nothing waits in one
            self._callers.flush(asyncio.get_running_loop())
        self._closed = True

    def _take_in(self, jobs: list[_Job]) -> None:
        for job in jobs:
            self._jobs.put(job)

    def _serve(self) -> None:
        while True:
            first = self._next()
            if first is None:
                break
            if self._serve_from(first):
                break
        if self._behind:  # programs that record one call and end are never idle
            catch_up(self._book, self._lock)
        self._log.close()
        _close(self._book.db, self._lock)

    def _next(self) -> _Job | None:
        """The next job, None for the end; while nothing is asked, what waits for its sums is summed up."""
        while self._behind:
            try:
                return self._jobs.get(timeout=_IDLE_SECONDS)
            except queue.Empty:
                self._behind = catch_up(self._book, self._lock)
        return self._jobs.get()

    def _serve_from(self, first: _Job) -> bool:
        """Serve ``first`` and what waits behind it; whether the end was among it."""
        jobs, ended = [first], False
        try:
            with self._lock:
                # Only now: what came in while others held the lock goes into the same commit.
                ended = self._drain_into(jobs)
                jobs = [job for job in jobs if job.take()]
                self._check_file()
                self._commit(jobs)
        except LedgerError as error:
            _refuse(jobs, error)
        except FileNotFoundError:
            _refuse(jobs, gone())
        except OSError as error:
            _refuse(jobs, system_fault(error))
        else:
            _tell([job for job in jobs if job.meanwhile is not None and job.error is None], _Job.foretell)
            self._make_durable(jobs)
        _tell(jobs, _Job.deliver)
        return ended

    def _check_file(self) -> None:
        # A file that was moved away goes on taking writes that nobody will ever read again.
        try:
            found = _identity(self._name)
        except FileNotFoundError:
            raise gone() from None
        if found != self._file:
            raise gone()

    def _make_durable(self, jobs: list[_Job]) -> None:
        # After the lock: while this process waits for the disk, others commit. Always, even when nothing was written: the answer
        # may rest on what another process committed and has not synced yet.
        try:
            self._log.sync()
        except OSError:
            _refuse([job for job in jobs if job.error is None], not_durable())

    def _drain_into(self, jobs: list[_Job]) -> bool:
        while len(jobs) < MOST_JOBS:
            try:
                job = self._jobs.get_nowait()
            except queue.Empty:
                return False
            if job is None:
                return True
            jobs.append(job)
        return False

    def _commit(self, jobs: list[_Job]) -> None:
        failure = self._attempt(jobs)
        if failure is None:
            return
        if len(jobs) == 1:
            _refuse(jobs, failure)
            return
        # One of them cannot be written: find out which by giving each a transaction of its own.
        for job in jobs:
            alone = self._attempt([job])
            if alone is not None:
                _refuse([job], alone)

    def _attempt(self, jobs: list[_Job]) -> BaseException | None:
        """Run the jobs in one transaction; on any failure nothing of it stays, and the failure is the answer."""
        book = self._book
        try:
            book.begin()
            self._log.make_room()
            for job in jobs:
                job.result = job.run(book)
            held = book.read_windows()
            raise_alerts(book, held)
            fold_when_due(book)
            book.commit()
        except DATABASE_FAULTS as error:
            return self._undo() or ledger_fault(error)
        except OverflowError:
            return self._undo() or too_large()
        except Exception as error:  # noqa: BLE001 the thread has to go on serving; the caller gets what was raised
            return self._undo() or error
        self._behind = self._behind or book.folded
        for job in jobs:
            job.held = held
        return None

    def _undo(self) -> LedgerError | None:
        try:
            self._book.rollback()
        except DATABASE_FAULTS as error:
            return ledger_fault(error)
        return None


def _identity(name: str) -> tuple[int, int]:
    found = os.stat(name)  # noqa: PTH116 (under the lock: making a Path costs more than asking)
    return found.st_dev, found.st_ino


def _give_up(job: _Job) -> None:
    if job.take():
        job.error = held()
        job.deliver()


def _close(db: sqlite3.Connection, lock: FileLock) -> None:
    try:
        with lock:  # a closing connection checkpoints
            db.close()
    except FileNotFoundError:
        db.close()  # its folder is gone, and everyone else with it
    lock.close()


def _refuse(jobs: list[_Job], error: BaseException) -> None:
    for job in jobs:
        job.error = error


def _tell(jobs: list[_Job], how: Callable[[_Job], None]) -> None:
    by_loop: dict[asyncio.AbstractEventLoop, list[_Job]] = {}
    for job in jobs:
        by_loop.setdefault(job.loop, []).append(job)
    for loop, theirs in by_loop.items():
        try:
            loop.call_soon_threadsafe(_tell_all, theirs, how)
        except RuntimeError:
            continue  # that event loop has ended: nobody is left to tell, and what was written is written


def _tell_all(jobs: list[_Job], how: Callable[[_Job], None]) -> None:
    for job in jobs:
        how(job)
