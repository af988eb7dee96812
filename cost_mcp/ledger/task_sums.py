"""What every task came to, kept up to a watermark of its own: found by type and by when it finished.

Sums of money and calls are added up as they are folded. What is not a sum (the last call, the type that the newest call names) is
the greatest of what was and what came; where a correction took a call away, it is read anew from the task's own calls.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

from cost_mcp.ledger.bucket import is_too_large
from cost_mcp.model.moment import EARLIEST, micros

PORTION = 1024
"""The most rows that are added at once: so a row's time and its place among them are one whole number, until the year 2200."""

STEP = 8192
"""The most rows added while nobody records: so long others wait for the lock."""

FAR_BEHIND = 32_768
"""Rows above the watermark from which on they are added only while nobody records, and tasks are not told of until they are."""

TASK_SUMS = ("calls", "unpriced_calls", "cost_nanos", "plan_nanos")

_EPOCH = micros(EARLIEST)
# Sorts by time, then by the order of recording; what follows says the type and the project of that call.
_NAMED = "printf('%016d%016d', e.occurred_at, e.seq) || s.task_type || char(10) || s.project"
_SUMMED = (
    "SUM(e.sign) AS calls, SUM(e.unpriced_calls) AS unpriced_calls, "
    "SUM(CASE s.billing WHEN 'api' THEN e.cost_nanos ELSE 0 END) AS cost_nanos, "
    "SUM(CASE s.billing WHEN 'api' THEN 0 ELSE e.cost_nanos END) AS plan_nanos"
)
_ROWS = "FROM entries e {} CROSS JOIN series s ON s.series_id = e.series_id"
_COUNT = "e.counted = 1 AND e.task_id IS NOT NULL"

ADDED = (
    f"SELECT g.tenant, g.task_id, COALESCE((SELECT {_NAMED} {_ROWS.format('')} WHERE e.seq = :after + 1 + g.newest % {PORTION}), '') "
    f"AS typed, g.last_at, {', '.join(f'g.{c}' for c in TASK_SUMS)}, g.reversed FROM (SELECT e.tenant AS tenant, e.task_id AS task_id, "
    f"MAX(CASE WHEN e.sign = 1 AND s.task_type <> '' THEN (e.occurred_at - {_EPOCH}) * {PORTION} + e.seq - :after - 1 END) AS newest, "
    f"COALESCE(MAX(CASE e.sign WHEN 1 THEN e.occurred_at END), 0) AS last_at, {_SUMMED}, SUM(e.sign = -1) AS reversed "
    f"{_ROWS.format('NOT INDEXED')} WHERE {_COUNT} AND e.seq > :after AND e.seq <= :upto GROUP BY e.tenant, e.task_id) g"
)
"""What up to ``PORTION`` rows with ``:after`` < seq <= ``:upto`` add to each task; where ``reversed``, other calls may be the newest."""

_STANDS = (
    "e.sign = 1 AND NOT EXISTS (SELECT 1 FROM entries r WHERE r.tenant = e.tenant AND r.call_id = e.call_id "
    "AND r.revision = e.revision AND r.sign = -1 AND r.seq <= :upto)"
)
_NEWEST = (
    f"COALESCE(MAX(CASE WHEN {_STANDS} AND s.task_type <> '' THEN {_NAMED} END), '') AS typed, "
    f"COALESCE(MAX(CASE WHEN {_STANDS} THEN e.occurred_at END), 0) AS last_at"
)
ANEW = (
    f"SELECT {_NEWEST} {_ROWS.format('INDEXED BY entries_by_task')} WHERE {_COUNT} AND e.tenant = {{tenant}} "
    "AND e.task_id = {task_id} AND e.seq <= :upto"
)
"""The newest calls of one task, read from all its calls up to ``:upto``."""

