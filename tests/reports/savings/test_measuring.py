from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from cost_mcp.model.saving import AppliedSaving, Yardstick
from cost_mcp.reports.savings.measuring import measured, subject_from, yardstick
from cost_mcp.reports.savings.registry import RULES

NOW = datetime(2026, 11, 22, tzinfo=UTC)
MONTH = (NOW - timedelta(days=30), NOW)


def stick(units: int, usd: str) -> Yardstick:
    return Yardstick(units=units, usd=Decimal(usd), start=MONTH[0], end=MONTH[1])


def applied(baseline: Yardstick, rule: str = "repeated-calls") -> AppliedSaving:
    return AppliedSaving(
        saving_id="sav_1",
        rule=rule,
        subject={"agent": "coder"},
        applied_at=NOW,
        baseline=baseline,
        noted_at=NOW,
        noted_by="cli:kim",
    )


def test_what_was_saved_is_the_fall_of_the_rate_times_the_work_since():
    # $10 over 100 calls is $0.10 a call; 50 calls since would have wasted $5 and wasted $1.
    told = measured(applied(stick(100, "10")), stick(50, "1"))
    assert told.saved_usd == Decimal(4)


def test_it_can_have_become_worse():
    told = measured(applied(stick(100, "10")), stick(50, "6"))
    assert (told.saved_usd, told.why) == (Decimal(-1), "It became dearer, not cheaper.")


@pytest.mark.parametrize(("before", "since", "why"), [(29, 500, "29 calls of it before"), (500, 1, "1 call of it since")])
def test_too_little_work_says_nothing(before: int, since: int, why: str):
    told = measured(applied(stick(before, "10")), stick(since, "1"))
    assert told.saved_usd is None
    assert why in told.why


def test_thirty_units_on_either_side_are_enough():
    assert measured(applied(stick(30, "3")), stick(30, "0")).saved_usd == Decimal(3)


def test_a_rate_that_does_not_end_is_rounded_once():
    assert measured(applied(stick(90, "1")), stick(30, "0")).saved_usd == Decimal("0.333333333")


def test_waste_is_counted_over_every_call_of_the_subject(calls: Any, market: Any):
    calls.add(0).add(60).add(120, input_tokens=20_000).add(180, agent="tester")
    subject = ("coder", "bugfix", "maker", "large")
    told = yardstick(calls.found(), market, RULES["repeated-calls"], subject, MONTH)
    assert (told.units, told.usd) == (3, Decimal("0.075"))


def test_another_models_cost_is_compared_for_the_same_kind_of_work(calls: Any, market: Any):
    # Two small calls by the large model at $0.0125, one by the small model at $0.0025; the large one's big call is no such work.
    for n, price in enumerate(("large", "large", "small")):
        calls.add(n * 600, input_tokens=2_000, output_tokens=100, price=price)
    calls.add(3_000)
    subject = ("coder", "bugfix", "maker", "large")
    told = yardstick(calls.found(), market, RULES["smaller-model"], subject, MONTH)
    assert (told.units, told.usd) == (3, Decimal("0.0275"))


def test_a_sub_agents_calls_count_on_whatever_model_they_run(calls: Any, market: Any):
    calls.add(0, agent="lead").add(10, agent="scout").add(20, agent="scout", price="small")
    told = yardstick(calls.found(), market, RULES["sub-agents"], ("scout", "bugfix", "maker", "large"), MONTH)
    assert (told.units, told.usd) == (2, Decimal("0.09"))


def test_a_subject_is_read_back_from_the_dimensions_it_names():
    assert subject_from({"agent": "coder", "model": "large"}) == ("coder", "", "", "large")
