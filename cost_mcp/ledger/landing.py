"""Where calls count: the budget windows they land in, and taking a call back out of everything it counts in."""

from __future__ import annotations

from collections.abc import Sequence
from operator import neg

from cost_mcp.ledger.book import Book, Landing
from cost_mcp.ledger.coverage import covered_by
from cost_mcp.ledger.entry import REVERSE_ENTRY
from cost_mcp.ledger.stored import StoredEntry
from cost_mcp.ledger.window import Counting, Window, window_sums
from cost_mcp.model.charge import PricedCall
from cost_mcp.model.scope import Covered


def landing_in(budgets: Sequence[Counting], priced: PricedCall, covered: Covered) -> tuple[Window, ...]:
    """The windows of these budgets that a call lands in."""
    found = [counting.window(covered, priced.call.occurred_at) for counting in budgets]
    return tuple([window for window in found if window is not None])


def windows_of_call(book: Book, priced: PricedCall, covered: Covered) -> tuple[Window, ...]:
    """The windows that a call lands in; they are looked at once the transaction has written everything."""
    windows = landing_in(book.budgets(priced.call.tenant), priced, covered)
    book.look_at_windows(windows)
    return windows


def reverse(book: Book, stored: StoredEntry, recorded_at: int) -> tuple[Window, ...]:
    """Enter the reversal of a report; the windows it was taken out of, none where it was not counted."""
    book.db.execute(REVERSE_ENTRY, (recorded_at, stored.seq))
    if not stored.counted:
        return ()
    windows = windows_of_call(book, stored.priced, covered_by(stored.priced))
    book.add_to_windows(Landing.of(stored.priced.call, windows), tuple(map(neg, window_sums(stored.priced))))
    return windows
