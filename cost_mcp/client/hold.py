"""A block of a program that may only run while its budget is held."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager, ExitStack, nullcontext, suppress
from types import TracebackType
from typing import TYPE_CHECKING, Self

from cost_mcp.client.context import HeldCall, holding
from cost_mcp.errors import BudgetExceeded, Conflict, CostError, InvalidInput, LedgerError
from cost_mcp.model.moment import instant_text
from cost_mcp.model.reservation import DEFAULT_TTL_SECONDS

if TYPE_CHECKING:
    from cost_mcp.model.receipt import Receipt
    from cost_mcp.model.reservation import Admission, Reservation
    from cost_mcp.service.service import Service

Record = Callable[..., Awaitable["Receipt"]]

FLUSH_SECONDS = 10.0
"""How long the end of a block waits for its tracked call to be recorded, before it gives back what was held."""

_SAID_ONCE = ("ttl_seconds", "idempotency_key", "amount_usd", "max_output_tokens")
"""What belongs to the reservation alone; every other name is the call's too."""


class Hold:
    """Budget held for one call; made by ``Cost.reserve``.

    Entering the block reserves or raises ``BudgetExceeded``. ``record`` settles, and so does the first call of a tracked client
    inside. A block that is left without recording, by an exception or a cancellation too, gives back what it held. While the
    block runs the reservation is kept alive; a process that dies blocks nobody longer than its ``ttl_seconds``.
    """

    def __init__(self, service: Service, record: Record, fields: dict[str, object]) -> None:
        self._service = service
        self._record = record
        self._fields = fields
        self._admission: Admission | None = None
        self._keeping: asyncio.Task[None] | None = None
        self._settled = False
        self._held: HeldCall | None = None
        self._block = ExitStack()

    @property
    def admission(self) -> Admission:
        """What was decided: ``allow`` or ``warn``, why, and where the budgets stand.

        Raises:
            InvalidInput: the block has not been entered.
        """
        if self._admission is None:
            raise InvalidInput("nothing is held yet.", hint="Use it as: async with cost.reserve(...) as hold.")
        return self._admission

    @property
    def reservation(self) -> Reservation | None:
        """What is held; None while tracking is off."""
        return self.admission.reservation

    async def record(self, response: object = None, **fields: object) -> Receipt:
        """Record the call, which settles the reservation: the true cost counts, the rest is given back.

        The context the budget was held for is the call's, and so are model, provider and tier where neither the response nor
        ``fields`` say them. A second call of one block is recorded in full, and nothing is held for it any more.
        """
        given = {**self._told(response, fields), **fields}
        if self.reservation is not None and not self._settled:
            given["reservation_id"] = self.reservation.reservation_id
        receipt = await self._record(response, **given)
        self._settled = True
        await self._let_go()
        return receipt

    async def extend(self, ttl_seconds: int = DEFAULT_TTL_SECONDS) -> Reservation | None:
        """Hold it for so many seconds from now; None while tracking is off. Blocks that run on are extended by themselves.

        Raises:
            Conflict: it has ended, or a budget has no room for it in a window it would reach.
        """
        if self.reservation is None:
            return None
        asked = {"reservation_id": self.reservation.reservation_id, "ttl_seconds": ttl_seconds}
        return await self._service.extend_reservation(asked)

    async def __aenter__(self) -> Self:
        admission = await self._service.reserve_budget(self._fields)
        if admission.decision == "deny":
            raise BudgetExceeded(admission.why, hint=_next_step(admission), admission=admission)
        self._admission = admission
        if admission.reservation is not None:
            self._keeping = asyncio.create_task(self._keep(admission.reservation), name="keep a reservation alive")
            self._held = HeldCall(admission.reservation.reservation_id)
            self._block.enter_context(self.around())
        return self

    def around(self) -> AbstractContextManager[None]:
        """What makes tracked clients' calls inside the block its own: the first of them settles."""
        return nullcontext() if self._held is None else holding(self._held, self._fields)

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc_val: BaseException | None, exc_tb: TracebackType | None
    ) -> None:
        self._block.close()
        await self._let_go()
        if self.reservation is None or self._settled:
            return
        recording = None if self._held is None else self._held.taken_by
        if recording is not None:
            await asyncio.to_thread(recording.flush, FLUSH_SECONDS)
        releasing = self._service.release_reservation({"reservation_id": self.reservation.reservation_id})
        if exc_val is None and recording is None:
            await releasing
            return
        # The block's own failure is the news, and what is not given back expires; what a tracked call settled is a conflict.
        with suppress(Conflict if exc_val is None else CostError):
            await asyncio.shield(asyncio.ensure_future(releasing))

    async def _keep(self, reservation: Reservation) -> None:
        """Extend at half of the time that is left, as long as a budget has room for it."""
        ttl = max((reservation.expires_at - reservation.created_at).total_seconds(), 1)
        while True:
            await asyncio.sleep(ttl / 2)
            try:
                await self.extend(max(int(ttl), 1))
            except Conflict:  # it ended, or would reach a window without room: recording says what became of it
                return
            except LedgerError:  # a disk or another program in the way: half of the time to live is left to try again
                continue

    async def _let_go(self) -> None:
        if self._keeping is not None:
            self._keeping.cancel()
            await asyncio.wait([self._keeping])
            self._keeping = None

    def _told(self, response: object, fields: dict[str, object]) -> dict[str, object]:
        """What was said when reserving and holds for the call as well; the counts of a call that is not made yet do not."""
        kept = {
            name: v
            for name, v in self._fields.items()
            if name not in _SAID_ONCE and not name.endswith(("_tokens", "_requests"))
        }
        if response is not None or "usage" in fields:
            kept.pop("service_tier", None)  # the response says which tier it really was
        return kept


def _next_step(admission: Admission) -> str:
    fitting, denied_by = admission.fitting, admission.denied_by
    if fitting is not None and fitting.max_output_tokens is not None:
        return f"It would fit with max_output_tokens={fitting.max_output_tokens}."
    if fitting is not None and fitting.alternatives:
        return f"It would fit with {fitting.alternatives[0].model}."
    if denied_by is not None and denied_by.window_end is not None:
        return f"The budget starts anew at {instant_text(denied_by.window_end)}."
    return "Ask for less, or have the budget raised."
