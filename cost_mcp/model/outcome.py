"""How tasks ended, and what finished ones came to: what efficiency is measured by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from cost_mcp.model.call import check_choice
from cost_mcp.model.totals import ZERO

MERGED = "merged"
OUTCOMES = (MERGED, "failed", "abandoned")
"""How a task can end: something came of it, it was tried in vain, it was given up."""

IDLE = timedelta(hours=24)
"""A task without an outcome counts as finished once it has had no call for so long."""

NOTED, KNOWN, SUPERSEDED = "noted", "known", "superseded"
"""What came of noting an outcome: it is the first, it was noted before, it stands above an earlier one from now on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskOutcome:
    """How a task ended, when, and who said so.

    Raises:
        UnknownName: an outcome that is none.
    """

    outcome: str
    done_at: datetime
    recorded_at: datetime
    by: str

    def __post_init__(self) -> None:
        check_choice(self.outcome, OUTCOMES, "outcome")


@dataclass(frozen=True, slots=True, kw_only=True)
class Finish:
    """The answer to noting an outcome: ``noted``, ``known`` or ``superseded``; all outcomes of the task, the one that counts last."""

    task_id: str
    status: str
    outcomes: tuple[TaskOutcome, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FinishedTask:
    """What one finished task came to. ``subscription_usd`` is what calls under a plan are worth at list price.

    It finished with its outcome or, where that is earlier or there is none, 24 hours after its last call.
    """

    task_id: str
    finished_at: datetime
    task_type: str | None = None
    project: str | None = None
    outcome: str | None = None
    calls: int = 0
    unpriced_calls: int = 0
    cost_usd: Decimal = ZERO
    subscription_usd: Decimal = ZERO

    @property
    def worth_usd(self) -> Decimal:
        """What its calls cost, whoever pays: those under a plan at list price."""
        return self.cost_usd + self.subscription_usd

    @property
    def in_vain(self) -> bool:
        """Whether nothing came of it."""
        return self.outcome is not None and self.outcome != MERGED

    @property
    def comparable(self) -> bool:
        """Whether it may be part of a baseline: something may have come of it, and all of its cost is known."""
        return not self.in_vain and not self.unpriced_calls


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskPast:
    """What one task is held against: the worth of the tasks of its type that finished before it did, newest first.

    ``finished_at`` is None while it goes on; then the others are those that have finished by now. ``behind`` says that the ledger
    does not know yet what others came to.
    """

    outcomes: tuple[TaskOutcome, ...] = ()
    finished_at: datetime | None = None
    earlier: tuple[Decimal, ...] = ()
    behind: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FinishedTasks:
    """The tasks that finished in a period, oldest first, and by type those comparable ones that finished before the first of it.

    ``more`` says that older ones of the period were left out, ``behind`` that the ledger does not know yet what tasks came to.
    """

    tasks: tuple[FinishedTask, ...] = ()
    before: Mapping[str, tuple[FinishedTask, ...]] = field(default_factory=dict[str, "tuple[FinishedTask, ...]"])
    more: bool = False
    behind: bool = False
