"""The process's own stdin and stdout as the wire; everything else that prints or reads is kept off it."""

from __future__ import annotations

import asyncio
import os
import selectors
import stat
import sys
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import IO

from cost_mcp.server.conversation import Arrivals, Departures
from cost_mcp.server.pipe import Incoming, Outgoing

FLUSH_SECONDS_MAX = 0.3
"""How long answers that are written but not read by the client may hold up the end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wire:
    """Both directions, and how to stop reading; ``end`` is None where a read cannot be interrupted."""

    arrivals: Arrivals
    departures: Departures
    end: Callable[[], None] | None


@asynccontextmanager
async def open_stdio(on_end: Callable[[], None]) -> AsyncGenerator[Wire]:
    """The wire on stdin and stdout: asyncio pipes where the system has them, else the SDK's threads.

    ``on_end`` is called once, as soon as nothing more will be read.
    """
    if not _are_pipes():
        from mcp.server.stdio import stdio_server

        async with stdio_server() as (arrivals, departures):
            yield Wire(arrivals=arrivals, departures=departures, end=None)
            on_end()
            await departures.aclose()
        return
    loop = asyncio.get_running_loop()
    read_file, write_file = _claim(0, os.devnull, "rb"), _claim(1, None, "wb")
    try:
        _, outgoing = await loop.connect_write_pipe(Outgoing, write_file)
        _, incoming = await loop.connect_read_pipe(lambda: Incoming(on_end), read_file)
        outgoing.lost.add_done_callback(lambda _: incoming.end())
        yield Wire(arrivals=incoming, departures=outgoing, end=incoming.end)
        await incoming.aclose()
        with suppress(TimeoutError):
            async with asyncio.timeout(FLUSH_SECONDS_MAX):
                await outgoing.aclose()
    finally:
        for fd in (0, 1, 2):  # the terminal these may stand for is shared with the shell: leave it as it was
            with suppress(OSError):
                os.set_blocking(fd, True)


def _are_pipes() -> bool:
    """Whether asyncio can wait for both: not on Windows, not for files, not for one socket that is both."""
    if sys.platform == "win32":
        return False
    try:
        kinds = [os.fstat(fd).st_mode for fd in (0, 1)]
        if stat.S_ISSOCK(kinds[0]) and os.path.sameopenfile(0, 1):
            return False
        with selectors.DefaultSelector() as selector:
            for fd in (0, 1):
                selector.register(fd, selectors.EVENT_READ)
    except OSError:
        return False
    return all(stat.S_ISFIFO(kind) or stat.S_ISSOCK(kind) or stat.S_ISCHR(kind) for kind in kinds)


def _claim(fd: int, instead: str | None, mode: str) -> IO[bytes]:
    """The stream behind a standard descriptor, which from now on leads elsewhere: to a file, or to stderr."""
    import fcntl

    private = fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 3)
    if instead is None:
        sys.stdout.flush()
        os.dup2(2, fd)
    else:
        diversion = os.open(instead, os.O_RDONLY)
        os.dup2(diversion, fd)
        os.close(diversion)
    return os.fdopen(private, mode, buffering=0)
