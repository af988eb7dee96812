"""A subscription's windows as they are asked for: of plans where there are any, with what logs said of them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Generator
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from cost_mcp.budgets.windows import window_of
from cost_mcp.errors import CostError
from cost_mcp.ledger.intake import Intake
from cost_mcp.model.call import Rank
from cost_mcp.model.plan_limit import PlanLimit
from cost_mcp.service.opening import open_quick
from cost_mcp.service.quick import Quick
from cost_mcp.service.service import Service
from cost_mcp.views.shape_activity import windows_shape
from cost_mcp.views.terminal_layout import plain
from cost_mcp.views.terminal_window import windows_page

Opener = Callable[..., AbstractAsyncContextManager[Service]]


def at(clock: str, day: int = 22) -> datetime:
    hour, minute = clock.split(":")
    return datetime(2026, 11, day, int(hour), int(minute), tzinfo=UTC)


@pytest.fixture
async def service(opened: Opener) -> AsyncIterator[Service]:
    """A plan's ledger at noon of 22 November: two windows yesterday, one that is running."""
    async with opened(timezone="UTC") as service:
        yield service


async def spend(service: Service, source: str, *moments: datetime, cost: str = "0.5", billing: str = "subscription") -> None:
    for moment in moments:
        fields = {
            "model": "gpt-5", "cost_usd": cost, "input_tokens": 6000, "billing": billing, "occurred_at": moment.isoformat(),
            "call_id": f"{source}-{moment:%d-%H-%M}",
        }  # fmt: skip
        await service.record(fields, source=source, rank=Rank.LOG)


@pytest.fixture
def quick(service: Service) -> Generator[Quick]:
    """The reading verbs over it."""
    door = open_quick(service.settings, clock=service.clock)
    yield door
    door.close()


def told(quick: Quick, **fields: object) -> dict[str, Any]:
    answer = quick.windows({"windows": "5h", **fields})
    assert plain(windows_page(answer), 100)
    return windows_shape(answer)


async def test_windows_begin_with_a_call_and_the_running_one_is_carried_on(service: Service, quick: Quick):
    # 06:20 opens 06:00-11:00; 11:00 is outside it and opens the next. At noon that has run an hour since its first call:
    # 12,000 tokens are 200 a minute, $1 is $1 an hour, and four hours are left.
    await spend(service, "claude-code", at("20:10", 21), at("6:20"), at("10:59"), at("11:00"), at("11:30"))
    shape = told(quick)

    assert [(w["start"][8:16], w["end"][8:16], w["calls"], w["list_price_usd"]) for w in shape["plan_windows"]] == [
        ("21T20:00", "22T01:00", 1, "0.5"),
        ("22T06:00", "22T11:00", 2, "1"),
        ("22T11:00", "22T16:00", 2, "1"),
    ]
    assert [w.get("idle_minutes_before") for w in shape["plan_windows"]] == [None, 300, 0]
    assert [w.get("running", False) for w in shape["plan_windows"]] == [False, False, True]
    assert shape["plan_windows"][2]["burn"] == {
        "tokens_per_minute": 200.0,
        "list_price_usd_per_hour": "1",
        "projected_tokens": 60_000,
        "projected_list_price_usd": "5",
    }
    assert (shape["billing"], shape["window_minutes"]) == ("subscription", 300)


async def test_each_source_has_windows_of_its_own(service: Service, quick: Quick):
    await spend(service, "claude-code", at("9:40"))
    await spend(service, "codex", at("10:40"))
    shape = told(quick)

    assert [(w["source"], w["start"][11:16]) for w in shape["plan_windows"]] == [("claude-code", "09:00"), ("codex", "10:40")]
    assert [w["source"] for w in told(quick, source="codex")["plan_windows"]] == ["codex"]


async def test_weeks_begin_with_the_first_call_of_each(service: Service, quick: Quick):
    await spend(service, "codex", at("9:00", 2), at("8:59", 9), at("9:00", 9), at("12:00", 20))
    shape = told(quick, windows="week")

    assert [(w["start"], w["calls"]) for w in shape["plan_windows"]] == [
        ("2026-11-02T09:00:00Z", 2), ("2026-11-09T09:00:00Z", 1), ("2026-11-20T12:00:00Z", 1),
    ]  # fmt: skip


