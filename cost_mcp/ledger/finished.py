"""The plans behind efficiency: what finished tasks came to, and what one task is held against.

Most of it is kept (``task_sums``); what was entered since the last fold is added, so that answers are exact at every moment.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from operator import add
from typing import Any

from cost_mcp.ledger.outcome import outcomes_of
from cost_mcp.ledger.plan import Plan
from cost_mcp.ledger.task_sums import ADDED, ANEW, FAR_BEHIND, PORTION, TASK_SUMS, WATERMARK
from cost_mcp.model.moment import from_micros, micros
from cost_mcp.model.money import usd
from cost_mcp.model.outcome import IDLE, FinishedTask, FinishedTasks, TaskPast

_IDLE = micros(from_micros(0) + IDLE)
_KEPT = "task_id, task_type, project, outcome, calls, unpriced_calls, cost_nanos, plan_nanos, finished_at"

# Ties are broken by what the index holds, so that nothing has to be sorted.
_EARLIER = (
    "SELECT task_id, cost_nanos, plan_nanos, finished_at FROM task_sums INDEXED BY task_sums_by_type WHERE tenant = :tenant AND task_type = :task_type "
    "AND comparable = 1 AND finished_at < :before ORDER BY finished_at DESC, cost_nanos DESC, plan_nanos DESC, task_id DESC LIMIT :most"
)
_IN_PERIOD = (
    f"SELECT {_KEPT} FROM task_sums INDEXED BY task_sums_by_end WHERE tenant = :tenant AND finished_at >= :start "
    "AND finished_at < :end AND (:task_type IS NULL OR task_type = :task_type) "
    "ORDER BY finished_at DESC, task_id DESC LIMIT :most"
)
_REACH = f"SELECT ({WATERMARK}), (SELECT COALESCE(MAX(seq), 0) FROM entries)"
_SINCE = f"SELECT task_id, typed, last_at, {', '.join(TASK_SUMS)}, reversed FROM ({ADDED}) WHERE tenant = :tenant"
_KEPT_OF = (
    f"SELECT t.value, k.typed, k.last_at, {', '.join(f'k.{c}' for c in TASK_SUMS)}, (SELECT o.outcome || ' ' || o.done_at "
    "FROM task_outcomes o WHERE o.tenant = :tenant AND o.task_id = t.value ORDER BY o.seq DESC LIMIT 1) "
    "FROM json_each(:tasks) t LEFT JOIN task_sums k ON k.tenant = :tenant AND k.task_id = t.value"
)
_ANEW = ANEW.format(tenant=":tenant", task_id=":task_id")
_MODELS = (
    "SELECT e.task_id, s.model, SUM(e.cost_nanos) FROM json_each(:tasks) t CROSS JOIN entries e INDEXED BY entries_by_task "
    "ON e.tenant = :tenant AND e.task_id = t.value AND e.counted = 1 CROSS JOIN series s ON s.series_id = e.series_id "
    "GROUP BY e.task_id, s.model"
)

MOST_WAITING = FAR_BEHIND + 16_384
"""Rows above the watermark that are read to answer; more wait only in a ledger that an earlier version filled."""

Waiting = Mapping[str, FinishedTask | None]
"""Tasks with calls that no fold has reached yet, as they now are; None for one that has no calls any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InPeriod:
    """Which finished tasks are asked for: those of ``[start, end)``, the newest ``most`` of them.

    ``before`` is how many comparable ones of each type are wanted that finished before.
    """

    start: datetime
    end: datetime
    most: int
    before: int
    task_type: str | None = None


def task_past(
    tenant: str, task_id: str, task_type: str | None, last_call: datetime | None, now: datetime, most: int
) -> Plan[TaskPast]:
    """What a task is held against, up to ``most`` others; nothing but its outcomes for one of no type."""
    outcomes = yield from outcomes_of(tenant, task_id)
    done = micros(outcomes[-1].done_at) if outcomes else None
    ended = None if last_call is None else _finished(micros(last_call), done)
    if ended is not None and ended > micros(now):
        ended = None
    found: Sequence[FinishedTask] = ()
    waiting: Waiting | None = {}
    if task_type is not None:
        waiting = yield from _waiting(tenant)
    if task_type is not None and waiting is not None:
        before = micros(now) + 1 if ended is None else ended
        found = yield from _earlier(tenant, task_type, before, most, {**waiting, task_id: None})
    return TaskPast(
        outcomes=outcomes,
        finished_at=None if ended is None else from_micros(ended),
        earlier=tuple(task.worth_usd for task in found),
        behind=waiting is None,
    )


