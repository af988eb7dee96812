"""Making, replacing and ending budgets inside a write transaction."""

from __future__ import annotations

import difflib
import sqlite3
from dataclasses import replace
from datetime import datetime

from cost_mcp.errors import NotFound
from cost_mcp.ledger.backfill import Ahead, fill_ahead, fill_windows, reads_calls
from cost_mcp.ledger.book import Book
from cost_mcp.ledger.budget_row import budget_of, budget_text, counts_alike, ranks_alike
from cost_mcp.ledger.contract import WindowOf
from cost_mcp.ledger.holding import drop_holds, hold_live, sweep
from cost_mcp.ledger.plan import run_plan
from cost_mcp.ledger.rank_audit import rank_budget
from cost_mcp.ledger.standing import budgets
from cost_mcp.model.budget import Budget
from cost_mcp.model.call import new_id
from cost_mcp.model.moment import micros

_BUDGET = "SELECT definition FROM budgets WHERE tenant = ? AND name = ?"
_PUT = (
    "INSERT INTO budgets (tenant, name, budget_id, definition) VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET "
    "budget_id = excluded.budget_id, definition = excluded.definition"
)
_DROP = "DELETE FROM budgets WHERE tenant = ? AND name = ?"
_DROP_WINDOWS = (
    "DELETE FROM budget_windows WHERE tenant = ? AND budget_id = ?",
    "DELETE FROM ranked_windows WHERE tenant = ? AND budget_id = ?",
)
_CHANGED = "INSERT INTO budget_changes (tenant, name, changed_at, changed_by, before, after) VALUES (?, ?, ?, ?, ?, ?)"


def look_ahead(db: sqlite3.Connection, budget: Budget, now: datetime, window_of: WindowOf) -> Ahead | None:
    """What ``set_budget`` would read call by call, read before it; None where there is little to read.

    The caller holds a snapshot and no lock.
    """
    before = _find(db, budget.tenant, budget.name)
    if not reads_calls(budget) or (before is not None and counts_alike(before, budget)):
        return None
    start, _ = window_of(budget, now)
    return fill_ahead(db, replace(budget, counts_from=start), window_of)


def set_budget(book: Book, budget: Budget, now: datetime, changed_by: str, ahead: Ahead | None = None) -> Budget:
    """Make or replace a budget. Windows are kept when the new definition counts the same calls, else filled anew.

    So are holds: a new definition holds every live reservation it covers, even where that passes its limit.
    ``ahead`` is what ``look_ahead`` found for the same budget and moment; without it calls are read here.
    """
    sweep(book, now)
    book.rank_windows()
    before = _find(book.db, budget.tenant, budget.name)
    kept = before is not None and counts_alike(before, budget)
    if before is not None and kept:
        after = replace(budget, budget_id=before.budget_id, created_at=before.created_at, counts_from=before.counts_from)
        if after == before:
            return before
    else:
        created = now if before is None else before.created_at
        start, _ = book.window_of(budget, now)
        after = replace(budget, budget_id=new_id("bud"), created_at=created, counts_from=start)
    book.db.execute(_PUT, (after.tenant, after.name, after.budget_id, budget_text(after)))
    if not kept:
        if before is not None:
            _drop_windows(book, before)
        hold_live(book, after)
        fits = ahead is not None and ahead.budget.counts_from == after.counts_from and counts_alike(ahead.budget, after)
        fill_windows(book.db, after, book.window_of, ahead if fits else None)
    if before is None or not (kept and ranks_alike(before, after)):
        rank_budget(book.db, after)
    _note(book, before, after, now, changed_by)
    return after


def remove_budget(book: Book, tenant: str, name: str, now: datetime, changed_by: str) -> Budget:
    """End a budget; its windows and holds go, its history stays.

    Raises:
        NotFound: there is none of this name.
    """
    book.write_windows()
    before = _find(book.db, tenant, name)
    if before is None:
        names = [budget.name for budget in run_plan(book.db, budgets(tenant))]
        near = difflib.get_close_matches(name, names, n=3, cutoff=0.5)
        hint = f"Did you mean {', '.join(near)}?" if near else "List the budgets in force to see their names."
        raise NotFound("there is no budget of this name.", field="name", hint=hint)
    book.db.execute(_DROP, (tenant, name))
    _drop_windows(book, before)
    _note(book, before, None, now, changed_by)
    return before


def _drop_windows(book: Book, budget: Budget) -> None:
    for drop in _DROP_WINDOWS:
        book.db.execute(drop, (budget.tenant, budget.budget_id))
    drop_holds(book, budget)


def _find(db: sqlite3.Connection, tenant: str, name: str) -> Budget | None:
    row = db.execute(_BUDGET, (tenant, name)).fetchone()
    return None if row is None else budget_of(row[0])


def _note(book: Book, before: Budget | None, after: Budget | None, now: datetime, changed_by: str) -> None:
    subject = after or before
    assert subject is not None
    texts = [None if budget is None else budget_text(budget) for budget in (before, after)]
    book.db.execute(_CHANGED, (subject.tenant, subject.name, micros(now), changed_by, *texts))
    book.budgets_changed()
