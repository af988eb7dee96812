from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from cost_mcp.errors import InvalidInput
from cost_mcp.model.plan_limit import PlanLimit

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def limit(
    used: str = "7",
    *,
    seen_at: datetime = NOON,
    name: str = "codex",
    minutes: int | None = 300,
    resets_at: datetime | None = None,
) -> PlanLimit:
    return PlanLimit(
        source="codex",
        name=name,
        window="primary",
        used_percent=Decimal(used),
        seen_at=seen_at,
        window_minutes=minutes,
        resets_at=resets_at,
    )


def test_of_one_window_the_later_word_counts_and_of_one_moment_the_fuller():
    early, late = limit("90"), limit("2", seen_at=NOON.replace(hour=13))
    assert early.key == late.key
    assert max(early, late, key=lambda known: known.order) is late
    assert max(limit("7"), limit("8"), key=lambda known: known.order).used_percent == 8


def test_an_overdrawn_plan_is_kept_as_it_is_said():
    assert limit("104.5").used_percent == Decimal("104.5")


@pytest.mark.parametrize("used", ["-1", "NaN", "Infinity", "10001"])
def test_what_is_no_percentage_is_refused(used: str):
    with pytest.raises(InvalidInput) as refused:
        limit(used)
    assert refused.value.field == "used_percent"


@pytest.mark.parametrize("minutes", [0, -5, 527_041])
def test_a_window_without_a_length_is_refused(minutes: int):
    with pytest.raises(InvalidInput) as refused:
        limit(minutes=minutes)
    assert refused.value.field == "window_minutes"


def test_a_time_without_an_offset_is_refused():
    with pytest.raises(InvalidInput) as refused:
        limit(resets_at=NOON.replace(tzinfo=None))
    assert refused.value.field == "resets_at"


def test_a_name_that_cannot_be_taken_is_refused():
    with pytest.raises(InvalidInput) as refused:
        limit(name="two\nlines")
    assert refused.value.field == "name"
