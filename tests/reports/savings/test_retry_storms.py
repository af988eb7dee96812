from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest


def test_all_but_the_last_call_of_a_storm_are_waste(calls: Any):
    # 10,000 × $5/M each, and 10 to 40 tokens × $25/M of the four that did not help.
    for n in range(5):
        calls.add(n * 10, output_tokens=10 * (n + 1))
    (found,) = calls.suggested("retry-storms")
    assert (found.saved_usd, found.calls, found.confidence) == (Decimal("0.2025"), 4, "medium")
    assert found.seqs == (1, 2, 3)


@pytest.mark.parametrize("count", [1, 2, 3])
def test_as_many_tries_as_clients_make_by_themselves_are_no_storm(calls: Any, count: int):
    for n in range(count):
        calls.add(n * 10, output_tokens=n + 1)
    assert calls.suggested("retry-storms") == []


def test_a_pause_of_more_than_a_minute_ends_a_storm(calls: Any):
    for n in range(6):
        calls.add(n * 10 + (60 if n >= 3 else 0), output_tokens=n + 1)
    assert calls.suggested("retry-storms") == []


def test_a_growing_prompt_is_work_going_on(calls: Any):
    for n in range(6):
        calls.add(n * 10, input_tokens=10_000 + n, output_tokens=n + 1)
    assert calls.suggested("retry-storms") == []


def test_repetitions_with_the_same_answer_are_claimed_by_the_other_rule_alone(calls: Any):
    for n in range(6):
        calls.add(n * 10)
    assert calls.suggested("retry-storms") == []
    assert [each.calls for each in calls.suggested("repeated-calls")] == [5]


def test_both_rules_together_leave_one_call_to_be_paid(calls: Any):
    for n, output in enumerate((10, 10, 20, 30, 40)):
        calls.add(n * 10, output_tokens=output)
    counted = [each.calls for rule in ("retry-storms", "repeated-calls") for each in calls.suggested(rule)]
    assert counted == [3, 1]


def test_a_storm_that_ends_with_other_work_is_seen_all_the_same(calls: Any):
    for n in range(4):
        calls.add(n * 10, output_tokens=n + 1)
    calls.add(50, input_tokens=20_000)
    assert [each.calls for each in calls.suggested("retry-storms")] == [3]
