"""One log of another program, from where it was left to its present end."""

from __future__ import annotations

import json
import os
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

from cost_mcp.capture.logs.sighting import FileFacts, Read, Sighting, Skip
from cost_mcp.ledger.cursor import Cursor
from cost_mcp.service.import_reading import OVERSIZE, UNENDED, UTF_16, Reading
from cost_mcp.sources.fingerprint import Fingerprint, Stamp
from cost_mcp.sources.gemini_folder import folder_of
from cost_mcp.sources.lines import Lines

if TYPE_CHECKING:
    from cost_mcp.capture.logs.sighting import LogParser, State

_UTF_16 = (BOM_UTF16_LE, BOM_UTF16_BE)

MOST_WHOLE_BYTES = 64 << 20
"""The largest file that is read as one document."""


@dataclass(slots=True)
class LogReading(Reading):
    """The reading of a log: of its new lines, or of all of it where it is one document."""

    def _told(self) -> Iterator[Read | Cursor]:
        with Path(self.file.path).open("rb") as opened:
            stamp = Stamp.of(os.fstat(opened.fileno()))
            facts = FileFacts(self.file.parts, folder_of(self.file))
            yield from self._whole(opened, facts, stamp) if self.form.is_whole(facts) else self._lines(opened, facts, stamp)

    def _whole(self, opened: BinaryIO, facts: FileFacts, stamp: Stamp) -> Iterator[Read | Cursor]:
        if stamp.size > MOST_WHOLE_BYTES:
            yield Skip(1, OVERSIZE, f"The document has {stamp.size:,} bytes.")
        else:
            parser = self.form.open(facts, None)
            yield from parser.feed(opened.read(stamp.size), 1)
            yield from parser.finish()
        self.before, self.bytes_read = None, stamp.size
        yield self._cursor(opened, stamp, Lines(opened, 0, offset=stamp.size, number=1), None)

    def _lines(self, opened: BinaryIO, facts: FileFacts, stamp: Stamp) -> Iterator[Read | Cursor]:
        held = self._held()
        going_on = self.before = None if held is None else self._going_on(opened, stamp)
        first = opened.read(len(BOM_UTF8)) if going_on is None else b""
        if first.startswith(_UTF_16):
            yield self.left_out(1, UTF_16)
            yield self._cursor(opened, stamp, Lines(opened, 0, offset=stamp.size), None)
            return
        parser = self.form.open(facts, None if going_on is None else held)
        unread = len(first) if first == BOM_UTF8 else 0
        start, behind = (unread, 0) if going_on is None else (going_on.offset, going_on.line)
        lines = Lines(opened, stamp.size, offset=start, number=behind, rest_every=self.rest_every, passed=self.passed)
        cares, feed = self.form.cares, parser.feed
        for number, text in lines.holding(self.form.needle):
            if text is None:
                yield from self._rest(opened, stamp, lines, parser)
            elif cares(text):
                yield from feed(text, number)
        yield from parser.finish()
        state = parser.state()
        yield from self._oversize(lines)
        yield from self._behind(lines, parser)
        self.bytes_read = lines.offset - start
        yield self._cursor(opened, stamp, lines, state)

    def _rest(self, opened: BinaryIO, stamp: Stamp, lines: Lines, parser: LogParser) -> Iterator[Read | Cursor]:
        """A place to go on from if this ends before the file does. Its stamp is that of no file: there is more to read."""
        yield from parser.finish()
        state = parser.state()
        if state is not None:
            yield from self._oversize(lines)
            yield self._cursor(opened, Stamp(stamp.identity, lines.offset, 0), lines, state)

    def _oversize(self, lines: Lines) -> Iterator[Read]:
        numbers, lines.oversize = lines.oversize, []
        for number in numbers:
            yield self.left_out(number, OVERSIZE)

    def _behind(self, lines: Lines, parser: LogParser) -> Iterator[Read]:
        """What stands behind the last line break. A whole call in it counts, and the line is read again once it has an end."""
        if not lines.rest.strip() or not self.form.cares(lines.rest):
            return
        told = [*parser.feed(lines.rest, lines.number + 1), *parser.finish()]
        calls = [one for one in told if isinstance(one, Sighting)]
        yield from calls or [self.left_out(lines.number + 1, UNENDED)]

    def _held(self) -> State | None:
        """What the parser held when the file was left; None where there is no such state, or one of another version."""
        told: object = None if self.before is None or self.before.state is None else json.loads(self.before.state)
        pair = cast("list[object]", told) if isinstance(told, list) else []
        return cast("State", pair[1]) if pair[:1] == [self.form.version] and isinstance(pair[-1], dict) else None

    def _going_on(self, opened: BinaryIO, stamp: Stamp) -> Cursor | None:
        """The cursor, when the file has only grown since."""
        before = self.before
        if before is None or Stamp.from_text(before.stamp).size >= stamp.size:
            return None
        return before if Fingerprint.from_text(before.fingerprint).is_of(opened, stamp.size) else None

    def _cursor(self, opened: BinaryIO, stamp: Stamp, lines: Lines, state: State | None) -> Cursor:
        earlier = self.before
        return Cursor(
            source=self.file.source,
            path=self.file.name,
            stamp=stamp.to_text(),
            fingerprint=Fingerprint.of(opened, lines.offset).to_text(),
            offset=lines.offset,
            line=lines.number,
            state=None if state is None else json.dumps([self.form.version, state], separators=(",", ":")),
            calls=self.calls + (earlier.calls if earlier else 0),
            skipped=self.skipped + (earlier.skipped if earlier else 0),
        )
