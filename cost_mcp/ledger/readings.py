"""The questions a ledger answers at once: the same as ``Ledger`` is asked, for programs that wait."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Protocol

from cost_mcp.ledger.contract import BudgetChange, StoredCall
from cost_mcp.model.budget import Budget, Standing
from cost_mcp.model.report import CostReport, ReportQuery, TaskCost
from cost_mcp.model.scope import Covered

if TYPE_CHECKING:
    # A hook reads windows and starts without these.
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


class Readings(Protocol):
    """The questions a ledger answers, asked by programs that wait for the answer (a command, a hook)."""

    def call(self, tenant: str, call_id: str) -> StoredCall | None:
        """As ``Ledger.call``."""
        ...

    def report(self, query: ReportQuery) -> CostReport:
        """As ``Ledger.report``."""
        ...

    def task_cost(self, tenant: str, task_id: str) -> TaskCost:
        """As ``Ledger.task_cost``."""
        ...

    def spend_history(self, asked: HistoryAsked) -> SpendHistory:
        """As ``Ledger.spend_history``."""
        ...

    def task_costs(self, query: ReportQuery) -> tuple[TaskSum, ...]:
        """As ``Ledger.task_costs``."""
        ...

    def task_past(
        self, tenant: str, task_id: str, task_type: str | None, last_call: datetime | None, now: datetime, most: int
    ) -> TaskPast:
        """As ``Ledger.task_past``."""
        ...

    def finished_tasks(self, tenant: str, asked: InPeriod) -> FinishedTasks:
        """As ``Ledger.finished_tasks``."""
        ...

    def task_models(self, tenant: str, task_ids: Sequence[str]) -> dict[str, dict[str, Decimal]]:
        """What each of these tasks came to by model, whoever paid; read from their single calls."""
        ...

    def alert(self, tenant: str, alert_id: str) -> Alert | None:
        """The alert with this id; None when there is none."""
        ...

    def read_usage(self, asked: UsageAsked, reader: UsageReader) -> None:
        """Hand the usage of every call of a period to a reader, in portions, all of one moment."""
        ...

    def budgets(self, tenant: str) -> tuple[Budget, ...]:
        """As ``Ledger.budgets``."""
        ...

    def standings(self, tenant: str, asking: Covered | None, now: datetime) -> tuple[Standing, ...]:
        """As ``Ledger.standings``."""
        ...

    def budget_history(self, tenant: str, name: str | None) -> tuple[BudgetChange, ...]:
        """As ``Ledger.budget_history``."""
        ...

    def alerts(self, tenant: str, *, open_only: bool, limit: int) -> tuple[Alert, ...]:
        """As ``Ledger.alerts``."""
        ...

    def plan_limits(self, tenant: str) -> tuple[PlanLimit, ...]:
        """As ``Ledger.plan_limits``."""
        ...

    def call_list(self, query: ListQuery) -> ListedCalls:
        """A page of a period's calls, newest first, also those that do not count."""
        ...

    def calls_since(self, query: ListQuery, since: str | None) -> tuple[tuple[ListedCall, ...], str]:
        """The calls recorded after a mark (None: all), a part at a time, and the mark to go on from."""
        ...

    def task_list(self, query: ListQuery) -> ListedTasks:
        """A page of the tasks that had calls in a period, the one with the newest call first."""
        ...

    def plan_windows(
        self, tenant: str, filters: Mapping[str, str], reach: tuple[datetime, datetime, datetime], span_of: SpanOf
    ) -> tuple[WindowSums, ...]:
        """Windows that begin with a call, source by source, each with what it came to.

        ``reach``: from when on calls begin windows, after which moment a window has to end, before which one it has to begin.
        """
        ...

    def version(self) -> int | None:
        """A number that is another one once anything was written since it was asked; None while there is no ledger."""
        ...

    def export_rows(self, query: ReportQuery, mark: Mark | None = None, limit: int | None = None) -> Batch:
        """The next rows that count of what a query covers, by time, at most ``limit`` (None: as many as are read well at once).

        Without a mark the first ones; all that follow by the marks of the batches before are of the same moment.
        """
        ...

    def scan_calls(self, query: ScanQuery, sink: CallSink) -> None:
        """As ``Ledger.scan_calls``."""
        ...

    def calls_behind(self, tenant: str, seqs: Sequence[int]) -> tuple[CallBehind, ...]:
        """As ``Ledger.calls_behind``."""
        ...

    def applied_savings(self, tenant: str) -> tuple[AppliedSaving, ...]:
        """As ``Ledger.applied_savings``."""
        ...

    def close(self) -> None:
        """Let go of the file."""
        ...
