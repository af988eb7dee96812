from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from cost_mcp.config.settings import Settings
from cost_mcp.errors import CostError, InvalidInput, NotFound, UnknownName
from cost_mcp.model.call import Rank
from cost_mcp.service.forecasting import WindowForecast, day_cuts
from cost_mcp.service.opening import open_quick
from cost_mcp.service.service import Service

if TYPE_CHECKING:
    from tests.service.conftest import MovedClock, Opener

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
"""A Sunday; the clock of these tests stands there."""


async def spend(service: Service, at: datetime, usd: str, **fields: object) -> None:
    call: dict[str, Any] = {"model": "acme", "input_tokens": 100, "cost_usd": usd, "occurred_at": at.isoformat()}
    await service.record(call | fields, source="python", rank=Rank.LOG)


async def every_day(service: Service, days: int, usd: str = "2", **fields: object) -> None:
    """A call in the morning and one in the evening of each of the last days, half of the amount each."""
    half = str(Decimal(usd) / 2)
    mornings = [NOON - timedelta(days=back, hours=3) for back in range(1, days + 1)]
    await asyncio.gather(*(spend(service, at + timedelta(hours=hours), half, **fields) for at in mornings for hours in (0, 9)))


def by_name(windows: tuple[WindowForecast, ...]) -> dict[str, WindowForecast]:
    return {window.name: window for window in windows}


async def test_day_week_and_month_end_as_every_day_did(opened: Opener):
    async with opened(timezone="UTC") as service:
        await every_day(service, 60)
        await spend(service, NOON - timedelta(hours=3), "1")
        answer = await service.forecast({})

    day, week, month = answer.windows
    # Sunday noon: the evening's dollar is to come, and eight days of November's thirty are after today.
    assert [(one.spent, one.expected) for one in (day, week, month)] == [(1, 2), (13, 14), (43, 60)]
    assert [(one.low, one.high) for one in (day, week, month)] == [(2, 2), (14, 14), (60, 60)]
    assert {one.method for one in answer.windows} == {"weekday"}
    assert answer.pattern == (2,) * 7
    assert day.back_test is not None
    assert (day.back_test.median_error_percent, day.back_test.covered) == (0, day.back_test.intervals)


@pytest.mark.parametrize("zone", ["UTC", "America/St_Johns", "Asia/Kathmandu", "Pacific/Auckland"])
async def test_what_is_spent_is_what_a_report_says_and_a_filter_never_adds_to_a_forecast(opened: Opener, zone: str):
    async with opened(timezone=zone) as service:
        await asyncio.gather(
            *(
                spend(
                    service,
                    NOON - timedelta(hours=7 * n),
                    f"{1 + n % 5}.{n:02}",
                    agent=f"a{n % 3}",
                    task_id=f"T-{n % 4}",
                    tags={"team": ("red", "blue")[n % 2]},
                )
                for n in range(100)
            )
        )
        whole = (await service.forecast({})).windows
        for window in whole:
            report = await service.cost_report({"period": {"day": "today"}.get(window.name, window.name)})
            assert window.spent == report.report.totals.cost_usd
            assert window.window_end == report.report.query.period.end
        for filters in ({"agent": "a1"}, {"agent": "a1", "task_id": "T-1"}, {"model": "acme"}, {"tags": {"team": "red"}}):
            narrowed = (await service.forecast(filters)).windows
            assert all(one.spent <= other.spent for one, other in zip(narrowed, whole, strict=True))
            assert all((one.expected or 0) <= (other.expected or 0) for one, other in zip(narrowed, whole, strict=True))


async def test_with_little_history_the_run_rate_counts_and_says_so(opened: Opener):
    async with opened(timezone="UTC") as service:
        await every_day(service, 10, "3")
        answer = await service.forecast({"period": "month"})

    (month,) = answer.windows
    # 30 dollars in ten and a half days, and eight and a half to come.
    assert (month.method, month.history_days) == ("run_rate", 10)
    assert month.expected == (30 + Decimal(30) / Decimal("10.5") * Decimal("8.5")).quantize(Decimal("1e-9"))
    assert month.low is None


async def test_an_empty_ledger_answers_in_the_same_shape(opened: Opener):
    async with opened() as service:
        answer = await service.forecast({})

    assert [(one.name, one.spent, one.expected, one.method) for one in answer.windows] == [
        (name, 0, None, "none") for name in ("day", "week", "month")
    ]
    assert answer.notes


