"""One log of another program, from where it was left to its present end."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

from cost_mcp.capture.logs.sighting import FileFacts, Read, Sighting, Skip
from cost_mcp.ledger.cursor import Cursor
from cost_mcp.service.import_reading import OVERSIZE, UNENDED, Reading
from cost_mcp.sources.fingerprint import Fingerprint, Stamp
from cost_mcp.sources.lines import Lines

if TYPE_CHECKING:
    from cost_mcp.capture.logs.sighting import LogParser

MOST_WHOLE_BYTES = 64 << 20
"""The largest file that is read as one document."""


@dataclass(slots=True)
class LogReading(Reading):
    """The reading of a log: of its new lines, or of all of it where it is one document."""

    _start: int = field(default=0, init=False)

    def _told(self) -> Iterator[Read]:
        with Path(self.file.path).open("rb") as opened:
            stamp = Stamp.of(os.fstat(opened.fileno()))
            facts = FileFacts(self.file.parts)
            yield from self._whole(opened, facts, stamp) if self.form.is_whole(facts) else self._lines(opened, facts, stamp)

    def _whole(self, opened: BinaryIO, facts: FileFacts, stamp: Stamp) -> Iterator[Read]:
        if stamp.size > MOST_WHOLE_BYTES:
            yield Skip(1, OVERSIZE, f"The document has {stamp.size:,} bytes.")
        else:
            parser = self.form.open(facts, None)
            yield from parser.feed(opened.read(stamp.size), 1)
            yield from parser.finish()
        self.bytes_read = stamp.size
        self._done(opened, stamp, Lines(opened, 0, offset=stamp.size, number=1), None)

    def _lines(self, opened: BinaryIO, facts: FileFacts, stamp: Stamp) -> Iterator[Read]:
        going_on = self._going_on(opened, stamp)
        if going_on is None:
            self.before = None
            lines, parser = Lines(opened, stamp.size), self.form.open(facts, None)
        else:
            lines = Lines(opened, stamp.size, offset=going_on.offset, number=going_on.line)
            parser = self.form.open(facts, cast("Mapping[str, object]", json.loads(going_on.state or "{}")))
        self._start = lines.offset
        cares, feed = self.form.cares, parser.feed
        for number, text in lines.holding(self.form.needle):
            if cares(text):
                yield from feed(text, number)
        yield from parser.finish()
        state = parser.state()
        for number in lines.oversize:
            yield Skip(number, OVERSIZE)
        yield from self._rest(lines, parser)
        self.bytes_read = lines.offset - self._start
        self._done(opened, stamp, lines, None if state is None else json.dumps(state, separators=(",", ":")))

    def _rest(self, lines: Lines, parser: LogParser) -> Iterator[Read]:
        """What stands behind the last line break. A whole call in it counts, and the line is read again once it has an end."""
        if not lines.rest.strip() or not self.form.cares(lines.rest):
            return
        told = [*parser.feed(lines.rest, lines.number + 1), *parser.finish()]
        calls = [one for one in told if isinstance(one, Sighting)]
        yield from calls or [Skip(lines.number + 1, UNENDED)]

    def _going_on(self, opened: BinaryIO, stamp: Stamp) -> Cursor | None:
        """The cursor, when the file has only grown since."""
        before = self.before
        if before is None or before.state is None or Stamp.from_text(before.stamp).size >= stamp.size:
            return None
        return before if Fingerprint.from_text(before.fingerprint).is_of(opened, stamp.size) else None

    def _done(self, opened: BinaryIO, stamp: Stamp, lines: Lines, state: str | None) -> None:
        earlier = self.before
        self.cursor = Cursor(
            source=self.file.source,
            path=self.file.path,
            stamp=stamp.to_text(),
            fingerprint=Fingerprint.of(opened, lines.offset).to_text(),
            offset=lines.offset,
            line=lines.number,
            state=state,
            calls=self.calls + (earlier.calls if earlier else 0),
            skipped=self.skipped + (earlier.skipped if earlier else 0),
        )