_NEWEST_OUTCOME = (
    "(SELECT o.{} FROM task_outcomes o WHERE o.tenant = {}.tenant AND o.task_id = {}.task_id ORDER BY o.seq DESC LIMIT 1)"
)
_OF_CALLS = f"tenant, task_id, typed, last_at, {', '.join(TASK_SUMS)}"
_COLUMNS = f"{_OF_CALLS}, outcome, done_at"
_OUTCOME = f"COALESCE({_NEWEST_OUTCOME.format('outcome', 'g', 'g')}, ''), {_NEWEST_OUTCOME.format('done_at', 'g', 'g')}"
_FOLD = (
    f"INSERT INTO task_sums ({_COLUMNS}) SELECT {_OF_CALLS}, {_OUTCOME} "
    f"FROM ({ADDED}) g WHERE true ON CONFLICT DO UPDATE SET typed = MAX(typed, excluded.typed), "
    f"last_at = MAX(last_at, excluded.last_at), {', '.join(f'{c} = {c} + excluded.{c}' for c in TASK_SUMS)}"
)
_REVERSALS = (
    "FROM entries NOT INDEXED WHERE seq > :after AND seq <= :upto AND sign = -1 AND counted = 1 AND task_id IS NOT NULL"
)
_ANY_REVERSAL = f"SELECT EXISTS (SELECT 1 {_REVERSALS})"
_OF_REVERSED = f"(tenant, task_id) IN (SELECT DISTINCT tenant, task_id {_REVERSALS})"
_READ_ANEW = (
    f"UPDATE task_sums AS t SET (typed, last_at) = ({ANEW.format(tenant='t.tenant', task_id='t.task_id')}) WHERE {_OF_REVERSED}"
)
_LEAVE = f"DELETE FROM task_sums WHERE calls = 0 AND {_OF_REVERSED}"

_HELD = f"SELECT {_COLUMNS} FROM task_sums"
_OWED = (
    f"SELECT {_OF_CALLS}, {_OUTCOME} FROM (SELECT e.tenant AS tenant, e.task_id AS task_id, {_NEWEST}, {_SUMMED} "
    f"{_ROWS.format('NOT INDEXED')} WHERE {_COUNT} AND e.seq <= :upto GROUP BY e.tenant, e.task_id) g WHERE g.calls <> 0"
)
WATERMARK = "SELECT value FROM state WHERE name = 'tasks_seq'"
"""The last row that is part of what is kept."""

_MOVE = "UPDATE state SET value = ? WHERE name = 'tasks_seq'"
_DIFFERING = "SELECT tenant, task_id FROM (SELECT * FROM ({0}) EXCEPT SELECT * FROM ({1}))"
_MOST_NAMED = 20


def catch_up_tasks(db: sqlite3.Connection, upto: int, most: int = STEP) -> bool:
    """Add up to so many entries up to the row ``upto``, inside a write transaction; whether any are left.

    A sum past 64 bits leaves everything where it was: then nothing is told of what tasks usually cost.
    """
    after = tasks_seq(db)
    until = min(upto, after + most)
    if until <= after:
        return False
    db.execute("SAVEPOINT tasks")
    try:
        _add(db, after, until)
    except (sqlite3.IntegrityError, sqlite3.OperationalError) as error:
        if not is_too_large(error):
            raise
        db.execute("ROLLBACK TO tasks")
        until = upto
    db.execute("RELEASE tasks")
    return until < upto


def forget_tasks(db: sqlite3.Connection) -> None:
    """Forget what is kept of tasks, inside a write transaction; it is to be made anew."""
    db.execute("DELETE FROM task_sums")
    db.execute(_MOVE, (0,))


def task_differences(db: sqlite3.Connection) -> list[str]:
    """A sentence for each task of which is kept what its calls up to the watermark and its outcomes do not say."""
    upto = {"upto": tasks_seq(db)}
    wrong: set[tuple[str, str]] = {
        (tenant, task_id)
        for sql in (_DIFFERING.format(_HELD, _OWED), _DIFFERING.format(_OWED, _HELD))
        for tenant, task_id in db.execute(sql, upto)
    }
    return [*_named(sorted(wrong))]


def tasks_seq(db: sqlite3.Connection) -> int:
    """The last row that is part of what is kept."""
    return int(db.execute(WATERMARK).fetchone()[0])


def _add(db: sqlite3.Connection, after: int, upto: int) -> None:
    for first in range(after, upto, PORTION):
        db.execute(_FOLD, {"after": first, "upto": min(first + PORTION, upto)})
    span = {"after": after, "upto": upto}
    if db.execute(_ANY_REVERSAL, span).fetchone()[0]:
        db.execute(_READ_ANEW, span)
        db.execute(_LEAVE, span)
    db.execute(_MOVE, (upto,))


def _named(wrong: list[tuple[str, str]]) -> Iterable[str]:
    for tenant, task_id in wrong[:_MOST_NAMED]:
        yield f"what is kept of task {task_id} (tenant {tenant}) is not what its calls come to."
    if len(wrong) > _MOST_NAMED:
        yield f"{len(wrong) - _MOST_NAMED} more tasks are not kept as their calls say."
