from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from cost_mcp.model.budget import Budget, Standing
from cost_mcp.model.reservation import Admission, Reservation
from cost_mcp.views.shape_reservation import admission_shape, reservation_shape

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
MIDNIGHT = datetime(2026, 11, 23, tzinfo=UTC)
DAILY = Budget(name="daily", period="day", limit_usd=Decimal(1), mode="enforce")
HELD = Reservation(
    reservation_id="res_1", tenant="default", state="held", amount_usd=Decimal("0.30"), created_at=NOON, expires_at=MIDNIGHT
)


def test_what_is_held_is_named_with_its_amount_and_end():
    shape = admission_shape(Admission(decision="allow", why="Within.", reservation=HELD))
    assert shape == {
        "decision": "allow",
        "why": "Within.",
        "reservation_id": "res_1",
        "reserved_usd": "0.3",
        "expires_at": "2026-11-23T00:00:00Z",
        "budgets": [],
    }


@pytest.mark.parametrize(("spent", "left"), [("0.7", "0.3"), ("1.7", "0")])
def test_a_denial_says_who_denies_what_is_left_and_when_it_starts_anew(spent: str, left: str):
    full = Standing(budget=DAILY, window_start=NOON, window_end=MIDNIGHT, spent=Decimal(spent))
    shape = admission_shape(Admission(decision="deny", why="Full.", denied_by=full, standings=(full,)))
    assert (shape["denied_by"], shape["remaining_usd"], shape["resets_at"]) == ("daily", left, "2026-11-23T00:00:00Z")
    assert "reservation_id" not in shape


def test_a_denial_by_an_each_budget_in_tokens_names_the_value_and_has_no_end_it_lacks():
    budget = Budget(name="each", period="total", limit_tokens=100, each="agent", mode="enforce")
    full = Standing(budget=budget, window_start=NOON, window_end=None, each_value="coder", spent=Decimal(70))
    shape = admission_shape(Admission(decision="deny", why="Full.", denied_by=full))
    assert (shape["denied_for"], shape["remaining_tokens"]) == ("coder", 30)
    assert "resets_at" not in shape


def test_a_reservation_that_has_ended_is_not_offered_again():
    shape = admission_shape(Admission(decision="deny", why="Ended.", reservation=HELD, repeated=True))
    assert (shape["repeated"], "reservation_id" in shape) == (True, False)


def test_a_settled_reservation_says_by_what_and_how_far_above():
    settled = Reservation(
        reservation_id="res_1",
        tenant="default",
        state="settled",
        amount_usd=Decimal("0.3"),
        tokens=1000,
        created_at=NOON,
        expires_at=MIDNIGHT,
        settled_by="msg_1",
        excess_usd=Decimal("0.05"),
    )
    shape = reservation_shape(settled)
    assert (shape["state"], shape["settled_by"], shape["excess_usd"]) == ("settled", "msg_1", "0.05")
    assert shape["reserved_tokens"] == 1000
