"""The one lock that every write, checkpoint, opening and closing of a writing connection is made under.

SQLite's own waiting starves some processes and, before 3.51.3, two connections that write or checkpoint at one moment can
corrupt a database in WAL mode (https://sqlite.org/wal.html#walresetbug, read 2026-11). A lock file beside the database
queues whole processes fairly and keeps that moment from happening.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from types import TracebackType

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
    _EXCLUSIVE = 2  # LOCKFILE_EXCLUSIVE_LOCK, without LOCKFILE_FAIL_IMMEDIATELY: waits

    def _lock(fd: int) -> None:
        if not _kernel.LockFileEx(wintypes.HANDLE(msvcrt.get_osfhandle(fd)), _EXCLUSIVE, 0, 1, 0, ctypes.byref(_Overlapped())):
            raise ctypes.WinError(ctypes.get_last_error())

    def _unlock(fd: int) -> None:
        if not _kernel.UnlockFileEx(wintypes.HANDLE(msvcrt.get_osfhandle(fd)), 0, 1, 0, ctypes.byref(_Overlapped())):
            raise ctypes.WinError(ctypes.get_last_error())

else:
    import fcntl

    def _lock(fd: int) -> None:
        fcntl.flock(fd, fcntl.LOCK_EX)

    def _unlock(fd: int) -> None:
        fcntl.flock(fd, fcntl.LOCK_UN)


class FileLock:
    """A lock between processes, and between ledgers inside one; ``with lock:`` waits without limit.

    Raises:
        OSError: the lock file cannot be made or opened.
    """

    def __init__(self, path: Path) -> None:
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o600)

    def __enter__(self) -> None:
        _lock(self._fd)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        _unlock(self._fd)

    def close(self) -> None:
        """Let go of the lock file; safe to call twice. The file itself stays: others may be waiting on it."""
        fd, self._fd = self._fd, -1
        if fd >= 0:
            os.close(fd)
