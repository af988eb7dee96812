"""Checking that what does not count is what somebody else owns, and nothing else; and making it so."""

from __future__ import annotations

import sqlite3

from cost_mcp.ledger.book import Book
from cost_mcp.ledger.entry import ENTER_AGAIN
from cost_mcp.ledger.landing import reverse
from cost_mcp.ledger.stored import SELECT_CURRENT, stored_entry

_STANDING = (
    "e.sign = 1 AND NOT EXISTS (SELECT 1 FROM entries r WHERE r.tenant = e.tenant AND r.call_id = e.call_id "
    "AND r.revision = e.revision AND r.sign = -1)"
)
_WRONG = (
    "SELECT e.tenant, e.call_id, e.counted FROM unshared_calls u "
    "CROSS JOIN entries e ON e.tenant = u.tenant AND e.call_id = u.call_id CROSS JOIN series s ON s.series_id = e.series_id "
    "LEFT JOIN owners o ON o.tenant = u.tenant AND o.product = u.product AND o.session_id = e.session_id "
    f"WHERE {_STANDING} AND e.counted <> (COALESCE(o.rank, 0) <= s.rank) UNION ALL "
    f"SELECT e.tenant, e.call_id, e.counted FROM entries e INDEXED BY entries_uncounted WHERE e.counted = 0 AND {_STANDING} "
    "AND NOT EXISTS (SELECT 1 FROM unshared_calls u WHERE u.tenant = e.tenant AND u.call_id = e.call_id) ORDER BY 1, 2"
)
_STRAY = (
    "SELECT u.call_id FROM unshared_calls u WHERE NOT EXISTS "
    "(SELECT 1 FROM entries e WHERE e.tenant = u.tenant AND e.call_id = u.call_id) ORDER BY u.tenant, u.call_id"
)
_NEWEST = "SELECT COALESCE(MAX(recorded_at), 0) FROM entries"
_SENTENCES = ("a call is kept and not counted, and no better source tells of it", "a call counts that a better source tells of")


def owner_differences(db: sqlite3.Connection) -> list[tuple[str, str]]:
    """What counts and should not, or the other way round: a sentence, and the call's id."""
    found: list[tuple[str, str]] = [(_SENTENCES[counted], call_id) for _, call_id, counted in db.execute(_WRONG)]
    return found + [("a call without an id of its own is not there", str(row[0])) for row in db.execute(_STRAY)]


def count_everything(book: Book) -> None:
    """Enter anew, inside a write transaction, what counts and should not, or the other way round.

    Only the rows: windows are made anew behind it.
    """
    wrong = book.db.execute(_WRONG).fetchall()
    if not wrong:
        return
    recorded_at = book.db.execute(_NEWEST).fetchone()[0]
    for tenant, call_id, counted in wrong:
        stored = stored_entry(book.db.execute(SELECT_CURRENT, (tenant, call_id)).fetchone())
        reverse(book, stored, recorded_at)
        book.db.execute(ENTER_AGAIN, (1 - counted, recorded_at, stored.seq))
    book.write_windows()
