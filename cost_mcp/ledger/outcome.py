"""How tasks ended, noted and read back: rows that are only ever added, of which the last one of a task counts."""

from __future__ import annotations

from datetime import datetime

from cost_mcp.errors import CostError, NotFound
from cost_mcp.ledger.book import Book
from cost_mcp.ledger.plan import Plan, run_plan
from cost_mcp.ledger.task import task_cost
from cost_mcp.model.moment import from_micros, micros
from cost_mcp.model.outcome import KNOWN, NOTED, SUPERSEDED, Finish, TaskOutcome

_OUTCOMES = "SELECT outcome, done_at, recorded_at, recorded_by FROM task_outcomes WHERE tenant = ? AND task_id = ? ORDER BY seq"
_NOTE = "INSERT INTO task_outcomes (tenant, task_id, outcome, done_at, recorded_at, recorded_by) VALUES (?, ?, ?, ?, ?, ?)"
_KEEP = "UPDATE task_sums SET outcome = ?, done_at = ? WHERE tenant = ? AND task_id = ?"
_ANY_CALL = "SELECT EXISTS (SELECT 1 FROM entries INDEXED BY entries_by_task WHERE tenant = ? AND task_id = ?)"


def outcomes_of(tenant: str, task_id: str) -> Plan[tuple[TaskOutcome, ...]]:
    """Every outcome that was noted of a task, the one that counts last."""
    rows = yield _OUTCOMES, (tenant, task_id)
    return tuple(
        TaskOutcome(outcome=outcome, done_at=from_micros(done_at), recorded_at=from_micros(recorded_at), by=by)
        for outcome, done_at, recorded_at, by in rows
    )


def finish_task(
    book: Book, tenant: str, task_id: str, outcome: str, done_at: datetime | None, now: datetime, by: str
) -> Finish | CostError:
    """Note how a task ended. The same again, at no other time, changes nothing; anything else stands above what was noted."""
    if not book.db.execute(_ANY_CALL, (tenant, task_id)).fetchone()[0]:
        return _no_such_task(run_plan(book.db, task_cost(tenant, task_id)).nearest)
    known = run_plan(book.db, outcomes_of(tenant, task_id))
    if known and known[-1].outcome == outcome and done_at in (None, known[-1].done_at):
        return Finish(task_id=task_id, status=KNOWN, outcomes=known)
    noted = TaskOutcome(outcome=outcome, done_at=done_at or now, recorded_at=now, by=by)
    at = micros(noted.done_at)
    book.db.execute(_NOTE, (tenant, task_id, outcome, at, micros(now), by))
    book.db.execute(_KEEP, (outcome, at, tenant, task_id))
    return Finish(task_id=task_id, status=SUPERSEDED if known else NOTED, outcomes=(*known, noted))


def _no_such_task(nearest: tuple[str, ...]) -> NotFound:
    near = f"Did you mean {', '.join(nearest)}? " if nearest else ""
    return NotFound(
        "no call is recorded under this task.",
        field="task_id",
        hint=f"{near}Record or import its calls first.",
    )
