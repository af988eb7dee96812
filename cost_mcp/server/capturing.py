"""Following the machine's agent logs while a server lives: one process at a time does, whichever has the lock.

The reading itself is a process of its own, at low priority: it never takes the interpreter that answers calls.
"""

from __future__ import annotations

import asyncio
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from cost_mcp.errors import LedgerUnavailable
from cost_mcp.ledger.lock import FileLock
from cost_mcp.server.log import logger
from cost_mcp.service.backlog import lock_path

COMMAND = ("-m", "cost_mcp", "import", "--watch", "--until-eof")
BEGIN_SECONDS = 1.0
"""How long a server answers its client before it has time for anything else."""

AGAIN_SECONDS = 5.0
"""How often a server looks whether the one that followed the logs has gone; and how soon one that failed is started again."""

LEAVE_SECONDS = 0.5
"""How long the reading may take to end by itself; it can be killed at any moment."""


@asynccontextmanager
async def capturing(ledger: Path) -> AsyncGenerator[None]:
    """Agents' logs are followed while the block runs, by this process unless another one on this ledger does."""
    task = asyncio.create_task(_follow(ledger), name="follow the agents' logs")
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


async def _follow(ledger: Path) -> None:
    await asyncio.sleep(BEGIN_SECONDS)
    try:
        lock = FileLock(lock_path(ledger))
    except OSError as error:
        logger.warning("Agents' logs are not followed: the lock beside the ledger cannot be made (%s).", error.strerror)
        return
    try:
        while True:
            with suppress(LedgerUnavailable), lock.within(0):
                await _read()
            await asyncio.sleep(AGAIN_SECONDS)
    finally:
        lock.close()


async def _read() -> None:
    """The reading process, until it ends or we are cancelled."""
    try:
        process = await asyncio.create_subprocess_exec(sys.executable, *COMMAND, stdin=PIPE, stdout=DEVNULL)
    except OSError as error:
        logger.warning("Agents' logs are not followed: no process can be started (%s).", error.strerror)
        return
    try:
        code = await process.wait()
    except asyncio.CancelledError:
        await _end(process)
        raise
    logger.warning("What follows the agents' logs ended with code %s; it is started again.", code)


async def _end(process: Process) -> None:
    assert process.stdin is not None
    process.stdin.close()
    try:
        await asyncio.wait_for(process.wait(), LEAVE_SECONDS)
    except TimeoutError:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
