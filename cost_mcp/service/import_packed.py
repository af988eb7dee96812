"""One packed log of another program, read from its beginning: the same face as a file's ``Reading``."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cost_mcp.capture.logs.sighting import FileFacts, Read, Sighting, Skip
from cost_mcp.ledger.cursor import Cursor
from cost_mcp.service.import_reading import OVERSIZE
from cost_mcp.sources.fingerprint import Stamp
from cost_mcp.sources.lines import MOST_LINE_BYTES
from cost_mcp.sources.packed import unpacked_lines

if TYPE_CHECKING:
    from cost_mcp.capture.logs.sighting import LogFormat
    from cost_mcp.sources.places import LogFile


@dataclass(slots=True)
class PackedReading:
    """The reading of one packed log. What was told of it before it was packed is told again: its calls keep their keys.

    ``cursor`` is where to go on, once everything was taken out of ``reads``: nowhere, but the same file is not read twice.
    """

    file: LogFile
    form: LogFormat
    cursor: Cursor | None = None
    bytes_read: int = 0
    calls: int = 0
    skipped: int = 0

    def reads(self) -> Iterator[Read]:
        """What the log tells, in order.

        Raises:
            OSError: it cannot be opened or read, or is damaged.
        """
        number = 0
        with Path(self.file.path).open("rb") as opened:
            stamp = Stamp.of(os.fstat(opened.fileno()))
            parser = self.form.open(FileFacts(self.file.parts), None)
            for number, line in unpacked_lines(opened, MOST_LINE_BYTES):
                if line is None:
                    yield self._counted(Skip(number, OVERSIZE))
                elif self.form.cares(line):
                    yield from map(self._counted, parser.feed(line, number))
            yield from map(self._counted, parser.finish())
        self.bytes_read = stamp.size
        self.cursor = Cursor(
            source=self.file.source,
            path=self.file.path,
            stamp=stamp.to_text(),
            fingerprint="",
            offset=stamp.size,
            line=number,
            state=None,
            calls=self.calls,
            skipped=self.skipped,
        )

    def _counted(self, one: Read) -> Read:
        self.calls += isinstance(one, Sighting)
        self.skipped += isinstance(one, Skip)
        return one
