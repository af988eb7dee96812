"""The ledger's files: made private, opened for writing or for reading only."""

from __future__ import annotations

import os
import sqlite3
from datetime import UTC, datetime
from pathlib import Path
from stat import S_ISREG

from cost_mcp.errors import CostError, LedgerUnavailable
from cost_mcp.ledger.faults import DATABASE_FAULTS, damaged, ledger_fault, no_rights, system_fault
from cost_mcp.ledger.lock import PATIENCE_SECONDS, FileLock
from cost_mcp.ledger.migrate import SCHEMA, check_known, migrate
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


def log_path(path: Path) -> Path:
    """Where SQLite keeps the write-ahead log of a ledger."""
    return path.with_name(path.name + "-wal")


def real_path(path: Path) -> Path:
    """The file itself, whatever links lead to it: its lock and log lie beside it under one name for everyone.

    Raises:
        LedgerUnavailable: the links lead in a circle.
    """
    try:
        return path.resolve()
    except (OSError, RuntimeError):
        raise no_rights() from None


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _make_folder(folder: Path) -> None:
    missing = [folder, *folder.parents]
    for part in reversed([p for p in missing if not p.exists()]):
        part.mkdir(mode=0o700, exist_ok=True)


def open_for_writing(path: Path, lock: FileLock, now: datetime) -> sqlite3.Connection:
    """The one writing connection of this process, its schema up to date.

    Raises:
        LedgerError: it cannot be opened, is damaged, newer, or another program's.
    """
    with lock.within(PATIENCE_SECONDS):
        db: sqlite3.Connection | None = None
        try:
            db = sqlite3.connect(
                path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False, cached_statements=256
            )
            check_known(db)
            if db.execute("PRAGMA journal_mode = WAL").fetchone()[0] != "wal":
                raise LedgerUnavailable("the ledger's disk cannot share memory between programs.", hint="Use a local disk.")
            db.execute("PRAGMA synchronous = NORMAL")  # durable.py syncs the log before anything is acknowledged
            # Fewer checkpoints, each under 64 MB: hot pages are copied once for many commits, and everyone waits for a checkpoint. Foreign keys are not checked row by
            # row: the numbers come from the same transaction, and verify looks at all of them.
            db.execute("PRAGMA wal_autocheckpoint = 16000")
            migrate(db, now)
        except (*DATABASE_FAULTS, CostError) as error:
            if db is not None:
                db.close()
            raise error if isinstance(error, CostError) else ledger_fault(error) from None
    return db


def reading_uri(path: Path) -> str | None:
    """How to open the ledger for reading only; None when there is no file.

    Raises:
        LedgerUnavailable: the path cannot be looked at.
    """
    try:
        found = path.stat()
        # A database cut to nothing beside a log that holds something has lost what it held: that is not an empty ledger.
        if found.st_size == 0 and _size(log_path(path)):
            raise damaged()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise system_fault(error) from None
    if not S_ISREG(found.st_mode):
        raise no_rights()
    uri = f"{path.absolute().as_uri()}?mode=ro"
    # SQLite needs a -shm file beside a WAL database. Where it can make none and none is there, no one is writing either.
    if not os.access(path.parent, os.W_OK) and not log_path(path).exists():
        uri += "&immutable=1"
    return uri


def open_for_reading(path: Path) -> sqlite3.Connection:
    """A connection that can only read; an empty ledger in memory when there is no file or nothing in it yet.

    A ledger of an earlier version of the program is first brought up to date: whoever upgrades mostly looks before he records.

    Raises:
        LedgerError: it cannot be opened, is damaged, newer, or another program's; or is older and cannot be written.
    """
    uri = reading_uri(real_path(path))
    try:
        if uri is not None:
            db = sqlite3.connect(uri, uri=True, timeout=BUSY_SECONDS, isolation_level=None)
            try:
                found = check_known(db)
                if found == SCHEMA:
                    return db
            except BaseException:
                db.close()
                raise
            db.close()
            if found:
                bring_up_to_date(real_path(path))
                return open_for_reading(path)
        return empty_ledger()
    except DATABASE_FAULTS as error:
        raise ledger_fault(error) from None


def bring_up_to_date(path: Path) -> None:
    """Give a ledger the schema of this version, as whoever writes to it would."""
    lock = open_lock(path)
    try:
        db = open_for_writing(path, lock, datetime.now(UTC))
        with lock:  # a closing connection checkpoints
            db.close()
    finally:
        lock.close()


def empty_ledger() -> sqlite3.Connection:
    """A ledger in memory with nothing in it."""
    db = sqlite3.connect(":memory:", isolation_level=None)
    migrate(db, EARLIEST)
    return db
