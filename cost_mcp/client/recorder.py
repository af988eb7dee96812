"""Recording in the background: a bounded queue, and a thread with an event loop of its own that empties it into the ledger.

Who puts a call in never waits and is never told of a failure: those are logged once and counted (``missed.py``).
"""

from __future__ import annotations

import asyncio
import atexit
import logging
import os
import queue
import threading
import weakref
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import thread as _executors  # before ``_at_exit`` is registered: what is registered last ends first
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Protocol

from cost_mcp.client.context import CONTEXT_FIELDS
from cost_mcp.client.missed import Missed, missed_file
from cost_mcp.errors import CostError, LedgerError
from cost_mcp.model.call import Rank
from cost_mcp.model.moment import instant_text

if TYPE_CHECKING:
    from cost_mcp.config.settings import Settings
    from cost_mcp.service.service import Service

MOST_WAITING = 10_000
"""Calls that may wait to be recorded; while the ledger cannot be written, further ones are counted as missing."""

MOST_AT_ONCE = 256
"""Calls recorded together; the ledger puts them into one commit."""

LATE = timedelta(seconds=2)
"""From this delay on a call is dated by when it was made and not by when it is recorded."""

LAST_SECONDS = 5.0
"""How long the end of a program waits for what is still to be recorded."""


_DISPENSABLE = (*CONTEXT_FIELDS, "reservation_id")


