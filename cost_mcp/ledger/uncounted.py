"""The plans behind what is said of calls that are kept and not counted: how many there are, and whose word counts instead."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from cost_mcp.ledger.arm import row_filters
from cost_mcp.ledger.plan import Plan

_COUNT = (
    "SELECT COALESCE(SUM(e.sign), 0) FROM entries e INDEXED BY {} CROSS JOIN series s ON s.series_id = e.series_id "
    "WHERE e.tenant = :tenant AND e.counted = 0"
)
_OF_PERIOD = f"{_COUNT.format('entries_uncounted')} AND e.occurred_at >= :start AND e.occurred_at < :end"
_OF_TASK = f"{_COUNT.format('entries_by_task')} AND e.task_id = :task_id"
_OWNER = (
    "SELECT o.source FROM unshared_calls u JOIN owners o ON o.tenant = u.tenant AND o.product = u.product "
    "WHERE u.tenant = ? AND u.call_id = ? AND o.session_id = ?"
)
_OF_SESSION = (
    "SELECT e.call_id FROM entries e INDEXED BY entries_by_session "
    "CROSS JOIN unshared_calls u ON u.tenant = e.tenant AND u.call_id = e.call_id WHERE e.tenant = ? AND u.product = ? "
    "AND e.session_id = ? AND e.counted = 0 GROUP BY e.call_id HAVING SUM(e.sign) > 0 ORDER BY MIN(e.seq)"
)
_ANY_UNSHARED = "SELECT EXISTS (SELECT 1 FROM unshared_calls WHERE tenant = ?)"
_STILL_COUNTED = (
    "SELECT e.call_id FROM entries e INDEXED BY entries_by_session "
    "CROSS JOIN unshared_calls u ON u.tenant = e.tenant AND u.call_id = e.call_id WHERE e.tenant = ? AND u.product = ? "
    "AND e.session_id = ? AND e.counted = 1 GROUP BY e.call_id HAVING SUM(e.sign) > 0 ORDER BY MIN(e.seq)"
)


def uncounted_in(tenant: str, start: int, end: int, filters: Mapping[str, str], as_of: int | None) -> Plan[int]:
    """How many calls of a period are kept and not counted; ``as_of`` is the last row that is looked at."""
    values: dict[str, Any] = {"tenant": tenant, "start": start, "end": end, "as_of": as_of}
    wanted, named = row_filters(filters)
    values |= named
    wanted += [] if as_of is None else ["e.seq <= :as_of"]
    ((found,),) = yield " AND ".join((_OF_PERIOD, *wanted)), values
    return found


def uncounted_of_task(tenant: str, task_id: str) -> Plan[int]:
    """How many calls of a task are kept and not counted."""
    ((found,),) = yield _OF_TASK, {"tenant": tenant, "task_id": task_id}
    return found


def uncounted_of_session(tenant: str, product: str, session_id: str) -> Plan[tuple[str, ...]]:
    """The calls of a session that are kept and not counted, oldest first."""
    rows = yield _OF_SESSION, (tenant, product, session_id)
    return tuple(row[0] for row in rows)


def unshared_of_sessions(tenant: str, sessions: Iterable[tuple[str, str]]) -> Plan[tuple[str, ...]]:
    """The calls of these sessions (product, session_id) that count and came without an id."""
    ((unshared,),) = yield _ANY_UNSHARED, (tenant,)
    found: list[str] = []
    for product, session_id in sessions if unshared else ():
        rows = yield _STILL_COUNTED, (tenant, product, session_id)
        found += [row[0] for row in rows]
    return tuple(found)


def owner_of(tenant: str, call_id: str, session_id: str | None) -> Plan[str | None]:
    """The source whose word counts instead of a call's that is kept and not counted."""
    rows = yield _OWNER, (tenant, call_id, session_id)
    return rows[0][0] if rows else None
