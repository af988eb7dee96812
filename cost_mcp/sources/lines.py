"""A file's complete lines from an offset on, in bounded memory however large the file or a line of it is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

CHUNK_BYTES = 1 << 20
MOST_LINE_BYTES = 16 << 20
"""The longest line that is looked at. Longer ones hold images and whole files; a call's usage stands in a short one."""


class Lines:
    """The lines of an open file that were complete when it was opened.

    ``offset`` and ``number`` are the end and the count of the complete lines read so far, ``oversize`` the numbers of those that
    were too long to be kept, ``rest`` what stands behind the last line break: a line that is only half written, or one that
    its writer did not end.

    Args:
        file: opened for reading bytes; nobody else moves in it.
        end: how much of the file is read, in bytes from its start; what is appended meanwhile is for the next time.
        offset: the byte to begin at: the start of a line.
        number: how many lines lie before it.
        most: the longest line that is kept.
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
    ) -> None:
        self.offset = offset
        self.number = number
        self.oversize: list[int] = []
        self.rest = b""
        self._file = file
        self._end = end
        self._most = most
        self._chunk = chunk

    def blocks(self) -> Iterator[list[bytes]]:
        """The lines without their line breaks, some at a time and in order.

        ``offset`` and ``number`` are those before the block while it is read, so that the lines of it count from
        ``number + 1``; a line that was too long is an empty one.
        """
        self._file.seek(self.offset)
        position = self.offset
        held: list[bytes] = []
        size = 0
        while position < self._end:
            chunk = self._file.read(min(self._chunk, self._end - position))
            if not chunk:
                break  # it was cut meanwhile
            position += len(chunk)
            cut = chunk.rfind(b"\n")
            if cut < 0:
                size = self._hold(held, chunk, size)
                continue
            lines = chunk[:cut].split(b"\n")
            size += len(lines[0])
            if size > self._most:
                self.oversize.append(self.number + 1)
                lines[0] = b""
            elif held:
                lines[0] = b"".join((*held, lines[0]))
            yield lines
            self.number += len(lines)
            self.offset = position - (len(chunk) - cut - 1)
            held = [chunk[cut + 1 :]]
            size = len(held[0])
        self.rest = b"" if size > self._most else b"".join(held)

    def _hold(self, held: list[bytes], chunk: bytes, size: int) -> int:
        if size + len(chunk) > self._most:
            held.clear()
        else:
            held.append(chunk)
        return size + len(chunk)
