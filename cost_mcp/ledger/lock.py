"""The one lock that every write, checkpoint, opening and closing of a writing connection is made under.

SQLite's own waiting starves some processes and, before 3.51.3, two connections that write or checkpoint at one moment can
corrupt a database in WAL mode (https://sqlite.org/wal.html#walresetbug, read 2026-11). A lock file beside the database
queues whole processes fairly and keeps that moment from happening.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep
from types import TracebackType

from cost_mcp.ledger.faults import held

if sys.platform == "win32":
    import ctypes
    import msvcrt
    from ctypes import wintypes

    class _Overlapped(ctypes.Structure):
        _fields_ = (
            ("internal", ctypes.c_void_p),
            ("internal_high", ctypes.c_void_p),
            ("offset", wintypes.DWORD),
            ("offset_high", wintypes.DWORD),
            ("event", wintypes.HANDLE),
        )

    _kernel = ctypes.WinDLL("kernel32", use_last_error=True)
    _EXCLUSIVE, _FAIL_IMMEDIATELY, _VIOLATION = 2, 1, 33

    def _lock(fd: int, *, wait: bool) -> bool:
        flags = _EXCLUSIVE if wait else _EXCLUSIVE | _FAIL_IMMEDIATELY
        if _kernel.LockFileEx(wintypes.HANDLE(msvcrt.get_osfhandle(fd)), flags, 0, 1, 0, ctypes.byref(_Overlapped())):
            return True
        if not wait and ctypes.get_last_error() == _VIOLATION:
            return False
        raise ctypes.WinError(ctypes.get_last_error())

    def _unlock(fd: int) -> None:
        if not _kernel.UnlockFileEx(wintypes.HANDLE(msvcrt.get_osfhandle(fd)), 0, 1, 0, ctypes.byref(_Overlapped())):
            raise ctypes.WinError(ctypes.get_last_error())

else:
    import fcntl

    def _lock(fd: int, *, wait: bool) -> bool:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _unlock(fd: int) -> None:
        fcntl.flock(fd, fcntl.LOCK_UN)


PATIENCE_SECONDS = 20.0
"""How long anyone waits for a program that keeps the lock: a stopped one, or one at work on a very large ledger."""

_LOOK_SECONDS = 0.01


class FileLock:
    """A lock between processes, and between ledgers inside one; ``with lock:`` waits without limit, in fair order.

    Raises:
        OSError: the lock file cannot be made or opened.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._fd = self._open()

    def __enter__(self) -> None:
        while True:
            _lock(self._handle(), wait=True)
            if self._is_current():
                return

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        _unlock(self._fd)

    @contextmanager
    def within(self, seconds: float) -> Generator[None]:
        """The lock, for one who does not wait longer than this: looks again and again instead of standing in line.

        Raises:
            LedgerUnavailable: another program kept it all the while.
        """
        end = monotonic() + seconds
        while not (_lock(self._handle(), wait=False) and self._is_current()):
            if monotonic() >= end:
                raise held()
            sleep(_LOOK_SECONDS)
        try:
            yield
        finally:
            _unlock(self._fd)

    def close(self) -> None:
        """Let go of the lock file; safe to call twice. The file itself stays: others may be waiting on it."""
        fd, self._fd = self._fd, -1
        if fd >= 0:
            os.close(fd)

    def _handle(self) -> int:
        if self._fd < 0:
            self._fd = self._open()
        return self._fd

    def _open(self) -> int:
        return os.open(self._path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o600)

    def _is_current(self) -> bool:
        # The folder may have been moved or removed meanwhile: a lock on a file nobody else can find locks nobody out.
        mine = os.fstat(self._fd)
        try:
            there = self._path.stat()
        except FileNotFoundError:
            there = None
        if there is not None and (there.st_dev, there.st_ino) == (mine.st_dev, mine.st_ino):
            return True
        self.close()
        return False
