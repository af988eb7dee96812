"""How far an import is, in bytes of what is new to it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cost_mcp.ledger.cursor import Cursor
    from cost_mcp.sources.places import LogFile

SAID_EVERY = 1 << 20
"""How many bytes are read before it is said again how far the reading is."""


def bytes_new(file: LogFile, cursor: Cursor | None) -> int:
    """How many bytes of a file are to be read: all of them, where it cannot be gone on from its cursor."""
    size = file.found.st_size
    return size - cursor.offset if cursor is not None and cursor.state is not None and cursor.offset <= size else size


class Progress:
    """The bytes read of those that were to be read; ``unsaved`` are those since the ledger was last written to.

    A file that is read from its beginning against expectation moves nothing until it is where it was left: the whole stays what
    was said at first.
    """

    def __init__(self) -> None:
        self.unsaved = 0
        self.heard: Callable[[int, int], None] | None = None
        self._whole = self._done = self._said = 0
        self._start = self._share = self._of_file = 0

    def expect(self, whole: int) -> None:
        """So many bytes are to be read now."""
        self._whole = self._done + whole
        self._say()

    def begin(self, file: LogFile, cursor: Cursor | None) -> None:
        """A file is opened."""
        self._share = bytes_new(file, cursor)
        self._start, self._of_file = file.found.st_size - self._share, 0

    def at(self, position: int) -> None:
        """This byte of the file was reached."""
        self._move(min(self._share, max(0, position - self._start)))

    def end(self) -> None:
        """The file was read to its end, or given up."""
        self._move(self._share)

    def forget(self) -> None:
        """What was read is no part of what comes next."""
        self._whole = self._done = self._said = 0

    def _move(self, to: int) -> None:
        step = max(0, to - self._of_file)
        self._of_file += step
        self._done += step
        self.unsaved += step
        if self._done - self._said >= SAID_EVERY or self._done == self._whole:
            self._say()

    def _say(self) -> None:
        self._said = self._done
        if self.heard is not None:
            self.heard(self._done, self._whole)