async def test_both_doors_forecast_the_same(opened: Opener, tmp_path: Path, clock: MovedClock):
    async with opened(timezone="Europe/Berlin") as service:
        await every_day(service, 40, agent="coder")
        await service.set_budget({"name": "b", "limit": "50", "period": "week", "scope": {"agent": "coder"}}, changed_by="t")
        answer = await service.forecast({})
        quick = open_quick(Settings(db=str(tmp_path / "ledger.db"), timezone="Europe/Berlin"), clock=clock)
        assert quick.forecast({}) == answer
        quick.close()


async def test_a_budget_is_forecast_by_what_it_covers_in_its_own_unit_and_zone(opened: Opener):
    async with opened(timezone="UTC") as service:
        await every_day(service, 40, "2", agent="coder", project="shop")
        await every_day(service, 40, "10", agent="other")
        for name, more in (
            ("usd", {"limit": "15", "scope": {"agent": "coder"}}),
            ("calls", {"limit_calls": 100, "scope": {"model": "acme*"}}),
            ("tokens", {"limit_tokens": 400, "scope": {"project": "shop"}, "timezone": "Asia/Tokyo"}),
            ("elsewhere", {"limit": "1", "scope": {"agent": "nobody"}}),
        ):
            await service.set_budget({"name": name, "period": "week", "timezone": "UTC", **more}, changed_by="t")
        found = by_name((await service.forecast({})).budgets)

    # Six days of the week are over, and so is half of Sunday, on which nothing was done yet: its evening is to come.
    assert (found["usd"].spent, found["usd"].expected, found["usd"].outlook) == (12, 13, "unlikely")
    assert (found["calls"].spent, found["calls"].expected) == (24, 26)
    # In Tokyo it is nine in the evening: Saturday's last call fell on Sunday, and its first is yet to come tomorrow.
    assert found["tokens"].window_end == datetime(2026, 11, 22, 15, tzinfo=UTC)
    assert found["tokens"].unit == "tokens"
    assert (found["elsewhere"].spent, found["elsewhere"].expected, found["elsewhere"].outlook) == (0, None, "unknown")


async def test_each_window_of_an_each_budget_has_its_own_history(opened: Opener):
    async with opened(timezone="UTC") as service:
        await every_day(service, 40, "2", agent="coder")
        await every_day(service, 40, "10", agent="other", billing="subscription")
        more = {"each": "agent", "limit": "90", "period": "month", "timezone": "UTC"}
        await service.set_budget({"name": "use", **more}, changed_by="t")
        await service.set_budget({"name": "plans", **more, "include_subscription": True}, changed_by="t")
        found = (await service.forecast({})).budgets

    # 21 days of 30 are over, eight and an evening are to come.
    assert [(one.name, one.standing and one.standing.each_value, one.spent, one.expected) for one in found] == [
        ("plans", "other", 210, 295),
        ("plans", "coder", 42, 59),
        ("use", "coder", 42, 59),
    ]


async def test_a_server_forecasts_for_what_it_is_bound_to(opened: Opener):
    async with opened(timezone="UTC", project="shop", bound=frozenset({"project"})) as service:
        await every_day(service, 40, "2", project="shop")
        await service.set_budget({"name": "shop", "limit": "90", "period": "day", "scope": {"project": "shop"}}, changed_by="t")
        await service.set_budget({"name": "web", "limit": "90", "period": "day", "scope": {"project": "web"}}, changed_by="t")
        answer = await service.forecast({})
        with pytest.raises(CostError) as refused:
            await service.forecast({"project": "web"})

    assert [one.name for one in answer.budgets] == ["shop"]
    assert answer.filters == {"project": "shop"}
    assert refused.value.field == "project"


