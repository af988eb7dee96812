from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from cost_mcp.budgets.fitting import largest_output
from cost_mcp.model.budget import Budget, Standing

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def left(amount: str, unit: str = "usd") -> Standing:
    """An enforcing window with so much left of 1,000,000."""
    limits: dict[str, Any] = {f"limit_{unit}": Decimal(1_000_000) if unit == "usd" else 1_000_000}
    budget = Budget(name="b", period="total", mode="enforce", **limits)
    return Standing(budget=budget, window_start=NOON, window_end=None, spent=Decimal(1_000_000) - Decimal(amount))


# $10 per million output tokens; the input costs 5 cents. Of 15 cents left, 10 cents are 10,000 output tokens.
CASES: list[Any] = [
    ([left("0.15")], 10_000),
    ([left("0.150009")], 10_000),
    ([left("0.05001")], 1),
    ([left("0.05")], None),
    ([left("0.01")], None),
    ([left("-1")], None),
    ([left("0.15"), left("0.08")], 3_000),
    ([left("42000", "tokens")], 2_000),
    ([left("0.15"), left("42000", "tokens")], 2_000),
    ([left("40000", "tokens")], None),
    ([left("0.15"), left("1", "calls")], 10_000),
    ([left("0.15"), left("0", "calls")], None),
    ([], None),
]


@pytest.mark.parametrize(("windows", "most"), CASES)
def test_the_tightest_window_says_how_much_output_there_is_room_for(windows: list[Standing], most: int | None):
    found = largest_output(windows, fixed_usd=Decimal("0.05"), output_price_usd=Decimal("0.00001"), input_tokens=40_000)
    assert found == most


@pytest.mark.parametrize(("dollars", "most"), [("0.05", 2_000), ("0.04", None)])
def test_output_that_costs_nothing_is_bounded_by_the_other_budgets_only(dollars: str, most: int | None):
    windows = [left(dollars), left("42000", "tokens")]
    found = largest_output(windows, fixed_usd=Decimal("0.05"), output_price_usd=Decimal(0), input_tokens=40_000)
    assert found == most
