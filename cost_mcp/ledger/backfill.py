"""The windows of a budget computed from what the ledger holds, with the same scope check that recording uses."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import replace
from operator import add
from types import MappingProxyType
from typing import Any

from cost_mcp.ledger.contract import WindowOf
from cost_mcp.ledger.cover import Stretch
from cost_mcp.ledger.fold import ROLLUP_SUMS
from cost_mcp.ledger.plan import run_plan
from cost_mcp.ledger.series import SERIES_COLUMNS
from cost_mcp.ledger.sums import CALL_COLUMNS, Asked, sums
from cost_mcp.ledger.window import ADD_TO_WINDOW, WINDOW_SUMS
from cost_mcp.model.budget import Budget
from cost_mcp.model.call import Context
from cost_mcp.model.model_name import model_names
from cost_mcp.model.moment import EARLIEST, micros
from cost_mcp.model.period import FOREVER
from cost_mcp.model.scope import Covered

WindowRow = tuple[str, str, int, str, str, str, int]

_LATEST = "SELECT MAX(occurred_at) FROM entries WHERE tenant = ?"
_SERIES = f"SELECT series_id, {', '.join(SERIES_COLUMNS)} FROM series WHERE tenant = ?"
_NAMES = ("project", "agent", "feature", "purpose", "task_type")


def fill_windows(db: sqlite3.Connection, budget: Budget, window_of: WindowOf) -> None:
    """Enter every window of ``budget`` from ``counts_from`` on; none of them is there yet."""
    found = compute_windows(db, budget, window_of, raw=False)
    db.executemany(ADD_TO_WINDOW, [(*key, *held) for key, held in found.items()])


def compute_windows(
    db: sqlite3.Connection, budget: Budget, window_of: WindowOf, *, raw: bool
) -> dict[WindowRow, tuple[int, ...]]:
    """What each window of ``budget`` has to hold, by ``WINDOW_KEY``; ``raw`` leaves the rollups aside."""
    latest = db.execute(_LATEST, (budget.tenant,)).fetchone()[0]
    if latest is None:
        return {}
    stretches: tuple[Stretch, ...] = tuple(_stretches(budget, window_of, latest))
    needed = tuple(c for c in CALL_COLUMNS if _looks_at(budget, c))
    filters = {k: v for k, v in budget.scope.conditions if k in ("task_id", "session_id")}
    asked = Asked(tenant=budget.tenant, stretches=stretches, columns=("series_id", *needed), filters=filters, raw=raw)
    series = {row[0]: dict(zip(SERIES_COLUMNS, row[1:], strict=True)) for row in db.execute(_SERIES, (budget.tenant,))}
    found: dict[WindowRow, tuple[int, ...]] = {}
    rows = [(row, _as_window_sums) for row in run_plan(db, sums(asked))]
    rows += [(row, _as_unpriced_sums) for row in run_plan(db, sums(replace(asked, unpriced=True)))]
    for row, as_sums in rows:
        label: int = row[0]
        rest = row[2:]
        names = series[row[1]] | dict(zip(needed, rest, strict=False))
        covered = _covered(names)
        values = covered.values(budget.each) if budget.each else ("",)
        if not values or not budget.scope.covers(covered):
            continue
        key = (
            budget.tenant,
            budget.budget_id,
            stretches[label].start,
            values[0],
            names["billing"],
            names["source"],
            names["rank"],
        )
        held = found.get(key, (0,) * len(WINDOW_SUMS))
        found[key] = tuple(map(add, held, as_sums(rest[len(needed) :])))
    return found


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


def _covered(names: dict[str, Any]) -> Covered:
    return Covered(
        context=Context(
            **{name: names[name] or None for name in _NAMES},
            task_id=names.get("task_id"),
            session_id=names.get("session_id"),
            tags=MappingProxyType(json.loads(names.get("tags") or "{}")),
        ),
        provider=names["provider"] or None,
        models=model_names(names["model"], names["response_model"], names["catalog_model"]),
    )


def _as_window_sums(row: Sequence[int]) -> tuple[int, ...]:
    """Sums in the order of ``ROLLUP_SUMS`` as those of ``WINDOW_SUMS``; rollups do not tell the unpriced tokens."""
    held = dict(zip(ROLLUP_SUMS, row, strict=True))
    return (
        held["calls"],
        held["unpriced_calls"],
        held["provisional_calls"],
        held["cost_nanos"],
        held["charged_nanos"],
        held["provisional_nanos"],
        held["input_tokens"] + held["output_tokens"],
        held["provisional_tokens"],
        0,
        0,
    )


def _as_unpriced_sums(row: Sequence[int]) -> tuple[int, ...]:
    """Sums over the calls whose tokens have no known price, in the order of ``ROLLUP_SUMS``, as those of ``WINDOW_SUMS``."""
    held = dict(zip(ROLLUP_SUMS, row, strict=True))
    return (*(0,) * (len(WINDOW_SUMS) - 2), held["input_tokens"], held["output_tokens"])
