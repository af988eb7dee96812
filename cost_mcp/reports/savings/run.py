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


class Write:
    """A write to a cache that nobody has judged yet: where it is counted, its call, the tokens kept five minutes and an hour."""

    __slots__ = ("cell", "five", "hour", "nanos", "seq")

    def __init__(self, cell: Cell, row: ScannedRow) -> None:
        self.cell = cell
        self.seq: int | None = row[0]
        self.five = row[7] - row[8]
        self.hour = row[8]
        self.nanos = row[10]


class Run:
    """Calls of one series in one session (or task), none more than an hour after the one before.

    ``row`` is the last call that repeats none before it, ``started`` whether a stretch of uncached calls has its first write in
    the caching rule's sum already, ``streak`` the calls of one size in a row, ``read`` whether anything was read from a cache
    after the first of ``written``; ``sub`` that another agent began the session, ``dear`` that this one costs no less.
    """

    __slots__ = ("at", "calls", "cell", "dear", "input", "plain", "read", "row", "seen", "started", "streak", "sub", "written")

    def __init__(self, cell: Cell, row: ScannedRow, *, sub: bool, dear: bool) -> None:
        self.cell = cell
        self.row = row
        self.sub = sub
        self.dear = dear
        self.calls = 1
        self.at = row[1]
        self.input = row[4]
        self.plain = not row[6] and not row[7]
        self.started = False
        self.seen = {row[4] << 40 | row[5]}
        self.streak: list[tuple[Cell, ScannedRow]] | None = None
        self.written: list[Write] = [Write(cell, row)] if row[7] else []
        self.read = False
