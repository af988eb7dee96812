"""What SQLite and the operating system complain about, as the errors and next steps of cost-mcp."""

from __future__ import annotations

import sqlite3

from cost_mcp.errors import LedgerCorrupt, LedgerError, LedgerNewer, LedgerUnavailable

_CONSTRAINT_DATATYPE = 3091
_RIGHTS = {sqlite3.SQLITE_PERM, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_AUTH}
_HELD = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL}
_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}


DATABASE_FAULTS = (sqlite3.Error, UnicodeDecodeError)
"""What reading or writing a database raises; text that is no UTF-8 is how some damage shows."""


def ledger_fault(error: sqlite3.Error | UnicodeDecodeError) -> LedgerError:
    """The ``LedgerError`` for what SQLite raised. SQLite's own text is left out: it may quote what was being written."""
    if isinstance(error, UnicodeDecodeError):
        return damaged()
    code: int = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
    primary = code & 0xFF
    if primary in _DAMAGED:
        return damaged()
    if primary == sqlite3.SQLITE_FULL:
        return full()
    if primary == sqlite3.SQLITE_IOERR:
        return LedgerUnavailable("the ledger's disk failed to read or write.", hint="Check the disk and its free space.")
    if primary in _RIGHTS:
        return no_rights()
    return _rarer(code, str(error))


def _rarer(code: int, text: str) -> LedgerError:
    if code & 0xFF in _HELD:
        return held()
    if code == _CONSTRAINT_DATATYPE or "integer overflow" in text:
        return too_large()
    return LedgerError(
        f"the ledger refused a statement (SQLite code {code}).", hint="Run cost-mcp verify; report it if it comes again."
    )


def damaged() -> LedgerCorrupt:
    """The error for a file that is no database, or a broken one."""
    return LedgerCorrupt(
        "the ledger's database file is damaged, or not a database.",
        hint="Restore it from a backup, or move it aside together with its -wal file and start a new ledger.",
    )


def too_large() -> LedgerError:
    """The error for a sum that does not fit 64 bits."""
    return LedgerError("a sum would pass the largest amount the ledger holds.", hint="Check the unit of cost and tokens.")


def not_durable() -> LedgerUnavailable:
    """The error for a commit the disk did not confirm: it may or may not be kept."""
    return LedgerUnavailable(
        "the ledger's disk did not confirm the write.",
        hint="Check the disk. Then report it again under the same call_id: it counts once either way.",
    )


def held() -> LedgerUnavailable:
    """The error for a ledger that another program does not let go of."""
    return LedgerUnavailable(
        "another program keeps the ledger locked; nothing was written.",
        hint="Look for a stopped or busy cost-mcp process (a rebuild, a debugger), then try again.",
    )


def gone() -> LedgerUnavailable:
    """The error for a ledger whose file was moved or removed while it was in use."""
    return LedgerUnavailable(
        "the ledger's file was moved or removed while in use; nothing was written.",
        hint="Put it back, or restart this program to begin a new ledger.",
    )


def full() -> LedgerUnavailable:
    """The error for a disk, or a quota, with nothing left."""
    return LedgerUnavailable("the disk that holds the ledger is full.", hint="Free some space, then try again.")


def no_rights() -> LedgerUnavailable:
    """The error for a file or folder that cannot be opened or written."""
    return LedgerUnavailable(
        "the ledger's database file cannot be opened for this.",
        hint="Give this user the right to read and write the file and its folder, or point COST_MCP_DB elsewhere.",
    )


def system_fault(error: OSError) -> LedgerError:
    """The ``LedgerError`` for what the operating system raised about the ledger's folder, database or lock file."""
    if error.errno in {28, 122}:  # ENOSPC, EDQUOT
        return full()
    return no_rights()


def newer(found: int, known: int) -> LedgerNewer:
    """The error for a ledger written by a later version of this program."""
    return LedgerNewer(
        f"the ledger has schema {found}; this version of cost-mcp knows up to {known}.",
        hint="Upgrade cost-mcp on this machine.",
    )


def foreign() -> LedgerUnavailable:
    """The error for a database that another program made."""
    return LedgerUnavailable(
        "the file is a database of another program, not a ledger.",
        hint="Point COST_MCP_DB at another file; this one is untouched.",
    )
