"""Making commits durable after the lock is released: one sync of the log for everything committed before it.

The writing connection commits with ``synchronous = NORMAL``: its frames stand in the write-ahead log, ordered and checksummed,
but are not waited for. Before anything is acknowledged the log is synced here. Until then a commit may be seen by others but
is promised to nobody. Nothing can fall between: a checkpoint syncs the log before it copies pages, and the database before the
log may start anew, so a frame is either still in the log that is synced here or already durable in the database; and a sync of
the log covers every frame before it, whoever wrote them.

Source: https://sqlite.org/wal.html and https://sqlite.org/pragma.html#pragma_synchronous, read 2026-11-22; the order of
syncs is that of walCheckpoint and walWriteFrames in SQLite's wal.c.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path

if sys.platform == "darwin":
    import fcntl

    def _sync(fd: int) -> None:
        fcntl.fcntl(fd, fcntl.F_FULLFSYNC)  # fsync alone leaves data in the drive's own cache

elif sys.platform == "win32":

    def _sync(fd: int) -> None:
        os.fsync(fd)

else:

    def _sync(fd: int) -> None:
        os.fdatasync(fd)


_ROOM_BYTES = 1 << 20
_LONGEST_BYTES = 64 << 20
"""About where a checkpoint lets the log begin anew (file.py): it is not lengthened beyond."""

_FRAME_BYTES = 24 + 4096
"""A frame of the log: its header, never all zeros, then one page."""


class Log:
    """The ledger's write-ahead log, opened once. It is not replaced while this process has the ledger open."""

    def __init__(self, path: Path) -> None:
        # SQLite takes no locks on this file: closing our handle cannot drop any of its own.
        self._fd = os.open(path.with_name(path.name + "-wal"), os.O_RDWR | getattr(os, "O_CLOEXEC", 0))
        self._size = -1

    def make_room(self) -> None:
        """Put zeros behind a log that commits are lengthening: overwriting them syncs in half the time.

        A file's new length is kept in the file system's own journal, and every sync waits for that. SQLite reads a log up to
        the first frame that is not valid, and a header of zeros never is (https://sqlite.org/walformat.html, read 2026-11-22).
        Only called while this process holds SQLite's write lock: nobody appends meanwhile.
        """
        size = os.fstat(self._fd).st_size
        if size == self._size:
            return
        first, self._size = self._size < 0, size
        if first or not _FRAME_BYTES < size < _LONGEST_BYTES:
            return  # the first commit may be the only one
        with suppress(OSError):  # where there is no space the commit itself says so, in its own words
            if any(os.pread(self._fd, 24, size - _FRAME_BYTES)):
                self._size = size + os.pwrite(self._fd, bytes(_ROOM_BYTES), size)

    def sync(self) -> None:
        """Return when every commit made so far is on the disk.

        Raises:
            OSError: the disk failed; commits since the last sync may be lost by a power cut.
        """
        _sync(self._fd)

    def close(self) -> None:
        """Let go of the file; safe to call twice."""
        fd, self._fd = self._fd, -1
        if fd >= 0:
            os.close(fd)
