from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest


def test_what_was_sent_before_would_have_been_read_from_a_cache(calls: Any):
    # Read: 10,000 + 12,000 tokens, each $4.50/M cheaper: $0.099. Written once: 10,000 + 2,000 + 3,000, each $1.25/M dearer: $0.01875.
    calls.add(0, input_tokens=10_000).add(60, input_tokens=12_000).add(120, input_tokens=15_000)
    (found,) = calls.suggested("prompt-caching")
    assert (found.saved_usd, found.calls, found.confidence) == (Decimal("0.08025"), 2, "medium")
    assert found.spent_usd == Decimal("0.185")  # 27,000 × $5/M + 2,000 × $25/M: the two calls that repeat something


def test_where_a_provider_caches_by_itself_writes_cost_nothing_more_and_it_is_less_sure(calls: Any):
    calls.add(0, input_tokens=10_000, price="automatic").add(60, input_tokens=12_000, price="automatic")
    (found,) = calls.suggested("prompt-caching")
    assert (found.saved_usd, found.confidence) == (Decimal("0.015"), "low")  # 10,000 × $1.50/M


@pytest.mark.parametrize(
    "second",
    [
        {"at": 301},  # the cache would have been gone
        {"at": 60, "input_tokens": 9_999},  # not the same beginning and more
        {"at": 60, "read": 8_000},  # it is cached
        {"at": 60, "written": 8_000},
        {"at": 60, "session": "another"},
        {"at": 60, "agent": "tester"},
    ],
)
def test_nothing_is_claimed_where_a_prefix_was_not_surely_repeated_in_time(calls: Any, second: dict[str, Any]):
    calls.add(0).add(**({"input_tokens": 12_000} | second))
    assert calls.suggested("prompt-caching") == []


def test_a_prefix_no_model_caches_is_none(calls: Any):
    calls.add(0, input_tokens=4_095).add(60, input_tokens=6_000)
    assert calls.suggested("prompt-caching") == []


def test_a_prefix_five_minutes_old_is_still_kept(calls: Any):
    calls.add(0).add(300)
    assert [each.calls for each in calls.suggested("prompt-caching")] == [1]


def test_no_lower_price_for_reads_is_no_saving(calls: Any):
    calls.add(0, price="uncached").add(60, price="uncached")
    assert calls.suggested("prompt-caching") == []
    assert calls.blind("prompt-caching") == "No price entry of these calls has a lower price for cache reads."


def test_calls_without_session_and_task_are_not_guessed_at(calls: Any):
    calls.add(0, session=None).add(60, session=None)
    assert calls.suggested("prompt-caching") == []
    assert calls.blind("prompt-caching") == "Cannot tell for 2 of 2 calls: they carry neither session nor task."


def test_a_task_will_do_where_there_is_no_session(calls: Any):
    calls.add(0, session=None, task="T-1").add(60, session=None, task="T-1")
    assert [each.calls for each in calls.suggested("prompt-caching")] == [1]


def test_a_stretch_that_is_interrupted_writes_anew(calls: Any):
    # Two stretches of two equal prompts: each reads 10,000 ($0.045) and writes 10,000 ($0.0125).
    calls.add(0).add(60).add(1_000).add(1_060)
    (found,) = calls.suggested("prompt-caching")
    assert found.saved_usd == Decimal("0.065")
