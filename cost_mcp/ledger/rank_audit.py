"""Checking the ranks of windows against the sums they follow from, and making them anew."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from operator import add

from cost_mcp.ledger.budget_row import budget_of
from cost_mcp.ledger.ranking import RANK, amount_key
from cost_mcp.ledger.window import HELD_ROWS, WINDOW_ROWS, spent_and_held
from cost_mcp.model.budget import Budget

RankRow = tuple[str, str, int, str, bytes]

_BUDGETS = "SELECT definition FROM budgets ORDER BY tenant, name"
_OF_BUDGET = "FROM ranked_windows WHERE tenant = ? AND budget_id = ?"
_RANKS = f"SELECT tenant, budget_id, window_start, each_value, amount {_OF_BUDGET}"
_STRAY = (
    "SELECT COUNT(*) FROM ranked_windows r WHERE NOT EXISTS "
    "(SELECT 1 FROM budgets b WHERE b.tenant = r.tenant AND b.budget_id = r.budget_id)"
)


def rank_differences(db: sqlite3.Connection) -> list[str]:
    """A sentence for each budget whose windows are not ranked by their sums, and for ranks that belong to none."""
    differences = [
        f"budget {budget.name} (tenant {budget.tenant}): its windows are not ranked by their sums."
        for budget in _budgets(db)
        if set(db.execute(_RANKS, (budget.tenant, budget.budget_id))) != set(_owed(db, budget))
    ]
    stray = db.execute(_STRAY).fetchone()[0]
    return differences + ([f"{stray} ranks of windows belong to no budget."] if stray else [])


def rank_everything(db: sqlite3.Connection) -> None:
    """Rank the windows of every budget anew, inside a write transaction."""
    db.execute("DELETE FROM ranked_windows")
    for budget in _budgets(db):
        rank_budget(db, budget)


def rank_budget(db: sqlite3.Connection, budget: Budget) -> None:
    """Rank all windows of one budget anew, inside a write transaction."""
    db.execute(f"DELETE {_OF_BUDGET}", (budget.tenant, budget.budget_id))
    db.executemany(RANK, _owed(db, budget))


def _budgets(db: sqlite3.Connection) -> list[Budget]:
    return [budget_of(text) for (text,) in db.execute(_BUDGETS).fetchall()]


def _owed(db: sqlite3.Connection, budget: Budget) -> Iterator[RankRow]:
    if budget.each is None:
        return
    held: dict[tuple[int, str], Sequence[int]] = {}
    key = (budget.tenant, budget.budget_id)
    for sql, values in ((WINDOW_ROWS, (*key, budget.include_subscription)), (HELD_ROWS[budget.unit], key)):
        for start, value, *sums in db.execute(sql, values):
            known = held.get((start, value))
            held[start, value] = sums if known is None else [*map(add, known, sums)]
    for (start, value), sums in held.items():
        amount = spent_and_held(budget, sums)
        if amount or sums[0]:
            yield (*key, start, value, amount_key(amount))