async def test_windows_of_a_period_begin_where_the_calls_before_it_let_them(service: Service, quick: Quick):
    await spend(service, "codex", at("22:00", 20), at("2:00", 21), at("4:00", 21), at("9:30", 21))
    shape = told(quick, start="2026-11-21", end="2026-11-22")

    assert [w["start"][8:16] for w in shape["plan_windows"]] == ["20T22:00", "21T04:00", "21T09:30"]


async def test_filters_narrow_what_is_summed_but_move_no_window(service: Service, quick: Quick):
    await spend(service, "codex", at("7:00"))
    await service.record(
        {
            "model": "gpt-5-mini", "call_id": "mini", "cost_usd": "2", "billing": "subscription",
            "occurred_at": at("8:00").isoformat(),
        },
        source="codex", rank=Rank.LOG,
    )  # fmt: skip
    (window,) = told(quick, model="gpt-5-mini")["plan_windows"]

    assert (window["start"], window["calls"], window["list_price_usd"]) == ("2026-11-22T07:00:00Z", 1, "2")


async def test_without_any_plan_the_windows_are_of_all_calls_and_that_is_said(service: Service, quick: Quick):
    await spend(service, "cli", at("7:00"), billing="api")
    shape = told(quick)

    assert len(shape["plan_windows"]) == 1
    assert "billing" not in shape
    assert "of all calls" in shape["notes"][0]
    assert told(quick, billing="subscription")["plan_windows"] == []


def test_an_empty_ledger_has_no_windows(quick: Quick):
    shape = told(quick)

    assert (shape["plan_windows"], shape["plan_limits"], shape["earlier_windows"]) == ([], [], 0)


async def test_only_the_newest_windows_are_told_and_how_many_are_left_out(service: Service, quick: Quick):
    await spend(service, "codex", *(at("7:00", day) for day in range(16, 23)))
    shape = told(quick, limit=2)

    assert [w["start"][8:10] for w in shape["plan_windows"]] == ["21", "22"]
    assert shape["earlier_windows"] == 5


async def test_limits_that_logs_told_are_shown_and_say_where_their_window_lies(service: Service, quick: Quick, tmp_path: Path):
    await spend(service, "codex", at("8:10"), at("9:10"))
    limit = PlanLimit(
        source="codex", name="codex", window="primary", used_percent=Decimal("42.5"), seen_at=at("9:10"), window_minutes=300,
        resets_at=at("13:05"), plan="plus",
    )  # fmt: skip
    with Intake(tmp_path / "ledger.db", now=at("12:00"), window_of=window_of) as intake:
        intake.bring_in("default", [], at("12:00"), limits=[limit])
    shape = told(quick)

    (window,) = shape["plan_windows"]
    assert (window["start"], window["end"], window["told_by_provider"]) == (
        "2026-11-22T08:05:00Z",
        "2026-11-22T13:05:00Z",
        True,
    )
    assert shape["plan_limits"] == [
        {
            "source": "codex", "name": "codex", "window": "primary", "used_percent": 42.5, "seen_at": "2026-11-22T09:10:00Z",
            "window_minutes": 300, "resets_at": "2026-11-22T13:05:00Z", "plan": "plus",
        }
    ]  # fmt: skip
    page = plain(windows_page(quick.windows({"windows": "5h"})), 100)
    assert "42 %" in page
    assert "in 65 min" in page or "in 1 h" in page


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"windows": "fortnight"}, "windows"),
        ({"windows": None}, "windows"),
        ({"windows": "1h", "period": "total"}, "windows"),
        ({"period": "someday"}, "period"),
        ({"limit": 0}, "limit"),
        ({"tag": "x"}, "tag"),
    ],
)
def test_what_cannot_be_taken_is_named(quick: Quick, fields: dict[str, object], field: str):
    with pytest.raises(CostError) as refused:
        quick.windows({"windows": "5h", **fields})
    assert refused.value.field == field
