from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from cost_mcp.ledger.contract import BudgetChange
from cost_mcp.model.budget import Budget, Standing
from cost_mcp.model.scope import Scope
from cost_mcp.views.shape_budget import budget_definition_shape, budget_shape, change_shape, percent_number

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
BUDGET = Budget(
    name="per-session",
    period="day",
    limit_usd=Decimal("2.50"),
    scope=Scope.of({"project": "web"}),
    each="session_id",
    mode="enforce",
)


def test_a_budget_in_dollars_gives_its_amounts_as_text():
    standing = Standing(
        budget=BUDGET, window_start=NOON, window_end=NOON, each_value="s1", spent=Decimal("0.10"), reserved=Decimal("0.40")
    )
    shape = budget_shape(standing)
    assert (shape["limit_usd"], shape["spent_usd"], shape["reserved_usd"], shape["remaining_usd"]) == ("2.5", "0.1", "0.4", "2")
    assert (shape["used_percent"], shape["state"], shape["mode"]) == (4.0, "ok", "enforce")
    assert (shape["scope"], shape["each"], shape["each_value"]) == ({"project": "web"}, "session_id", "s1")


@pytest.mark.parametrize("unit", ["tokens", "calls"])
def test_a_budget_in_counts_gives_whole_numbers_in_its_own_unit(unit: str):
    budget = Budget(
        name="b", period="total", limit_tokens=100 if unit == "tokens" else None, limit_calls=100 if unit == "calls" else None
    )
    shape = budget_shape(Standing(budget=budget, window_start=NOON, window_end=None, spent=Decimal(130), unpriced_calls=1))
    assert (shape[f"limit_{unit}"], shape[f"spent_{unit}"], shape[f"remaining_{unit}"]) == (100, 130, -30)
    assert "window_end" not in shape
    assert shape["lower_bound"] is False, "counts are known even where the price is not"


def test_a_percent_never_shows_a_threshold_as_reached_before_it_is():
    assert percent_number(Decimal("99.999")) == 99.99


def test_a_definition_holds_everything_that_was_set():
    shape = budget_definition_shape(BUDGET)
    assert (shape["limit_usd"], shape["timezone"], shape["week_start"]) == ("2.5", "UTC", "monday")
    assert shape["thresholds"] == {"info": 50, "warning": 80, "critical": 95, "exceeded": 100}
    assert "created_at" not in shape


@pytest.mark.parametrize(
    ("before", "after", "kind"), [(None, BUDGET, "made"), (BUDGET, BUDGET, "changed"), (BUDGET, None, "removed")]
)
def test_a_change_says_what_happened_and_leaves_out_the_side_that_is_not(
    before: Budget | None, after: Budget | None, kind: str
):
    shape = change_shape(BudgetChange(name="per-session", changed_at=NOON, changed_by="cli", before=before, after=after))
    assert shape["change"] == kind
    assert [side in shape for side in ("before", "after")] == [before is not None, after is not None]
