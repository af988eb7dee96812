"""Tracking for a whole program: one recorder for each ledger, begun with the first call and ended with the program."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar, Unpack

from cost_mcp.client.context import CallContext, as_fields
from cost_mcp.client.recorder import Recorder
from cost_mcp.client.tracking import Tracker

if TYPE_CHECKING:
    from cost_mcp.config.settings import Settings

C = TypeVar("C")

_recorders: dict[str | None, Recorder] = {}
_making = threading.Lock()


def track(client: C, *, db: str | Path | None = None, stream_usage: bool | None = None, **context: Unpack[CallContext]) -> C:
    """Have every response of a client of the Anthropic or OpenAI SDK recorded: ``client = cost_mcp.track(Anthropic())``.

    The client itself is changed and returned, and copies that ``with_options`` makes are tracked with it. Recording happens in
    the background: no call waits for it or fails because of it. What could not be recorded is logged once and counted;
    ``cost-mcp doctor`` shows it. The end of the program waits some seconds for what is left, ``cost_mcp.flush`` until it is done.

    Args:
        client: Synchronous or asynchronous.
        db: The ledger's file; None takes ``COST_MCP_DB``, the configuration, then the default.
        stream_usage: Whether streams of Chat Completions are asked for their usage where the program did not ask (it does not
            see the additional chunk); None: at OpenAI itself only.
        context: What all its calls are for, as ``cost_mcp.context`` takes it; a context around a call is put over it.

    Raises:
        InvalidInput: it is no such client.
    """
    return Tracker(recorder=recorder_for(db), fields=as_fields(context), stream_usage=stream_usage).track(client)


def flush(timeout: float | None = 10.0) -> bool:
    """Wait until all that was tracked so far is in the ledger, or known to be missing; False when the time was not enough.

    Args:
        timeout: Seconds; None for as long as it takes.
    """
    end = None if timeout is None else time.monotonic() + timeout
    done = True
    for recorder in list(_recorders.values()):
        done = recorder.flush(None if end is None else max(end - time.monotonic(), 0)) and done
    return done


def recorder_for(db: str | Path | None = None) -> Recorder:
    """This process's recorder for a ledger; settings are read when the first call is recorded, from today's environment."""
    key = None if db is None else str(Path(db).absolute())
    with _making:
        if key not in _recorders:
            _recorders[key] = Recorder(settings_from(dict(os.environ), key))
        return _recorders[key]


def settings_from(environ: Mapping[str, str], db: str | None) -> Callable[[], Settings]:
    """What finds the settings: the environment as it is now, over the files as they are when it is asked."""
    given = dict(environ) if db is None else {**environ, "COST_MCP_DB": db}
    return partial(_load, given)


def _load(environ: Mapping[str, str]) -> Settings:
    from cost_mcp.config.place import current_folder
    from cost_mcp.config.settings import load_settings

    return load_settings(environ, current_folder()).settings
