"""How a task, a period, an outcome and a model compare with what the same kind of work usually costs.

The measure of a task is what its calls cost at the prices they were recorded with, whoever pays: under a plan they count at list
price, or else whatever a plan covers would be infinitely efficient. Its baseline are the tasks of its own type that finished before
it did, whichever project they are of, the newest ``MOST_COMPARED`` of them. Tasks that came to nothing are no measure for those
that should not, and tasks with calls of unknown price are none at all: both are left out.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from itertools import groupby

from cost_mcp.model.outcome import MERGED, OUTCOMES, FinishedTask
from cost_mcp.model.totals import ZERO, Totals
from cost_mcp.reports.middle import median_of, middle_of

MIN_SAMPLE = 5
"""The fewest earlier tasks that make a baseline: with fewer, one odd task moves the median to itself."""

MOST_COMPARED = 50
"""Of how many earlier tasks a baseline is made at most: what was usual a year ago is not what is usual now."""

MAIN_SHARE = Decimal("0.8")
"""The share of a task's cost from which on it is one model's task."""

SUMMING_UP = "what earlier tasks came to is still being summed up; ask again later"
"""Of a ledger that an earlier version filled, while whoever writes in it adds up what each task came to."""

_NANO, _HUNDREDTH = Decimal("0.000000001"), Decimal("0.01")


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """What tasks usually cost: the median of ``sample`` amounts, and how far from it they typically lie."""

    median: Decimal
    spread: Decimal
    sample: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Efficiency:
    """A task beside its baseline. ``score`` is None where there is nothing to say, ``why`` then says why.

    ``baseline`` is None with fewer than ``MIN_SAMPLE`` earlier tasks; ``sample`` is how many there are. ``so_far`` marks a task
    that goes on: with every call its score falls.
    """

    score: Decimal | None = None
    baseline: Baseline | None = None
    sample: int = 0
    so_far: bool = False
    why: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PeriodEfficiency:
    """The tasks of a period against what each was to cost by its own baseline.

    ``tasks`` is how many have a score of their own and are part of this one; ``left_out`` how many finished without one.
    """

    score: Decimal | None = None
    tasks: int = 0
    left_out: int = 0
    usual_usd: Decimal = ZERO
    cost_usd: Decimal = ZERO


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeCost:
    """What tasks came to by how they ended. Costs are those of the tasks with an outcome; ``undecided`` ones have none.

    ``cost_usd`` is what was billed by use, ``subscription_usd`` what calls under a plan are worth; each is a lower bound while
    ``unpriced_tasks`` is not 0. The three last are None where no task was merged, or none has an outcome.
    """

    tasks: int
    undecided: int
    outcomes: Mapping[str, int]
    cost_usd: Decimal
    subscription_usd: Decimal
    unpriced_tasks: int
    cost_per_merged_usd: Decimal | None
    subscription_per_merged_usd: Decimal | None
    success_percent: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelEfficiency:
    """The tasks of one type that were one model's, and what they came to.

    ``baseline`` is None while fewer than ``MIN_SAMPLE`` of them can be compared: ``sample`` of them then tell nothing.
    """

    model: str
    outcome: OutcomeCost
    baseline: Baseline | None
    sample: int


def baseline_of(amounts: Sequence[Decimal]) -> Baseline | None:
    """What is usual among amounts: their median m, and as their spread median(|x - m|), the median absolute deviation (MAD).

    Neither moves when a few of the tasks got out of hand, which is what they are to be told by. The spread is not made a standard
    deviation (that would be MAD / 0.6745): half of the tasks lie within it, whatever their distribution.

    Source: NIST, Dataplot Reference Manual, Median Absolute Deviation,
    itl.nist.gov/div898/software/dataplot/refman2/auxillar/mad.htm, read 2026-11-22.

    Args:
        amounts: what each task cost, in any order. None for fewer than ``MIN_SAMPLE`` of them.
    """
    if len(amounts) < MIN_SAMPLE:
        return None
    middle = median_of(amounts)
    spread = median_of(abs(amount - middle) for amount in amounts)
    return Baseline(median=_to_nano(middle), spread=_to_nano(spread), sample=len(amounts))


def score_of(usual: Decimal, cost: Decimal) -> Decimal | None:
    """How often the cost goes into what is usual: 1 is usual, 2 half as dear as usual, 0.5 twice; None where either is nothing.

    Rounded half to even to two decimals, below 0.1 to two digits: a score of 0 would be wrong for whatever cost something.
    """
    if not usual or not cost:
        return None
    score = usual / cost
    step = _HUNDREDTH if score >= Decimal("0.1") else Decimal(1).scaleb(score.adjusted() - 1)
    return score.quantize(step, rounding=ROUND_HALF_EVEN)


def efficiency_of(totals: Totals, outcome: str | None, earlier: Sequence[Decimal], *, so_far: bool) -> Efficiency:
    """A task that names a type beside those of it that finished earlier.

    Args:
        totals: what the task came to.
        outcome: how it ended; None while that is not known. What came to nothing has no score: cheap would be no praise.
        earlier: the worth of the comparable tasks before it; the first ``MOST_COMPARED`` count.
        so_far: whether the task goes on.
    """
    compared = earlier[:MOST_COMPARED]
    baseline = baseline_of(compared)
    worth = totals.cost_usd + totals.subscription_usd
    score = None if baseline is None else score_of(baseline.median, worth)
    why: str | None = None
    if totals.unpriced_calls:
        why = f"{totals.unpriced_calls:,} of its calls {'has' if totals.unpriced_calls == 1 else 'have'} no known price"
    elif outcome not in (None, MERGED):
        why = f"it was {outcome}: what it cost is part of what a merged task costs"
    elif baseline is None:
        why = f"{len(compared)} earlier tasks of its type have finished; {MIN_SAMPLE} are needed"
    elif score is None:
        why = "it cost nothing" if not worth else "tasks of its type usually cost nothing"
    return Efficiency(score=None if why else score, baseline=baseline, sample=len(compared), so_far=so_far, why=why)


def period_efficiency(
    tasks: Sequence[FinishedTask], before: Mapping[str, Sequence[FinishedTask]], *, project: str | None = None
) -> PeriodEfficiency:
    """The tasks of a period: the sum of the medians of their own baselines through the sum of what they cost.

    So a dear task weighs more than a cheap one, and the score times the cost is what the same tasks would usually have cost.

    Args:
        tasks: those that finished in the period, in any order.
        before: by type, the comparable ones that finished before the first of them.
        project: only tasks of this one count; those of others are still part of baselines.
    """
    usual = cost = ZERO
    scored = 0
    counting = [task for task in tasks if project in (None, task.project)]
    for task, middle in _medians(tasks, before):
        if project in (None, task.project) and middle and task.worth_usd:
            usual, cost, scored = usual + middle, cost + task.worth_usd, scored + 1
    return PeriodEfficiency(
        score=score_of(usual, cost), tasks=scored, left_out=len(counting) - scored, usual_usd=usual, cost_usd=cost
    )


def _medians(tasks: Sequence[FinishedTask], before: Mapping[str, Sequence[FinishedTask]]) -> list[tuple[FinishedTask, Decimal]]:
    """Each comparable task with the median of those before it, where these are enough."""
    by_type: dict[str, list[FinishedTask]] = {}
    for task in sorted(tasks, key=lambda task: task.finished_at):
        if task.task_type is not None and task.comparable:
            by_type.setdefault(task.task_type, []).append(task)
    found: list[tuple[FinishedTask, Decimal]] = []
    for name, these in by_type.items():
        window = _Window()
        for task in sorted(before.get(name, ()), key=lambda task: task.finished_at):
            window.add(task.worth_usd)
        for _, group in groupby(these, key=lambda task: task.finished_at):
            at_once = list(group)  # neither finished before the other
            middle = window.median
            found += [(task, middle) for task in at_once if middle is not None]
            for task in at_once:
                window.add(task.worth_usd)
    return found


class _Window:
    """The newest amounts, and their median."""

    def __init__(self) -> None:
        self._newest: deque[Decimal] = deque()
        self._sorted: list[Decimal] = []

    def add(self, amount: Decimal) -> None:
        self._newest.append(amount)
        insort(self._sorted, amount)
        if len(self._newest) > MOST_COMPARED:
            self._sorted.pop(bisect_left(self._sorted, self._newest.popleft()))

    @property
    def median(self) -> Decimal | None:
        return _to_nano(middle_of(self._sorted)) if len(self._sorted) >= MIN_SAMPLE else None


def outcome_cost(tasks: Sequence[FinishedTask]) -> OutcomeCost:
    """What tasks cost by how they ended, and what one that was merged costs: all that was spent, in vain too, through the merged.

    Tasks without an outcome are counted and left out: nobody knows yet what came of them.
    """
    decided = [task for task in tasks if task.outcome is not None]
    outcomes = {name: sum(task.outcome == name for task in decided) for name in OUTCOMES}
    cost = sum((task.cost_usd for task in decided), ZERO)
    plan = sum((task.subscription_usd for task in decided), ZERO)
    merged = outcomes[MERGED]
    return OutcomeCost(
        tasks=len(tasks),
        undecided=len(tasks) - len(decided),
        outcomes=outcomes,
        cost_usd=cost,
        subscription_usd=plan,
        unpriced_tasks=sum(task.unpriced_calls > 0 for task in decided),
        cost_per_merged_usd=_to_nano(cost / merged) if merged else None,
        subscription_per_merged_usd=_to_nano(plan / merged) if merged else None,
        success_percent=_percent(merged, len(decided)) if decided else None,
    )


def by_model(tasks: Sequence[FinishedTask], models: Mapping[str, Mapping[str, Decimal]]) -> tuple[ModelEfficiency, ...]:
    """The tasks of one type by the model that was at least ``MAIN_SHARE`` of their cost, most tasks first.

    What several models share, or what cost nothing, is no model's task.

    Args:
        tasks: tasks of the same type.
        models: by task id, what each model came to in it.
    """
    of_model: dict[str, list[FinishedTask]] = {}
    for task in tasks:
        if (model := main_model(models.get(task.task_id, {}))) is not None:
            of_model.setdefault(model, []).append(task)
    found: list[ModelEfficiency] = []
    for model, these in of_model.items():
        comparable = [task.worth_usd for task in these if task.comparable]
        found.append(
            ModelEfficiency(model=model, outcome=outcome_cost(these), baseline=baseline_of(comparable), sample=len(comparable))
        )
    return tuple(sorted(found, key=lambda one: (-one.outcome.tasks, one.model)))


def main_model(costs: Mapping[str, Decimal]) -> str | None:
    """The model that makes up at least ``MAIN_SHARE`` of a cost; None where none does."""
    whole = sum(costs.values(), ZERO)
    if not whole:
        return None
    return next((model for model, cost in costs.items() if cost >= whole * MAIN_SHARE), None)


def _percent(part: int, whole: int) -> Decimal:
    return (Decimal(part * 100) / whole).quantize(Decimal("0.1"), rounding=ROUND_HALF_EVEN)


def _to_nano(amount: Decimal) -> Decimal:
    return amount.quantize(_NANO, rounding=ROUND_HALF_EVEN)
