"""What an import looks up before it writes: how far files were read, which calls are known, which prices were resolved."""

from __future__ import annotations

import sqlite3
from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from cost_mcp.ledger.cursor import Cursor, cursors
from cost_mcp.ledger.faults import DATABASE_FAULTS, ledger_fault, system_fault
from cost_mcp.ledger.file import open_for_reading
from cost_mcp.ledger.plan import run_plan
from cost_mcp.ledger.resolved import rules_resolved
from cost_mcp.ledger.stored import SELECT_REVISIONS, StoredEntry, stored_entry
from cost_mcp.ledger.uncounted import uncounted_of_session, unshared_of_sessions

MOST_ASKED = 500
"""The most calls one statement looks up."""

_DUE = "alerts_due:"
"""Before a tenant's name in the state: whether calls were brought in whose windows nobody has looked at for alerts."""
_IS_DUE = "SELECT value FROM state WHERE name = ?"
_SET_DUE = "INSERT INTO state (name, value) VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value"
_KNOWN = SELECT_REVISIONS.replace("e.call_id = ?", "e.call_id IN ({})").replace("e.revision DESC", "e.revision")


class Outlook(Protocol):
    """What an import asks of a ledger, be it open for writing or not."""

    def cursors(self, tenant: str, source: str | None = None) -> tuple[Cursor, ...]:
        """How far files were read: those of a source, or all."""
        ...

    def known(self, tenant: str, call_ids: Sequence[str]) -> Mapping[str, StoredEntry]:
        """Those of these calls that are in the ledger, as they now count."""
        ...

    def uncounted(self, tenant: str, product: str, session_id: str) -> tuple[str, ...]:
        """The ids of a session's calls that are kept and not counted, oldest first."""
        ...

    def unshared(self, tenant: str, sessions: Iterable[tuple[str, str]]) -> tuple[str, ...]:
        """The calls that count and a log of these sessions (product, session_id) would take the place of, by their ids."""
        ...

    def rules(self, tenant: str, mark: str) -> tuple[tuple[str, str], ...]:
        """The rules resolved from the books of this mark: (asked, rule) texts."""
        ...

    def alerts_are_due(self, tenant: str) -> bool:
        """Whether calls were brought in whose windows nobody has looked at for alerts."""
        ...

    def close(self) -> None:
        """Let go of the files; safe to call twice."""
        ...


def open_outlook(path: Path) -> Outlook:
    """The ledger in this file for reading only; an empty one where there is no file.

    Raises:
        LedgerError: it cannot be opened, is damaged, newer or older, or another program's.
    """
    return _ReadingOutlook(open_for_reading(path))


def lookup_cursors(db: sqlite3.Connection, tenant: str, source: str | None) -> tuple[Cursor, ...]:
    """As ``Outlook.cursors``."""
    with told():
        return run_plan(db, cursors(tenant, source))


def lookup_calls(db: sqlite3.Connection, tenant: str, call_ids: Sequence[str]) -> Mapping[str, StoredEntry]:
    """As ``Outlook.known``."""
    found: dict[str, StoredEntry] = {}
    with told():
        for first in range(0, len(call_ids), MOST_ASKED):
            some = call_ids[first : first + MOST_ASKED]
            for row in db.execute(_KNOWN.format(",".join("?" * len(some))), (tenant, *some)):
                entry = stored_entry(row)  # the revisions of a call in rising order: the last is the one that counts
                found[entry.priced.call.call_id] = entry
    return found


def lookup_uncounted(db: sqlite3.Connection, tenant: str, product: str, session_id: str) -> tuple[str, ...]:
    """As ``Outlook.uncounted``."""
    with told():
        return run_plan(db, uncounted_of_session(tenant, product, session_id))


def lookup_unshared(db: sqlite3.Connection, tenant: str, sessions: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    """As ``Outlook.unshared``."""
    with told():
        return run_plan(db, unshared_of_sessions(tenant, sessions))


def lookup_rules(db: sqlite3.Connection, tenant: str, mark: str) -> tuple[tuple[str, str], ...]:
    """As ``Outlook.rules``."""
    with told():
        return run_plan(db, rules_resolved(tenant, mark))


def lookup_due(db: sqlite3.Connection, tenant: str) -> bool:
    """As ``Outlook.alerts_are_due``."""
    with told():
        row = db.execute(_IS_DUE, (_DUE + tenant,)).fetchone()
    return row is not None and bool(row[0])


def set_due(db: sqlite3.Connection, tenant: str, *, due: bool) -> None:
    """Note, inside a write transaction, whether windows are to be looked at for alerts."""
    db.execute(_SET_DUE, (_DUE + tenant, int(due)))


@contextmanager
def told() -> Generator[None]:
    """What the database and the disk raise, as errors of the ledger."""
    try:
        yield
    except DATABASE_FAULTS as error:
        raise ledger_fault(error) from None
    except OSError as error:
        raise system_fault(error) from None


class _ReadingOutlook:
    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def cursors(self, tenant: str, source: str | None = None) -> tuple[Cursor, ...]:
        return lookup_cursors(self._db, tenant, source)

    def known(self, tenant: str, call_ids: Sequence[str]) -> Mapping[str, StoredEntry]:
        return lookup_calls(self._db, tenant, call_ids)

    def uncounted(self, tenant: str, product: str, session_id: str) -> tuple[str, ...]:
        return lookup_uncounted(self._db, tenant, product, session_id)

    def unshared(self, tenant: str, sessions: Iterable[tuple[str, str]]) -> tuple[str, ...]:
        return lookup_unshared(self._db, tenant, sessions)

    def rules(self, tenant: str, mark: str) -> tuple[tuple[str, str], ...]:
        return lookup_rules(self._db, tenant, mark)

    def alerts_are_due(self, tenant: str) -> bool:
        return lookup_due(self._db, tenant)

    def close(self) -> None:
        self._db.close()
