"""What the reading verbs answer; made the same way for a program that waits and for one that does not."""

from __future__ import annotations

from dataclasses import dataclass

from cost_mcp.budgets.decision import Decision, Spend, decide
from cost_mcp.errors import NotFound
from cost_mcp.ledger.contract import StoredCall
from cost_mcp.model.budget import Standing
from cost_mcp.model.call import NO_CONTEXT
from cost_mcp.model.report import CostReport, Group, TaskCost
from cost_mcp.model.scope import Covered
from cost_mcp.reports.page import page
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

    ``enforced`` says whether an enforcing budget had a part in the decision: without one, nothing is ever denied.
    """

    standings: tuple[Standing, ...] = ()
    decision: Decision | None = None
    enforced: bool = False


def report_answer(report: CostReport, question: ReportQuestion) -> ReportAnswer:
    """The page of a report's groups that its question asks for."""
    rows, after = page(report.groups, question.limit, question.cursor, question.asked)
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
    if question.estimated_usd is None and question.estimated_tokens is None:
        return BudgetAnswer(standings=shown)
    asked = question.covered or NOTHING_ASKED
    covering = [s for s in shown if covers(s, asked)]
    spend = Spend(usd=question.estimated_usd, tokens=question.estimated_tokens)
    enforced = any(s.budget.mode == "enforce" for s in covering)
    return BudgetAnswer(standings=shown, decision=decide(covering, spend), enforced=enforced)


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


def covers(standing: Standing, asked: Covered) -> bool:
    """Whether a window of a budget is one that what is asked about counts in."""
    if not standing.budget.scope.covers(asked):
        return False
    each = standing.budget.each
    return each is None or standing.each_value in asked.values(each)
