from __future__ import annotations

from decimal import Decimal
from typing import Any


def test_reasoning_beyond_four_times_the_answer_is_out_of_proportion(calls: Any):
    # Answer 1,000 tokens: 4,000 of reasoning are in proportion, 3,000 more are not: × $25/M.
    calls.add(0, output_tokens=8_000, reasoning=7_000)
    (found,) = calls.suggested("reasoning")
    assert (found.saved_usd, found.calls, found.confidence) == (Decimal("0.075"), 1, "low")


def test_a_short_answer_may_take_two_thousand_tokens_of_thought(calls: Any):
    calls.add(0, output_tokens=2_001, reasoning=2_000)
    assert calls.suggested("reasoning") == []
    calls.add(60, output_tokens=2_002, reasoning=2_001)
    (found,) = calls.suggested("reasoning")
    assert found.saved_usd == Decimal("0.000025")


def test_reasoning_in_proportion_is_not_touched(calls: Any):
    calls.add(0, output_tokens=15_000, reasoning=12_000)
    assert calls.suggested("reasoning") == []
