"""The second door: the same answers for programs that start, ask and end. Synchronous, read-only, standard library only."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from cost_mcp.ledger.contract import BudgetChange, StoredCall, WindowOf
from cost_mcp.ledger.faults import DATABASE_FAULTS, ledger_fault
from cost_mcp.ledger.file import open_for_reading
from cost_mcp.ledger.plan import Plan, run_plan_at_once
from cost_mcp.ledger.readings import Readings
from cost_mcp.model.budget import Budget, Standing
from cost_mcp.model.report import CostReport, ReportQuery, TaskCost
from cost_mcp.model.scope import Covered

if TYPE_CHECKING:
    from cost_mcp.ledger.export_rows import Batch, Mark
    from cost_mcp.ledger.finished import InPeriod
    from cost_mcp.ledger.plan_window import SpanOf, WindowSums
    from cost_mcp.ledger.spend_history import HistoryAsked, SpendHistory
    from cost_mcp.ledger.task_costs import TaskSum
    from cost_mcp.ledger.usage_rows import UsageAsked, UsageReader
    from cost_mcp.model.activity import ListedCall, ListedCalls, ListedTasks, ListQuery
    from cost_mcp.model.alert import Alert
    from cost_mcp.model.outcome import FinishedTasks, TaskPast
    from cost_mcp.model.plan_limit import PlanLimit
    from cost_mcp.model.saving import AppliedSaving, CallBehind, CallSink, ScanQuery

T = TypeVar("T")


def open_readings(path: Path, *, window_of: WindowOf) -> Readings:
    """The ledger in this file for reading only; where there is no file, an empty ledger answers and no file is made.

    Raises:
        LedgerError: it cannot be opened, is damaged, newer, or another program's.
    """
    return _QuickReadings(open_for_reading(path), window_of)


class _QuickReadings:
    def __init__(self, db: sqlite3.Connection, window_of: WindowOf) -> None:
        self._db = db
        self._window_of = window_of

    def call(self, tenant: str, call_id: str) -> StoredCall | None:
        from cost_mcp.ledger.lookup import lookup

        return self._run(lookup(tenant, call_id))

    def report(self, query: ReportQuery) -> CostReport:
        from cost_mcp.ledger.report import report

        return self._run(report(query))

    def task_cost(self, tenant: str, task_id: str) -> TaskCost:
        from cost_mcp.ledger.task import task_cost

        return self._run(task_cost(tenant, task_id))

    def spend_history(self, asked: HistoryAsked) -> SpendHistory:
        from cost_mcp.ledger.spend_history import spend_history

        return self._run(spend_history(asked, self._window_of))

    def task_costs(self, query: ReportQuery) -> tuple[TaskSum, ...]:
        from cost_mcp.ledger.task_costs import task_costs

        return self._run(task_costs(query))

    def read_usage(self, asked: UsageAsked, reader: UsageReader) -> None:
        from cost_mcp.ledger.usage_rows import read_usage

        self._run(read_usage(asked, reader))

    def budgets(self, tenant: str) -> tuple[Budget, ...]:
        from cost_mcp.ledger.standing import budgets

        return self._run(budgets(tenant))

    def standings(self, tenant: str, asking: Covered | None, now: datetime) -> tuple[Standing, ...]:
        from cost_mcp.ledger.standing import standings

        return self._run(standings(tenant, asking, now, self._window_of))

    def budget_history(self, tenant: str, name: str | None) -> tuple[BudgetChange, ...]:
        from cost_mcp.ledger.standing import budget_history

        return self._run(budget_history(tenant, name))

    def alerts(self, tenant: str, *, open_only: bool, limit: int) -> tuple[Alert, ...]:
        from cost_mcp.ledger.alert_row import alerts

        return self._run(alerts(tenant, open_only=open_only, limit=limit))

    def plan_limits(self, tenant: str) -> tuple[PlanLimit, ...]:
        from cost_mcp.ledger.limit_row import plan_limits

        return self._run(plan_limits(tenant))

    def call_list(self, query: ListQuery) -> ListedCalls:
        from cost_mcp.ledger.call_list import call_list

        return self._run(call_list(query))

    def calls_since(self, query: ListQuery, since: str | None) -> tuple[tuple[ListedCall, ...], str]:
        from cost_mcp.ledger.call_list import calls_since

        return self._run(calls_since(query, since))

    def task_list(self, query: ListQuery) -> ListedTasks:
        from cost_mcp.ledger.task_list import task_list

        return self._run(task_list(query))

    def plan_windows(
        self, tenant: str, filters: Mapping[str, str], reach: tuple[datetime, datetime, datetime], span_of: SpanOf
    ) -> tuple[WindowSums, ...]:
        from cost_mcp.ledger.plan_window import plan_windows

        return self._run(plan_windows(tenant, filters, reach, span_of))

    def version(self) -> int | None:
        from cost_mcp.ledger.version import version

        return self._run(version())

    def export_rows(self, query: ReportQuery, mark: Mark | None = None, limit: int | None = None) -> Batch:
        from cost_mcp.ledger.export_rows import BATCH, export_rows

        return self._run(export_rows(query, mark, BATCH if limit is None else limit))

    def task_past(
        self, tenant: str, task_id: str, task_type: str | None, last_call: datetime | None, now: datetime, most: int
    ) -> TaskPast:
        from cost_mcp.ledger.finished import task_past

        return self._run(task_past(tenant, task_id, task_type, last_call, now, most))

    def finished_tasks(self, tenant: str, asked: InPeriod) -> FinishedTasks:
        from cost_mcp.ledger.finished import finished_tasks

        return self._run(finished_tasks(tenant, asked))

    def task_models(self, tenant: str, task_ids: Sequence[str]) -> dict[str, dict[str, Decimal]]:
        from cost_mcp.ledger.finished import task_models

        return self._run(task_models(tenant, task_ids))

    def alert(self, tenant: str, alert_id: str) -> Alert | None:
        from cost_mcp.ledger.alert_row import alert_by_id

        return self._run(alert_by_id(tenant, alert_id))

    def scan_calls(self, query: ScanQuery, sink: CallSink) -> None:
        from cost_mcp.ledger.savings_scan import scan

        self._run(scan(query, sink))

    def calls_behind(self, tenant: str, seqs: Sequence[int]) -> tuple[CallBehind, ...]:
        from cost_mcp.ledger.savings_scan import calls_behind

        return self._run(calls_behind(tenant, seqs))

    def applied_savings(self, tenant: str) -> tuple[AppliedSaving, ...]:
        from cost_mcp.ledger.savings_applied import applied_savings

        return self._run(applied_savings(tenant))

    def close(self) -> None:
        self._db.close()

    def _run(self, plan: Plan[T]) -> T:
        try:
            return run_plan_at_once(self._db, plan)
        except DATABASE_FAULTS as error:
            raise ledger_fault(error) from None
