from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from cost_mcp.budgets.projection import projected, with_projection
from cost_mcp.model.budget import Budget, Standing

START = datetime(2026, 11, 22, tzinfo=UTC)
DAY = Budget(name="daily", period="day", limit_usd=Decimal(10))


def standing(spent: str, budget: Budget = DAY, hours: int | None = 24, **fields: Any) -> Standing:
    end = None if hours is None else START + timedelta(hours=hours)
    return Standing(budget=budget, window_start=START, window_end=end, spent=Decimal(spent), **fields)


# Worked by hand: $3 after 6 of 24 hours is $0.50 an hour, $12 in a day; a day of 25 hours (the clock set back) has an hour more.
@pytest.mark.parametrize(
    ("spent", "hours", "passed", "expected"),
    [("3", 24, 6, "12"), ("3", 25, 6, "12.5"), ("3", 23, 6, "11.5"), ("0", 24, 6, "0"), ("1", 24, 18, "1.333333333")],
)
def test_spending_goes_on_in_a_straight_line(spent: str, hours: int, passed: int, expected: str):
    assert projected(standing(spent, hours=hours), START + timedelta(hours=passed)) == Decimal(expected)


def test_counts_are_projected_to_whole_ones():
    budget = Budget(name="b", period="day", limit_tokens=1000)
    assert projected(standing("100", budget), START + timedelta(hours=7)) == 343


def test_what_is_reserved_is_no_part_of_it():
    assert projected(standing("3", reserved=Decimal(5)), START + timedelta(hours=6)) == 12


@pytest.mark.parametrize("after", [timedelta(0), timedelta(minutes=71), timedelta(hours=24), timedelta(hours=-1)])
def test_nothing_is_said_at_the_start_of_a_window_and_outside_of_it(after: timedelta):
    assert projected(standing("3"), START + after) is None


def test_a_twentieth_of_a_window_is_enough():
    assert projected(standing("3"), START + timedelta(minutes=72)) == 60


def test_a_budget_without_end_has_no_projection():
    budget = Budget(name="b", period="total", limit_usd=Decimal(10))
    (found,) = with_projection([standing("3", budget, None)], START + timedelta(hours=6))
    assert found.projected is None
