from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from cost_mcp.model.budget import Budget, Standing
from cost_mcp.model.scope import Scope
from cost_mcp.views.text_budget import standing_line

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def test_a_line_says_spent_reserved_left_state_and_window():
    budget = Budget(
        name="web", period="day", limit_usd=Decimal(10), scope=Scope.of({"project": "web"}), each="agent", mode="enforce"
    )
    standing = Standing(
        budget=budget,
        window_start=NOON,
        window_end=NOON,
        each_value="a",
        spent=Decimal("8.5"),
        reserved=Decimal(1),
        provisional=Decimal("0.25"),
    )
    assert standing_line(standing) == (
        "Budget web for agent=a [project=web]: $8.50 of $10.00 per day spent (85 %), $1.00 reserved, $0.50 left, "
        "$0.25 of it provisional; warning, enforce; since 2026-11-22 12:00Z, until 2026-11-22 12:00Z."
    )


@pytest.mark.parametrize(
    ("spent", "unpriced", "left"),
    [("4", 0, " $6.00 left"), ("4", 2, "at most $6.00 left"), ("12", 0, " $2.00 over"), ("12", 2, "at least $2.00 over")],
)
def test_what_is_left_is_a_bound_while_calls_are_unpriced(spent: str, unpriced: int, left: str):
    budget = Budget(name="b", period="total", limit_usd=Decimal(10))
    line = standing_line(
        Standing(budget=budget, window_start=NOON, window_end=None, spent=Decimal(spent), unpriced_calls=unpriced)
    )
    assert left in line
    assert ("lower bound, 2 calls have no known price" in line) is bool(unpriced)
    assert "until" not in line


def test_a_budget_in_tokens_speaks_of_tokens():
    budget = Budget(name="b", period="day", limit_tokens=2000)
    line = standing_line(Standing(budget=budget, window_start=NOON, window_end=NOON, spent=Decimal(1500), unpriced_calls=1))
    assert "1,500 tokens of 2,000 tokens per day spent (75 %), 500 tokens left" in line


def test_a_line_says_what_the_window_will_come_to_where_that_is_known():
    budget = Budget(name="b", period="day", limit_usd=Decimal(10))
    standing = Standing(budget=budget, window_start=NOON, window_end=NOON, spent=Decimal(4), projected=Decimal("12.5"))
    assert "$12.50 by its end at this rate; ok" in standing_line(standing)
