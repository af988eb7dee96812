"""Calls as they are recorded, by whichever process: one looks whether the file has changed, and reads only what is new."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from cost_mcp.model.activity import ListedCall, ListQuery

if TYPE_CHECKING:
    from cost_mcp.ledger.readings import Readings

PAUSE_SECONDS = 0.2
"""Between two looks; a look at an unchanged ledger reads a counter in shared memory, some microseconds."""


def follow(
    query: ListQuery, path: Path, opened: Callable[[], Readings], pause: Callable[[float], object], since: str | None = None
) -> Iterator[tuple[ListedCall, ...]]:
    """What is recorded after a mark under a query's filters, whenever it was made; never ends by itself.

    A ledger that is made meanwhile is followed from its first call, one that is put in the place of another from then on.

    Args:
        query: whose calls; its period and limit do not matter.
        path: the ledger's file, looked at for being another.
        opened: opens the ledger that is there.
        pause: waits so many seconds; it is where a caller ends this.
        since: up to where the calls are known (``ListedCalls.as_of``); None: nothing is known.

    Raises:
        LedgerError: the ledger cannot be read.
    """
    identity = _identity(path)
    readings = opened()
    try:
        version = readings.version()
        while True:
            calls, mark = readings.calls_since(query, since)
            if calls:
                yield calls
            if mark != since:
                since = mark  # more may be there than was read at once
                continue
            while (now := readings.version()) == version and now is not None and _identity(path) == identity:
                pause(PAUSE_SECONDS)
            if now is None or _identity(path) != identity:
                pause(PAUSE_SECONDS)
                replaced, identity = now is not None, _identity(path)
                readings.close()
                readings = opened()
                since = readings.call_list(replace(query, limit=1)).as_of if replaced else None
                now = readings.version()
            version = now
    finally:
        readings.close()


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino
