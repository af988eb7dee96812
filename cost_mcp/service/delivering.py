"""Getting alerts out: whichever process is alive claims what is due, sends it, and says what came of it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from cost_mcp.errors import CostError, DeliveryFailed
from cost_mcp.model.address import Address
from cost_mcp.model.alert import Channel, Claim
from cost_mcp.service.sending import Send, send_now, sent

if TYPE_CHECKING:
    from cost_mcp.config.notifications import DeclaredChannel
    from cost_mcp.ledger.contract import Ledger
    from cost_mcp.model.receipt import Receipt

logger = logging.getLogger(__name__)

ATTEMPTS_MAX = 10
FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS = 30.0, 3600.0
JITTER = 0.25
"""An attempt that failed is followed by one after 30 s, then twice that up to an hour, each a quarter more or less, so that
processes that failed together do not come back together; the tenth is the last, about three hours after the first."""

LEASE_SECONDS = 90.0
"""How long a claim is this process's alone: longer than an attempt may take, since then another process tries."""

AT_ONCE_MAX = 8
TICK_SECONDS = 15.0
"""How often a process looks that recorded nothing itself: for retries, and for what ended processes left."""

PAUSE_SECONDS = 1.0
"""The least time between two looks, however much is recorded."""

LEAVE_SECONDS = 0.5
"""How long the end waits for what is under way; what is left then is sent again by another process, under the same id."""

BRIEF_SECONDS = 5.0
"""How long a command stays to send what it raised."""


def wait_after(attempt: int, chance: float, asked: float | None = None) -> timedelta | None:
    """How long to wait after an attempt that failed; None when it was the last.

    Args:
        attempt: which it was, from 1.
        chance: from 0 to 1, for the jitter.
        asked: the seconds the receiver asked for, which are not undercut.
    """
    if attempt >= ATTEMPTS_MAX:
        return None
    seconds = min(FIRST_WAIT_SECONDS * 2 ** (attempt - 1), LONGEST_WAIT_SECONDS)
    return timedelta(seconds=max(seconds * (1 - JITTER + 2 * JITTER * chance), asked or 0.0))


@dataclass(slots=True, kw_only=True)
class Delivering:
    """The way of alerts from one ledger to the channels of this process's settings."""

    ledger: Ledger
    tenant: str
    channels: Sequence[DeclaredChannel]
    clock: Callable[[], datetime]
    send: Send = send_now
    chance: Callable[[], float] = random.random
    warn: Callable[[str], None] = logger.warning
    _woken: asyncio.Event = field(default_factory=asyncio.Event)
    _running: asyncio.Task[None] | None = None
    _under_way: set[asyncio.Task[None]] = field(default_factory=set[asyncio.Task[None]])
    _next_at: datetime | None = None

    def start(self) -> None:
        """Deliver from now on, in the background, until ``close``."""
        self._running = asyncio.create_task(self._run(), name="deliver alerts")
        self._running.add_done_callback(_say_if_broken)

    def wake(self) -> None:
        """Look soon: something may have been raised."""
        self._woken.set()

    def noticed(self, receipt: Receipt) -> None:
        """Look soon if a call may have raised something; where no budget is at any level none did."""
        if any(standing.state != "ok" for standing in receipt.standings):
            self._woken.set()

    async def deliver_due(self) -> int:
        """Try once whatever is due now, and answer how much that was."""
        claims = await self._claimed(AT_ONCE_MAX)
        await asyncio.gather(*(self._deliver(claim) for claim in claims))
        return len(claims)

    async def deliver_briefly(self) -> None:
        """Deliver what is due, for a command: it does not stay longer than ``BRIEF_SECONDS`` for it."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(BRIEF_SECONDS):
                while await self.deliver_due() == AT_ONCE_MAX:
                    pass

    async def close(self) -> None:
        """Stop. What is under way, and what was raised last, gets a moment; another process tries again what needs longer."""
        if self._running is not None:
            self._running.cancel()
            await asyncio.wait([self._running])
            if self._woken.is_set():
                await self._begin()
        if self._under_way:
            await asyncio.wait(self._under_way, timeout=LEAVE_SECONDS)
        for task in self._under_way:
            task.cancel()
        if self._under_way:
            await asyncio.wait(self._under_way)

    async def _run(self) -> None:
        while True:
            self._woken.clear()
            await self._begin()
            await asyncio.sleep(PAUSE_SECONDS)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._woken.wait(), self._rest_seconds())

    async def _begin(self) -> None:
        for claim in await self._claimed(AT_ONCE_MAX - len(self._under_way)):
            task = asyncio.create_task(self._deliver(claim), name=f"deliver to {claim.channel}")
            self._under_way.add(task)
            task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        if len(self._under_way) == AT_ONCE_MAX:
            self._woken.set()  # there is room again, and more may be due
        self._under_way.discard(task)
        _say_if_broken(task)

    def _rest_seconds(self) -> float:
        tick = TICK_SECONDS * (1 - JITTER + 2 * JITTER * self.chance())
        if self._next_at is None:
            return tick
        due, self._next_at = (self._next_at - self.clock()).total_seconds(), None
        return max(0.0, min(tick, due))

    async def _claimed(self, most: int) -> tuple[Claim, ...]:
        if most <= 0:
            return ()
        wanted: list[Channel] = [declared.channel for declared in self.channels]
        try:
            return await self.ledger.claim_deliveries(self.tenant, wanted, self.clock(), LEASE_SECONDS, most)
        except CostError as error:
            self.warn(f"Alerts cannot be delivered now: {error}")
            return ()

    async def _deliver(self, claim: Claim) -> None:
        address: Address = next(one.address for one in self.channels if one.channel.name == claim.channel)
        failure: DeliveryFailed | None = None
        try:
            note = await sent(self.send, address, claim.alert, claim.channel, self.clock())
        except DeliveryFailed as error:
            note, failure = None, error
        now = self.clock()
        wait = None if failure is None else wait_after(claim.attempt, self.chance(), failure.retry_after)
        if (remark := _remark(claim, failure, wait, note)) is not None:
            self.warn(remark)
        next_at = None if wait is None else now + wait
        if next_at is not None:
            self._next_at = next_at if self._next_at is None else min(self._next_at, next_at)
        try:
            await self.ledger.finish_delivery(
                self.tenant,
                claim.alert.alert_id,
                claim.channel,
                now,
                error=None if failure is None else str(failure),
                next_at=next_at,
                attempt=claim.attempt,
            )
        except CostError as error:  # its lease ends, and it is tried again
            self.warn(f"What came of an alert on the channel {claim.channel} cannot be noted: {error}")


def _remark(claim: Claim, failure: DeliveryFailed | None, wait: timedelta | None, note: str | None) -> str | None:
    if failure is not None:
        given_up = "It is given up: `cost-mcp alerts retry` tries it again."
        then = given_up if wait is None else f"Next in {wait.total_seconds():.0f} s."
        return f"An alert was not delivered on the channel {claim.channel} (attempt {claim.attempt}): {failure} {then}"
    return None if note is None else f"An alert was delivered on the channel {claim.channel}, but: {note}"


def _say_if_broken(task: asyncio.Task[None]) -> None:
    """Nobody awaits these tasks: a failure that nobody foresaw would be told to nobody."""
    if not task.cancelled() and (error := task.exception()) is not None:
        logger.error("Something unexpected went wrong in %r (%s).", task.get_name(), type(error).__name__)
