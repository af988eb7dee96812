"""Whether anything was written to a ledger, told by its files: a look costs two stats and no connection."""

from __future__ import annotations

from pathlib import Path

from cost_mcp.ledger.file import real_path


def pulse(path: Path) -> str:
    """A text that is another one after a commit of any process; it says nothing else.

    A commit writes frames to the log, a checkpoint pages to the database: either changes a size or a time of writing. File
    systems keep that time in ticks of some milliseconds, so of two commits in one tick the second may not show: whoever saw a
    change should look once more. The files are not opened: closing one would drop SQLite's own locks on it.
    """
    path = real_path(path)
    return "-".join(_written(each) for each in (path, path.with_name(path.name + "-wal")))


def _written(path: Path) -> str:
    try:
        found = path.stat()
    except FileNotFoundError:
        return "0"
    return f"{found.st_ino:x}.{found.st_size:x}.{found.st_mtime_ns:x}"
