from __future__ import annotations

from datetime import UTC, datetime

import pytest

from cost_mcp.model.period import named_period
from cost_mcp.views.text_time import period_words

NOW = datetime(2026, 11, 22, 12, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("today", "Today (2026-11-22 to 2026-11-23, Asia/Tokyo)"),
        ("last_month", "Last month (2026-10-01 to 2026-11-01, Asia/Tokyo)"),
        ("2h", "2h (2026-11-22 19:31 to 2026-11-22 21:31, Asia/Tokyo)"),
        ("total", "All time"),
    ],
)
def test_a_period_is_told_in_its_own_zone(name: str, words: str):
    assert period_words(named_period(name, NOW, "Asia/Tokyo")) == words