def finished_tasks(tenant: str, asked: InPeriod) -> Plan[FinishedTasks]:
    """The tasks that finished in a period, and for each of their types the comparable ones before."""
    waiting = yield from _waiting(tenant)
    if waiting is None:
        return FinishedTasks(behind=True)
    values = {
        "tenant": tenant, "start": micros(asked.start), "end": micros(asked.end), "most": asked.most + len(waiting) + 1,
        "task_type": asked.task_type,
    }  # fmt: skip
    rows = yield _IN_PERIOD, values
    found = [task for task in map(_kept, rows) if task.task_id not in waiting]
    found += [task for task in waiting.values() if task is not None and _is_in(asked, task)]
    found.sort(key=lambda task: (task.finished_at, task.task_id))
    tasks = found[-asked.most :]
    first: dict[str, datetime] = {}
    for task in reversed(tasks):
        if task.task_type is not None:
            first[task.task_type] = task.finished_at
    before: dict[str, tuple[FinishedTask, ...]] = {}
    for name, at in first.items():
        before[name] = yield from _earlier(tenant, name, micros(at), asked.before, waiting)
    return FinishedTasks(tasks=tuple(tasks), before=before, more=len(found) > len(tasks))


def task_models(tenant: str, task_ids: Iterable[str]) -> Plan[dict[str, dict[str, Decimal]]]:
    """What each of these tasks came to by model, whoever paid; read from their own calls."""
    rows = yield _MODELS, {"tenant": tenant, "tasks": json.dumps(sorted(task_ids))}
    found: dict[str, dict[str, Decimal]] = {}
    for task_id, model, nanos in rows:
        found.setdefault(task_id, {})[model] = usd(nanos)
    return found


def _earlier(tenant: str, task_type: str, before: int, most: int, waiting: Waiting) -> Plan[tuple[FinishedTask, ...]]:
    """The comparable tasks of a type that finished before an instant, newest first."""
    values = {"tenant": tenant, "task_type": task_type, "before": before, "most": most + len(waiting)}
    rows = yield _EARLIER, values
    found = [
        _kept((task_id, task_type, "", "", 0, 0, *nanos, finished_at))  # what the index holds is all that a baseline needs
        for task_id, *nanos, finished_at in rows
        if task_id not in waiting
    ]
    came = [
        task
        for task in waiting.values()
        if task is not None and task.comparable and task.task_type == task_type and micros(task.finished_at) < before
    ]
    if came:
        found += came
        found.sort(key=lambda task: (task.finished_at, task.cost_usd, task.subscription_usd, task.task_id), reverse=True)
    return tuple(found[:most])


def _waiting(tenant: str) -> Plan[Waiting | None]:
    """Tasks with calls above the watermark; None where these are too many to be read for one question."""
    ((folded, newest),) = yield _REACH, ()
    if newest - folded > MOST_WAITING:
        return None
    came: dict[str, tuple[str, int, list[int]]] = {}  # the newest named call, the last call, the sums and the reversals
    for after in range(folded, newest, PORTION):
        rows = yield _SINCE, {"tenant": tenant, "after": after, "upto": min(after + PORTION, newest)}
        for task_id, typed, last_at, *sums in rows:
            known = came.get(task_id, ("", 0, [0] * len(sums)))
            came[task_id] = (max(known[0], typed), max(known[1], last_at), [*map(add, known[2], sums)])
    if not came:
        return {}
    found: dict[str, FinishedTask | None] = {}
    for task_id, typed, last_at, *kept, ended in (yield _KEPT_OF, {"tenant": tenant, "tasks": json.dumps([*came])}):
        named, last, (*sums, reversed_calls) = came[task_id]
        if typed is not None:
            named, last, sums = max(named, typed), max(last, last_at), [*map(add, sums, kept)]
        if reversed_calls:  # a correction took a call away: which one is the newest only the task's own calls tell
            ((named, last),) = yield _ANEW, {"tenant": tenant, "task_id": task_id, "upto": newest}
        outcome, _, done_at = (ended or "").partition(" ")
        found[task_id] = _task(task_id, named, sums, outcome, _finished(last, int(done_at) if done_at else None))
        if not sums[0]:
            found[task_id] = None
    return found


def _finished(last_at: int, done_at: int | None) -> int:
    """When a task finished: with its outcome or, where that is earlier, a day after its last call."""
    return last_at + _IDLE if done_at is None else min(done_at, last_at + _IDLE)


def _task(task_id: str, typed: str, sums: Sequence[int], outcome: str, finished_at: int) -> FinishedTask:
    task_type, _, project = typed[32:].partition("\n")
    return _kept((task_id, task_type, project, outcome, *sums, finished_at))


def _kept(row: Sequence[Any]) -> FinishedTask:
    task_id, task_type, project, outcome, calls, unpriced_calls, cost_nanos, plan_nanos, finished_at = row
    return FinishedTask(
        task_id=task_id,
        finished_at=from_micros(finished_at),
        task_type=task_type or None,
        project=project or None,
        outcome=outcome or None,
        calls=calls,
        unpriced_calls=unpriced_calls,
        cost_usd=usd(cost_nanos),
        subscription_usd=usd(plan_nanos),
    )


def _is_in(asked: InPeriod, task: FinishedTask) -> bool:
    return asked.start <= task.finished_at < asked.end and asked.task_type in (None, task.task_type)
