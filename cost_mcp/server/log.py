"""What the server writes to stderr: never a caller's input, not even inside an exception's own words (promise P10)."""

from __future__ import annotations

import asyncio
import logging
import secrets
import sys
import traceback
from types import TracebackType
from typing import Any

logger = logging.getLogger("cost_mcp.server")

_ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


class QuietFormatter(logging.Formatter):
    """Log lines whose tracebacks show where and which exception, and leave out what the exception says."""

    def formatException(self, ei: _ExcInfo) -> str:  # noqa: N802  (the name is logging's)
        """The frames and the kinds of an exception and of those it came from."""
        return "" if ei[1] is None else frames(ei[1])


def frames(error: BaseException) -> str:
    """Where an exception was raised and of which kind, the first cause first; without its message or any value."""
    parts: list[str] = []
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        where = "".join(traceback.format_list(traceback.extract_tb(current.__traceback__)))
        parts.append(f"{where}{type(current).__module__}.{type(current).__qualname__}")
        current = current.__cause__ or current.__context__
    return "\nled to:\n".join(reversed(parts))


def log_unexpected(error: BaseException, doing: str) -> str:
    """Log a failure nobody foresaw, and answer the sentence the outside is told; an id joins the two."""
    mark = secrets.token_hex(4)
    logger.error("Unexpected failure %s in %s:\n%s", mark, doing, frames(error))
    return (
        f"Something unexpected went wrong in {doing} (id {mark}). What was acknowledged before is safe. "
        "Try again; if it stays, look for the id in the server's log and report it."
    )


def log_to_stderr() -> None:
    """Send every warning, the libraries' too, to stderr in this module's words."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(QuietFormatter("%(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=logging.WARNING, handlers=[handler])


def log_loop_failure(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """The event loop's own exception handler: says what and where, and prints no future, since those quote values."""
    error = context.get("exception")
    where = f"\n{frames(error)}" if isinstance(error, BaseException) else ""
    logger.error("In the event loop: %s%s", context.get("message", "failure"), where)
