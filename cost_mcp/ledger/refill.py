"""Budget windows filled anew once, after a change of the schema that they could not follow in SQL."""

from __future__ import annotations

from cost_mcp.ledger.backfill import fill_windows
from cost_mcp.ledger.book import Book
from cost_mcp.ledger.budget_row import budget_of
from cost_mcp.ledger.faults import DATABASE_FAULTS, ledger_fault
from cost_mcp.ledger.lock import PATIENCE_SECONDS, FileLock

_DUE = "SELECT value FROM state WHERE name = 'windows_to_fill'"
_DONE = "UPDATE state SET value = 0 WHERE name = 'windows_to_fill'"
_BUDGETS = "SELECT definition FROM budgets ORDER BY tenant, name"


def refill_when_due(book: Book, lock: FileLock) -> None:
    """Fill every window from the calls where a migration asked for it; one program does, whoever opens the ledger first.

    Raises:
        LedgerError: it cannot be done now; the next one to open the ledger tries again.
    """
    if not _due(book):
        return
    with lock.within(PATIENCE_SECONDS):
        try:
            book.begin()
            if _due(book):  # nobody else was first
                fill_all_windows(book)
                book.db.execute(_DONE)
            book.commit()
        except DATABASE_FAULTS as error:
            book.rollback()
            raise ledger_fault(error) from None


def fill_all_windows(book: Book) -> None:
    """Make the windows of every budget anew from what the ledger holds, inside a write transaction."""
    book.db.execute("DELETE FROM budget_windows")
    for (text,) in book.db.execute(_BUDGETS).fetchall():
        fill_windows(book.db, budget_of(text), book.window_of)


def _due(book: Book) -> bool:
    return bool(book.db.execute(_DUE).fetchone()[0])
