"""The ledger inside a Python program: the same verbs as the tools."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar, Unpack

from cost_mcp.client.context import CallContext, as_fields
from cost_mcp.client.hold import Hold
from cost_mcp.client.recorder import Recorder
from cost_mcp.client.tracking import Tracker
from cost_mcp.config.place import current_folder
from cost_mcp.config.settings import load_settings
from cost_mcp.errors import InvalidInput
from cost_mcp.model.call import Rank
from cost_mcp.service.opening import open_service

if TYPE_CHECKING:
    from datetime import datetime

    from cost_mcp.ledger.contract import StoredCall
    from cost_mcp.model.outcome import Finish
    from cost_mcp.model.receipt import Receipt
    from cost_mcp.service.answer import BudgetAnswer, ReportAnswer, TaskAnswer
    from cost_mcp.service.estimating import Estimate
    from cost_mcp.service.service import Service

C = TypeVar("C")


class Cost:
    """An open ledger; made by ``cost_mcp.open()``.

    Every method raises a ``cost_mcp.CostError`` naming the field that cannot be taken; nothing is then written.
    """

    def __init__(self, service: Service) -> None:
        self._service = service
        self._recorder: Recorder | None = None

    async def record(self, response: object = None, **fields: object) -> Receipt:
        """Record one model call, durably, and answer what it cost.

        Args:
            response: The provider's response, or its usage object: an SDK object or plain JSON. Model, usage, service tier
                and response id are read from it; its text is neither kept nor logged.
            fields: What the response does not say, by the names of the ``record_call`` tool: ``task_id``, ``agent``,
                ``project``, ``model`` …; or the counts themselves, as ``input_tokens`` and ``output_tokens``.
        """
        given = dict(fields)
        if response is not None:
            if "usage" in given:
                raise InvalidInput("a response and usage were both given.", field="usage", hint="Give one of them.")
            given["usage"] = _plain(response)
        return await self._service.record(given, source="python", rank=Rank.RESPONSE)

    def track(self, client: C, *, stream_usage: bool | None = None, **context: Unpack[CallContext]) -> C:
        """Have every response of an SDK's client recorded in this ledger, as ``cost_mcp.track`` does; until the block ends.

        Recording happens in the background: ``await cost.flush()`` before asking what it came to.

        Raises:
            InvalidInput: it is no client of the Anthropic or OpenAI SDK.
        """
        if self._recorder is None:
            self._recorder = Recorder(lambda: self._service.settings, lasting=False)
        return Tracker(recorder=self._recorder, fields=as_fields(context), stream_usage=stream_usage).track(client)

    async def flush(self, timeout: float | None = 10.0) -> bool:  # noqa: ASYNC109 (the wait is for another thread)
        """Wait until what tracked clients did so far is in the ledger; False when ``timeout`` seconds were not enough."""
        return self._recorder is None or await asyncio.to_thread(self._recorder.flush, timeout)

    async def end_tracking(self) -> None:
        """Record what is left of tracked clients' calls; the end of the block does it."""
        if self._recorder is not None:
            await asyncio.to_thread(self._recorder.close)

    def reserve(self, **fields: object) -> Hold:
        """Budget held for one call while a block runs: ``async with cost.reserve(model=..., input_tokens=...) as hold``.

        The block is not entered, and ``cost_mcp.BudgetExceeded`` raised, where an enforcing budget denies it. Inside,
        ``await hold.record(response)`` settles; a block left without recording gives everything back.

        Args:
            fields: By the names of the ``reserve_budget`` tool: ``amount_usd``, or ``model`` with ``input_tokens`` and
                ``max_output_tokens``; ``task_id``, ``agent`` …; ``ttl_seconds``.
        """
        return Hold(self._service, self.record, fields)

    async def estimate_cost(self, **fields: object) -> Estimate:
        """What a call would cost, by the names of the ``estimate_cost`` tool, and cheaper models for the same tokens."""
        return await self._service.estimate_cost(fields)

    async def task_cost(self, task_id: str) -> TaskAnswer:
        """What a task cost, and the budgets that cover it."""
        return await self._service.task_cost(task_id)

    async def cost_report(self, **fields: object) -> ReportAnswer:
        """What a period cost: ``period="week"``, ``group_by=["day", "model"]``, filters by any context field."""
        return await self._service.cost_report(fields)

    async def budget_status(self, **fields: object) -> BudgetAnswer:
        """Where the budgets stand that cover a context, and whether ``estimated_cost_usd`` may be spent."""
        return await self._service.budget_status(fields)

    async def finish_task(self, task_id: str, outcome: str, *, at: datetime | str | None = None, by: str = "python") -> Finish:
        """Note how a task ended: ``merged``, ``failed`` or ``abandoned``. The same again changes nothing; another stands above it."""
        return await self._service.finish_task(task_id, outcome=outcome, at=at, by=by)

    async def explain(self, call_id: str) -> StoredCall:
        """A call with its charges, price entry and corrections."""
        return await self._service.explain(call_id)


@asynccontextmanager
async def open_cost(db: str | Path | None = None, *, environ: Mapping[str, str] | None = None) -> AsyncGenerator[Cost]:
    """The ledger of this machine's settings, or of the file ``db``, open until the block ends.

    Args:
        db: The ledger's file; None takes ``COST_MCP_DB``, the configuration, then the default.
        environ: Where ``COST_MCP_*`` are read; None takes this process's environment.
    """
    import os

    given = dict(os.environ if environ is None else environ)
    if db is not None:
        given["COST_MCP_DB"] = str(db)
    loaded = load_settings(given, current_folder())
    warn = partial(logging.getLogger(__name__).warning, "%s")
    async with open_service(loaded.settings, warn=warn) as service:
        cost = Cost(service)
        try:
            yield cost
        finally:
            await cost.end_tracking()


def _plain(response: object) -> object:
    """A response as plain JSON: SDK objects know how to dump themselves."""
    dump = getattr(response, "model_dump", None)
    return dump(mode="json", warnings=False) if callable(dump) else response
