"""Schema changes: numbered SQL files, committed together with the records that they ran."""

from __future__ import annotations

import sqlite3
from datetime import datetime
from functools import lru_cache

from cost_mcp.errors import LedgerUnavailable
from cost_mcp.ledger.faults import foreign, newer
from cost_mcp.model.moment import micros

APPLICATION_ID = 0x434D4350
"""Marks a database file as a ledger: the letters CMCP."""

SCHEMA = 12
"""The schema this version works with: the number of the last migration."""

_OLDEST_SQLITE = (3, 37, 0)


def migrate(db: sqlite3.Connection, now: datetime) -> None:
    """Bring the schema up to date. The caller holds the ledger's lock.

    Raises:
        LedgerNewer: a later version of the program wrote it; nothing was changed.
        LedgerUnavailable: another program's database, or an SQLite without strict tables.
    """
    due = migrations()[check_known(db) :]
    if not due:
        return
    # All in one transaction: a reader finds the ledger as it was or as it is to be, never between two of them.
    steps = [
        f"{sql}\nINSERT INTO migrations (number, name, applied_at) VALUES ({number}, '{name}', {micros(now)});\n"
        for number, name, sql in due
    ]
    marks = f"PRAGMA application_id = {APPLICATION_ID};\nPRAGMA user_version = {due[-1][0]};\n"
    try:
        db.executescript(f"BEGIN IMMEDIATE;\n{''.join(steps)}{marks}COMMIT;")
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise


def check_known(db: sqlite3.Connection) -> int:
    """The number of the last migration that ran, when this version can bring the database up to date; changes nothing.

    Raises:
        LedgerNewer: a later version of the program wrote it.
        LedgerUnavailable: another program's database, or an SQLite without strict tables.
    """
    if sqlite3.sqlite_version_info < _OLDEST_SQLITE:
        raise LedgerUnavailable(
            f"SQLite {sqlite3.sqlite_version} is too old; 3.37 is the first that will do.", hint="Use a newer Python or system."
        )
    found = schema_of(db)
    if found > SCHEMA:
        raise newer(found, SCHEMA)
    return found


def schema_of(db: sqlite3.Connection) -> int:
    """The number of the last migration that ran; 0 for an empty database.

    Raises:
        LedgerUnavailable: the database belongs to another program.
    """
    version = int(db.execute("PRAGMA user_version").fetchone()[0])
    mark = int(db.execute("PRAGMA application_id").fetchone()[0])
    if mark == APPLICATION_ID:
        return version
    if version or mark or db.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone():
        raise foreign()
    return 0


@lru_cache(maxsize=1)
def migrations() -> tuple[tuple[int, str, str], ...]:
    """Every migration as (number, name, SQL), in order; numbers run from 1 without gaps."""
    from importlib.resources import files  # 8 ms, and only a new or older ledger needs it

    found = sorted(
        (f for f in files("cost_mcp.ledger").joinpath("migrations").iterdir() if f.name.endswith(".sql")), key=_number
    )
    assert [_number(f) for f in found] == list(range(1, SCHEMA + 1))
    return tuple((_number(f), f.name.removesuffix(".sql"), f.read_text(encoding="utf-8")) for f in found)


def _number(file: object) -> int:
    return int(str(getattr(file, "name", "")).split("_", 1)[0])
