"""Reads written once and driven two ways: a plan yields statements, is sent their rows, and returns the answer."""

from __future__ import annotations

import sqlite3
from collections.abc import Generator, Mapping, Sequence
from typing import Any, TypeVar

Row = tuple[Any, ...]
Statement = tuple[str, "Sequence[object] | Mapping[str, object]"]
T = TypeVar("T")
Plan = Generator[Statement, list[Row], T]


def run_plan(db: sqlite3.Connection, plan: Plan[T]) -> T:
    """Drive a plan on a synchronous connection. The caller sees to it that all of it reads one snapshot."""
    try:
        sql, values = next(plan)
        while True:
            sql, values = plan.send(db.execute(sql, values).fetchall())
    except StopIteration as end:
        return end.value


def run_plan_at_once(db: sqlite3.Connection, plan: Plan[T]) -> T:
    """Drive a plan inside one read transaction of its own."""
    db.execute("BEGIN")
    try:
        return run_plan(db, plan)
    finally:
        db.execute("ROLLBACK")
