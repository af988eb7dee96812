"""One database of another program, from the last change that was seen to the latest."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cost_mcp.capture.logs.sighting import FileFacts, Read
from cost_mcp.ledger.cursor import Cursor
from cost_mcp.service.import_reading import Reading
from cost_mcp.sources.fingerprint import Stamp
from cost_mcp.sources.opencode_db import DATABASE, read_messages

if TYPE_CHECKING:
    from cost_mcp.sources.places import LogFile

CHANGED = "changed"
"""The state's one field: the last change that was seen, in milliseconds."""


def is_database(file: LogFile) -> bool:
    """Whether a file is read as a database and not as a log."""
    return file.path.endswith(DATABASE)


@dataclass(slots=True)
class DatabaseReading(Reading):
    """The reading of one database: of the messages that changed since the last time, by when they did."""

    def _told(self) -> Iterator[Read | Cursor]:
        parser, number = self.form.open(FileFacts(self.file.parts), None), 0
        changed = since = self._since()
        for number, message in enumerate(read_messages(Path(self.file.path), since), start=1):
            changed = max(changed, message.changed)
            self.bytes_read += len(message.text)
            yield from parser.feed(message.text, number)
        yield Cursor(
            source=self.file.source,
            path=self.file.name,
            stamp=Stamp.of(self.file.found).to_text(),  # of before the reading: what comes meanwhile is news the next time
            fingerprint="",
            offset=0,
            line=number,
            state=json.dumps({CHANGED: changed}),
            calls=self.calls,
            skipped=self.skipped,
        )

    def _since(self) -> int:
        before = self.before
        if before is None or Stamp.from_text(before.stamp).identity != Stamp.of(self.file.found).identity:
            return 0
        return int(json.loads(before.state or "{}").get(CHANGED, 0))
