"""The plan behind ``task_cost``: what one task came to, or which tasks have a similar id."""

from __future__ import annotations

import difflib
from dataclasses import replace
from types import MappingProxyType

from cost_mcp.ledger.by_series import by_series
from cost_mcp.ledger.cover import Stretch
from cost_mcp.ledger.plan import Plan
from cost_mcp.ledger.sums import Asked
from cost_mcp.ledger.uncounted import uncounted_of_task
from cost_mcp.model.moment import EARLIEST, from_micros, micros
from cost_mcp.model.period import FOREVER
from cost_mcp.model.report import TaskCost

BREAKDOWNS = ("model", "agent", "purpose")
_ALWAYS = Stretch(0, micros(EARLIEST), micros(FOREVER))

# A reversed row was never undone, only outweighed: what it said about the task does not count either.
_STANDING = (
    "e.tenant = :tenant AND e.task_id = :task_id AND e.sign = 1 AND e.counted = 1 AND NOT EXISTS (SELECT 1 FROM entries r "
    "WHERE r.tenant = e.tenant AND r.call_id = e.call_id AND r.revision = e.revision AND r.sign = -1)"
)
_SPAN = f"SELECT MIN(e.occurred_at), MAX(e.occurred_at) FROM entries e INDEXED BY entries_by_task WHERE {_STANDING}"
_TITLE = (
    f"SELECT e.task_title FROM entries e INDEXED BY entries_by_task WHERE {_STANDING} AND e.task_title IS NOT NULL "
    "ORDER BY e.occurred_at DESC, e.seq DESC LIMIT 1"
)
_TYPE = (
    "SELECT s.task_type FROM entries e INDEXED BY entries_by_task JOIN series s ON s.series_id = e.series_id "
    f"WHERE {_STANDING} AND s.task_type <> '' ORDER BY e.occurred_at DESC, e.seq DESC LIMIT 1"
)

_RECENT_ROWS, _PREFIXED, _NEAREST = 4096, 256, 3
_RECENT = (
    "SELECT DISTINCT task_id FROM entries NOT INDEXED WHERE seq > (SELECT MAX(seq) FROM entries) - :rows AND tenant = :tenant "
    "AND task_id IS NOT NULL"
)
_ALIKE = (
    "SELECT DISTINCT task_id FROM entries INDEXED BY entries_by_task WHERE tenant = :tenant AND task_id IS NOT NULL "
    "AND task_id >= :prefix AND task_id < :after LIMIT :most"
)


def task_cost(tenant: str, task_id: str) -> Plan[TaskCost]:
    """What a task came to over all time."""
    found = yield from by_series(
        Asked(tenant=tenant, stretches=(_ALWAYS,), columns=("series_id",), filters={"task_id": task_id})
    )
    totals = found.tally(()).totals(())
    uncounted = yield from uncounted_of_task(tenant, task_id)
    if totals.calls == 0 and uncounted:
        return TaskCost(task_id=task_id, known=True, uncounted_calls=uncounted)
    if totals.calls == 0:
        nearest = yield from _nearest(tenant, task_id)
        return TaskCost(task_id=task_id, known=False, nearest=nearest)
    key = {"tenant": tenant, "task_id": task_id}
    ((first, last),) = yield _SPAN, key
    titles = yield _TITLE, key
    types = yield _TYPE, key
    return TaskCost(
        task_id=task_id,
        known=True,
        uncounted_calls=uncounted,
        title=titles[0][0] if titles else None,
        task_type=types[0][0] if types else None,
        totals=replace(totals, first_call=from_micros(first), last_call=from_micros(last)),
        breakdowns=MappingProxyType({f"by_{name}": found.tally((name,)).named() for name in BREAKDOWNS}),
    )


def _nearest(tenant: str, task_id: str) -> Plan[tuple[str, ...]]:
    """Up to three similar ids among the most recent ones and those that begin alike."""
    rows = yield _RECENT, {"tenant": tenant, "rows": _RECENT_ROWS}
    prefix = task_id[: max(1, min(4, len(task_id) // 2))]
    values = {"tenant": tenant, "prefix": prefix, "after": f"{prefix}\U0010ffff", "most": _PREFIXED}
    rows += yield _ALIKE, values
    known = sorted({row[0] for row in rows} - {task_id})
    folded = {name.casefold(): name for name in known}
    near = difflib.get_close_matches(task_id.casefold(), folded, n=_NEAREST, cutoff=0.6)
    return tuple(folded[name] for name in near)
