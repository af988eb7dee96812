from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from cost_mcp.model.period import Period
from cost_mcp.model.report import ReportQuery
from cost_mcp.reports.roi import work_out
from cost_mcp.service.returns import ReturnAnswer, ReturnQuestion, Side
from cost_mcp.views.shape_roi import return_shape
from cost_mcp.views.terminal_layout import plain
from cost_mcp.views.terminal_roi import return_page
from cost_mcp.views.text_roi import months, return_text, verdict_words

BEFORE = Period(name="2026-10", start=datetime(2026, 10, 1, tzinfo=UTC), end=datetime(2026, 11, 1, tzinfo=UTC), timezone="UTC")
AFTER = Period(name="2026-11", start=datetime(2026, 11, 1, tzinfo=UTC), end=datetime(2026, 12, 1, tzinfo=UTC), timezone="UTC")


def returned(before: tuple[int, ...] | Decimal, after: tuple[int, ...], investment: int = 100, **side: object) -> ReturnAnswer:
    costs = tuple(map(Decimal, after))
    amount = before if isinstance(before, Decimal) else tuple(map(Decimal, before))
    sides = [
        Side(period=period, costs=each, task_ids=frozenset(), calls=len(each), **side)  # pyright: ignore[reportArgumentType]
        for period, each in ((BEFORE, amount if isinstance(amount, tuple) else ()), (AFTER, costs))
    ]
    question = ReturnQuestion(
        before=amount if isinstance(amount, Decimal) else ReportQuery(period=BEFORE),
        after=ReportQuery(period=AFTER),
        investment=Decimal(investment),
        tasks_per_month=20,
        now=AFTER.end,
    )
    result = work_out(amount, costs, Decimal(investment), Decimal(20))
    return ReturnAnswer(
        question=question, before=None if isinstance(amount, Decimal) else sides[0], after=sides[1], result=result
    )


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (returned((4,) * 10, (2,) * 10), "It saves: a task costs $2.00 less. $100.00 is paid back in 2.5 months."),
        (
            returned((4,) * 10, (2,) * 10, 0),
            "It saves: a task costs $2.00 less. Nothing was invested that would have to be paid back.",
        ),
        (returned((2,) * 10, (4,) * 10), "It does not pay: a task costs $2.00 more than before, and nothing is paid back."),
        (
            returned((2,) * 10, (2,) * 10),
            "The data cannot tell: a task may cost up to $0.00 less or up to $0.00 more (95 % interval).",
        ),
        (returned((2,) * 3, (2,) * 10), "The data cannot tell: the baseline has 3 tasks; it takes 10 on each side."),
        (returned((2,) * 10, (2,)), "The data cannot tell: the current period has 1 task; it takes 10 on each side."),
        (returned((), (2,) * 10), "The data cannot tell: no task has calls in the baseline."),
        (returned((2,) * 10, ()), "The data cannot tell: no task has calls in the current period."),
    ],
)
def test_the_verdict_is_one_sentence_on_every_face(answer: ReturnAnswer, said: str):
    assert verdict_words(answer) == said
    assert return_text(answer).splitlines()[0] == said
    assert return_shape(answer)["sentence"] == said
    assert plain(return_page(answer)).splitlines()[0] == said


def test_both_sides_and_the_figures_stand_below():
    answer = returned(
        (4,) * 10, (2,) * 10, unpriced_tasks=3, without_task_usd=Decimal(3), other_usd=Decimal(5), ended_otherwise=2
    )

    assert return_text(answer).splitlines()[1:5] == [
        "Before: 2026-10 (2026-10-01 to 2026-11-01, UTC): 10 tasks, $4.00 a task.",
        "Since: 2026-11 (2026-11-01 to 2026-12-01, UTC): 10 tasks, $2.00 a task.",
        "Change per task: -$2.00 (-50.0 %), 95 % interval -$2.00 to -$2.00 (bootstrap, 10,000 resamples, seed 20261122).",
        "At 20 tasks a month: $40.00 saved a month.",
    ]
    assert return_text(answer).splitlines()[5:9] == [
        "Note: 3 tasks of the baseline have calls without a known price, and are left out.",
        "Note: 2 tasks of the baseline ended otherwise or have not ended, and are left out.",
        "Note: $3.00 of the baseline is of calls that name no task, and left out.",
        "Note: $5.00 of the baseline is covered by a plan, and left out.",
    ]


def test_json_holds_both_sides_the_interval_and_what_is_left_out():
    found = returned(
        (4,) * 10, (2,) * 10, unpriced_tasks=3, without_task_usd=Decimal(3), other_usd=Decimal(5), ended_otherwise=2
    )
    question = replace(found.question, outcome="merged", after=ReportQuery(period=AFTER, filters={"task_type": "fix"}))
    shape = return_shape(replace(found, question=question))

    side = {"calls": 10, "tasks": 10, "timezone": "UTC"}
    side |= {"unpriced_tasks": 3, "tasks_that_ended_otherwise": 2, "without_task_usd": "3", "other_billing_usd": "5"}
    assert shape == {
        "verdict": "saves",
        "sentence": "It saves: a task costs $2.00 less. $100.00 is paid back in 2.5 months.",
        "baseline": side
        | {"period": "2026-10", "period_start": "2026-10-01T00:00:00Z", "period_end": "2026-11-01T00:00:00Z", "cost_usd": "40"},
        "current": side
        | {"period": "2026-11", "period_start": "2026-11-01T00:00:00Z", "period_end": "2026-12-01T00:00:00Z", "cost_usd": "20"},
        "filters": {"task_type": "fix"},
        "outcome": "merged",
        "currency": "USD",
        "investment_usd": "100",
        "before_per_task_usd": "4",
        "after_per_task_usd": "2",
        "saved_per_task_usd": "2",
        "monthly_saving_usd": "40",
        "percent_change": -50.0,
        "tasks_per_month": 20.0,
        "payback_months": 2.5,
        "first_year_return_percent": 380.0,
        "interval": {
            "level_percent": 95,
            "method": "percentile bootstrap",
            "resamples": 10_000,
            "seed": 20_261_122,
            "saved_per_task_low_usd": "2",
            "saved_per_task_high_usd": "2",
            "monthly_saving_low_usd": "40",
            "monthly_saving_high_usd": "40",
            "payback_months_soonest": 2.5,
            "payback_months_latest": 2.5,
        },
        "tasks_per_month_stated": True,
        "notes": [],
    }
    assert return_shape(returned((2,) * 3, (2,) * 10))["why"] == "few_baseline"


def test_a_stated_baseline_is_told_as_such():
    answer = returned(Decimal("4.5"), (2,) * 10)

    assert "Before: $4.50 a task, as stated." in return_text(answer)
    assert return_shape(answer)["baseline"] == {"stated_usd": "4.5"}
    assert "Before  as stated" in plain(return_page(answer))


def test_an_investment_that_may_never_come_back_says_so():
    answer = returned((4, 4, 4, 4, 4, 4, 4, 4, 4, 9), (4, 4, 4, 4, 4, 4, 4, 4, 4, 1))

    assert answer.result.verdict == "cannot_tell"
    assert "never" in plain(return_page(answer))
    assert "payback_months_latest" not in return_shape(answer)["interval"]  # pyright: ignore[reportOperatorIssue]


@pytest.mark.parametrize(
    ("count", "said"), [("0.01", "a day"), ("0.05", "2 days"), ("1.9", "58 days"), ("2", "2.0 months"), ("24", "2.0 years")]
)
def test_months_are_told_in_the_unit_that_fits(count: str, said: str):
    assert months(Decimal(count)) == said