async def test_when_a_limit_is_reached_by_hand(opened: Opener):
    async with opened(timezone="UTC") as service:
        await every_day(service, 60)
        for name, limit, period in (
            ("soon", "45", "month"),
            ("later", "100", "total"),
            ("done", "12", "week"),
            ("never", "9999", "total"),
        ):
            await service.set_budget({"name": name, "limit": limit, "period": period, "timezone": "UTC"}, changed_by="t")
        found = by_name((await service.forecast({})).budgets)

    # 42 are spent. This evening brings 1, then each day 2: the third dollar is gone when tomorrow is over.
    assert found["soon"].outlook == "likely"
    assert found["soon"].limit_at == datetime(2026, 11, 24, tzinfo=UTC)
    # Of the total nothing ends: 120 are spent already; the week's limit is reached too.
    assert (found["later"].outlook, found["later"].limit_at, found["later"].expected) == ("reached", None, None)
    assert found["done"].outlook == "reached"
    assert (found["never"].outlook, found["never"].limit_at) == ("unlikely", None)


async def test_what_only_single_calls_tell_is_forecast_at_the_rate_of_its_window(opened: Opener):
    async with opened(timezone="UTC") as service:
        await spend(service, NOON - timedelta(hours=3), "6", task_id="T-1")
        await service.set_budget(
            {"name": "task", "limit": "10", "period": "day", "timezone": "UTC", "scope": {"task": "T-1"}}, changed_by="t"
        )
        (found,) = (await service.forecast({"budget": "task"})).budgets

    assert (found.expected, found.method, found.outlook) == (12, "run_rate", "likely")
    assert found.limit_at == datetime(2026, 11, 22, 20, tzinfo=UTC)  # 10 of 12 dollars, 20 of 24 hours
    assert found.why is not None


@pytest.mark.parametrize(("limit", "outlook"), [("12", "likely"), ("15", "possible"), ("15.01", "unlikely"), ("6", "reached")])
async def test_without_an_interval_a_limit_is_in_danger_from_the_warning_level_on(opened: Opener, limit: str, outlook: str):
    async with opened(timezone="UTC") as service:
        await spend(service, NOON - timedelta(hours=3), "6", task_id="T-1")  # 12 by midnight
        scope = {"period": "day", "timezone": "UTC", "scope": {"task": "T-1"}}
        await service.set_budget({"name": "task", "limit": limit, **scope}, changed_by="t")
        (found,) = (await service.forecast({"budget": "task"})).budgets

    assert found.outlook == outlook


async def test_plans_are_kept_apart_and_unpriced_calls_make_a_lower_bound(opened: Opener):
    async with opened(timezone="UTC") as service:
        await every_day(service, 40, "2")
        await every_day(service, 40, "7", billing="subscription")
        await service.record(
            {"model": "nobody-knows", "input_tokens": 1, "occurred_at": (NOON - timedelta(days=9)).isoformat()},
            source="python",
            rank=Rank.LOG,
        )
        day, *_ = (await service.forecast({})).windows
        (covered,) = (await service.forecast({"period": "day", "billing": "subscription"})).windows

    assert (day.expected, day.lower_bound, day.expected_lower_bound) == (1, False, True)
    assert (covered.expected, covered.expected_lower_bound) == (Decimal("3.5"), False)


@pytest.mark.parametrize(
    ("fields", "error", "field"),
    [
        ({"period": "year"}, UnknownName, "period"),
        ({"budget": "none"}, NotFound, "budget"),
        ({"budget": "b", "agent": "a"}, InvalidInput, "budget"),
        ({"budget": "b", "period": "day"}, InvalidInput, "period"),
        ({"timezone": "Mars"}, UnknownName, "timezone"),
        ({"agents": "a"}, UnknownName, "agents"),
    ],
)
async def test_bad_input_is_refused_by_name(opened: Opener, fields: dict[str, object], error: type[CostError], field: str):
    async with opened() as service:
        with pytest.raises(error) as refused:
            await service.forecast(fields)
    assert refused.value.field == field


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "America/St_Johns", "Asia/Kathmandu", "Australia/Lord_Howe"])
def test_days_are_cut_within_themselves_at_whole_quarter_hours(zone: str):
    for hour in range(0, 24, 5):
        for month in (3, 4, 10, 11):
            now = datetime(2026, month, 2, hour, 53, tzinfo=UTC)
            cuts = day_cuts(zone, now)
            assert len(cuts) == 113
            assert all(one.end == other.start for one, other in pairwise(cuts))
            assert all(day.start <= day.cut <= day.end for day in cuts)
            assert all(day.cut.timestamp() % 900 == 0 for day in cuts)
            assert cuts[-1].start <= now < cuts[-1].end
