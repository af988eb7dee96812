"""The ledger's files: made private, opened for writing or for reading only."""

from __future__ import annotations

import os
import sqlite3
from datetime import datetime
from pathlib import Path

from cost_mcp.errors import CostError, LedgerUnavailable
from cost_mcp.ledger.faults import ledger_fault, no_rights, system_fault
from cost_mcp.ledger.lock import FileLock
from cost_mcp.ledger.migrate import check_known, check_readable, migrate
from cost_mcp.model.moment import EARLIEST

BUSY_SECONDS = 5.0
"""How long SQLite waits for a program that does not know our lock (a shell, a backup)."""


def lock_path(path: Path) -> Path:
    """Where the lock of a ledger lies: beside it."""
    return path.with_name(path.name + ".lock")


def open_lock(path: Path) -> FileLock:
    """The ledger's lock, with its folder (0700 when made here) and an empty database file (0600) in place.

    Raises:
        LedgerUnavailable: missing rights, a full disk, or a folder where the file should be.
    """
    try:
        _make_folder(path.parent)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        return FileLock(lock_path(path))
    except OSError as error:
        raise system_fault(error) from None


def _make_folder(folder: Path) -> None:
    missing = [folder, *folder.parents]
    for part in reversed([p for p in missing if not p.exists()]):
        part.mkdir(mode=0o700, exist_ok=True)


def open_for_writing(path: Path, lock: FileLock, now: datetime) -> sqlite3.Connection:
    """The one writing connection of this process, its schema up to date.

    Raises:
        LedgerError: it cannot be opened, is damaged, newer, or another program's.
    """
    with lock:
        db: sqlite3.Connection | None = None
        try:
            db = sqlite3.connect(
                path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False, cached_statements=256
            )
            check_known(db)
            if db.execute("PRAGMA journal_mode = WAL").fetchone()[0] != "wal":
                raise LedgerUnavailable("the ledger's disk cannot share memory between programs.", hint="Use a local disk.")
            db.execute("PRAGMA synchronous = NORMAL")  # durable.py syncs the log before anything is acknowledged
            # Fewer checkpoints, each under 16 MB: hot pages are copied once for many commits. Foreign keys are not checked row by
            # row: the numbers come from the same transaction, and verify looks at all of them.
            db.execute("PRAGMA wal_autocheckpoint = 4000")
            migrate(db, now)
        except (sqlite3.Error, CostError) as error:
            if db is not None:
                db.close()
            raise ledger_fault(error) if isinstance(error, sqlite3.Error) else error from None
    return db


def reading_uri(path: Path) -> str | None:
    """How to open the ledger for reading only; None when there is no file.

    Raises:
        LedgerUnavailable: the path cannot be looked at.
    """
    try:
        if not path.exists():
            return None
        if not path.is_file():
            raise no_rights()
    except OSError as error:
        raise system_fault(error) from None
    uri = f"{path.absolute().as_uri()}?mode=ro"
    # SQLite needs a -shm file beside a WAL database. Where it can make none and none is there, no one is writing either.
    if not os.access(path.parent, os.W_OK) and not path.with_name(path.name + "-wal").exists():
        uri += "&immutable=1"
    return uri


def open_for_reading(path: Path) -> sqlite3.Connection:
    """A connection that can only read; an empty ledger in memory when there is no file or nothing in it yet.

    Raises:
        LedgerError: it cannot be opened, is damaged, newer, or another program's.
    """
    uri = reading_uri(path)
    try:
        if uri is not None:
            db = sqlite3.connect(uri, uri=True, timeout=BUSY_SECONDS, isolation_level=None)
            try:
                if check_readable(db):
                    return db
            except BaseException:
                db.close()
                raise
            db.close()
        return empty_ledger()
    except sqlite3.Error as error:
        raise ledger_fault(error) from None


def empty_ledger() -> sqlite3.Connection:
    """A ledger in memory with nothing in it."""
    db = sqlite3.connect(":memory:", isolation_level=None)
    migrate(db, EARLIEST)
    return db
