"""The plan behind ``version``: whether anything was written since one looked."""

from __future__ import annotations

from cost_mcp.ledger.plan import Plan

_FILE = "SELECT file FROM pragma_database_list WHERE name = 'main'"
_VERSION = "PRAGMA data_version"


def version() -> Plan[int | None]:
    """SQLite's own count of what other connections have committed, as this connection sees it; None where there is no file yet.

    Source: sqlite.org/pragma.html#pragma_data_version, read 2026-11-22: two values asked on one connection differ exactly where
    another connection, of whatever process, has changed the database in between.
    """
    ((file,),) = yield _FILE, ()
    if not file:
        return None
    ((number,),) = yield _VERSION, ()
    return number
