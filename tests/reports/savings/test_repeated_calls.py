from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest


def test_every_repetition_but_the_first_call_is_waste(calls: Any):
    # 2,000 × $5/M + 100 × $25/M = $0.0125, twice too often.
    for n in range(3):
        calls.add(n * 900, input_tokens=2_000, output_tokens=100)
    (found,) = calls.suggested("repeated-calls")
    assert (found.saved_usd, found.calls, found.confidence, found.seqs) == (Decimal("0.025"), 2, "medium", (2, 3))


def test_another_call_in_between_does_not_hide_it(calls: Any):
    calls.add(0, output_tokens=100).add(10, output_tokens=200).add(20, output_tokens=100)
    assert [each.calls for each in calls.suggested("repeated-calls")] == [1]


@pytest.mark.parametrize(
    "other",
    [
        {"input_tokens": 10_001},
        {"output_tokens": 999},
        {"session": "another"},
        {"agent": "tester"},
        {"session": None},
        {"at": 3_601},
    ],
)
def test_what_differs_in_anything_is_another_call(calls: Any, other: dict[str, Any]):
    calls.add(0).add(**({"at": 60} | other))
    assert calls.suggested("repeated-calls") == []


def test_a_stated_cost_can_be_wasted_too_and_a_free_call_cannot(calls: Any):
    calls.add(0, price=None, nanos=5).add(60, price=None, nanos=7)
    (found,) = calls.suggested("repeated-calls")
    assert found.saved_usd == Decimal("0.000000007")
    calls.rows.clear()
    calls.add(0, price=None, nanos=0).add(60, price=None, nanos=0)
    assert calls.suggested("repeated-calls") == []
