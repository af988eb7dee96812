from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from cost_mcp.model.period import named_period, stated_period
from cost_mcp.views.terminal_words import duration_words, moment_words, period_days, period_title

NOW = datetime(2026, 11, 22, 13, 3, tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "title", "days"),
    [
        ("today", "Today", "Sunday 22 November 2026"),
        ("week", "This week", "16 – 22 November 2026"),
        ("last_month", "Last month", "1 – 31 October 2026"),
        ("quarter", "This quarter", "1 October – 31 December 2026"),
        ("7d", "The last 7 days", "16 – 22 November 2026"),
        ("12w", "The last 12 weeks", "31 August – 22 November 2026"),
        ("2026-03-29", "Spend", "Sunday 29 March 2026"),
        ("2026", "Spend", "1 January – 31 December 2026"),
        ("total", "All time", ""),
        ("24h", "The last 24 hours", "2026-11-21 14:04 to 2026-11-22 14:04"),
    ],
)
def test_a_period_is_told_by_name_and_days(name: str, title: str, days: str):
    period = named_period(name, NOW, "Europe/Berlin")

    assert (period_title(period), period_days(period)) == (title, days)


def test_days_across_two_years_name_both():
    period = stated_period("2025-12-30", "2026-01-03", NOW, "UTC")

    assert period_days(period) == "30 December 2025 – 2 January 2026"


@pytest.mark.parametrize(
    ("ago", "words"),
    [(timedelta(hours=1), "13:03"), (timedelta(days=2), "20 Nov 14:03"), (timedelta(days=400), "18 Oct 2025 15:03")],
)
def test_an_instant_is_told_as_far_as_it_must(ago: timedelta, words: str):
    assert moment_words(NOW - ago, ZoneInfo("Europe/Berlin"), NOW) == words


@pytest.mark.parametrize(
    ("span", "words"),
    [
        (timedelta(seconds=59), "under a minute"),
        (timedelta(minutes=59, seconds=59), "59 min"),
        (timedelta(hours=1), "1 h"),
        (timedelta(hours=47, minutes=59), "47 h"),
        (timedelta(hours=48), "2 days"),
        (timedelta(seconds=-5), "under a minute"),
    ],
)
def test_a_span_is_told_in_one_unit_and_never_too_long(span: timedelta, words: str):
    assert duration_words(span) == words
