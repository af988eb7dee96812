"""Windows of a plan, worked out by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cost_mcp.errors import InvalidInput
from cost_mcp.model.plan_limit import PlanLimit
from cost_mcp.model.totals import Totals
from cost_mcp.reports.plan_window import PlanWindow, Span, burn, span_of, told_spans, window_length

FIVE = timedelta(hours=5)


def at(clock: str, day: int = 22) -> datetime:
    hour, minute = clock.split(":")
    return datetime(2026, 11, day, int(hour), int(minute), tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("5h", FIVE), ("1d", timedelta(days=1)), ("day", timedelta(days=1)), ("week", timedelta(days=7)), ("2w", timedelta(days=14)),
        (" 90H ", timedelta(hours=90)),
    ],
)  # fmt: skip
def test_a_length_is_read_from_a_few_characters(text: str, length: timedelta):
    assert window_length(text) == length


@pytest.mark.parametrize("text", ["", "h", "0h", "-5h", "5", "5m", "month", "32d", "5w", "999h", None, 5, True, ["5h"]])
def test_what_is_no_length_is_refused(text: object):
    with pytest.raises(InvalidInput) as refused:
        window_length(text)
    assert refused.value.field == "windows"


def test_a_window_of_claude_begins_on_the_full_hour_and_others_with_the_call():
    assert span_of(at("11:55"), None, FIVE, hourly=True) == (at("11:00"), at("16:00"))
    assert span_of(at("11:55"), None, FIVE, hourly=False) == (at("11:55"), at("16:55"))


def test_a_window_does_not_begin_before_the_one_before_has_ended():
    assert span_of(at("16:20"), at("16:10"), FIVE, hourly=True) == (at("16:10"), at("21:10"))


def test_what_the_provider_says_of_a_window_is_taken():
    told: tuple[Span, ...] = ((at("9:50"), at("14:50")),)

    assert span_of(at("10:05"), None, FIVE, hourly=True, told=told) == told[0]
    assert span_of(at("7:30"), None, FIVE, hourly=True, told=told) == (at("7:00"), at("9:50"))
    assert span_of(at("14:50"), at("14:50"), FIVE, hourly=True, told=told) == (at("14:50"), at("19:50"))


def limit(minutes: int | None, resets_at: datetime | None, source: str = "codex") -> PlanLimit:
    return PlanLimit(
        source=source, name="codex", window="primary", used_percent=Decimal(12), seen_at=at("10:00"), window_minutes=minutes,
        resets_at=resets_at,
    )  # fmt: skip


def test_a_window_is_told_by_when_it_resets_and_how_long_it_is():
    limits = [limit(299, at("14:49")), limit(10080, at("10:00", 27)), limit(None, at("12:00")), limit(300, None)]

    assert told_spans(limits, "codex", FIVE) == ((at("9:50"), at("14:49")),)
    assert told_spans(limits, "codex", timedelta(days=7)) == ((at("10:00", 20), at("10:00", 27)),)
    assert told_spans(limits, "claude-code", FIVE) == ()


@given(minutes=st.lists(st.integers(0, 60 * 24 * 6), min_size=1, unique=True).map(sorted), hourly=st.booleans())
def test_every_call_lies_in_exactly_one_window_and_each_begins_with_a_call(minutes: list[int], *, hourly: bool):
    calls = [at("0:00", 1) + timedelta(minutes=minute) for minute in minutes]
    windows: list[Span] = []
    for call in calls:
        if not windows or call >= windows[-1][1]:
            windows.append(span_of(call, windows[-1][1] if windows else None, FIVE, hourly=hourly))
    for call in calls:
        assert len([1 for start, end in windows if start <= call < end]) == 1
    for (_, end), (start, _) in pairwise(windows):
        assert end <= start
    assert all(end - start == FIVE for start, end in windows)


def window(tokens: int = 60_000, cost: str = "1.50", plan: str = "0.50") -> PlanWindow:
    totals = Totals(calls=3, input_tokens=tokens, cost_usd=Decimal(cost), subscription_usd=Decimal(plan))
    return PlanWindow(source="codex", start=at("10:00"), end=at("15:00"), first_call=at("10:30"), totals=totals)


def test_a_rate_counts_from_the_first_call_and_is_carried_on_to_the_end():
    # Two hours since 10:30: 60,000 tokens are 500 a minute, $2 are $1 an hour; 2.5 hours are left: 75,000 tokens, $2.50 more.
    rate = burn(window(), at("12:30"))

    assert rate is not None
    assert (rate.tokens_per_minute, rate.usd_per_hour) == (Decimal("500.0"), Decimal(1))
    assert (rate.projected_tokens, rate.projected_usd) == (135_000, Decimal("4.50"))


@pytest.mark.parametrize("clock", ["9:59", "10:44", "15:00", "20:00"])
def test_no_rate_is_told_outside_a_window_and_right_after_its_first_call(clock: str):
    assert burn(window(), at(clock)) is None


def test_a_rate_is_told_once_a_twentieth_has_passed_since_the_first_call():
    assert burn(window(), at("10:45")) is not None
