"""One session's calls of a series, one after another, as far as rules must remember them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cost_mcp.model.saving import ScannedRow

if TYPE_CHECKING:
    from cost_mcp.reports.savings.cell import Cell

MINUTE = 60_000_000
"""Microseconds, as rows tell times."""

FIVE_MINUTES, HOUR = 5 * MINUTE, 60 * MINUTE
"""How long what was written to a cache is kept there after its last use: by default, and where an hour was asked and paid for.

Source: https://platform.claude.com/docs/en/build-with-claude/prompt-caching, read 2026-11-22. OpenAI's own caches last five to ten
minutes (https://developers.openai.com/api/docs/guides/prompt-caching.md, read 2026-11-22): the shorter of them is assumed.
"""


Write = tuple["Cell", int | None, int, int, int]
"""A write to a cache that nobody has judged yet: where it is counted, its row (None: the call is counted), tokens kept for five
minutes, tokens kept for an hour, what the call cost."""


class Run:
    """Calls of one series in one session (or task), none more than an hour after the one before.

    ``row`` is the last call that repeats none before it, ``seen`` what its calls were like (None while there is but one),
    ``started`` whether a stretch of uncached calls has its first write in the caching rule's sum already, ``streak`` the calls of
    one size in a row, ``read`` whether anything was read from a cache after the first of ``written``; ``sub`` that another agent
    began the session, ``dear`` that this one costs no less.
    """

    __slots__ = ("at", "calls", "cell", "dear", "input", "plain", "read", "row", "seen", "started", "streak", "sub", "written")

    def __init__(self, cell: Cell, row: ScannedRow, sub: bool, dear: bool) -> None:  # noqa: FBT001 (made for every lone call)
        self.cell = cell
        self.row = row
        self.sub = sub
        self.dear = dear
        self.calls = 1
        self.at = row[1]
        self.input = row[4]
        self.plain = not row[6] and not row[7]
        self.read = self.started = False
        self.seen: set[int] | None = None
        self.streak: list[tuple[Cell, ScannedRow]] | None = None
        self.written: list[Write] | None = [(cell, row[0], row[7] - row[8], row[8], row[10])] if row[7] else None


def likeness(row: ScannedRow) -> int:
    """A number that two calls share only if both their input and their output have equally many tokens."""
    return row[4] << 40 | row[5]
