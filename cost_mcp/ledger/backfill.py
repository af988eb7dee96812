"""The windows of a budget computed from what the ledger holds, with the same scope check that recording uses.

Where rollups cannot tell (tasks, sessions, tags), every call is read. Calls never change, so whoever makes a budget reads them before
the ledger's lock is taken, and under it only those that came since: nobody waits for a reading of ten million calls.
"""

from __future__ import annotations

import json
import sqlite3
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from operator import add
from types import MappingProxyType
from typing import Any

from cost_mcp.ledger.bucket import ROLLUP_SUMS
from cost_mcp.ledger.contract import WindowOf
from cost_mcp.ledger.cover import Stretch
from cost_mcp.ledger.plan import Row, run_plan
from cost_mcp.ledger.series import SERIES_COLUMNS
from cost_mcp.ledger.sums import CALL_COLUMNS, Asked, sums
from cost_mcp.ledger.window import ADD_TO_WINDOW, WINDOW_SUMS
from cost_mcp.model.budget import Budget
from cost_mcp.model.call import Context
from cost_mcp.model.model_name import model_names
from cost_mcp.model.moment import EARLIEST, micros
from cost_mcp.model.period import FOREVER
from cost_mcp.model.scope import Covered, Scope

WindowRow = tuple[str, str, int, str, str, str, int]
Place = tuple[str, str, str, int]
"""The last columns of ``WINDOW_KEY``: each_value, billing, source, rank."""

_LATEST = "SELECT MAX(occurred_at) FROM entries WHERE tenant = ?"
_SERIES = f"SELECT series_id, {', '.join(SERIES_COLUMNS)} FROM series WHERE tenant = ?"
_NEWEST = "SELECT COALESCE(MAX(seq), 0) FROM entries"
_PORTION_END = (
    "SELECT occurred_at FROM entries INDEXED BY entries_by_time WHERE tenant = ? AND occurred_at >= ? AND occurred_at < ? "
    "ORDER BY occurred_at LIMIT 1 OFFSET ?"
)
_NAMES = ("project", "agent", "feature", "purpose", "task_type")
_OF_CALLS = ("task_id", "session_id")
_EXACT = (*_OF_CALLS, *_NAMES)

PORTION = 16_000
"""The most calls that are read and summed at once: sorting millions takes three times as long for each."""


@dataclass(frozen=True, slots=True)
class Ahead:
    """The windows of a budget up to a row of the ledger; their keys name no budget's id yet."""

    budget: Budget
    upto: int
    windows: Mapping[WindowRow, tuple[int, ...]]


def reads_calls(budget: Budget) -> bool:
    """Whether the windows of this budget can only be told from the single calls."""
    return bool(_needed(budget))


def fill_ahead(db: sqlite3.Connection, budget: Budget, window_of: WindowOf) -> Ahead:
    """What the windows of ``budget`` hold by now. The caller holds a snapshot and no lock."""
    upto = int(db.execute(_NEWEST).fetchone()[0])
    return Ahead(budget, upto, compute_windows(db, budget, window_of, raw=False))


def fill_windows(db: sqlite3.Connection, budget: Budget, window_of: WindowOf, ahead: Ahead | None = None) -> None:
    """Enter every window of ``budget`` from ``counts_from`` on; none of them is there yet.

    ``ahead`` holds those of the same budget up to some row.
    """
    found = compute_windows(db, budget, window_of, raw=False, since=None if ahead is None else ahead.upto)
    if ahead is not None:
        db.executemany(ADD_TO_WINDOW, ((key[0], budget.budget_id, *key[2:], *held) for key, held in ahead.windows.items()))
    db.executemany(ADD_TO_WINDOW, ((*key, *held) for key, held in found.items()))


def compute_windows(
    db: sqlite3.Connection,
    budget: Budget,
    window_of: WindowOf,
    *,
    raw: bool,
    since: int | None = None,
    portion: int = PORTION,
) -> dict[WindowRow, tuple[int, ...]]:
    """What each window of ``budget`` has to hold, by ``WINDOW_KEY``; ``raw`` leaves the rollups aside.

    ``since`` is the last row that does not count; ``portion`` how many calls are read at once.
    """
    latest = db.execute(_LATEST, (budget.tenant,)).fetchone()[0]
    if latest is None:
        return {}
    stretches: tuple[Stretch, ...] = tuple(_stretches(budget, window_of, latest))
    needed = _needed(budget)
    filters = {k: v for k, v in budget.scope.conditions if k in _EXACT}
    asked = Asked(
        tenant=budget.tenant, stretches=stretches, columns=("series_id", *needed), filters=filters, raw=raw, since=since
    )
    place = _places(db, budget)
    own = 2 + needed.index(budget.each) if budget.each in needed else None
    tags = 2 + needed.index("tags") if "tags" in needed else None
    first_sum = 2 + len(needed)
    found: dict[WindowRow, tuple[int, ...]] = {}
    for row, as_sums in _rows(db, asked, portion):
        placed = place(row[1], None if tags is None else row[tags])
        if placed is None or (own is not None and row[own] is None):
            continue
        label: int = row[0]
        value: str = placed[0] if own is None else row[own]
        key = (budget.tenant, budget.budget_id, stretches[label].start, value, *placed[1:])
        held = found.get(key)
        added = as_sums(row[first_sum:])
        found[key] = added if held is None else tuple(map(add, held, added))
    return found


