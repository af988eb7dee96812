"""The plan behind ``task_costs``: what each task came to in a stretch of time."""

from __future__ import annotations

import json
from typing import NamedTuple

from cost_mcp.ledger.cover import Stretch
from cost_mcp.ledger.fold import ROLLUP_SUMS
from cost_mcp.ledger.plan import Plan
from cost_mcp.ledger.sums import Asked, sums
from cost_mcp.model.moment import micros
from cost_mcp.model.report import ReportQuery

_PLACES = tuple(3 + ROLLUP_SUMS.index(name) for name in ("calls", "unpriced_calls", "cost_nanos"))


_OUTCOMES = (
    "SELECT o.task_id, o.outcome FROM json_each(:tasks) t CROSS JOIN task_outcomes o ON o.tenant = :tenant AND o.task_id = t.value "
    "ORDER BY o.seq"
)


class TaskSum(NamedTuple):
    """What the calls of one task and billing mode came to; ``task_id`` is None for those that name no task.

    ``outcome`` is how the task ended, as it was noted last; None while nobody noted it.
    """

    task_id: str | None
    billing: str
    calls: int
    unpriced_calls: int
    cost_nanos: int
    outcome: str | None = None


def task_costs(query: ReportQuery) -> Plan[tuple[TaskSum, ...]]:
    """Every task with calls in the period, in no order, and what they cost in it; read from single calls."""
    rows = yield from sums(
        Asked(
            tenant=query.tenant,
            stretches=(Stretch(0, micros(query.period.start), micros(query.period.end)),),
            columns=("task_id", "billing"),
            filters=query.filters,
        )
    )
    tasks = sorted({row[1] for row in rows if row[1] is not None})
    noted = yield _OUTCOMES, {"tenant": query.tenant, "tasks": json.dumps(tasks)}
    outcomes: dict[str, str] = dict(noted)  # the last one of a task counts
    return tuple(TaskSum(row[1], row[2], *(row[place] for place in _PLACES), outcome=outcomes.get(row[1])) for row in rows)
