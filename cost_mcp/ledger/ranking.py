"""The windows of a budget with ``each`` in the order of what is spent and held in them: kept, and read from its top.

Whoever changes what a window holds ranks it in the same transaction (``Book``), by the sums that are read there anyway.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from cost_mcp.ledger.plan import Plan
from cost_mcp.ledger.window import MOST_WINDOWS, Expired, Window, spent_and_held, standing, sums_of, window_rows_of
from cost_mcp.model.budget import Budget, Standing
from cost_mcp.model.moment import micros

TIGHTEST = 5

RANK = (
    "INSERT INTO ranked_windows (tenant, budget_id, window_start, each_value, amount) VALUES (?, ?, ?, ?, ?) "
    "ON CONFLICT DO UPDATE SET amount = excluded.amount WHERE amount <> excluded.amount"
)
_LEAVE_OUT = "DELETE FROM ranked_windows WHERE tenant = ? AND budget_id = ? AND window_start = ? AND each_value = ?"
_RANKED = "FROM ranked_windows INDEXED BY ranked_windows_by_amount WHERE tenant = ? AND budget_id = ? AND window_start = ?"
_FULLEST = f"SELECT each_value {_RANKED} ORDER BY amount DESC, each_value LIMIT ?"
_AT_LEAST = f"SELECT each_value {_RANKED} AND amount >= ?"


def amount_key(amount: int) -> bytes:
    """An amount as it is kept: in the same order, however large."""
    return max(amount, 0).to_bytes(16, "big")


def keep_ranks(db: sqlite3.Connection, held: Iterable[tuple[Window, Sequence[int]]]) -> None:
    """Put windows of budgets with ``each`` where their sums, as ``sums_of`` gives them, ask for."""
    kept: list[tuple[object, ...]] = []
    for window, sums in held:
        amount = spent_and_held(window.budget, sums)
        if amount or sums[0]:
            kept.append((*window.key, amount_key(amount)))
        else:
            db.execute(_LEAVE_OUT, window.key)
    db.executemany(RANK, kept)


def values_from(db: sqlite3.Connection, budget: Budget, start: datetime, least: int) -> tuple[str, ...]:
    """The each-values with at least so much spent and held in their windows from ``start``: whole nano-dollars, tokens or calls."""
    rows = db.execute(_AT_LEAST, (budget.tenant, budget.budget_id, micros(start), amount_key(least)))
    return tuple(value for (value,) in rows.fetchall())


def tightest_windows(budget: Budget, start: datetime, end: datetime | None, expired: Expired) -> Plan[tuple[Standing, ...]]:
    """The five windows of an each-budget with most spent and held; one empty one when there is none.

    Nothing above the fifth of those that rank as they stand is missed: what has ``expired`` only takes others down.
    """
    key = (budget.tenant, budget.budget_id, micros(start))
    rows = yield _FULLEST, (*key, TIGHTEST + sum(of[:3] == key for of in expired))
    found: list[Standing] = []
    candidates = [Window(budget, start, end, value) for value in _down_to_fifth(rows, key, expired)]
    for first in range(0, len(candidates), MOST_WINDOWS):
        windows = candidates[first : first + MOST_WINDOWS]
        rows = yield window_rows_of(windows)
        found += [standing(window, sums, expired) for window, sums in zip(windows, sums_of(windows, rows), strict=True)]
    found = [one for one in found if one.calls or one.spent or one.reserved]
    found.sort(key=lambda one: (-(one.spent + one.reserved), one.each_value or ""))
    return tuple(found[:TIGHTEST]) or (standing(Window(budget, start, end)),)


def _down_to_fifth(rows: Iterable[Sequence[str]], key: tuple[str, str, int], expired: Expired) -> Iterator[str]:
    left = TIGHTEST
    for (value,) in rows:
        yield value
        left -= (*key, value) not in expired
        if not left:
            return
