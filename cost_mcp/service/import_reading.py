"""One file of another program, from where it was left to its present end: what each way of reading has in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cost_mcp.capture.logs.sighting import Read, Sighting, Skip
from cost_mcp.ledger.cursor import Cursor
from cost_mcp.sources.lines import REST_BYTES

if TYPE_CHECKING:
    from cost_mcp.capture.logs.sighting import LogFormat
    from cost_mcp.sources.places import LogFile

OVERSIZE, UNENDED, UTF_16 = "oversize", "unended", "utf-16"
REASONS = {
    OVERSIZE: "The line, or the document, is longer than any that tells of a call.",
    UNENDED: "The last line is not written to its end yet; it is read when it is.",
    UTF_16: "The file is in UTF-16, as PowerShell writes what a program prints; agents' logs are in UTF-8. Convert it.",
}
"""Why a line was left out that no parser saw."""


@dataclass(slots=True)
class Reading(ABC):
    """The reading of one file, from ``before``; ``passed`` hears which byte of it was reached."""

    file: LogFile
    form: LogFormat
    before: Cursor | None = None
    passed: Callable[[int], None] = lambda _: None
    rest_every: int = REST_BYTES
    bytes_read: int = 0
    calls: int = 0
    skipped: int = 0

    def reads(self) -> Iterator[Read | Cursor]:
        """What the file tells since the last time, in order; from its beginning where it is not the file that was read.

        A cursor among it says where to go on once all that came before is kept; the last one stands for the whole file.

        Raises:
            OSError: it cannot be opened or read.
        """
        for one in self._told():
            if isinstance(one, Sighting):
                self.calls += 1
            elif isinstance(one, Skip):
                self.skipped += 1
            yield one

    def left_out(self, line: int, reason: str) -> Skip:
        """A line that no parser sees."""
        return Skip(line, reason, REASONS[reason])

    @abstractmethod
    def _told(self) -> Iterator[Read | Cursor]:
        """What the file tells and where to go on; at the end ``bytes_read`` is set."""
