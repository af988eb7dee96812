from __future__ import annotations

from decimal import Decimal
from typing import Any


def test_what_is_written_and_never_read_cost_more_than_plain_input(calls: Any):
    # 20,000 × ($6.25 − $5)/M for five minutes, 10,000 × ($10 − $5)/M for an hour.
    calls.add(0, input_tokens=40_000, written=30_000, hour=10_000)
    (found,) = calls.suggested("unread-cache-writes")
    assert (found.saved_usd, found.calls, found.confidence) == (Decimal("0.075"), 1, "high")


def test_a_session_that_reads_is_not_blamed_for_its_last_writes(calls: Any):
    calls.add(0, written=8_000).add(60, read=8_000, written=1_000)
    assert calls.suggested("unread-cache-writes") == []


def test_a_read_that_comes_too_late_found_nothing_of_it(calls: Any):
    calls.add(0, written=8_000).add(400, read=4_000)
    (found,) = calls.suggested("unread-cache-writes")
    assert (found.saved_usd, found.confidence) == (Decimal("0.01"), "medium")  # 8,000 × $1.25/M; somebody did read something


def test_an_hour_is_waited_for_where_it_was_paid_for(calls: Any):
    calls.add(0, written=8_000, hour=8_000).add(3_000, read=8_000)
    assert calls.suggested("unread-cache-writes") == []


def test_each_write_counts_once_when_both_of_its_kinds_are_lost(calls: Any):
    # The five-minute part is lost after the first pause, the other after an hour; plain calls in between read nothing.
    calls.add(0, written=8_000, hour=4_000).add(600).add(9_000)
    (found,) = calls.suggested("unread-cache-writes")
    assert (found.saved_usd, found.calls) == (Decimal("0.025"), 1)  # 4,000 × $1.25/M + 4,000 × $5/M


def test_what_was_written_too_shortly_before_the_end_is_not_judged(calls: Any):
    calls.add(0, written=8_000)
    assert calls.suggested("unread-cache-writes", until=300) == []
    assert [each.calls for each in calls.suggested("unread-cache-writes", until=301)] == [1]
    calls.rows.clear()
    calls.add(0, written=8_000, hour=8_000)
    assert calls.suggested("unread-cache-writes", until=3_600) == []
    assert [each.calls for each in calls.suggested("unread-cache-writes", until=3_601)] == [1]


def test_a_ledger_without_cache_writes_says_so(calls: Any):
    calls.add(0)
    assert calls.blind("unread-cache-writes") == "No call tells of tokens written to a cache."


def test_a_session_that_comes_back_too_late_writes_everything_again(calls: Any):
    # The first write was read; the last one, after eleven minutes, by nobody: 9,000 × $1.25/M.
    calls.add(0, written=8_000).add(60, read=8_000, written=500).add(720, written=9_000)
    (found,) = calls.suggested("unread-cache-writes")
    assert (found.saved_usd, found.calls, found.seqs) == (Decimal("0.01125"), 1, (3,))


def test_what_is_read_of_another_cache_does_not_answer_for_what_is_written_now(calls: Any):
    calls.add(0, written=8_000).add(60, read=8_000).add(720, read=2_000, written=7_000)
    (found,) = calls.suggested("unread-cache-writes")
    assert found.seqs == (3,)