def _places(db: sqlite3.Connection, budget: Budget) -> Callable[[int, str | None], Place | None]:
    """Where calls of a series with these tags count, by the scope check that recording uses; None for nowhere.

    Tasks and sessions are left out: of which the budget's calls are is seen to where they are read.
    """
    series: dict[int, dict[str, Any]] = {
        row[0]: dict(zip(SERIES_COLUMNS, row[1:], strict=True)) for row in db.execute(_SERIES, (budget.tenant,))
    }
    scope = Scope(tuple(condition for condition in budget.scope.conditions if condition[0] not in _OF_CALLS))

    @lru_cache(maxsize=10_000)
    def place(series_id: int, tags: str | None) -> Place | None:
        names = series[series_id]
        covered = _covered(names, tags)
        values = ("",) if budget.each is None or budget.each in _OF_CALLS else covered.values(budget.each)
        if not values or not scope.covers(covered):
            return None
        return values[0], names["billing"], names["source"], names["rank"]

    return place


def _rows(db: sqlite3.Connection, asked: Asked, portion: int) -> Iterator[tuple[Row, Callable[[Row], tuple[int, ...]]]]:
    indexed = asked.since is not None or any(name in asked.filters for name in _OF_CALLS)
    whole = indexed or not asked.reads_calls()
    for stretches in (asked.stretches,) if whole else _portions(db, asked, portion):
        some = replace(asked, stretches=stretches)
        for row in run_plan(db, sums(some)):
            yield row, _as_window_sums
        for row in run_plan(db, sums(replace(some, unpriced=True))):
            yield row, _as_unpriced_sums


def _portions(db: sqlite3.Connection, asked: Asked, portion: int) -> Iterator[tuple[Stretch, ...]]:
    """The stretches, which follow each other without gaps, cut into parts with about so many calls each."""
    starts = [stretch.start for stretch in asked.stretches]
    at, end = (starts[0], asked.stretches[-1].end) if starts else (0, 0)
    while at < end:
        row = db.execute(_PORTION_END, (asked.tenant, at, end, portion)).fetchone()
        until = end if row is None else max(row[0], at + 1)  # more calls than that in one instant are one part
        within = asked.stretches[bisect_right(starts, at) - 1 : bisect_left(starts, until)]
        yield tuple(Stretch(s.label, max(s.start, at), min(s.end, until)) for s in within)
        at = until


def _needed(budget: Budget) -> tuple[str, ...]:
    return tuple(c for c in CALL_COLUMNS if _looks_at(budget, c))


def _stretches(budget: Budget, window_of: WindowOf, latest: int) -> Iterator[Stretch]:
    at = budget.counts_from or EARLIEST
    label = 0
    while micros(at) <= latest:
        start, end = window_of(budget, at)
        yield Stretch(label, micros(start), micros(end or FOREVER))
        if end is None:
            return
        at, label = end, label + 1


def _looks_at(budget: Budget, column: str) -> bool:
    if column == "tags":
        return any(dimension.startswith("tag:") for dimension, _ in budget.scope.conditions)
    return budget.each == column or any(dimension == column for dimension, _ in budget.scope.conditions)


def _covered(names: dict[str, Any], tags: str | None) -> Covered:
    return Covered(
        context=Context(
            **{name: names[name] or None for name in _NAMES},
            tags=MappingProxyType(json.loads(tags or "{}")),
        ),
        provider=names["provider"] or None,
        models=model_names(names["model"], names["response_model"], names["catalog_model"]),
    )


def _as_window_sums(row: Sequence[int]) -> tuple[int, ...]:
    """Sums in the order of ``ROLLUP_SUMS`` as those of ``WINDOW_SUMS``; rollups do not tell the unpriced tokens."""
    calls, unpriced, provisional, cost, charged, provisional_cost, provisional_tokens, of_input, of_output, *_ = row
    tokens = of_input + of_output
    return calls, unpriced, provisional, cost, charged, provisional_cost, tokens, provisional_tokens, 0, 0


def _as_unpriced_sums(row: Sequence[int]) -> tuple[int, ...]:
    """Sums over the calls whose tokens have no known price, in the order of ``ROLLUP_SUMS``, as those of ``WINDOW_SUMS``."""
    held = dict(zip(ROLLUP_SUMS, row, strict=True))
    return (*(0,) * (len(WINDOW_SUMS) - 2), held["input_tokens"], held["output_tokens"])
