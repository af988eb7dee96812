"""What a server leaves behind when it ends: an export of what it served, written by a process that outlives it.

A client kills a server that takes longer than two seconds to end, and an export may take longer. So the end only starts that
process (some hundredths of a second) and does not wait. It has a session of its own, so that what ends the server's does not end
it; it reads what the server acknowledged, and puts the file in place whole or not at all. Why it failed, if it did, stands beside
the file, in ``….failed.txt``.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from cost_mcp.model.export_format import PARQUET, SUFFIXES, read_format
from cost_mcp.model.moment import EARLIEST, instant_text
from cost_mcp.server.log import logger

if TYPE_CHECKING:
    from cost_mcp.config.settings import Settings

_BOUND = {"session_id": "--session", "project": "--project", "agent": "--agent", "task_id": "--task"}


@asynccontextmanager
async def export_on_exit(settings: Settings, began: datetime) -> AsyncGenerator[None]:
    """When the block ends, the calls of the session this server is bound to, else those since it ``began``, are exported.

    Nothing is done where no setting says so, and no file is made where there were no calls.
    """
    if settings.export_on_exit is None:
        yield
        return
    if _kind(settings) == PARQUET and find_spec("pyarrow") is None:
        logger.warning("Nothing will be exported when this server ends: run pip install 'cost-mcp[parquet]'.")
    try:
        yield
    finally:
        _start(settings, began)


def _start(settings: Settings, began: datetime) -> None:
    try:
        output = _output(settings, began)
        output.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        subprocess.Popen(  # noqa: S603 (our own command; not waited for)
            [sys.executable, "-m", "cost_mcp", *_words(settings, began, output)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError as error:
        logger.warning("Nothing was exported when this server ended (%s).", error.strerror)


def _words(settings: Settings, began: datetime, output: Path) -> list[str]:
    words = ["export", _kind(settings), "--output", str(output), "--on-exit"]
    # A session may be served by one server after another: it is exported whole.
    words += ["--start", instant_text(EARLIEST if "session_id" in settings.bound else began)]
    bound = settings.bound_context()
    return [*words, *(word for name, option in _BOUND.items() if name in bound for word in (option, bound[name]))]


def _kind(settings: Settings) -> str:
    return read_format(settings.export_format, settings.export_on_exit)


def _output(settings: Settings, began: datetime) -> Path:
    """The file that was named; in a folder (a name without an ending) one for each server."""
    named = settings.export_on_exit
    assert named is not None
    if named.suffix and not named.is_dir():
        return named
    return named / f"cost-mcp-{began:%Y%m%dT%H%M%SZ}-{os.getpid()}{SUFFIXES[_kind(settings)]}"
