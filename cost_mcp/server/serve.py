"""``cost-mcp serve``: the server on stdin and stdout, until the client or a signal ends it."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import sys
import threading
from collections.abc import Callable

LEAVE_SECONDS_MAX = 1.5
"""How long the end may take, from the last input on; clients kill a server that takes longer than two seconds."""


def serve() -> int:
    """Serve one client on stdin and stdout; returns the process's exit code once the ledger is closed."""
    # Read when pydantic is imported: without it a refused message would be logged together with a web address.
    os.environ.setdefault("PYDANTIC_ERRORS_INCLUDE_URL", "0")
    gc.disable()  # collecting while 1,500 modules load costs a client's handshake 50 ms; turned on again behind it
    try:
        return asyncio.run(_serve())
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    except OSError as failure:
        return _unwritten(failure)
    except BaseExceptionGroup as failures:  # of the threads that serve what is no pipe
        refused, others = failures.split(OSError)
        if refused is None or others is not None:
            raise
        return _unwritten(_first(refused))


async def _serve() -> int:
    from anyio import CancelScope

    from cost_mcp.server.app import build_server
    from cost_mcp.server.backing import Backing
    from cost_mcp.server.conversation import converse
    from cost_mcp.server.log import log_loop_failure, log_to_stderr
    from cost_mcp.server.stdio import open_stdio

    log_to_stderr()
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(log_loop_failure)
    async with Backing() as backing, open_stdio(_leave_in_time) as wire:
        sys.stdout = sys.stderr  # a stray print of a library must not reach the wire
        ending = asyncio.current_task()
        assert ending is not None
        signalled = asyncio.Event()

        def stop() -> None:
            signalled.set()
            (wire.end or ending.cancel)()

        _on_signals(loop, stop)
        try:
            await converse(build_server(backing), wire.arrivals, wire.departures, backing.start)
        except asyncio.CancelledError:
            if wire.end is not None:
                raise
            # A thread still waits in a read of stdin that nothing can interrupt: close the ledger, then leave it behind.
            with CancelScope(shield=True):
                await backing.close()
            code = 0 if signalled.is_set() else _unwritten()  # the thread that writes answers gave up
            sys.stderr.flush()
            os._exit(code)
    return 0


def _first(failures: BaseExceptionGroup[OSError]) -> OSError:
    first = failures.exceptions[0]
    return _first(first) if isinstance(first, BaseExceptionGroup) else first


def _unwritten(failure: OSError | None = None) -> int:
    reason = f" ({failure.strerror})" if failure is not None else ""
    sys.stderr.write(f"cost-mcp: the client can no longer be answered{reason}. What was acknowledged is safe.\n")
    return 1


def _leave_in_time() -> None:
    """End the process even if something outside (a stopped program that holds the ledger's lock) keeps it from closing."""
    timer = threading.Timer(LEAVE_SECONDS_MAX, _leave)
    timer.daemon = True
    timer.start()


def _leave() -> None:
    sys.stderr.write("cost-mcp: left without closing the ledger, which another program holds. What was acknowledged is safe.\n")
    sys.stderr.flush()
    os._exit(1)


def _on_signals(loop: asyncio.AbstractEventLoop, stop: Callable[[], object]) -> None:
    def later(*_: object) -> None:
        loop.call_soon_threadsafe(stop)

    for number in (signal.SIGINT, signal.SIGTERM):
        try:
            loop.add_signal_handler(number, stop)
        except NotImplementedError:  # Windows
            signal.signal(number, later)
