"""What can be said of a ledger's file without changing it: rights, size, schema, and the SQLite that reads it."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from cost_mcp.ledger.faults import system_fault
from cost_mcp.ledger.file import open_for_reading, real_path
from cost_mcp.ledger.migrate import SCHEMA, schema_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """A ledger file as found. ``schema`` is 0 for an empty file and for none; ``size`` counts bytes, the log beside it too."""

    sqlite: str
    wal_reset_fixed: bool
    exists: bool
    writable: bool
    private: bool
    size: int
    schema: int
    known_schema: int = SCHEMA


def wal_reset_fixed(version: tuple[int, ...]) -> bool:
    """Whether an SQLite holds the repair of the WAL-reset bug, by which two writers at one moment can damage a database.

    Source: https://sqlite.org/wal.html#walresetbug, read 2026-11-22: fixed in 3.51.3, and in 3.50.7 and 3.44.6.
    """
    return version >= (3, 51, 3) or (3, 50, 7) <= version < (3, 51) or (3, 44, 6) <= version < (3, 45)


def examine(path: Path) -> Health:
    """How the ledger at ``path`` is; a file that does not exist yet is judged by the folder it would be made in.

    Raises:
        LedgerError: it cannot be read, is damaged, newer, or another program's.
    """
    try:
        return _examine(real_path(path))
    except OSError as error:
        raise system_fault(error) from None


def _examine(path: Path) -> Health:
    exists = path.exists()
    schema = 0
    if exists:
        with closing(open_for_reading(path)) as db:
            schema = schema_of(db)
    parts = [part for part in (path, path.with_name(path.name + "-wal")) if part.exists()]
    return Health(
        sqlite=sqlite3.sqlite_version,
        wal_reset_fixed=wal_reset_fixed(sqlite3.sqlite_version_info),
        exists=exists,
        writable=os.access(path if exists else _nearest(path.parent), os.W_OK),
        private=not exists or os.name == "nt" or path.stat().st_mode & 0o077 == 0,
        size=sum(part.stat().st_size for part in parts),
        schema=schema,
    )


def _nearest(folder: Path) -> Path:
    return next(part for part in (folder, *folder.parents) if part.exists())
