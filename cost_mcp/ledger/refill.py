"""Budget windows filled and ranked anew once, after a change of the schema that they could not follow in SQL."""

from __future__ import annotations

from contextlib import suppress

from cost_mcp.ledger.backfill import fill_windows
from cost_mcp.ledger.book import Book
from cost_mcp.ledger.budget_row import budget_of
from cost_mcp.ledger.faults import DATABASE_FAULTS, ledger_fault
from cost_mcp.ledger.lock import PATIENCE_SECONDS, FileLock
from cost_mcp.ledger.rank_audit import rank_everything
from cost_mcp.ledger.summing import SUM_AFTER, sum_up
from cost_mcp.ledger.task_sums import WATERMARK, catch_up_tasks

_DUE = "SELECT name FROM state WHERE name IN ('windows_to_fill', 'windows_to_rank') AND value"
_DONE = "UPDATE state SET value = 0 WHERE name IN ('windows_to_fill', 'windows_to_rank')"
_MARKS = f"SELECT (SELECT value FROM state WHERE name = 'folded_seq'), (SELECT value FROM state WHERE name = 'summed_seq'), ({WATERMARK})"
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


def catch_up(book: Book, lock: FileLock) -> bool:
    """Sum up a little of what waits for it; whether there is more.

    Recording leaves all of it to moments in which nothing is recorded, and to the end of programs that have none: under the lock
    it would keep every other program waiting. Nothing depends on it: where it cannot be done now, the next program to open the ledger will.
    """
    try:
        if not _is_behind(book):
            return False
        with lock:
            book.begin()
            more = sum_up(book, SUM_AFTER)
            more = catch_up_tasks(book.db, book.folded_seq, SUM_AFTER) or more
            book.commit()
    except (*DATABASE_FAULTS, OSError):
        with suppress(*DATABASE_FAULTS):  # a connection that cannot even do this fails the next write, which says so
            book.rollback()
        return False
    return more


def _is_behind(book: Book) -> bool:
    folded, *marks = book.db.execute(_MARKS).fetchone()
    return folded - min(marks) >= SUM_AFTER


def _due(book: Book) -> set[str]:
    return {name for (name,) in book.db.execute(_DUE).fetchall()}
