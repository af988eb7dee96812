"""Libraries kept quiet while they send: apprise and urllib3 log addresses, which are secrets, at some level or other."""

from __future__ import annotations

import logging
import re
from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar

_CODE = re.compile(r"\berror=(\d{3})\b")
_OWN = "cost_mcp"


class Heard:
    """What was understood of what they said: the last HTTP status, nothing else."""

    def __init__(self) -> None:
        self.status: int | None = None


_hearing: ContextVar[Heard | None] = ContextVar("cost_mcp_hushed", default=None)


class _Hush(logging.Filter):
    """Drops a record made by a thread that sends; those of all others pass."""

    def filter(self, record: logging.LogRecord) -> bool:
        heard = _hearing.get()
        if heard is None:
            return True
        found = _CODE.search(record.getMessage())
        if found is not None:
            heard.status = int(found[1])
        return False


_HUSH = _Hush()


@contextmanager
def hushed() -> Generator[Heard]:
    """Nothing that a library logs in this thread is heard by any handler until the block ends."""
    heard = Heard()
    token = _hearing.set(heard)
    try:
        hush_loggers()
        yield heard
    finally:
        _hearing.reset(token)


def hush_loggers() -> None:
    """Reach loggers that were made since: by a library that was just loaded."""
    for name, logger in list(logging.root.manager.loggerDict.items()):
        if isinstance(logger, logging.Logger) and name.partition(".")[0] != _OWN:
            logger.addFilter(_HUSH)  # once: a filter that is there already is not added again
    logging.root.addFilter(_HUSH)
