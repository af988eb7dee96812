"""A file's complete lines from an offset on, in bounded memory however large the file or a line of it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import BinaryIO

CHUNK_BYTES = 1 << 17
MOST_LINE_BYTES = 16 << 20
"""The longest line that is looked at. Longer ones hold images and whole files; a call's usage stands in a short one."""
REST_BYTES = 64 << 20
"""How far apart places are at which a reading may be left: what is read twice after a kill, at most."""


class Lines:
    """The lines of an open file that were complete when it was opened.

    ``offset`` and ``number`` are the end and the count of the complete lines read, ``oversize`` the numbers of those that
    were too long to be kept, ``rest`` what stands behind the last line break: a line that is only half written, or one that
    its writer did not end.

    Args:
        file: opened for reading bytes; nobody else moves in it.
        end: how much of the file is read, in bytes from its start; what is appended meanwhile is for the next time.
        offset: the byte to begin at: the start of a line.
        number: how many lines lie before it.
        most: the longest line that is kept.
        rest_every: how many bytes lie between two rests, at least.
        passed: hears which byte was reached, once a chunk.
    """

    def __init__(
        self,
        file: BinaryIO,
        end: int,
        *,
        offset: int = 0,
        number: int = 0,
        most: int = MOST_LINE_BYTES,
        chunk: int = CHUNK_BYTES,
        rest_every: int = REST_BYTES,
        passed: Callable[[int], None] = lambda _: None,
    ) -> None:
        self.offset = offset
        self.number = number
        self.oversize: list[int] = []
        self.rest = b""
        self._file = file
        self._end = end
        self._most = most
        self._chunk = chunk
        self._rest_every = rest_every
        self._passed = passed

    def holding(self, needle: bytes) -> Iterator[tuple[int, bytes | None]]:
        """The lines that hold ``needle``, without their line breaks, each with its number; in order.

        The others are never taken out of the file's bytes: most of a log is what was said, and only few lines of it count. A line
        that was too long is left out. None in a line's place is a rest: everything before ``offset`` was given, another reading may
        begin there, and whoever rests may move in the file.

        Args:
            needle: some bytes without a line break; empty for every line.
        """
        self._file.seek(self.offset)
        position = rested = self.offset
        held: list[bytes] = []
        size = 0
        while position < self._end:
            chunk = self._file.read(min(self._chunk, self._end - position))
            if not chunk:
                break  # it was cut meanwhile
            position += len(chunk)
            self._passed(position)
            first = chunk.find(b"\n")
            if first < 0:
                size = self._hold(held, chunk, size)
                continue
            if size + first > self._most:
                self.oversize.append(self.number + 1)
            else:
                line = b"".join((*held, chunk[:first]))
                if needle in line:
                    yield self.number + 1, line
            self.number += 1
            last = chunk.rfind(b"\n")
            yield from self._between(chunk, first + 1, last, needle)
            self.offset = position - (len(chunk) - last - 1)
            held = [chunk[last + 1 :]]
            size = len(held[0])
            if self.offset - rested >= self._rest_every:
                rested = self.offset
                yield self.number, None
                self._file.seek(position)
        self.rest = b"" if size > self._most else b"".join(held)

    def _between(self, chunk: bytes, start: int, last: int, needle: bytes) -> Iterator[tuple[int, bytes]]:
        """The lines that hold ``needle`` of those from ``start`` up to the line break at ``last``."""
        number = self.number
        while start <= last:
            at = chunk.find(needle, start, last)
            if at < 0:
                break
            begins = chunk.rfind(b"\n", start, at) + 1 or start
            ends = chunk.find(b"\n", at, last)
            ends = last if ends < 0 else ends
            number += chunk.count(b"\n", start, begins) + 1
            yield number, chunk[begins:ends]
            start = ends + 1
        self.number = number + chunk.count(b"\n", start, last + 1)

    def _hold(self, held: list[bytes], chunk: bytes, size: int) -> int:
        if size + len(chunk) > self._most:
            held.clear()
        else:
            held.append(chunk)
        return size + len(chunk)
