"""The plans behind ``budgets``, ``standings`` and ``budget_history``."""

from __future__ import annotations

from datetime import datetime

from cost_mcp.ledger.budget_row import budget_of
from cost_mcp.ledger.contract import BudgetChange, WindowOf
from cost_mcp.ledger.plan import Plan
from cost_mcp.ledger.ranking import tightest_windows
from cost_mcp.ledger.window import Expired, Window, expired_holds, one_window, tightest_first
from cost_mcp.model.budget import Budget, Standing
from cost_mcp.model.moment import from_micros
from cost_mcp.model.scope import Covered

_BUDGETS = "SELECT definition FROM budgets WHERE tenant = ? ORDER BY name"
_CHANGES = (
    "SELECT name, changed_at, changed_by, before, after FROM budget_changes WHERE tenant = :tenant "
    "AND (:name IS NULL OR name = :name) ORDER BY seq"
)


def budgets(tenant: str) -> Plan[tuple[Budget, ...]]:
    """The budgets in force, by name."""
    rows = yield _BUDGETS, (tenant,)
    return tuple(budget_of(text) for (text,) in rows)


def standings(tenant: str, asking: Covered | None, now: datetime, window_of: WindowOf) -> Plan[tuple[Standing, ...]]:
    """Where the budgets stand that cover what is asked about, tightest first; reads windows, never calls."""
    in_force = yield from budgets(tenant)
    expired: Expired = (yield from expired_holds(tenant, now)) if in_force else {}
    found: list[Standing] = []
    for budget in in_force:
        if asking is not None and not budget.scope.covers(asking):
            continue
        start, end = window_of(budget, now)
        asked = asking.values(budget.each) if asking is not None and budget.each is not None else ()
        if budget.each is None or asked:
            one = yield from one_window(Window(budget, start, end, asked[0] if asked else ""), expired)
            found.append(one)
        else:
            found += yield from tightest_windows(budget, start, end, expired)
    return tightest_first(found)


def budget_history(tenant: str, name: str | None) -> Plan[tuple[BudgetChange, ...]]:
    """Every change, oldest first."""
    rows = yield _CHANGES, {"tenant": tenant, "name": name}
    return tuple(
        BudgetChange(
            name=row[0],
            changed_at=from_micros(row[1]),
            changed_by=row[2],
            before=None if row[3] is None else budget_of(row[3]),
            after=None if row[4] is None else budget_of(row[4]),
        )
        for row in rows
    )
