"""Budget windows filled and ranked anew once, after a change of the schema that they could not follow in SQL."""

from __future__ import annotations

from cost_mcp.ledger.backfill import fill_windows
from cost_mcp.ledger.book import Book
from cost_mcp.ledger.budget_row import budget_of
from cost_mcp.ledger.faults import DATABASE_FAULTS, ledger_fault
from cost_mcp.ledger.lock import PATIENCE_SECONDS, FileLock
from cost_mcp.ledger.rank_audit import rank_everything

_DUE = "SELECT name FROM state WHERE name IN ('windows_to_fill', 'windows_to_rank') AND value"
_DONE = "UPDATE state SET value = 0 WHERE name IN ('windows_to_fill', 'windows_to_rank')"
_BUDGETS = "SELECT definition FROM budgets ORDER BY tenant, name"


def refill_when_due(book: Book, lock: FileLock) -> None:
    """Fill every window from the calls, and rank those of budgets with ``each``, where a migration asked for it; one program does, whoever opens the ledger first.

    Raises:
        LedgerError: it cannot be done now; the next one to open the ledger tries again.
    """
    if not _due(book):
        return
    with lock.within(PATIENCE_SECONDS):
        try:
            book.begin()
            due = _due(book)
            if due:  # nobody else was first
                if "windows_to_fill" in due:
                    fill_all_windows(book)
                rank_everything(book.db)
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


def _due(book: Book) -> set[str]:
    return {name for (name,) in book.db.execute(_DUE).fetchall()}
