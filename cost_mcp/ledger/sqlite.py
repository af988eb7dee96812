"""The ledger in an SQLite file, for asynchronous programs."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from cost_mcp.errors import CostError, InvalidInput
from cost_mcp.ledger import alerting, audit, budgeting, delivery, reserving, savings_applied, standing
from cost_mcp.ledger.alert_row import alerts
from cost_mcp.ledger.backfill import Ahead, reads_calls
from cost_mcp.ledger.book import Book
from cost_mcp.ledger.contract import BudgetChange, Ledger, Recorded, StoredCall, Verification, WindowOf
from cost_mcp.ledger.faults import ledger_fault
from cost_mcp.ledger.file import open_for_reading
from cost_mcp.ledger.finished import InPeriod, finished_tasks, task_past
from cost_mcp.ledger.held import Held
from cost_mcp.ledger.limit_row import plan_limits
from cost_mcp.ledger.lookup import lookup, reservation_context
from cost_mcp.ledger.outcome import finish_task
from cost_mcp.ledger.plan import run_plan
from cost_mcp.ledger.pool import Pool
from cost_mcp.ledger.recording import Answer, enter_calls, foresee, prepare, receipts
from cost_mcp.ledger.report import report
from cost_mcp.ledger.savings_scan import calls_behind, scan
from cost_mcp.ledger.spend_history import HistoryAsked, SpendHistory, spend_history
from cost_mcp.ledger.task import task_cost
from cost_mcp.ledger.task_costs import TaskSum, task_costs
from cost_mcp.ledger.writer import Writer
from cost_mcp.model.alert import Alert, Channel, Claim
from cost_mcp.model.budget import Budget, Standing
from cost_mcp.model.call import Context
from cost_mcp.model.charge import PricedCall
from cost_mcp.model.outcome import Finish, FinishedTasks, TaskPast
from cost_mcp.model.plan_limit import PlanLimit
from cost_mcp.model.report import CostReport, ReportQuery, TaskCost
from cost_mcp.model.reservation import Admission, Reservation, ReserveOrder
from cost_mcp.model.saving import AppliedSaving, CallBehind, CallSink, ScanQuery
from cost_mcp.model.scope import Covered

T = TypeVar("T")


async def open_ledger(path: Path, *, now: datetime, window_of: WindowOf) -> Ledger:
    """The ledger in this file, made (readable by its owner only) when there is none, its schema up to date.

    Args:
        path: the database file; its lock, ``-wal`` and ``-shm`` files lie beside it.
        now: when migrations are noted to have run.
        window_of: the calendar that budgets' windows follow.

    Raises:
        LedgerUnavailable: no rights, no space, another program's database.
        LedgerCorrupt: not a database, or damaged.
        LedgerNewer: a later version wrote it.
    """
    writer = await asyncio.to_thread(Writer, path, now, window_of)
    return _SqliteLedger(path, writer, window_of)


class _SqliteLedger:
    def __init__(self, path: Path, writer: Writer, window_of: WindowOf) -> None:
        self._path = path
        self._writer = writer
        self._pool = Pool(path)
        self._window_of = window_of

    async def record(
        self,
        calls: Sequence[PricedCall],
        now: datetime,
        *,
        quiet: bool = False,
        meanwhile: Callable[[Recorded], None] | None = None,
    ) -> Recorded:
        if not calls:
            return ()
        prepared = [foresee(self._writer.book, prepare(call), now) for call in calls]
        enter = alerting.enter_quietly if quiet else enter_calls
        if meanwhile is None:
            return receipts(*await self._writer.run(lambda book: enter(book, prepared, now)))
        told: list[Recorded] = []

        def tell(answers: tuple[Answer, ...], held: Held) -> None:
            told.append(receipts(answers, held))
            meanwhile(told[0])

        await self._writer.run(lambda book: enter(book, prepared, now), tell)
        return told[0]

    async def reserve(
        self, order: ReserveOrder, now: datetime, *, meanwhile: Callable[[Admission], None] | None = None
    ) -> Admission:
        def tell(answer: Admission | CostError, _: Held) -> None:
            if meanwhile is not None and isinstance(answer, Admission):
                meanwhile(answer)

        answer, _ = await self._writer.run(lambda book: reserving.reserve(book, order, now), tell if meanwhile else None)
        return _given(answer)

    async def extend_reservation(self, tenant: str, reservation_id: str, expires_at: datetime, now: datetime) -> Reservation:
        answer, _ = await self._writer.run(
            lambda book: reserving.extend_reservation(book, tenant, reservation_id, expires_at, now)
        )
        return _given(answer)

    async def release_reservation(self, tenant: str, reservation_id: str, now: datetime) -> Reservation:
        answer, _ = await self._writer.run(lambda book: reserving.release_reservation(book, tenant, reservation_id, now))
        return _given(answer)

    async def reservation_context(self, tenant: str, reservation_id: str) -> Context | None:
        return await self._pool.run(reservation_context(tenant, reservation_id))

    async def call(self, tenant: str, call_id: str) -> StoredCall | None:
        return await self._pool.run(lookup(tenant, call_id))

    async def report(self, query: ReportQuery) -> CostReport:
        return await self._pool.run(report(query))

    async def task_cost(self, tenant: str, task_id: str) -> TaskCost:
        return await self._pool.run(task_cost(tenant, task_id))

    async def spend_history(self, asked: HistoryAsked) -> SpendHistory:
        return await self._pool.run(spend_history(asked, self._window_of))

    async def task_costs(self, query: ReportQuery) -> tuple[TaskSum, ...]:
        return await self._pool.run(task_costs(query))

    async def task_past(
        self, tenant: str, task_id: str, task_type: str | None, last_call: datetime | None, now: datetime, most: int
    ) -> TaskPast:
        return await self._pool.run(task_past(tenant, task_id, task_type, last_call, now, most))

    async def finished_tasks(self, tenant: str, asked: InPeriod) -> FinishedTasks:
        return await self._pool.run(finished_tasks(tenant, asked))

    async def finish_task(
        self, tenant: str, task_id: str, outcome: str, done_at: datetime | None, now: datetime, by: str
    ) -> Finish:
        key = (tenant, task_id)
        return _given((await self._writer.run(lambda book: finish_task(book, *key, outcome, done_at, now, by)))[0])

    async def standings(self, tenant: str, asking: Covered | None, now: datetime) -> tuple[Standing, ...]:
        return await self._pool.run(standing.standings(tenant, asking, now, self._window_of))

    async def budgets(self, tenant: str) -> tuple[Budget, ...]:
        return await self._pool.run(standing.budgets(tenant))

    async def set_budget(self, budget: Budget, now: datetime, changed_by: str) -> Budget:
        # Opening a connection is only worth it where many calls may have to be read.
        ahead = await asyncio.to_thread(_look_ahead, self._path, budget, now, self._window_of) if reads_calls(budget) else None

        def job(book: Book) -> Budget:
            after = budgeting.set_budget(book, budget, now, changed_by, ahead)
            alerting.raise_for(book, after, now)
            return after

        return (await self._writer.run(job))[0]

    async def remove_budget(self, tenant: str, name: str, now: datetime, changed_by: str) -> Budget:
        return (await self._writer.run(lambda book: budgeting.remove_budget(book, tenant, name, now, changed_by)))[0]

    async def budget_history(self, tenant: str, name: str | None) -> tuple[BudgetChange, ...]:
        return await self._pool.run(standing.budget_history(tenant, name))

    async def alerts(self, tenant: str, *, open_only: bool, limit: int) -> tuple[Alert, ...]:
        return await self._pool.run(alerts(tenant, open_only=open_only, limit=limit))

    async def plan_limits(self, tenant: str) -> tuple[PlanLimit, ...]:
        return await self._pool.run(plan_limits(tenant))

    async def raise_alert(self, alert: Alert, now: datetime) -> bool:
        if alert.kind == "budget":
            raise InvalidInput("a budget's alert is not raised by hand.", field="kind", hint="Raise an anomaly or a test.")
        return (await self._writer.run(lambda book: alerting.raise_alert(book, alert, now)))[0]

    async def raise_due(self, tenant: str, now: datetime) -> int:
        return (await self._writer.run(lambda book: alerting.raise_due(book, tenant, now)))[0]

    async def acknowledge_alert(self, tenant: str, alert_id: str, now: datetime, by: str) -> Alert:
        return _given((await self._writer.run(lambda book: delivery.acknowledge_alert(book, tenant, alert_id, now, by)))[0])

    async def retry_alert(self, tenant: str, alert_id: str, now: datetime) -> Alert:
        return _given((await self._writer.run(lambda book: delivery.retry_alert(book, tenant, alert_id, now)))[0])

    async def claim_deliveries(
        self, tenant: str, channels: Sequence[Channel], now: datetime, lease_seconds: float, most: int
    ) -> tuple[Claim, ...]:
        if not await self._pool.run(delivery.due(tenant, channels, now)):
            return ()
        return (await self._writer.run(lambda b: delivery.claim_deliveries(b, tenant, channels, now, lease_seconds, most)))[0]

    async def finish_delivery(
        self,
        tenant: str,
        alert_id: str,
        channel: str,
        now: datetime,
        *,
        error: str | None,
        next_at: datetime | None,
        attempt: int | None = None,
    ) -> None:
        came = delivery.Came(error=error, next_at=next_at, attempt=attempt)
        key = (tenant, alert_id, channel)
        _given((await self._writer.run(lambda book: delivery.finish_delivery(book, key, now, came)))[0])

    async def scan_calls(self, query: ScanQuery, sink: CallSink) -> None:
        # In a thread of its own: a million rows would keep the loop from everybody else.
        await asyncio.to_thread(_in_snapshot, self._path, lambda db: run_plan(db, scan(query, sink)))

    async def calls_behind(self, tenant: str, seqs: Sequence[int]) -> tuple[CallBehind, ...]:
        return await self._pool.run(calls_behind(tenant, seqs))

    async def applied_savings(self, tenant: str) -> tuple[AppliedSaving, ...]:
        return await self._pool.run(savings_applied.applied_savings(tenant))

    async def apply_saving(self, tenant: str, saving: AppliedSaving) -> AppliedSaving:
        return (await self._writer.run(lambda book: savings_applied.apply_saving(book, tenant, saving)))[0]

    async def drop_saving(self, tenant: str, saving_id: str, now: datetime, by: str) -> AppliedSaving:
        return _given((await self._writer.run(lambda book: savings_applied.drop_saving(book, tenant, saving_id, now, by)))[0])

    async def verify(self) -> Verification:
        return await asyncio.to_thread(_verify, self._path, self._window_of)

    async def rebuild(self) -> Verification:
        return (await self._writer.run(audit.rebuild))[0]

    async def close(self) -> None:
        self._writer.end()
        await self._pool.close()
        await asyncio.to_thread(self._writer.close)


def _given(answer: T | CostError) -> T:
    # A refusal comes back as an answer: raised inside the transaction, it would undo what others wrote in it.
    if isinstance(answer, CostError):
        raise answer
    return answer


def _verify(path: Path, window_of: WindowOf) -> Verification:
    return _in_snapshot(path, lambda db: audit.verify(db, window_of))


def _look_ahead(path: Path, budget: Budget, now: datetime, window_of: WindowOf) -> Ahead | None:
    return _in_snapshot(path, lambda db: budgeting.look_ahead(db, budget, now, window_of))


def _in_snapshot(path: Path, read: Callable[[sqlite3.Connection], T]) -> T:
    db = open_for_reading(path)
    try:
        db.execute("BEGIN")
        return read(db)
    except sqlite3.Error as error:
        raise ledger_fault(error) from None
    finally:
        db.close()