class Unended(Protocol):
    """A call that is still under way, which can be ended: it is then recorded as far as it is known."""

    def finish(self) -> None:
        """End it; twice is fine."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class _Told:
    """One call to record."""

    fields: Mapping[str, object]
    at: datetime


class Recorder:
    """Records what it is given, later and elsewhere. Threads may share one, and it begins anew in a forked process."""

    def __init__(self, settings: Callable[[], Settings], *, lasting: bool = True) -> None:
        """A recorder that has opened nothing yet.

        Args:
            settings: Finds the settings, ledger included; asked in the background, and again after a failure.
            lasting: Whether alerts are delivered, and unusual spend looked for, while this is open.
        """
        self._settings = settings
        self._lasting = lasting
        self._begin_anew()

    @property
    def waiting(self) -> int:
        """How many calls wait to be recorded, about."""
        return self._waiting.qsize()

    @property
    def running(self) -> bool:
        """Whether its thread is there."""
        return self._thread is not None

    def begin(self) -> None:
        """Open the ledger already, in the background: a call is under way. Returns at once.

        Python 3.12 starts no threads while a program ends, so that a ledger that is not open by then stays shut.
        """
        if self._process != os.getpid():
            self._begin_anew()
        if self._thread is None and not self._closed:
            self._wake()

    def put(self, fields: Mapping[str, object]) -> None:
        """Have a call recorded: fields as ``record`` takes them. Returns at once and never raises."""
        try:
            if self._process != os.getpid():
                self._begin_anew()
            if self._closed:
                self.missed.note("ended", "the ledger it would go into was closed; track the client while it is open.")
            elif self.waiting >= MOST_WAITING:
                self.missed.note("queue_full", f"{MOST_WAITING:,} others wait because the ledger cannot be written.")
            else:
                self._waiting.put(_Told(fields, datetime.now(UTC)))
                self._wake()
        except Exception as error:  # noqa: BLE001 whatever it is, the program that is observed goes on
            self.missed.note("unexpected", f"{type(error).__name__} when it was put in line.")

    def flush(self, timeout: float | None = 10.0) -> bool:
        """Wait until everything put in so far is recorded or known to be missing; False when the time was not enough."""
        thread = self._thread
        ended = self._closed and (thread is None or not thread.is_alive())
        if ended or self._process != os.getpid() or (thread is None and not self.waiting):
            return True
        reached = threading.Event()
        self._waiting.put(reached)
        self._wake()
        return reached.wait(timeout)

    def close(self, timeout: float | None = LAST_SECONDS) -> bool:
        """Finish what is under way, record what waits, and end; False when the time was not enough. Safe to call twice."""
        if self._closed or self._process != os.getpid():
            return True
        for call in list(self.unended):
            call.finish()
        self._closed = True
        thread = self._thread
        if thread is None:
            return True
        self._waiting.put(None)
        self._wake()
        thread.join(timeout)
        if not thread.is_alive():
            return True
        self.missed.note("out_of_time", "the program ended before the ledger could be written.", calls=max(self.waiting, 1))
        self.missed.write_down(datetime.now(UTC).date())
        return False

    def _begin_anew(self) -> None:
        # In a forked process the thread is gone, and what waits, is under way or missing is the parent's to tell.
        self._process = os.getpid()
        self.missed = Missed()
        self.unended: weakref.WeakSet[Unended] = weakref.WeakSet()
        self._waiting: queue.SimpleQueue[_Told | threading.Event | None] = queue.SimpleQueue()
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._woken: asyncio.Event | None = None
        self._closed = False

    def _wake(self) -> None:
        loop, woken = self._loop, self._woken
        if loop is not None and woken is not None:
            with suppress(RuntimeError):  # it has just ended
                loop.call_soon_threadsafe(woken.set)
        elif self._thread is None and self._starting.acquire(blocking=False):  # else another thread is at it
            self._thread = threading.Thread(target=self._run, name="cost-mcp recorder", daemon=True)
            try:
                _before_threads_end(self._at_exit)
                self._thread.start()
            except BaseException:
                self._thread = None
                raise
            finally:
                self._starting.release()

    def _at_exit(self) -> None:
        self.close(LAST_SECONDS)

    def _run(self) -> None:
        try:
            loop = (
                asyncio.new_event_loop()
            )  # not asyncio.run: it starts a thread at its end, which the end of a program forbids
            try:
                loop.run_until_complete(self._serve())
            finally:
                loop.close()
        except Exception as error:  # noqa: BLE001 no files left to open, for one: the next call tries again
            self._loop = self._woken = self._thread = None
            self.missed.warn("recorder", f"Recording in the background broke off ({type(error).__name__}).")

    async def _serve(self) -> None:
        self._woken = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._woken.set()  # what came before there was a loop to wake
        ledger = _Opened(self._settings, self.missed, lasting=self._lasting)
        opening = asyncio.create_task(ledger.warm(), name="open the ledger")
        ended = False
        while not ended:
            await self._woken.wait()
            self._woken.clear()
            while not ended and not self._waiting.empty():
                ended = await self._serve_some(ledger)
        await asyncio.wait([opening])
        await ledger.close()

    async def _serve_some(self, ledger: _Opened) -> bool:
        told: list[_Told] = []
        reached: list[threading.Event] = []
        ended = False
        while not ended and len(told) < MOST_AT_ONCE:
            try:
                item = self._waiting.get_nowait()
            except queue.Empty:
                break
            if isinstance(item, _Told):
                told.append(item)
            elif item is None:
                ended = True
            else:
                reached.append(item)
        failed = await self._record_all(ledger, told)
        if failed:
            await ledger.close()  # opened anew: a file that was moved away is made again
            for error in (await self._record_all(ledger, list(failed))).values():
                self.missed.note(error.code, str(error))
        self.missed.write_down(datetime.now(UTC).date())
        for event in reached:
            event.set()
        return ended

    async def _record_all(self, ledger: _Opened, told: Sequence[_Told]) -> dict[_Told, LedgerError]:
        """Record them together; those that the ledger could not take, to be tried again."""
        answers = await asyncio.gather(*(self._try(ledger, call) for call in told), return_exceptions=True)
        failed: dict[_Told, LedgerError] = {}
        for call, error in zip(told, answers, strict=True):
            if isinstance(error, LedgerError):
                failed[call] = error
            elif isinstance(error, CostError):
                self.missed.note(error.code, str(error))
            elif error is not None:
                self.missed.note("unexpected", f"{type(error).__name__} while it was recorded.")
        return failed

    async def _try(self, ledger: _Opened, told: _Told) -> None:
        """Record it; without what of its context cannot be taken, because what it cost matters more."""
        fields = dict(told.fields)
        if datetime.now(UTC) - told.at > LATE:
            fields.setdefault("occurred_at", instant_text(told.at))
        while True:
            try:
                service = await ledger.service()
                await service.record(fields, source="python", rank=Rank.RESPONSE)
            except CostError as error:
                name = (error.field or "").split(" ")[0]
                if name not in _DISPENSABLE or name not in fields:
                    raise
                del fields[name]
                self.missed.warn(f"context {name}", f"A call was recorded without its {name}: {error}")
            else:
                return


class _Opened:
    """The ledger, opened when it is needed and again after a failure; one task keeps it open, as its owner."""

    def __init__(self, settings: Callable[[], Settings], missed: Missed, *, lasting: bool) -> None:
        self._settings = settings
        self._missed = missed
        self._lasting = lasting
        self._service: asyncio.Future[Service] | None = None
        self._leave = asyncio.Event()
        self._keeping: asyncio.Task[None] | None = None

    async def warm(self) -> None:
        """Open it, and have it looked into once, so that all its threads run. What fails is told with the call that needs it."""
        with suppress(Exception):
            await (await self.service()).explain("-")

    async def service(self) -> Service:
        """The open ledger.

        Raises:
            CostError: it cannot be opened.
        """
        if self._service is None:
            self._service = asyncio.get_running_loop().create_future()
            self._leave = asyncio.Event()
            self._keeping = asyncio.create_task(self._keep(self._service, self._leave), name="keep the ledger open")
        service, keeping = self._service, self._keeping
        try:
            return await asyncio.shield(service)
        except BaseException:
            if self._keeping is keeping:
                self._service = self._keeping = None
            raise

    async def close(self) -> None:
        """Let go of it; the next call opens it anew."""
        keeping, self._keeping, self._service = self._keeping, None, None
        if keeping is not None:
            self._leave.set()
            await asyncio.wait([keeping])

    async def _keep(self, told: asyncio.Future[Service], leave: asyncio.Event) -> None:
        try:
            from cost_mcp.service.opening import open_service

            settings = self._settings()
            self._missed.file = missed_file(settings.ledger_path)
            async with open_service(settings, warn=_warn, lasting=self._lasting) as service:
                told.set_result(service)
                await leave.wait()
        except Exception as error:  # noqa: BLE001 told to those who wait for it
            if not told.done():
                told.set_exception(error)
            else:
                self._missed.warn("closing", f"The ledger was not closed as it should be ({type(error).__name__}).")


def _warn(warning: str) -> None:
    logging.getLogger("cost_mcp").warning("%s", warning)


def _before_threads_end(leave: Callable[[], object]) -> None:
    """Have ``leave`` called while threads can still be started: the ledger is opened by some, and a short program may end first.

    ``atexit`` is too late for that: executors are shut by then (CPython ``threading._shutdown``).
    """
    assert _executors is not None
    register = getattr(threading, "_register_atexit", atexit.register)
    register(leave)
