"""The ledger inside a synchronous Python program: the same verbs, without an event loop of the program's own."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine, Generator, Mapping
from concurrent.futures import Future
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol, Self, TypeVar, Unpack

from cost_mcp.client.context import CallContext
from cost_mcp.client.cost import Cost, open_cost
from cost_mcp.client.hold import Hold

if TYPE_CHECKING:
    from datetime import datetime

    from cost_mcp.ledger.contract import StoredCall
    from cost_mcp.model.outcome import Finish
    from cost_mcp.model.receipt import Receipt
    from cost_mcp.model.reservation import Admission, Reservation
    from cost_mcp.service.answer import BudgetAnswer, ReportAnswer, TaskAnswer
    from cost_mcp.service.estimating import Estimate

T = TypeVar("T")
C = TypeVar("C")


class Wait(Protocol):
    """Runs a coroutine in the ledger's thread and waits for what it gives."""

    def __call__(self, work: Coroutine[Any, Any, T]) -> T:
        """What it gives, or raises."""
        ...


class SyncHold:
    """``Hold`` for synchronous programs; made by ``SyncCost.reserve``."""

    def __init__(self, hold: Hold, wait: Wait) -> None:
        self._hold = hold
        self._wait = wait
        self._block = ExitStack()

    @property
    def admission(self) -> Admission:
        """What was decided: ``allow`` or ``warn``, why, and where the budgets stand."""
        return self._hold.admission

    @property
    def reservation(self) -> Reservation | None:
        """What is held; None while tracking is off."""
        return self._hold.reservation

    def record(self, response: object = None, **fields: object) -> Receipt:
        """Record the call, which settles the reservation; as ``Hold.record``."""
        return self._wait(self._hold.record(response, **fields))

    def extend(self, ttl_seconds: int) -> Reservation | None:
        """Hold it for so many seconds from now; blocks that run on are extended by themselves."""
        return self._wait(self._hold.extend(ttl_seconds))

    def __enter__(self) -> Self:
        self._wait(self._hold.__aenter__())
        self._block.enter_context(self._hold.around())  # the hold's own holds in the ledger's thread
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc_val: BaseException | None, exc_tb: TracebackType | None
    ) -> None:
        self._block.close()
        self._wait(self._hold.__aexit__(exc_type, exc_val, exc_tb))


class SyncCost:
    """An open ledger for synchronous programs; made by ``cost_mcp.open_sync()``. Threads may share it.

    Every method waits for the answer and raises as ``Cost``'s do.
    """

    def __init__(self, cost: Cost, wait: Wait) -> None:
        self._cost = cost
        self._wait = wait

    def record(self, response: object = None, **fields: object) -> Receipt:
        """Record one model call, durably, and answer what it cost; as ``Cost.record``."""
        return self._wait(self._cost.record(response, **fields))

    def reserve(self, **fields: object) -> SyncHold:
        """Budget held for one call while a block runs: ``with cost.reserve(model=..., input_tokens=...) as hold``."""
        return SyncHold(self._cost.reserve(**fields), self._wait)

    def estimate_cost(self, **fields: object) -> Estimate:
        """What a call would cost, and cheaper models for the same tokens."""
        return self._wait(self._cost.estimate_cost(**fields))

    def task_cost(self, task_id: str) -> TaskAnswer:
        """What a task cost, and the budgets that cover it."""
        return self._wait(self._cost.task_cost(task_id))

    def cost_report(self, **fields: object) -> ReportAnswer:
        """What a period cost: ``period="week"``, ``group_by=["day", "model"]``, filters by any context field."""
        return self._wait(self._cost.cost_report(**fields))

    def budget_status(self, **fields: object) -> BudgetAnswer:
        """Where the budgets stand that cover a context, and whether ``estimated_cost_usd`` may be spent."""
        return self._wait(self._cost.budget_status(**fields))

    def finish_task(self, task_id: str, outcome: str, *, at: datetime | str | None = None, by: str = "python") -> Finish:
        """Note how a task ended; as ``Cost.finish_task``."""
        return self._wait(self._cost.finish_task(task_id, outcome, at=at, by=by))

    def explain(self, call_id: str) -> StoredCall:
        """A call with its charges, price entry and corrections."""
        return self._wait(self._cost.explain(call_id))

    def track(self, client: C, *, stream_usage: bool | None = None, **context: Unpack[CallContext]) -> C:
        """Have a client's responses recorded in this ledger, as ``cost_mcp.track``; until the block ends."""
        return self._cost.track(client, stream_usage=stream_usage, **context)

    def flush(self, timeout: float | None = 10.0) -> bool:
        """Wait until what tracked clients did so far is in the ledger; False when ``timeout`` seconds were not enough."""
        return self._wait(self._cost.flush(timeout))


@contextmanager
def open_sync(db: str | Path | None = None, *, environ: Mapping[str, str] | None = None) -> Generator[SyncCost]:
    """The ledger for a program without an event loop: ``with cost_mcp.open_sync() as cost: cost.record(response)``.

    A thread with a loop of its own does the work until the block ends. Takes what ``cost_mcp.open`` takes.
    """
    opened: Future[tuple[Cost, asyncio.AbstractEventLoop, asyncio.Event]] = Future()

    async def keep() -> None:
        leave = asyncio.Event()
        async with open_cost(db, environ=environ) as cost:
            opened.set_result((cost, asyncio.get_running_loop(), leave))
            await leave.wait()

    failures: list[BaseException] = []

    def run() -> None:
        try:
            asyncio.run(keep())
        except BaseException as error:  # noqa: BLE001 raised where the block is
            if opened.done():
                failures.append(error)
            else:
                opened.set_exception(error)

    thread = threading.Thread(target=run, name="cost-mcp ledger loop", daemon=True)
    thread.start()
    cost, loop, leave = opened.result()

    def wait(work: Coroutine[Any, Any, T]) -> T:
        asked = asyncio.run_coroutine_threadsafe(work, loop)
        try:
            return asked.result()
        except BaseException:
            asked.cancel()  # interrupted: nobody waits for it any more
            raise

    try:
        yield SyncCost(cost, wait)
    finally:
        loop.call_soon_threadsafe(leave.set)
        thread.join()
    if failures:
        raise failures[0]
