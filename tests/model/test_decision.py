"""A decision is the tightest covering budget's, and says why."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from cost_mcp.model.budget import Budget, Standing
from cost_mcp.model.decision import ALLOW, DENY, WARN, Spend, decide

START = datetime(2026, 11, 22, tzinfo=UTC)


def standing(spent: str, *, mode: str = "enforce", limit: str = "10", name: str = "daily", reserved: str = "0") -> Standing:
    budget = Budget(name=name, period="day", limit_usd=Decimal(limit), mode=mode)
    return Standing(budget=budget, window_start=START, window_end=None, spent=Decimal(spent), reserved=Decimal(reserved))


def spend(usd: str) -> Spend:
    return Spend(usd=Decimal(usd))


@pytest.mark.parametrize(
    ("mode", "spent", "reserved", "asked", "decision"),
    [
        ("enforce", "0", "0", "1", ALLOW),
        ("enforce", "7.99", "0", "0", ALLOW),
        ("enforce", "8", "0", "0", WARN),
        ("enforce", "9", "0", "1", WARN),  # exactly the limit still fits
        ("enforce", "9", "0", "1.000000001", DENY),
        ("enforce", "5", "4.5", "1", DENY),  # what is held counts as spent
        ("enforce", "11", "0", "0", DENY),
        ("alert", "11", "0", "1", WARN),  # an alerting budget never denies
        ("shadow", "11", "0", "1", ALLOW),
    ],
)
def test_spent_and_held_and_asked_are_held_against_the_limit(mode: str, spent: str, reserved: str, asked: str, decision: str):
    assert decide([standing(spent, mode=mode, reserved=reserved)], spend(asked)).decision == decision


def test_the_tightest_of_the_denying_budgets_decides():
    verdict = decide([standing("10", name="loose", limit="10.5"), standing("10", name="tight", limit="10")], spend("1"))
    assert verdict.decision == DENY
    assert verdict.decided_by is not None
    assert verdict.decided_by.budget.name == "tight"
    assert "tight" in verdict.why
    assert "$0.00 left of $10.00" in verdict.why


def test_no_budget_means_allowed_and_is_said():
    assert decide([], spend("100")).why == "No budget covers this."


def test_a_token_budget_is_judged_by_tokens():
    budget = Budget(name="tokens", period="day", limit_tokens=1000, mode="enforce")
    full = Standing(budget=budget, window_start=START, window_end=None, spent=Decimal(900))
    assert decide([full], Spend(usd=Decimal(0), tokens=100)).decision == WARN
    assert decide([full], Spend(usd=Decimal(0), tokens=101)).decision == DENY
    assert decide([full], Spend(usd=Decimal(5))).decision == WARN


def test_a_call_budget_counts_the_call_that_is_asked_for():
    budget = Budget(name="calls", period="day", limit_calls=3, mode="enforce")
    used = Standing(budget=budget, window_start=START, window_end=None, spent=Decimal(3))
    assert decide([used], spend("0")).decision == DENY


def test_unpriced_spend_is_said_to_be_a_lower_bound():
    budget = Budget(name="daily", period="day", limit_usd=Decimal(10), mode="enforce", unpriced="warn")
    unsure = Standing(budget=budget, window_start=START, window_end=None, spent=Decimal(9), unpriced_calls=2)
    assert "lower bound" in decide([unsure], spend("0")).why
