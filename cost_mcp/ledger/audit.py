"""Checking what is derived against the calls it is derived from, and making it anew."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from typing import Any

from cost_mcp.ledger.backfill import WindowRow, compute_windows
from cost_mcp.ledger.book import Book
from cost_mcp.ledger.bucket import QUARTER, ROLLUP_SUMS
from cost_mcp.ledger.budget_row import budget_of
from cost_mcp.ledger.contract import Verification, WindowOf
from cost_mcp.ledger.fold import FOLDED, fold
from cost_mcp.ledger.hold_audit import hold_differences, hold_everything
from cost_mcp.ledger.owner_audit import count_everything, owner_differences
from cost_mcp.ledger.rank_audit import rank_differences, rank_everything
from cost_mcp.ledger.refill import fill_all_windows
from cost_mcp.ledger.summing import OWED, forget_sums, sum_up, summed_seq
from cost_mcp.ledger.task_sums import catch_up_tasks, forget_tasks, task_differences
from cost_mcp.ledger.window import WINDOW_KEY, WINDOW_SUMS
from cost_mcp.model.budget import Budget
from cost_mcp.model.moment import from_micros, instant_text

_MOST_NAMED = 20
"""The most differences of one kind that are spelled out; the rest are counted."""

_STATE = "SELECT value FROM state WHERE name = 'folded_seq'"
_BUDGETS = "SELECT definition FROM budgets ORDER BY tenant, name"
_WINDOWS = f"SELECT {', '.join(WINDOW_KEY)}, {', '.join(WINDOW_SUMS)} FROM budget_windows WHERE tenant = ? AND budget_id = ?"
_STRAY_WINDOWS = (
    "SELECT COUNT(*) FROM budget_windows w WHERE NOT EXISTS "
    "(SELECT 1 FROM budgets b WHERE b.tenant = w.tenant AND b.budget_id = w.budget_id)"
)
_KEPT = (
    ("rollups", "tenant, grain, bucket, series_id", FOLDED, _STATE),
    *((*owed, None) for owed in OWED),
)
_NOT_ZERO = " OR ".join(ROLLUP_SUMS)
_HELD = f"SELECT {{key}}, {', '.join(ROLLUP_SUMS)} FROM {{table}} WHERE {_NOT_ZERO}"
_OWED = f"SELECT {{key}}, {', '.join(ROLLUP_SUMS)} FROM ({{owed}}) WHERE {_NOT_ZERO}"
_DIFFERING = "SELECT DISTINCT tenant, grain, bucket FROM ({} EXCEPT {}) ORDER BY tenant, grain, bucket"
_BROKEN_CHAINS = (
    "SELECT call_id FROM entries GROUP BY tenant, call_id HAVING SUM(sign) <> 1 OR COUNT(*) <> 2 * MAX(revision) - 1 "
    "OR MAX(CASE sign WHEN -1 THEN revision ELSE 0 END) <> MAX(revision) - 1"
)
_REVERSED = ("cost_nanos", "charged_nanos", "input_tokens", "output_tokens", "unpriced_calls", "provisional_calls")
_UNEQUAL_REVERSALS = (
    "SELECT r.call_id FROM entries r JOIN entries e ON e.tenant = r.tenant AND e.call_id = r.call_id AND e.revision = r.revision "
    f"AND e.sign = 1 WHERE r.sign = -1 AND (e.series_id <> r.series_id OR e.occurred_at <> r.occurred_at OR "
    "e.counted <> r.counted OR "
    f"{' OR '.join(f'e.{c} + r.{c} <> 0' for c in _REVERSED)})"
)
_CHARGES = "SELECT call_id, cost_nanos, charges FROM entries WHERE sign = 1"


def verify(db: sqlite3.Connection, window_of: WindowOf) -> Verification:
    """Everything derived, compared with the calls and the live reservations. The caller holds one snapshot or the write transaction."""
    differences = [
        *_damages(db),
        *_named("the revisions of a call do not follow each other", db.execute(_BROKEN_CHAINS)),
        *_named("a reversal does not undo what it reverses", db.execute(_UNEQUAL_REVERSALS)),
        *_charge_differences(db),
        *_owner_differences(db),
        *_kept_differences(db),
    ]
    windows = 0
    for (text,) in db.execute(_BUDGETS).fetchall():
        budget = budget_of(text)
        held = _held_windows(db, budget)
        windows += len(held)
        differences += _window_differences(budget, held, _not_zero(compute_windows(db, budget, window_of, raw=True)))
    stray = _count(db, _STRAY_WINDOWS)
    if stray:
        differences.append(f"{stray} budget windows belong to no budget.")
    differences += hold_differences(db, window_of)
    differences += rank_differences(db)
    differences += task_differences(db)
    return Verification(
        calls=_count(db, "SELECT COALESCE(SUM(sign), 0) FROM entries"),
        windows=windows,
        rollups=sum(_count(db, f"SELECT COUNT(*) FROM ({_HELD.format(table=t, key=k)})") for t, k, *_ in _KEPT),
        differences=tuple(differences),
    )


def rebuild(book: Book) -> Verification:
    """Make windows, rollups and holds anew inside a write transaction; answers with what was wrong before."""
    book.write_windows()
    found = verify(book.db, book.window_of)
    count_everything(book)
    book.db.execute("DELETE FROM rollups")
    forget_tasks(book.db)
    book.db.execute("UPDATE state SET value = 0 WHERE name = 'folded_seq'")
    book.folded_seq, book.last_seq = 0, _count(book.db, "SELECT COALESCE(MAX(seq), 0) FROM entries")
    fold(book)
    forget_sums(book.db)
    while sum_up(book):
        pass
    while catch_up_tasks(book.db, book.folded_seq):
        pass
    fill_all_windows(book)
    hold_everything(book)
    rank_everything(book.db)
    book.budgets_changed()
    return found


def _count(db: sqlite3.Connection, sql: str) -> int:
    return int(db.execute(sql).fetchone()[0])


def _damages(db: sqlite3.Connection) -> Iterator[str]:
    for (sentence,) in db.execute("PRAGMA integrity_check").fetchall():
        if sentence != "ok":
            yield f"SQLite finds the file damaged: {sentence}."
    for table, *_ in db.execute("PRAGMA foreign_key_check").fetchall():
        yield f"a row of {table} names something that is not there."


def _named(sentence: str, rows: Iterator[tuple[Any, ...]] | sqlite3.Cursor) -> list[str]:
    ids = [str(row[0]) for row in rows]
    more = [f"{sentence}: {len(ids) - _MOST_NAMED} more calls."] if len(ids) > _MOST_NAMED else []
    return [f"{sentence}: call {call_id}." for call_id in ids[:_MOST_NAMED]] + more


def _charge_differences(db: sqlite3.Connection) -> list[str]:
    wrong = (
        (call_id,) for call_id, cost, text in db.execute(_CHARGES) if sum(charge[3] for charge in json.loads(text)) != cost
    )
    return _named("the charges of a call do not sum to its cost", wrong)


def _owner_differences(db: sqlite3.Connection) -> list[str]:
    by_sentence: dict[str, list[tuple[str]]] = {}
    for sentence, call_id in owner_differences(db):
        by_sentence.setdefault(sentence, []).append((call_id,))
    return [line for sentence, ids in by_sentence.items() for line in _named(sentence, iter(ids))]


def _kept_differences(db: sqlite3.Connection) -> list[str]:
    rows: set[tuple[str, int, int]] = set()
    for table, key, owed, state in _KEPT:
        upto = {"after": 0, "upto": summed_seq(db) if state is None else _count(db, state)}
        held, computed = _HELD.format(table=table, key=key), _OWED.format(owed=owed, key=key)
        rows |= {*db.execute(_DIFFERING.format(held, computed), upto), *db.execute(_DIFFERING.format(computed, held), upto)}
    named = sorted(rows)
    sentences = [
        f"the sums kept for {15 * grain} minutes from {instant_text(from_micros(bucket * QUARTER))} (tenant {tenant}) are not "
        "those of the calls."
        for tenant, grain, bucket in named[:_MOST_NAMED]
    ]
    return sentences + ([f"{len(named) - _MOST_NAMED} more kept sums differ."] if len(named) > _MOST_NAMED else [])


def _held_windows(db: sqlite3.Connection, budget: Budget) -> dict[WindowRow, tuple[int, ...]]:
    rows = db.execute(_WINDOWS, (budget.tenant, budget.budget_id)).fetchall()
    width = len(WINDOW_KEY)
    return _not_zero({row[:width]: row[width:] for row in rows})


def _not_zero(windows: dict[WindowRow, tuple[int, ...]]) -> dict[WindowRow, tuple[int, ...]]:
    return {key: sums for key, sums in windows.items() if any(sums)}


def _window_differences(
    budget: Budget, held: dict[WindowRow, tuple[int, ...]], owed: dict[WindowRow, tuple[int, ...]]
) -> list[str]:
    starts = sorted({key[2] for key in held.keys() | owed.keys() if held.get(key) != owed.get(key)})
    sentences = [
        f"budget {budget.name} (tenant {budget.tenant}), window from {instant_text(from_micros(start))}: its sums are not those of "
        "the calls."
        for start in starts[:_MOST_NAMED]
    ]
    more = len(starts) - _MOST_NAMED
    return sentences + ([f"budget {budget.name}: {more} more windows differ."] if more > 0 else [])
