"""Questions about efficiency: a task beside its baseline, and what a period's finished tasks came to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from cost_mcp.ledger.finished import InPeriod
from cost_mcp.model.name import clean_name
from cost_mcp.model.outcome import FinishedTask, FinishedTasks, TaskPast
from cost_mcp.model.period import Period
from cost_mcp.reports.efficiency import (
    MOST_COMPARED,
    SUMMING_UP,
    Baseline,
    Efficiency,
    ModelEfficiency,
    OutcomeCost,
    PeriodEfficiency,
    baseline_of,
    by_model,
    efficiency_of,
    outcome_cost,
    period_efficiency,
)
from cost_mcp.service.fields import Fields, present, refuse_unknown
from cost_mcp.service.question import ReportQuestion, read_report_question

if TYPE_CHECKING:
    from cost_mcp.config.settings import Settings
    from cost_mcp.service.answer import ReportAnswer, TaskAnswer

_OF_PERIOD = ("period", "start", "end", "timezone")
EFFICIENCY_FIELDS = ("task_type", "project", *_OF_PERIOD)

MOST_TASKS = 10_000
"""How many finished tasks of a period are looked at, the newest; an answer says where there are more."""

MOST_BY_MODEL = 1_000
"""Of how many of them the single calls are read, to know by which model they were made."""

MOST_IN_REPORT = 200
"""From how many tasks a report's score is worked out, the newest: nobody waits longer for a report because of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EfficiencyQuestion:
    """Which tasks are asked about: those that finished in a period, of one type or project where these are named."""

    period: Period
    asked: InPeriod
    project: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TypeEfficiency:
    """The tasks of one type (None: those that name none) that finished in the period.

    ``baseline`` is what is usual at the end of it, None with too few tasks (``sample``).
    """

    task_type: str | None
    outcome: OutcomeCost
    period: PeriodEfficiency
    baseline: Baseline | None
    sample: int
    models: tuple[ModelEfficiency, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EfficiencyAnswer:
    """What the finished tasks of a period came to, by type, those with most tasks first.

    ``more`` says that older tasks of the period were left out; ``by_model`` how many of the newest were told apart by model;
    ``behind`` that the ledger does not know yet what tasks came to.
    """

    question: EfficiencyQuestion
    overall: PeriodEfficiency
    types: tuple[TypeEfficiency, ...]
    tasks: int
    more: bool
    by_model: int
    behind: bool = False


def read_efficiency_question(fields: Fields, settings: Settings, now: datetime) -> EfficiencyQuestion:
    """The question in raw fields: a period as reports take it (default: this month), ``task_type`` and ``project``.

    Raises:
        InvalidInput, UnknownName: a field that cannot be taken; it is named.
    """
    given = present(fields)
    refuse_unknown(given, EFFICIENCY_FIELDS, "efficiency")
    period = read_report_question({n: v for n, v in given.items() if n in _OF_PERIOD}, settings, now).query.period
    task_type, project = (clean_name(given[name], name) if name in given else None for name in ("task_type", "project"))
    return EfficiencyQuestion(period=period, asked=_in_period(period, now, MOST_TASKS, task_type), project=project)


def of_report(question: ReportQuestion, now: datetime) -> EfficiencyQuestion | None:
    """The question behind a report's score; None where its filters cut tasks to pieces, and on a later page."""
    filters = question.query.filters
    if not filters.keys() <= {"task_type", "project"} or question.place is not None:
        return None
    period = question.query.period
    asked = _in_period(period, now, MOST_IN_REPORT, filters.get("task_type"))
    return EfficiencyQuestion(period=period, asked=asked, project=filters.get("project"))


def with_score(answer: ReportAnswer, question: EfficiencyQuestion, found: FinishedTasks) -> ReportAnswer:
    """The report with its score, where its tasks have one."""
    scored = period_efficiency(found.tasks, found.before, project=question.project)
    return answer if scored.score is None else replace(answer, efficiency_score=scored.score, efficiency_tasks=scored.tasks)


def with_past(answer: TaskAnswer, past: TaskPast) -> TaskAnswer:
    """The answer about a recorded task, with how it ended and, where its calls name a type, what it came to beside its baseline."""
    task = answer.task
    if task.task_type is None:
        return replace(answer, outcomes=past.outcomes)
    if past.behind:
        found = Efficiency(so_far=past.finished_at is None, why=SUMMING_UP)
        return replace(answer, outcomes=past.outcomes, efficiency=found)
    outcome = past.outcomes[-1].outcome if past.outcomes else None
    found = efficiency_of(task.totals, outcome, past.earlier, so_far=past.finished_at is None)
    return replace(answer, outcomes=past.outcomes, efficiency=found)


def told_apart(question: EfficiencyQuestion, found: FinishedTasks) -> tuple[str, ...]:
    """The tasks whose models are asked for: the newest, of the types that there are."""
    wanted = [task.task_id for task in _counting(question, found) if task.task_type is not None and task.worth_usd]
    return tuple(wanted[-MOST_BY_MODEL:])


def efficiency_answer(
    question: EfficiencyQuestion, found: FinishedTasks, models: Mapping[str, Mapping[str, Decimal]]
) -> EfficiencyAnswer:
    """The answer, from the tasks that the ledger found and what ``told_apart`` of them came to by model."""
    counting = _counting(question, found)
    names = dict.fromkeys(task.task_type for task in counting)
    types = [_of_type(name, question, found, models) for name in names]
    return EfficiencyAnswer(
        question=question,
        overall=period_efficiency(found.tasks, found.before, project=question.project),
        types=tuple(sorted(types, key=lambda one: (one.task_type is None, -one.outcome.tasks, one.task_type or ""))),
        tasks=len(counting),
        more=found.more,
        by_model=len(models),
        behind=found.behind,
    )


def _of_type(
    name: str | None, question: EfficiencyQuestion, found: FinishedTasks, models: Mapping[str, Mapping[str, Decimal]]
) -> TypeEfficiency:
    every = [task for task in found.tasks if task.task_type == name]
    these = [task for task in every if question.project in (None, task.project)]
    if name is None:
        return TypeEfficiency(
            task_type=None, outcome=outcome_cost(these), period=PeriodEfficiency(left_out=len(these)), baseline=None, sample=0,
            models=(),
        )  # fmt: skip
    before = found.before.get(name, ())
    newest = [task.worth_usd for task in (*sorted(before, key=_finished), *every) if task.comparable][-MOST_COMPARED:]
    return TypeEfficiency(
        task_type=name,
        outcome=outcome_cost(these),
        period=period_efficiency(every, {name: before}, project=question.project),
        baseline=baseline_of(newest),
        sample=len(newest),
        models=by_model(these, models),
    )


def _counting(question: EfficiencyQuestion, found: FinishedTasks) -> list[FinishedTask]:
    return [task for task in found.tasks if question.project in (None, task.project)]


def _finished(task: FinishedTask) -> datetime:
    return task.finished_at


def _in_period(period: Period, now: datetime, most: int, task_type: str | None) -> InPeriod:
    # What goes on has its end, a day after its last call, ahead: it has not finished.
    end = min(period.end, now + timedelta(microseconds=1))
    return InPeriod(start=period.start, end=max(end, period.start), most=most, before=MOST_COMPARED, task_type=task_type)
