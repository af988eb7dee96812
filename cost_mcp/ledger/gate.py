"""The third door, for hooks: which budgets enforce and what was spent in a window, and nothing else.

A hook starts a process for every prompt and every tool an agent uses. It cannot wait for the nouns to be imported, so this
reads the few fields it needs straight from the stored definitions; tests hold its figures to those of the other two doors.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from cost_mcp.ledger.faults import DATABASE_FAULTS, ledger_fault
from cost_mcp.ledger.file import open_for_reading, reading_uri, real_path
from cost_mcp.model.moment import micros

_DEFINITIONS = "SELECT definition FROM budgets WHERE tenant = ? ORDER BY name"
_SPENT = (
    "SELECT COALESCE(SUM({column}), 0), COALESCE(SUM(unpriced_calls), 0), COALESCE(SUM(unpriced_input_tokens), 0), "
    "COALESCE(SUM(unpriced_output_tokens), 0) FROM budget_windows WHERE tenant = ? AND budget_id = ? AND window_start = ? "
    "AND each_value = ? AND (billing = 'api' OR ?)"
)
_COLUMNS = {"limit_usd": "charged_nanos", "limit_tokens": "tokens", "limit_calls": "calls"}


class Enforced(NamedTuple):
    """What a hook needs of a budget. ``limit`` is as stored: dollars as text, tokens and calls as numbers."""

    tenant: str
    name: str
    budget_id: str
    period: str
    timezone: str
    week_start: int
    scope: Mapping[str, str]
    each: str | None
    limit_name: str
    limit: str | int
    include_subscription: bool
    unpriced: str
    assumed: tuple[str, str] | None
    mode: str


class Spent(NamedTuple):
    """What one window holds: nano-dollars, tokens or calls, and apart from it what has no known price."""

    amount: int
    unpriced_calls: int
    unpriced_input_tokens: int
    unpriced_output_tokens: int


class Gate:
    """A ledger open for a hook's two questions."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def enforced(self, tenant: str) -> list[Enforced]:
        """The enforcing budgets in force, by name."""
        return [_enforced(budget) for budget in self._stored(tenant) if budget["mode"] == "enforce"]

    def in_force(self, tenant: str) -> list[Enforced]:
        """All budgets in force, by name."""
        return [_enforced(budget) for budget in self._stored(tenant)]

    def _stored(self, tenant: str) -> Iterator[dict[str, Any]]:
        return (json.loads(text) for (text,) in self._db.execute(_DEFINITIONS, (tenant,)))

    def spent(self, budget: Enforced, window_start: datetime, each_value: str) -> Spent:
        """What counts as spent in one window, before anything is assumed."""
        # An agent's own word counts for less where a limit is enforced than where it is watched.
        column = "cost_nanos" if budget.limit_name == "limit_usd" and budget.mode != "enforce" else _COLUMNS[budget.limit_name]
        sql = _SPENT.format(column=column)
        key = (budget.tenant, budget.budget_id, micros(window_start), each_value, budget.include_subscription)
        return Spent(*self._db.execute(sql, key).fetchone())


@contextmanager
def open_gate(path: Path) -> Generator[Gate | None]:
    """The ledger in this file, in one snapshot; None where there is no file yet.

    Raises:
        LedgerError: it cannot be opened or read, is damaged, newer, or another program's.
    """
    if reading_uri(real_path(path)) is None:
        yield None
        return
    db = open_for_reading(path)
    try:
        db.execute("BEGIN")
        yield Gate(db)
    except DATABASE_FAULTS as error:
        raise ledger_fault(error) from None
    finally:
        db.close()


def _enforced(stored: dict[str, Any]) -> Enforced:
    limit_name = next(name for name in _COLUMNS if name in stored)
    return Enforced(
        tenant=stored["tenant"],
        name=stored["name"],
        budget_id=stored["budget_id"],
        period=stored["period"],
        timezone=stored["timezone"],
        week_start=stored["week_start"],
        scope=stored["scope"],
        each=stored.get("each"),
        limit_name=limit_name,
        limit=stored[limit_name],
        include_subscription=stored["include_subscription"],
        unpriced=stored.get("unpriced", "deny"),  # what an enforcing budget does that was stored before it could say
        assumed=(stored["assumed"][0], stored["assumed"][1]) if "assumed" in stored else None,
        mode=stored["mode"],
    )
