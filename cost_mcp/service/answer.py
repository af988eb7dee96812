"""What the reading verbs answer; made the same way for a program that waits and for one that does not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from cost_mcp.budgets.windows import window_of
from cost_mcp.errors import NotFound
from cost_mcp.ledger.contract import StoredCall
from cost_mcp.model.budget import Budget, Standing
from cost_mcp.model.call import NO_CONTEXT
from cost_mcp.model.decision import DENY, Decision, decide, not_seen
from cost_mcp.model.fitting import Fitting
from cost_mcp.model.moment import micros
from cost_mcp.model.report import CostReport, Group, TaskCost
from cost_mcp.model.scope import Covered
from cost_mcp.model.uncounted import uncounted_note
from cost_mcp.reports.comparison import NO_CHANGES, Change, Comparison
from cost_mcp.reports.page import Snapshot, page, with_moment, write_cursor
from cost_mcp.reports.top import Key
from cost_mcp.reports.trend import Trend
from cost_mcp.service.question import ReportQuestion, StatusQuestion

if TYPE_CHECKING:
    from cost_mcp.model.outcome import TaskOutcome
    from cost_mcp.reports.efficiency import Efficiency

if TYPE_CHECKING:
    from cost_mcp.service.forecasting import WindowForecast

NOTHING_ASKED = Covered(context=NO_CONTEXT)


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskAnswer:
    """What a task cost, and the budgets that cover it. ``notes`` say what the figures do not hold yet.

    ``outcomes`` say how it ended, the last one counts; ``efficiency`` is None for a task nobody recorded.
    """

    task: TaskCost
    standings: tuple[Standing, ...] = ()
    outcomes: tuple[TaskOutcome, ...] = ()
    efficiency: Efficiency | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportAnswer:
    """A report and the page of its groups that was asked for; ``next_cursor`` is None on the last page.

    ``notes`` say what the figures do not hold yet. ``efficiency_score`` is what the period's finished tasks came to against
    their types' baselines, 1 for as usual, and ``efficiency_tasks`` of how many, those that finished last; None where it was
    not worked out or nothing can be said. ``comparison`` and ``trend`` are there where they were asked for, ``comparison`` only
    where something lies before the period; so is ``forecast``, of a period that is running.
    """

    report: CostReport
    rows: tuple[Group, ...] = ()
    next_cursor: str | None = None
    notes: tuple[str, ...] = ()
    efficiency_score: Decimal | None = None
    efficiency_tasks: int = 0
    comparison: Comparison | None = None
    trend: Trend | None = None
    forecast: WindowForecast | None = None

    @property
    def changes(self) -> Mapping[Key, Change]:
        """What changed in each row since the period before; empty where rows were not compared."""
        return NO_CHANGES if self.comparison is None else self.comparison.groups


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetAnswer:
    """The budgets asked about, tightest first, and a decision when a spend was given.

    ``enforced`` says whether an enforcing budget had a part in the decision: without one, nothing is ever denied. ``fitting``
    says what a call that was denied for want of room could be instead. ``notes`` name the enforcing budgets that nothing was
    said about, since they look at a model and none was named, and what the figures do not hold yet.
    """

    standings: tuple[Standing, ...] = ()
    decision: Decision | None = None
    enforced: bool = False
    fitting: Fitting | None = None
    notes: tuple[str, ...] = ()

    @property
    def denied(self) -> bool:
        """Whether the spend that was asked about may not be made."""
        return self.decision is not None and self.decision.decision == DENY


def report_answer(report: CostReport, question: ReportQuestion) -> ReportAnswer:
    """A report whose groups are the page that its question asks for, or all there are, and where the next page begins."""
    period = report.query.period
    marks = with_moment(report.as_of, question.now)
    snapshot = Snapshot(start=micros(period.start), end=micros(period.end), as_of=marks)
    rows, after = report.groups, None
    if report.query.limit is None:
        rows, after = page(report.groups, question.limit, question.place, question.asked, snapshot)
    elif rows and (following := report.query.offset + len(rows)) < report.group_count:
        after = write_cursor(question.asked, following, snapshot)
    return ReportAnswer(report=report, rows=rows, next_cursor=after, notes=_uncounted_notes(report))


def _uncounted_notes(report: CostReport) -> tuple[str, ...]:
    return (uncounted_note(report.uncounted_calls),) if report.uncounted_calls else ()


def may_be_unseen(question: StatusQuestion) -> bool:
    """Whether a budget may be left out only because no model is named; not where all of them are shown and none decides."""
    named = question.covered is not None and bool(question.covered.models)
    return not named and (question.covered is not None or question.spend is not None)


def unseen(budgets: Iterable[Budget], question: StatusQuestion) -> tuple[Budget, ...]:
    """The enforcing budgets of which only a model's name would tell whether they cover what is asked about."""
    asked = question.covered or NOTHING_ASKED
    wanted = [budget for budget in budgets if budget.mode == "enforce" and question.budget in (None, budget.name)]
    return tuple(budget for budget in wanted if budget.blind_to(asked))


def windows_of(unseen: Iterable[Budget], standings: Iterable[Standing], now: datetime) -> tuple[Standing, ...]:
    """Where budgets stand now, found among the standings of all; one with a window per value is told without any."""
    known = {standing.budget.name: standing for standing in standings if standing.each_value is None}
    return tuple(known.get(budget.name) or _empty(budget, now) for budget in unseen)


def budget_answer(standings: tuple[Standing, ...], question: StatusQuestion, unseen: tuple[Standing, ...] = ()) -> BudgetAnswer:
    """The standings that were asked for, and the decision on the spend by those that cover it.

    Like a reservation, a spend is denied where an enforcing budget looks at the model and none is named (``unseen``); where
    nothing is to be spent, that is only noted.

    Raises:
        NotFound: no budget of the name that was asked for.
    """
    shown = tuple(s for s in standings if question.budget in (None, s.budget.name))
    if question.budget is not None and not shown and not unseen:
        raise NotFound(
            "no budget of this name covers what was asked.", field="budget", hint="Leave budget out to see those that do."
        )
    if question.budget is not None:
        shown = shown or unseen
    notes = tuple(not_seen(standing).why for standing in unseen)
    if question.spend is None:
        return BudgetAnswer(standings=shown, notes=notes)
    if unseen and (question.spend.usd or question.spend.tokens):
        names = {standing.budget.name for standing in shown}
        denying = tuple(standing for standing in unseen if standing.budget.name not in names)
        return BudgetAnswer(standings=(*shown, *denying), decision=not_seen(unseen[0]), enforced=True)
    covering = covering_of(shown, question.covered)
    enforced = any(s.budget.mode == "enforce" for s in covering)
    return BudgetAnswer(standings=shown, decision=decide(covering, question.spend), enforced=enforced, notes=notes)


def _empty(budget: Budget, now: datetime) -> Standing:
    start, end = window_of(budget, now)
    return Standing(budget=budget, window_start=start, window_end=end)


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
