"""What a budget question costs: the same on many calls as on few."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Protocol

import pytest

from cost_mcp.budgets.windows import window_of
from cost_mcp.ledger.contract import Ledger
from cost_mcp.ledger.plan import run_plan
from cost_mcp.ledger.standing import standings
from cost_mcp.model.budget import Budget
from cost_mcp.model.call import Context
from cost_mcp.model.charge import PricedCall
from cost_mcp.model.scope import Covered


class CallOf(Protocol):
    """The fixture's builder of priced calls."""

    def __call__(self, call_id: str, *, cost: str | None = ..., list_cost: str | None = ..., **fields: Any) -> PricedCall:
        """A priced call with this id; other fields by their names."""
        ...


@pytest.mark.parametrize("asking", [None, Covered(context=Context(agent="a"))])
async def test_where_budgets_stand_is_answered_without_a_single_call_or_a_scan(
    ledger: Ledger, ledger_path: Path, call_of: CallOf, now: datetime, asking: Covered | None
):
    for each in (None, "agent", "task_id"):
        await ledger.set_budget(Budget(name=f"by {each}", period="day", limit_usd=Decimal(1), each=each), now, "tester")
    await ledger.record([call_of("c1", agent="a", task_id="t")], now)
    asked: list[str] = []
    with closing(sqlite3.connect(ledger_path)) as db:
        db.set_trace_callback(asked.append)
        found = run_plan(db, standings("default", asking, now, window_of))
        db.set_trace_callback(None)
        steps = [step for sql in asked for *_, step in db.execute(f"EXPLAIN QUERY PLAN {sql}")]
    assert [standing.spent for standing in found] == [Decimal("0.01")] * 3
    assert steps
    assert not [step for step in steps if "entries" in step or step.startswith("SCAN")]
