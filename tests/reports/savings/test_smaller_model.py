from __future__ import annotations

from decimal import Decimal
from typing import Any


def test_small_calls_are_held_against_the_price_of_the_cheaper_model(calls: Any):
    # 2,000 × $5/M + 100 × $25/M = $0.0125 each; at $1/M and $5/M: $0.0025. Three of them: $0.0375 − $0.0075.
    for n in range(3):
        calls.add(n * 600, input_tokens=2_000, output_tokens=100)
    calls.add(5_000, input_tokens=5_000, output_tokens=100)  # too large a prompt to be a small task
    calls.add(6_000, input_tokens=2_000, output_tokens=501)
    calls.add(7_000, input_tokens=2_000, output_tokens=100, reasoning=50)
    (found,) = calls.suggested("smaller-model")
    assert (found.saved_usd, found.spent_usd, found.calls) == (Decimal("0.03"), Decimal("0.0375"), 3)
    assert (found.confidence, found.instead, found.seqs) == ("low", "small", (1, 2, 3))
    assert found.named() == {"agent": "coder", "task_type": "bugfix", "provider": "maker", "model": "large"}


def test_a_bound_of_a_small_task_still_belongs_to_it(calls: Any):
    calls.add(0, input_tokens=4_000, output_tokens=500)
    assert [each.calls for each in calls.suggested("smaller-model")] == [1]


def test_the_smallest_model_has_nothing_below_it(calls: Any):
    calls.add(0, input_tokens=2_000, output_tokens=100, price="small")
    assert calls.suggested("smaller-model") == []


def test_calls_without_unit_prices_are_claimed_nothing_for_and_told(calls: Any):
    calls.add(0, input_tokens=2_000, output_tokens=100, price=None, nanos=12_500_000)
    assert calls.suggested("smaller-model") == []
    assert calls.blind("smaller-model") == "Cannot tell for 1 of 1 calls: no price book gave them prices by token."
