"""What the reading verbs answer; made the same way for a program that waits and for one that does not."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from cost_mcp.errors import NotFound
from cost_mcp.ledger.contract import StoredCall
from cost_mcp.model.budget import Standing
from cost_mcp.model.call import NO_CONTEXT
from cost_mcp.model.decision import DENY, Decision, decide
from cost_mcp.model.fitting import Fitting
from cost_mcp.model.moment import micros
from cost_mcp.model.report import CostReport, Group, TaskCost
from cost_mcp.model.scope import Covered
from cost_mcp.reports.page import Snapshot, page
from cost_mcp.service.question import ReportQuestion, StatusQuestion

NOTHING_ASKED = Covered(context=NO_CONTEXT)


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskAnswer:
    """What a task cost, and the budgets that cover it."""

    task: TaskCost
    standings: tuple[Standing, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportAnswer:
    """A report and the page of its groups that was asked for; ``next_cursor`` is None on the last page."""

    report: CostReport
    rows: tuple[Group, ...] = ()
    next_cursor: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetAnswer:
    """The budgets asked about, tightest first, and a decision when a spend was given.

    ``enforced`` says whether an enforcing budget had a part in the decision: without one, nothing is ever denied. ``fitting``
    says what a call that was denied for want of room could be instead.
    """

    standings: tuple[Standing, ...] = ()
    decision: Decision | None = None
    enforced: bool = False
    fitting: Fitting | None = None

    @property
    def denied(self) -> bool:
        """Whether the spend that was asked about may not be made."""
        return self.decision is not None and self.decision.decision == DENY


def report_answer(report: CostReport, question: ReportQuestion) -> ReportAnswer:
    """The page of a report's groups that its question asks for."""
    period = report.query.period
    snapshot = Snapshot(start=micros(period.start), end=micros(period.end), as_of=report.as_of)
    rows, after = page(report.groups, question.limit, question.place, question.asked, snapshot)
    return ReportAnswer(report=report, rows=rows, next_cursor=after)


def budget_answer(standings: tuple[Standing, ...], question: StatusQuestion) -> BudgetAnswer:
    """The standings that were asked for, and the decision on the spend by those that cover it.

    Raises:
        NotFound: no budget of the name that was asked for.
    """
    shown = tuple(s for s in standings if question.budget in (None, s.budget.name))
    if question.budget is not None and not shown:
        raise NotFound(
            "no budget of this name covers what was asked.", field="budget", hint="Leave budget out to see those that do."
        )
    if question.spend is None:
        return BudgetAnswer(standings=shown)
    covering = covering_of(shown, question.covered)
    enforced = any(s.budget.mode == "enforce" for s in covering)
    return BudgetAnswer(standings=shown, decision=decide(covering, question.spend), enforced=enforced)


def found(stored: StoredCall | None) -> StoredCall:
    """The call that was asked for.

    Raises:
        NotFound: there is none.
    """
    if stored is None:
        raise NotFound(
            "no call is recorded under this id.", field="call_id", hint="Use the call_id that record_call answered with."
        )
    return stored


def covering_of(standings: Iterable[Standing], asked: Covered | None) -> list[Standing]:
    """The windows that what is asked about counts in; None asks about a call of which nothing is known."""
    return [standing for standing in standings if _covers(standing, asked or NOTHING_ASKED)]


def _covers(standing: Standing, asked: Covered) -> bool:
    if not standing.budget.scope.covers(asked):
        return False
    each = standing.budget.each
    return each is None or standing.each_value in asked.values(each)
