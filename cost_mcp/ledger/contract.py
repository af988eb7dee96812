"""What every ledger does, whatever it is kept in; one suite of tests runs against each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from cost_mcp.model.budget import Budget, Standing
from cost_mcp.model.call import Context
from cost_mcp.model.charge import PricedCall
from cost_mcp.model.receipt import Receipt
from cost_mcp.model.report import CostReport, ReportQuery, TaskCost
from cost_mcp.model.reservation import Admission, Reservation, ReserveOrder
from cost_mcp.model.scope import Covered

if TYPE_CHECKING:
    # A hook reads windows and starts without these.
    from cost_mcp.ledger.finished import InPeriod
    from cost_mcp.ledger.spend_history import HistoryAsked, SpendHistory
    from cost_mcp.ledger.task_costs import TaskSum
    from cost_mcp.model.alert import Alert, Channel, Claim
    from cost_mcp.model.outcome import Finish, FinishedTasks, TaskPast
    from cost_mcp.model.plan_limit import PlanLimit
    from cost_mcp.model.saving import AppliedSaving, CallBehind, CallSink, ScanQuery

Recorded = tuple[Receipt | Exception, ...]
"""One answer per call: a receipt, or the ``CostError`` it was refused with."""

WindowOf = Callable[[Budget, datetime], "tuple[datetime, datetime | None]"]
"""The window of a budget that holds an instant, as (start, end); a ``total`` budget's starts at ``EARLIEST`` and has no end.

Handed in when a ledger is opened: calendars are not the ledger's business. Windows of one budget never overlap.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredCall:
    """A call as it now counts, with its history. ``revision`` is 1 for a call never corrected.

    ``unadmitted`` says that enforcing budgets did not admit it beforehand; it counts in full all the same. ``owner`` is the
    source whose word counts instead of this call, which is kept and not counted; None for a call that counts.
    """

    priced: PricedCall
    recorded_at: datetime
    revision: int = 1
    earlier: tuple[PricedCall, ...] = ()
    unadmitted: bool = False
    owner: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetChange:
    """One change of a budget: who, when, from, to (None before it was made and after it was removed)."""

    name: str
    changed_at: datetime
    changed_by: str
    before: Budget | None
    after: Budget | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """What ``verify`` looked at and each difference it found, as a sentence; sound when there is none."""

    calls: int
    windows: int
    rollups: int
    differences: tuple[str, ...] = field(default=())


