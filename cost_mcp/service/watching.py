"""Looking for unusual spend while a process stays, in the background and out of everyone's way."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from cost_mcp.errors import CostError

if TYPE_CHECKING:
    from cost_mcp.config.settings import Settings
    from cost_mcp.ledger.contract import Ledger
    from cost_mcp.service.service import Clock

logger = logging.getLogger(__name__)

PAUSE_SECONDS = 60.0
"""How often the clock is asked whether it is time for a look; what a look costs is the affair of ``AnomalyWatch``."""

Pause = Callable[[float], Awaitable[object]]


@asynccontextmanager
async def watching(
    ledger: Ledger, settings: Settings, clock: Clock, told: Callable[[], None] | None = None, *, pause: Pause = asyncio.sleep
) -> AsyncGenerator[None]:
    """Look for unusual spend, where the settings want it, until the block ends.

    Args:
        ledger: where alerts are raised.
        settings: whose spend, and from when on it is unusual.
        clock: what tells the time.
        told: hears that an alert was raised; None when nobody listens.
        pause: what waits so many seconds.
    """
    if not settings.anomalies:
        yield
        return
    task = asyncio.create_task(_keep_looking(ledger, settings, clock, told, pause), name="look for unusual spend")
    task.add_done_callback(_say_if_broken)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


async def _keep_looking(
    ledger: Ledger, settings: Settings, clock: Clock, told: Callable[[], None] | None, pause: Pause
) -> None:
    started = clock()
    await pause(PAUSE_SECONDS)
    from cost_mcp.service.anomalies import AnomalyWatch  # only now: a process that starts has other things to load

    watch = AnomalyWatch(ledger, settings, started)
    while True:
        try:
            raised = await watch.look(clock())
        except CostError as error:
            logger.warning("Unusual spend cannot be looked for now: %s", error)
        else:
            if raised and told is not None:
                told()
        await pause(PAUSE_SECONDS)


def _say_if_broken(task: asyncio.Task[None]) -> None:
    """Nobody awaits this task: a failure that nobody foresaw would be told to nobody."""
    if not task.cancelled() and (error := task.exception()) is not None:
        logger.error("Something unexpected went wrong in %r (%s).", task.get_name(), type(error).__name__)
