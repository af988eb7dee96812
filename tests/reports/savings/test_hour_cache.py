from __future__ import annotations

from decimal import Decimal
from typing import Any


def test_an_hour_was_paid_where_five_minutes_would_have_done(calls: Any):
    # 30,000 × ($10 − $6.25)/M.
    calls.add(0, input_tokens=40_000, written=30_000, hour=30_000).add(120, input_tokens=40_000, read=30_000)
    (found,) = calls.suggested("hour-cache")
    assert (found.saved_usd, found.calls, found.confidence) == (Decimal("0.1125"), 1, "medium")


def test_a_use_after_ten_minutes_needed_the_hour(calls: Any):
    calls.add(0, written=8_000, hour=8_000).add(120, read=8_000).add(720, read=8_000)
    assert calls.suggested("hour-cache") == []


def test_what_is_written_after_such_a_use_is_judged_for_itself(calls: Any):
    calls.add(0, written=8_000, hour=8_000).add(600, read=8_000, written=1_000, hour=1_000).add(660, read=9_000)
    (found,) = calls.suggested("hour-cache")
    assert found.saved_usd == Decimal("0.00375")  # 1,000 × $3.75/M


def test_what_nobody_read_is_another_rules_business(calls: Any):
    calls.add(0, written=8_000, hour=8_000).add(60)
    assert calls.suggested("hour-cache") == []
    assert [each.calls for each in calls.suggested("unread-cache-writes")] == [1]


def test_the_end_of_the_period_may_come_before_the_use_that_needs_it(calls: Any):
    calls.add(0, written=8_000, hour=8_000).add(120, read=8_000)
    assert calls.suggested("hour-cache", until=3_720) == []
    assert [each.calls for each in calls.suggested("hour-cache", until=3_721)] == [1]