class Ledger(Protocol):
    """The ledger of an asynchronous program: the same questions, and everything that writes.

    Every method raises a ``LedgerError`` when the ledger cannot answer. Writes are durable when they return.
    """

    async def record(
        self,
        calls: Sequence[PricedCall],
        now: datetime,
        *,
        quiet: bool = False,
        meanwhile: Callable[[Recorded], None] | None = None,
    ) -> Recorded:
        """Record calls; one answer each, in order: a receipt, or the ``CostError`` that call was refused with.

        ``meanwhile`` hears the same answers as soon as it is certain what they will be, while the disk makes them durable: a
        face may draw them then, but nothing of them may leave before this returns. What it raises is raised here.

        A budget window that thereby stands above every level ever raised for it raises one alert, at the level it has then, in
        the same transaction. Windows that have ended raise none, budgets in mode ``shadow`` neither. ``quiet`` records what is
        imported, part by part, without raising; ``raise_due`` makes up for it at the end.

        A call that names a reservation settles it in the same transaction: its true cost counts in full and everything held
        is given back. ``NotFound`` when there is no such reservation, ``Conflict`` when another call settled it; after it was
        released or had expired the call counts in full, marked unadmitted, with a warning.
        """
        ...

    async def reserve(
        self, order: ReserveOrder, now: datetime, *, meanwhile: Callable[[Admission], None] | None = None
    ) -> Admission:
        """Hold an amount in every budget window that overlaps the order's time, or deny it and hold nothing.

        ``meanwhile`` as for ``record``.

        Denied as ``model.decision`` judges it, and where an enforcing budget looks at a model and none is named. The same
        key and order again answer the first reservation; a denial is not remembered.

        Raises:
            Conflict: the key was used for another order.
        """
        ...

    async def extend_reservation(self, tenant: str, reservation_id: str, expires_at: datetime, now: datetime) -> Reservation:
        """Hold it until ``expires_at``, also in the windows that begin before; an earlier end changes nothing.

        Raises:
            NotFound: the tenant has no such reservation.
            Conflict: it has ended, or a window it would reach has no room; then it stays as it is.
        """
        ...

    async def release_reservation(self, tenant: str, reservation_id: str, now: datetime) -> Reservation:
        """Give back what is held; what has already ended without a call stays as it is.

        Raises:
            NotFound: the tenant has no such reservation.
            Conflict: a call settled it.
        """
        ...

    async def reservation_context(self, tenant: str, reservation_id: str) -> Context | None:
        """The context that a reservation was made in; None when the tenant has no such reservation."""
        ...

    async def call(self, tenant: str, call_id: str) -> StoredCall | None:
        """The call with this id as it now counts, with what it was corrected from; None when there is none."""
        ...

    async def report(self, query: ReportQuery) -> CostReport:
        """Exact sums at one moment, every group, all breakdowns; groups and breakdowns by cost, largest first."""
        ...

    async def task_cost(self, tenant: str, task_id: str) -> TaskCost:
        """What a task came to; for an unknown one zero, and the nearest known ids."""
        ...

    async def spend_history(self, asked: HistoryAsked) -> SpendHistory:
        """What each of some days came to, cut at a time of day, and where the budgets stand at the same moment."""
        ...

    async def task_past(
        self, tenant: str, task_id: str, task_type: str | None, last_call: datetime | None, now: datetime, most: int
    ) -> TaskPast:
        """How a task ended and what it is held against: up to ``most`` comparable tasks of its type that finished before it.

        ``task_type`` and ``last_call`` are what the ledger says of the task. One with a call in the last 24 hours and no outcome
        goes on: those that have finished by ``now`` are before it.
        """
        ...

    async def finished_tasks(self, tenant: str, asked: InPeriod) -> FinishedTasks:
        """What the tasks came to that finished in a period, oldest first, and by type those comparable ones before them."""
        ...

    async def finish_task(
        self, tenant: str, task_id: str, outcome: str, done_at: datetime | None, now: datetime, by: str
    ) -> Finish:
        """Note how a task ended, at ``done_at`` (None: now). The same again changes nothing; another stands above it, which stays.

        Raises:
            NotFound: no call is recorded under this task; the nearest are named.
        """
        ...

    async def task_costs(self, query: ReportQuery) -> tuple[TaskSum, ...]:
        """What every task with calls in a period came to in it, by billing mode, in no order; only period and filters count."""
        ...

    async def standings(self, tenant: str, asking: Covered | None, now: datetime) -> tuple[Standing, ...]:
        """Where the budgets stand that cover what is asked about (None: all), an each-budget's five tightest windows."""
        ...

    async def budgets(self, tenant: str) -> tuple[Budget, ...]:
        """The budgets in force, by name."""
        ...

    async def set_budget(self, budget: Budget, now: datetime, changed_by: str) -> Budget:
        """Make or replace the budget of this name; its current windows start from what the ledger holds, exactly.

        One that is past a level already raises its alert at once, an each-budget one for all its windows.
        """
        ...

    async def remove_budget(self, tenant: str, name: str, now: datetime, changed_by: str) -> Budget:
        """End a budget; raises ``NotFound`` (with the nearest names) when there is none of this name."""
        ...

    async def budget_history(self, tenant: str, name: str | None) -> tuple[BudgetChange, ...]:
        """Every change of a budget (None: of all), oldest first."""
        ...

    async def alerts(self, tenant: str, *, open_only: bool, limit: int) -> tuple[Alert, ...]:
        """The alerts raised last, newest first, those of removed budgets too; only those nobody acknowledged, if asked so."""
        ...

    async def plan_limits(self, tenant: str) -> tuple[PlanLimit, ...]:
        """The newest word of every window of every plan that logs told of: by source and plan, the shortest window first.

        It is as old as its ``seen_at``; a window whose ``resets_at`` has passed began anew, and nobody said how full it is.
        """
        ...

    async def raise_alert(self, alert: Alert, now: datetime) -> bool:
        """Raise an anomaly or a test; False when its subject and window were told of before, at this level or a higher one.

        Raises:
            InvalidInput: a budget's alert; those are raised by recording.
        """
        ...

    async def raise_due(self, tenant: str, now: datetime) -> int:
        """Raise what the present windows call for, at the level they have now and once per budget; how many alerts that were.

        Of an each-budget the fullest window tells, with the number of the others that rose.
        """
        ...

    async def acknowledge_alert(self, tenant: str, alert_id: str, now: datetime, by: str) -> Alert:
        """Note who has seen an alert; what still waits is not sent any more. Doing so twice changes nothing.

        Raises:
            NotFound: the tenant has no such alert.
        """
        ...

    async def retry_alert(self, tenant: str, alert_id: str, now: datetime) -> Alert:
        """Make its dead and waiting deliveries due at once, attempts from 0, and offer it to channels that never saw it.

        Raises:
            NotFound: the tenant has no such alert.
        """
        ...

    async def claim_deliveries(
        self, tenant: str, channels: Sequence[Channel], now: datetime, lease_seconds: float, most: int
    ) -> tuple[Claim, ...]:
        """Take what these channels should send now, for this sender alone until its lease is over; empty when there is nothing.

        A channel is offered alerts it never saw for 24 hours after they were raised, unless they were acknowledged. Writes
        nothing when nothing is due, so that asking often is cheap.
        """
        ...

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
        """Note what came of a claim: delivered (no error), failed and tried again at ``next_at``, or dead (no ``next_at``).

        What was delivered stays so. Where the claim's ``attempt`` is given, a failure counts only while nobody else has taken
        it meanwhile. Addresses are struck out of ``error``.

        Raises:
            NotFound: this channel never claimed such an alert.
        """
        ...

    async def scan_calls(self, query: ScanQuery, sink: CallSink) -> None:
        """Hand every call that counts to ``sink``, as it now counts, in the order in which they happened, from one moment.

        The sink works in another thread, one call of it after another.
        """
        ...

    async def calls_behind(self, tenant: str, seqs: Sequence[int]) -> tuple[CallBehind, ...]:
        """The calls in these rows of a scan, oldest first."""
        ...

    async def applied_savings(self, tenant: str) -> tuple[AppliedSaving, ...]:
        """The suggestions that were applied, the dropped ones too, in the order in which they were last applied."""
        ...

    async def apply_saving(self, tenant: str, saving: AppliedSaving) -> AppliedSaving:
        """Note that a suggestion is applied; one that is already stays as it was noted first."""
        ...

    async def drop_saving(self, tenant: str, saving_id: str, now: datetime, by: str) -> AppliedSaving:
        """Note that a suggestion is given up; one that is already stays as it was noted first.

        Raises:
            NotFound: it was never applied.
        """
        ...

    async def verify(self) -> Verification:
        """Recompute every window and rollup from the calls, every hold from the live reservations; name each difference."""
        ...

    async def rebuild(self) -> Verification:
        """Make windows, rollups and holds anew from calls and reservations; answers with what was wrong before."""
        ...

    async def close(self) -> None:
        """Finish waiting writes and let go of the files; safe to call twice."""
        ...
