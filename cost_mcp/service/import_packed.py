"""One packed log of another program, read from its beginning."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cost_mcp.capture.logs.sighting import FileFacts, Read
from cost_mcp.ledger.cursor import Cursor
from cost_mcp.service.import_reading import OVERSIZE, Reading
from cost_mcp.sources.fingerprint import Stamp
from cost_mcp.sources.lines import MOST_LINE_BYTES
from cost_mcp.sources.packed import unpacked_lines


@dataclass(slots=True)
class PackedReading(Reading):
    """The reading of one packed log. What was told of it before it was packed is told again: its calls keep their keys.

    Its cursor is nowhere to go on from, but the same file is not read twice. A damaged one is an OSError.
    """

    def _told(self) -> Iterator[Read | Cursor]:
        number = 0
        with Path(self.file.path).open("rb") as opened:
            stamp = Stamp.of(os.fstat(opened.fileno()))
            parser = self.form.open(FileFacts(self.file.parts), None)
            for number, line in unpacked_lines(opened, MOST_LINE_BYTES):
                self.passed(opened.tell())
                if line is None:
                    yield self.left_out(number, OVERSIZE)
                elif self.form.cares(line):
                    yield from parser.feed(line, number)
            yield from parser.finish()
        self.bytes_read = stamp.size
        yield Cursor(
            source=self.file.source,
            path=self.file.name,
            stamp=stamp.to_text(),
            fingerprint="",
            offset=stamp.size,
            line=number,
            state=None,
            calls=self.calls,
            skipped=self.skipped,
        )
