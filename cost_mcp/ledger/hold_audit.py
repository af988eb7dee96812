"""Checking holds against the reservations they belong to, and making them anew."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterable

from cost_mcp.ledger.book import Book
from cost_mcp.ledger.budget_row import budget_of
from cost_mcp.ledger.contract import WindowOf
from cost_mcp.ledger.holding import ADD_HOLD, HOLD_COLUMNS, LIVE, HoldRow, hold_row, windows_of
from cost_mcp.ledger.reservation_row import kept_reservation
from cost_mcp.ledger.window import Counting

_MOST_NAMED = 20
_BUDGETS = "SELECT definition FROM budgets ORDER BY tenant, name"
_HOLDS = f"SELECT {', '.join(HOLD_COLUMNS)} FROM holds"
_AMOUNTS = HOLD_COLUMNS[HOLD_COLUMNS.index("nanos") :]
_WINDOW = "tenant, budget_id, window_start, each_value"
_SUMS = f"SELECT {_WINDOW}, holds, {', '.join(_AMOUNTS)} FROM held_sums"
_SUMMED = f"SELECT {_WINDOW}, COUNT(*), {', '.join(f'SUM({c})' for c in _AMOUNTS)} FROM holds GROUP BY 1, 2, 3, 4"
_WRONG_SUMS = f"SELECT COUNT(*) FROM (SELECT * FROM ({_SUMS} EXCEPT {_SUMMED}) UNION SELECT * FROM ({_SUMMED} EXCEPT {_SUMS}))"
_UNKNOWN_CALLS = (
    "SELECT r.reservation_id FROM reservations r WHERE r.state = 'settled' AND NOT EXISTS "
    "(SELECT 1 FROM entries e WHERE e.tenant = r.tenant AND e.call_id = r.settled_by)"
)


def hold_differences(db: sqlite3.Connection, window_of: WindowOf) -> list[str]:
    """A sentence for each reservation that is not held where it should be, and for sums that are not those of the holds."""
    owed, held = set(_owed(db, window_of)), set(db.execute(_HOLDS).fetchall())
    names = sorted({row[1] for row in owed ^ held})
    differences = [f"reservation {name} is not held as its budgets and its time ask for." for name in names[:_MOST_NAMED]]
    if len(names) > _MOST_NAMED:
        differences.append(f"{len(names) - _MOST_NAMED} more reservations are not held as they should be.")
    wrong = db.execute(_WRONG_SUMS).fetchone()[0]
    if wrong:
        differences.append("the sums held in budget windows are not those of the reservations held in them.")
    lost = [row[0] for row in db.execute(_UNKNOWN_CALLS)]
    return differences + [f"reservation {name} names a call that is not there." for name in lost[:_MOST_NAMED]]


def hold_everything(book: Book) -> None:
    """Make every hold anew from the live reservations, inside a write transaction."""
    rows = list(_owed(book.db, book.window_of))
    book.db.execute("DELETE FROM holds")
    book.db.execute("DELETE FROM held_sums")
    book.db.executemany(ADD_HOLD, rows)


def _owed(db: sqlite3.Connection, window_of: WindowOf) -> Iterable[HoldRow]:
    budgets: defaultdict[str, list[Counting]] = defaultdict(list)
    for (text,) in db.execute(_BUDGETS).fetchall():
        budget = budget_of(text)
        budgets[budget.tenant].append(Counting(budget, window_of))
    for row in db.execute(LIVE).fetchall():
        kept = kept_reservation(row)
        for window in windows_of(budgets[kept.reservation.tenant], kept):
            yield hold_row(window.key, kept.reservation, kept.amount_nanos)
