"""What a file looked like when it was read: whether it is the same, has grown, or is another one under its name."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import BinaryIO

HEAD_BYTES = 1024
TAIL_BYTES = 256


@dataclass(frozen=True, slots=True)
class Stamp:
    """What a file system says of a file without opening it. The same stamp again: nothing in the file is new."""

    identity: str
    size: int
    modified_ns: int

    @classmethod
    def of(cls, found: os.stat_result) -> Stamp:
        """The stamp of what ``os.stat`` found."""
        return cls(f"{found.st_dev}:{found.st_ino}", found.st_size, found.st_mtime_ns)

    def to_text(self) -> str:
        """The stamp as one word; equal stamps are equal words."""
        return f"{self.identity}:{self.size}:{self.modified_ns}"

    @classmethod
    def from_text(cls, text: str) -> Stamp:
        """The stamp that ``to_text`` wrote."""
        device, inode, size, modified = text.split(":")
        return cls(f"{device}:{inode}", int(size), int(modified))


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """A file's first bytes and those before the offset it was read to, as hashes: a file that was only appended to has both."""

    head: str
    tail: str
    offset: int

    @classmethod
    def of(cls, file: BinaryIO, offset: int) -> Fingerprint:
        """The fingerprint of a file read up to ``offset``; moves in the file."""
        return cls(_hash(file, 0, min(offset, HEAD_BYTES)), _hash(file, max(0, offset - TAIL_BYTES), offset), offset)

    def is_of(self, file: BinaryIO, size: int) -> bool:
        """Whether the file, now of this size, still begins with everything that was read; moves in the file.

        A file that was cut and filled again, replaced, or written over does not, except where it differs only in the middle.
        """
        return size >= self.offset and Fingerprint.of(file, self.offset) == self

    def to_text(self) -> str:
        """The fingerprint as one word."""
        return f"{self.head}:{self.tail}:{self.offset}"

    @classmethod
    def from_text(cls, text: str) -> Fingerprint:
        """The fingerprint that ``to_text`` wrote."""
        head, tail, offset = text.split(":")
        return cls(head, tail, int(offset))


def _hash(file: BinaryIO, start: int, end: int) -> str:
    from hashlib import blake2b  # 5 ms, and only a file that has changed needs it

    file.seek(start)
    return blake2b(file.read(end - start), digest_size=12).hexdigest()
