from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest


def crowd(calls: Any, count: int, **fields: Any) -> None:
    for n in range(count):
        given = {"session": f"s{n}"} | fields
        calls.add(n * 30, input_tokens=1_000, output_tokens=200, **given)


def test_a_crowd_of_lone_calls_would_have_cost_half(calls: Any):
    # 1,000 × $5/M + 200 × $25/M = $0.01 each.
    crowd(calls, 60)
    (found,) = calls.suggested("batch")
    assert (found.saved_usd, found.spent_usd, found.calls) == (Decimal("0.3"), Decimal("0.6"), 60)
    assert (found.confidence, found.instead) == ("low", "large in the batch tier")


def test_fewer_in_an_hour_may_be_read_one_by_one(calls: Any):
    crowd(calls, 59)
    assert calls.suggested("batch") == []


def test_calls_that_follow_one_another_are_no_batch(calls: Any):
    crowd(calls, 60, session="one")
    assert calls.suggested("batch") == []


def test_a_crowd_spread_over_two_hours_is_none(calls: Any):
    for n in range(60):
        calls.add(n * 90, input_tokens=1_000, session=f"s{n}")
    assert calls.suggested("batch") == []


@pytest.mark.parametrize(
    ("names", "confidence"),
    [
        ({"purpose": "nightly"}, "medium"),
        ({"task_type": "Offline_Eval"}, "medium"),
        ({"feature": "re-index"}, "medium"),
        ({"purpose": "debate"}, "low"),
        ({"agent": "batchelor"}, "low"),
    ],
)
def test_a_name_that_tells_of_background_work_makes_it_surer(calls: Any, names: dict[str, str], confidence: str):
    crowd(calls, 60, **names)
    assert [each.confidence for each in calls.suggested("batch")] == [confidence]


def test_calls_with_neither_session_nor_task_count_and_are_told(calls: Any):
    crowd(calls, 60, session=None)
    assert [each.calls for each in calls.suggested("batch")] == [60]
    assert calls.blind("batch") == "Cannot tell for 60 of 60 calls: they carry neither session nor task."
