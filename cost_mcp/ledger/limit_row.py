"""Plan limits as rows: of each window the newest that was said."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from cost_mcp.ledger.plan import Plan
from cost_mcp.model.moment import from_micros, micros
from cost_mcp.model.plan_limit import PlanLimit

_KEPT = ("seen_at", "used_percent", "window_minutes", "resets_at", "plan")
PUT_LIMIT = (
    f"INSERT INTO plan_limits (tenant, source, name, limit_window, {', '.join(_KEPT)}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) "
    f"ON CONFLICT DO UPDATE SET {', '.join(f'{c} = excluded.{c}' for c in _KEPT)} WHERE excluded.seen_at > seen_at "
    "OR (excluded.seen_at = seen_at AND CAST(excluded.used_percent AS REAL) > CAST(used_percent AS REAL))"
)
"""Parameters: ``limit_values``."""

_SELECT = (
    f"SELECT source, name, limit_window, {', '.join(_KEPT)} FROM plan_limits WHERE tenant = ? ORDER BY 1, 2, window_minutes, 3"
)


def limit_values(tenant: str, limit: PlanLimit) -> tuple[Any, ...]:
    """The parameters of ``PUT_LIMIT``."""
    resets_at = None if limit.resets_at is None else micros(limit.resets_at)
    told = (micros(limit.seen_at), str(limit.used_percent), limit.window_minutes, resets_at, limit.plan)
    return (tenant, *limit.key, *told)


def plan_limits(tenant: str) -> Plan[tuple[PlanLimit, ...]]:
    """As ``Ledger.plan_limits``."""
    rows = yield _SELECT, (tenant,)
    return tuple(
        PlanLimit(
            source=source,
            name=name,
            window=window,
            seen_at=from_micros(seen_at),
            used_percent=Decimal(used),
            window_minutes=minutes,
            resets_at=None if resets_at is None else from_micros(resets_at),
            plan=plan,
        )
        for source, name, window, seen_at, used, minutes, resets_at, plan in rows
    )
