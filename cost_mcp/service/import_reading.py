"""One file of another program, from where it was left to its present end: what each way of reading has in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cost_mcp.capture.logs.sighting import Read, Sighting, Skip

if TYPE_CHECKING:
    from cost_mcp.capture.logs.sighting import LogFormat
    from cost_mcp.ledger.cursor import Cursor
    from cost_mcp.sources.places import LogFile

OVERSIZE, UNENDED = "oversize", "unended"
REASONS = {
    OVERSIZE: "The line, or the document, is longer than any that tells of a call.",
    UNENDED: "The last line is not written to its end yet; it is read when it is.",
}
"""Why a line was left out that no parser saw."""


@dataclass(slots=True)
class Reading(ABC):
    """The reading of one file. ``cursor`` is where to go on, once everything was taken out of ``reads``."""

    file: LogFile
    form: LogFormat
    before: Cursor | None = None
    cursor: Cursor | None = None
    bytes_read: int = 0
    calls: int = 0
    skipped: int = 0

    def reads(self) -> Iterator[Read]:
        """What the file tells since the last time, in order; from its beginning where it is not the file that was read.

        Raises:
            OSError: it cannot be opened or read.
        """
        for one in self._told():
            if isinstance(one, Sighting):
                self.calls += 1
            elif isinstance(one, Skip):
                self.skipped += 1
            yield one

    @abstractmethod
    def _told(self) -> Iterator[Read]:
        """What the file tells; at the end ``bytes_read`` is set, and ``cursor`` when it may be gone on from."""
