"""Tasks beside what is usual: every figure worked out by hand, and what must hold for any."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cost_mcp.model.outcome import OUTCOMES, FinishedTask
from cost_mcp.model.totals import Totals
from cost_mcp.reports.efficiency import (
    MIN_SAMPLE,
    MOST_COMPARED,
    Baseline,
    baseline_of,
    by_model,
    efficiency_of,
    main_model,
    outcome_cost,
    period_efficiency,
    score_of,
)

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
amounts = st.decimals(min_value=0, max_value=1000, places=3)


def usd(*texts: str) -> list[Decimal]:
    return [Decimal(text) for text in texts]


def cost(text: str, unpriced_calls: int = 0) -> Totals:
    return Totals(calls=1, cost_usd=Decimal(text), unpriced_calls=unpriced_calls)


def task(number: int, worth: str, outcome: str | None = None, **fields: Any) -> FinishedTask:
    """A bug that finished so many hours after the first one; its worth is money unless told otherwise."""
    given: dict[str, Any] = {"task_type": "bug", "cost_usd": Decimal(worth)} | fields
    return FinishedTask(task_id=f"T-{number}", finished_at=NOW + timedelta(hours=number), outcome=outcome, **given)


def test_the_baseline_is_the_median_and_the_median_distance_from_it():
    """1, 2, 4, 7, 20: the median is 4; the distances from it are 3, 2, 0, 3, 16, in order 0, 2, 3, 3, 16: their median is 3."""
    assert baseline_of(usd("7", "1", "20", "2", "4")) == Baseline(median=Decimal(4), spread=Decimal(3), sample=5)


def test_of_an_even_number_the_two_in_the_middle_count_half_each():
    """1, 2, 3, 6, 8, 9: the median is (3 + 6) / 2 = 4.5; distances 3.5, 2.5, 1.5, 1.5, 3.5, 4.5: (2.5 + 3.5) / 2 = 3."""
    assert baseline_of(usd("1", "2", "3", "6", "8", "9")) == Baseline(median=Decimal("4.5"), spread=Decimal(3), sample=6)


def test_four_tasks_are_no_baseline():
    assert baseline_of(usd("1", "1", "1", "1")) is None


@pytest.mark.parametrize(
    ("usual", "spent", "score"),
    [
        ("4", "4", "1"),
        ("4", "2", "2"),
        ("4", "8", "0.5"),
        ("4", "3", "1.33"),  # 1.333…
        ("4", "3.97", "1.01"),  # 1.0075…: rounded, not cut
        ("1", "8", "0.12"),  # 0.125: half to even
        ("4", "6000", "0.00067"),  # 0.000666…: not nothing
        ("4", "0", None),
        ("0", "4", None),
    ],
)
def test_the_score_is_what_is_usual_through_what_it_cost(usual: str, spent: str, score: str | None):
    assert score_of(Decimal(usual), Decimal(spent)) == (None if score is None else Decimal(score))


def test_a_task_is_held_against_the_median_of_those_before_it():
    """The earlier ones cost 1, 2, 4, 7 and 20 dollars, so 4 is usual; this one 3.2: 4 / 3.2 = 1.25."""
    found = efficiency_of(cost("3.2"), "merged", usd("1", "2", "4", "7", "20"), so_far=False)

    assert (found.score, found.sample, found.so_far, found.why) == (Decimal("1.25"), 5, False, None)
    assert found.baseline == Baseline(median=Decimal(4), spread=Decimal(3), sample=5)


def test_what_a_plan_covers_counts_at_list_price():
    totals = Totals(calls=2, cost_usd=Decimal(1), subscription_usd=Decimal(3))
    assert efficiency_of(totals, None, usd(*"44444"), so_far=True).score == 1


@pytest.mark.parametrize(
    ("totals", "outcome", "earlier", "why"),
    [
        (cost("1", unpriced_calls=1), None, "11111", "1 of its calls has no known price"),
        (cost("1", unpriced_calls=2000), None, "11111", "2,000 of its calls have no known price"),
        (cost("1"), "failed", "11111", "it was failed: what it cost is part of what a merged task costs"),
        (cost("1"), "merged", "1111", "4 earlier tasks of its type have finished; 5 are needed"),
        (cost("0"), None, "11111", "it cost nothing"),
        (cost("1"), None, "00000", "tasks of its type usually cost nothing"),
    ],
)
def test_where_there_is_no_score_it_says_why(totals: Totals, outcome: str | None, earlier: str, why: str):
    found = efficiency_of(totals, outcome, usd(*earlier), so_far=False)
    assert (found.score, found.why) == (None, why)


def test_only_so_many_of_the_newest_are_compared():
    newest_first = [Decimal(1)] * MOST_COMPARED + [Decimal(9)] * 500
    found = efficiency_of(cost("1"), None, newest_first, so_far=False)
    assert (found.score, found.sample) == (1, MOST_COMPARED)


def test_a_periods_score_is_what_its_tasks_would_usually_have_cost_through_what_they_cost():
    """Before: 2, 2, 2, 2, 2. Of the period: 4, held against 2; then 1, held against the median of 2, 2, 2, 2, 2, 4: 2 as well.

    (2 + 2) / (4 + 1) = 0.8.
    """
    found = period_efficiency([task(1, "4"), task(2, "1")], {"bug": [task(-n, "2") for n in range(1, 6)]})

    assert (found.score, found.tasks, found.left_out) == (Decimal("0.8"), 2, 0)
    assert (found.usual_usd, found.cost_usd) == (4, 5)


def test_tasks_in_vain_unpriced_untyped_or_without_a_baseline_are_left_out_and_counted():
    before = {"bug": [task(-n, "2") for n in range(1, 6)]}
    tasks = [
        task(1, "2"),
        task(2, "50", "failed"),
        task(3, "50", "abandoned"),
        task(4, "50", unpriced_calls=1),
        task(5, "50", task_type=None),
        task(6, "50", task_type="chore"),
        task(7, "0"),
        task(8, "2", "merged"),
    ]
    found = period_efficiency(tasks, before)

    assert (found.score, found.tasks, found.left_out) == (1, 2, 6)


def test_of_tasks_that_finish_at_once_none_is_before_the_other():
    before = {"bug": [task(-n, "2") for n in range(1, 5)]}  # four: one too few
    assert period_efficiency([task(1, "2"), task(1, "2")], before).tasks == 0
    assert period_efficiency([task(1, "2"), task(2, "2")], before).tasks == 1


def test_of_one_project_only_its_own_tasks_count_and_what_is_usual_is_that_of_all():
    before = {"bug": [task(-n, "2", project="other") for n in range(1, 6)]}
    tasks = [task(1, "4", project="mine"), task(2, "50", project="other")]

    found = period_efficiency(tasks, before, project="mine")

    assert (found.score, found.tasks, found.left_out) == (Decimal("0.5"), 1, 0)


def test_a_merged_task_costs_all_that_was_spent_through_those_that_were_merged():
    """Merged 1 and 3, failed 2, given up 4: 10 dollars for two that were merged, 5 each; two of four are 50 %."""
    tasks = [task(1, "1", "merged"), task(2, "3", "merged"), task(3, "2", "failed"), task(4, "4", "abandoned"), task(5, "99")]

    found = outcome_cost(tasks)

    assert (found.tasks, found.undecided, dict(found.outcomes)) == (5, 1, {"merged": 2, "failed": 1, "abandoned": 1})
    assert (found.cost_usd, found.cost_per_merged_usd, found.success_percent) == (10, 5, 50)
    assert found.unpriced_tasks == 0


def test_money_and_plans_are_kept_apart_and_unpriced_tasks_counted():
    tasks = [
        task(1, "1", "merged", subscription_usd=Decimal(2)),
        task(2, "0", "failed", subscription_usd=Decimal(4), unpriced_calls=3),
    ]
    found = outcome_cost(tasks)
    assert (found.cost_per_merged_usd, found.subscription_per_merged_usd, found.unpriced_tasks) == (1, 6, 1)


@pytest.mark.parametrize("tasks", [[], [task(1, "1")], [task(1, "1", "failed")]], ids=["none", "undecided", "none merged"])
def test_without_a_merged_task_there_is_no_cost_of_one(tasks: Sequence[FinishedTask]):
    found = outcome_cost(tasks)
    assert found.cost_per_merged_usd is None
    assert found.success_percent == (Decimal(0) if tasks and tasks[0].outcome else None)


@pytest.mark.parametrize(
    ("costs", "main"),
    [
        ({"opus": "8", "mini": "2"}, "opus"),
        ({"opus": "7.9", "mini": "2.1"}, None),
        ({"opus": "0"}, None),
        ({}, None),
    ],
)
def test_a_task_is_a_models_from_four_fifths_of_its_cost_on(costs: dict[str, str], main: str | None):
    assert main_model({model: Decimal(text) for model, text in costs.items()}) == main


def test_models_are_compared_on_the_same_kind_of_work():
    """Opus: 1, 2, 3, 4, 5 merged, 9 failed: median 3, spread 1, all 24 dollars through 5 merged. Mini: two tasks tell nothing."""
    opus = [task(n, f"{n}", "merged") for n in range(1, 6)] + [task(6, "9", "failed")]
    mini = [task(n, "1", "merged") for n in (7, 8)]
    mixed = task(9, "1", "merged")
    models = {one.task_id: {"opus": one.cost_usd} for one in opus} | {one.task_id: {"mini": Decimal(1)} for one in mini}
    models |= {mixed.task_id: {"opus": Decimal(1), "mini": Decimal(1)}}

    first, second = by_model([*opus, *mini, mixed], models)

    assert (first.model, first.outcome.tasks, first.sample) == ("opus", 6, 5)
    assert first.baseline == Baseline(median=Decimal(3), spread=Decimal(1), sample=5)
    assert (first.outcome.cost_per_merged_usd, first.outcome.success_percent) == (Decimal("4.8"), Decimal("83.3"))
    assert (second.model, second.outcome.tasks, second.baseline, second.sample) == ("mini", 2, None, 2)


@given(st.lists(amounts, min_size=MIN_SAMPLE, max_size=60))
def test_half_of_the_tasks_lie_within_the_spread_and_their_order_says_nothing(costs: list[Decimal]):
    found = baseline_of(costs)
    assert found is not None
    within = sum(abs(one - found.median) <= found.spread for one in costs)
    assert within * 2 >= len(costs)
    assert min(costs) <= found.median <= max(costs)
    assert baseline_of(costs[::-1]) == found


@given(amounts, amounts, st.sampled_from(["2", "10", "0.001"]))
def test_a_score_does_not_depend_on_the_currency_and_never_rises_with_the_cost(usual: Decimal, spent: Decimal, times: str):
    score = score_of(usual, spent)
    assert score == score_of(usual * Decimal(times), spent * Decimal(times))
    dearer = score_of(usual, spent + 1)
    assert score is None or dearer is None or dearer <= score
    assert score is None or score > 0


@st.composite
def finished(draw: st.DrawFn) -> FinishedTask:
    return task(
        draw(st.integers(0, 80)),
        draw(st.sampled_from(["0", "0.5", "1", "3"])),
        draw(st.sampled_from([None, *OUTCOMES])),
        task_type=draw(st.sampled_from(["bug", "fix", None])),
        unpriced_calls=draw(st.integers(0, 1)),
    )


@given(st.lists(finished(), max_size=90))
def test_a_periods_score_is_made_of_those_that_its_tasks_have_one_by_one(tasks: list[FinishedTask]):
    usual = spent = Decimal(0)
    count = 0
    for one in tasks:
        before = [o for o in tasks if o.task_type == one.task_type and o.comparable and o.finished_at < one.finished_at]
        earlier = [o.worth_usd for o in sorted(before, key=lambda o: o.finished_at, reverse=True)]
        if len(earlier) > MOST_COMPARED:
            return  # ties at the fiftieth may be cut either way
        totals = Totals(calls=1, cost_usd=one.cost_usd, unpriced_calls=one.unpriced_calls)
        alone = efficiency_of(totals, one.outcome, earlier, so_far=False)
        if one.task_type is not None and alone.score is not None and alone.baseline is not None:
            usual, spent, count = usual + alone.baseline.median, spent + one.worth_usd, count + 1

    found = period_efficiency(tasks, {})

    assert (found.usual_usd, found.cost_usd, found.tasks) == (usual, spent, count)
    assert found.score == score_of(usual, spent)
    assert found.left_out == len(tasks) - count


@given(st.lists(finished(), max_size=40))
def test_outcomes_add_up(tasks: list[FinishedTask]):
    found = outcome_cost(tasks)
    assert sum(found.outcomes.values()) + found.undecided == found.tasks == len(tasks)
    assert found.cost_usd == sum(one.cost_usd for one in tasks if one.outcome)
    if found.cost_per_merged_usd is not None:
        assert abs(found.cost_per_merged_usd * found.outcomes["merged"] - found.cost_usd) < Decimal("0.000001")
