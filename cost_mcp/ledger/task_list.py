"""The plan behind the list of recent tasks: found by walking back in time, summed from their own rows alone."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from cost_mcp.ledger.call_list import BELOW, STANDS, narrowed
from cost_mcp.ledger.fold import ENTRY_SUMS
from cost_mcp.ledger.plan import Plan
from cost_mcp.ledger.tally import Tally
from cost_mcp.model.activity import ListedTask, ListedTasks, ListQuery, Position
from cost_mcp.model.moment import from_micros, micros

STEP = 2000
"""So many rows are walked over at once: the tasks somebody works on now are among the newest."""

_WHERE = "e.tenant = :tenant AND e.counted = 1 AND e.occurred_at >= :start AND e.seq <= :as_of AND {filters}"
_WALK = (
    f"SELECT e.occurred_at, e.seq, e.task_id FROM entries e INDEXED BY entries_by_time WHERE {_WHERE}e.occurred_at < :end "
    f"AND e.task_id IS NOT NULL AND {BELOW} AND {STANDS} ORDER BY e.occurred_at DESC, e.seq DESC LIMIT :most"
)
_OF_TASKS = (
    "FROM json_each(:tasks) t CROSS JOIN entries e INDEXED BY entries_by_task ON e.task_id = t.value "
    f"CROSS JOIN series s ON s.series_id = e.series_id WHERE {_WHERE}"
)
_LATER = (
    f"SELECT DISTINCT e.task_id {_OF_TASKS}e.occurred_at < :period_end AND (e.occurred_at > :top OR (e.occurred_at = :top "
    f"AND e.seq >= :top_seq)) AND {STANDS}"
)
_SUMS = (
    f"SELECT e.task_id, s.billing, {', '.join(f'SUM({amount})' for amount in ENTRY_SUMS)} "
    f"{_OF_TASKS}e.occurred_at < :period_end GROUP BY 1, 2"
)
# With one MAX or MIN, SQLite takes the other columns from the row it was found in (sqlite.org/lang_select.html#bareagg).
_FIRST = f"SELECT e.task_id, MIN(e.occurred_at) {_OF_TASKS}e.occurred_at < :period_end AND {STANDS} GROUP BY 1"
_TITLE = (
    f"SELECT e.task_id, MAX(e.occurred_at), e.task_title {_OF_TASKS}e.occurred_at < :period_end AND e.task_title IS NOT NULL "
    f"AND {STANDS} GROUP BY 1"
)
_TYPE = (
    f"SELECT e.task_id, MAX(e.occurred_at), s.task_type {_OF_TASKS}e.occurred_at < :period_end AND s.task_type <> '' "
    f"AND {STANDS} GROUP BY 1"
)
_ANY = "SELECT 1 FROM entries INDEXED BY entries_by_task WHERE tenant = :tenant AND task_id IS NOT NULL LIMIT 1"
_OUTCOME = (
    "SELECT t.value, (SELECT o.outcome FROM task_outcomes o WHERE o.tenant = :tenant AND o.task_id = t.value ORDER BY o.seq DESC "
    "LIMIT 1) FROM json_each(:tasks) t"
)


def task_list(query: ListQuery) -> Plan[ListedTasks]:
    """A page of the tasks that had calls in a period, the one with the newest call first, with what they came to there.

    Raises:
        InvalidInput: a mark of another kind of ledger.
    """
    filters, values = yield from narrowed(query)
    if not (yield _ANY, {"tenant": query.tenant}):
        return ListedTasks(as_of=str(values["as_of"]))  # nothing to walk for, however many calls there are
    from_top = {**values, "top": values["below"], "top_seq": values["below_seq"]}
    found: dict[str, Position] = {}
    skipped: set[str] = set()
    at: Position | None = (values["below"], values["below_seq"])
    while at is not None and len(found) <= query.limit:
        place = {"below": at[0], "below_seq": at[1], "end": min(values["end"], at[0] + 1), "most": STEP}
        rows = yield _WALK.format(filters=filters), {**values, **place}
        newest: dict[str, Position] = {}
        for occurred_at, seq, task_id in rows:
            if task_id not in found and task_id not in skipped:
                newest.setdefault(task_id, (occurred_at, seq))
        if query.after is not None and newest:
            # Below a position, a task shows again that stood above it: what was newer is asked for.
            later = yield _LATER.format(filters=filters), _of(from_top, query, newest)
            skipped.update(row[0] for row in later)
        found.update((task_id, place) for task_id, place in newest.items() if task_id not in skipped)
        at = (rows[-1][0], rows[-1][1]) if len(rows) == STEP else None
    shown = dict(list(found.items())[: query.limit])
    tasks = (yield from _summed(query, shown, filters, values)) if shown else ()
    following = list(shown.values())[-1] if len(found) > query.limit else None
    return ListedTasks(tasks=tasks, following=following, as_of=str(values["as_of"]))


def _of(values: dict[str, Any], query: ListQuery, tasks: dict[str, Position]) -> dict[str, Any]:
    return {**values, "tasks": json.dumps(list(tasks)), "period_end": micros(query.period.end)}


def _summed(query: ListQuery, shown: dict[str, Position], filters: str, values: dict[str, Any]) -> Plan[tuple[ListedTask, ...]]:
    asked = _of(values, query, shown)
    tally = Tally()
    for task_id, billing, *sums in (yield _SUMS.format(filters=filters), asked):
        tally.add((task_id,), billing, sums)
    firsts = dict((yield _FIRST.format(filters=filters), asked))
    titles = {row[0]: row[2] for row in (yield _TITLE.format(filters=filters), asked)}
    outcomes = dict((yield _OUTCOME, asked))
    types = {row[0]: row[2] for row in (yield _TYPE.format(filters=filters), asked)}
    return tuple(
        ListedTask(
            task_id=task_id,
            totals=replace(tally.totals((task_id,)), first_call=from_micros(firsts[task_id]), last_call=from_micros(newest[0])),
            title=titles.get(task_id),
            task_type=types.get(task_id),
            outcome=outcomes.get(task_id),
        )
        for task_id, newest in shown.items()
    )
