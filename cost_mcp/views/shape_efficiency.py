"""The JSON shapes of efficiency: a task beside its baseline, the finished tasks of a period, an outcome that was noted."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from cost_mcp.model.moment import instant_text
from cost_mcp.model.money import usd_text
from cost_mcp.model.outcome import Finish, TaskOutcome
from cost_mcp.reports.efficiency import (
    MIN_SAMPLE,
    MOST_COMPARED,
    SUMMING_UP,
    Baseline,
    Efficiency,
    ModelEfficiency,
    OutcomeCost,
)

if TYPE_CHECKING:
    from cost_mcp.service.answer import TaskAnswer
    from cost_mcp.service.efficiency import EfficiencyAnswer, TypeEfficiency

Shape = dict[str, object]


def task_efficiency_shape(answer: TaskAnswer) -> Shape:
    """How a task ended and its ``efficiency``; nothing for a task nobody recorded."""
    shape: Shape = {}
    if answer.outcomes:
        shape["outcome"] = answer.outcomes[-1].outcome
        shape["done_at"] = instant_text(answer.outcomes[-1].done_at)
    if answer.efficiency is not None:
        shape["efficiency"] = efficiency_shape(answer.efficiency)
    return shape


def efficiency_shape(efficiency: Efficiency) -> Shape:
    """A task beside its baseline: ``score`` is 1 for as usual, above for cheaper; where it is absent, ``why`` says why."""
    shape: Shape = {} if efficiency.score is None else {"score": usd_text(efficiency.score)}
    shape.update(_baseline(efficiency.baseline, efficiency.sample))
    shape["so_far"] = efficiency.so_far
    if efficiency.why is not None:
        shape["why"] = efficiency.why
    return shape


def finish_shape(finish: Finish) -> Shape:
    """How a task ended, whether that was news (``status``), and ``earlier`` outcomes that it stands above, oldest first."""
    *earlier, counts = finish.outcomes
    shape: Shape = {"task_id": finish.task_id, "status": finish.status, **_outcome(counts)}
    return {**shape, "earlier": [_outcome(one) for one in earlier]} if earlier else shape


def efficiencies_shape(answer: EfficiencyAnswer) -> Shape:
    """The finished tasks of a period: their score together, and by type what they cost by outcome and model."""
    period = answer.question.period
    overall = answer.overall
    shape: Shape = {
        "period": period.name,
        "period_start": instant_text(period.start),
        "period_end": instant_text(period.end),
        "timezone": period.timezone,
    }
    for name, value in (("task_type", answer.question.asked.task_type), ("project", answer.question.project)):
        if value is not None:
            shape[name] = value
    if overall.score is not None:
        shape["score"] = usd_text(overall.score)
    shape |= {
        "tasks": answer.tasks,
        "scored_tasks": overall.tasks,
        "usual_usd": usd_text(overall.usual_usd),
        "cost_usd": usd_text(overall.cost_usd),
        "minimum_sample": MIN_SAMPLE,
        "most_compared": MOST_COMPARED,
        "told_apart_by_model": answer.by_model,
        "more": answer.more,
        "task_types": [_type(one) for one in answer.types],
    }
    return {**shape, "why": SUMMING_UP} if answer.behind else shape


def _type(one: TypeEfficiency) -> Shape:
    shape: Shape = {} if one.task_type is None else {"task_type": one.task_type}
    if one.period.score is not None:
        shape["score"] = usd_text(one.period.score)
    shape["scored_tasks"] = one.period.tasks
    shape.update(_baseline(one.baseline, one.sample))
    shape.update(_outcomes(one.outcome))
    shape["by_model"] = [_model(model) for model in one.models]
    return shape


def _model(one: ModelEfficiency) -> Shape:
    return {
        "model": one.model,
        **_baseline(one.baseline, one.sample, "median_usd", "spread_usd"),
        "too_few": one.baseline is None,
        **_outcomes(one.outcome),
    }


def _baseline(
    baseline: Baseline | None, sample: int, middle: str = "baseline_median_usd", spread: str = "baseline_spread_usd"
) -> Shape:
    known: Shape = {}
    if baseline is not None:
        known = {middle: usd_text(baseline.median), spread: usd_text(baseline.spread)}
    return {**known, "sample": sample, "minimum_sample": MIN_SAMPLE}


def _outcomes(one: OutcomeCost) -> Shape:
    shape: Shape = {"tasks": one.tasks, **one.outcomes, "undecided": one.undecided, "decided_cost_usd": usd_text(one.cost_usd)}
    if one.subscription_usd:
        shape["decided_subscription_usd"] = usd_text(one.subscription_usd)
    shape["lower_bound"] = one.unpriced_tasks > 0
    amounts: tuple[tuple[str, Decimal | None], ...] = (
        ("cost_per_merged_usd", one.cost_per_merged_usd),
        ("subscription_per_merged_usd", one.subscription_per_merged_usd if one.subscription_usd else None),
        ("success_percent", one.success_percent),
    )
    return {**shape, **{name: usd_text(amount) for name, amount in amounts if amount is not None}}


def _outcome(one: TaskOutcome) -> Shape:
    return {
        "outcome": one.outcome,
        "done_at": instant_text(one.done_at),
        "recorded_at": instant_text(one.recorded_at),
        "by": one.by,
    }
