"""Spend far above its own history, found in real ledgers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Protocol

import pytest

from cost_mcp.model.call import Rank
from cost_mcp.model.moment import instant_text, zone
from cost_mcp.service.anomalies import EVERY, FIRST_AFTER, AnomalyWatch, Finding
from cost_mcp.service.service import Service

NOW = datetime(2026, 11, 22, 12, 30, tzinfo=UTC)  # a Sunday
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


class MovedClock(Protocol):
    """A clock that a test sets."""

    now: datetime


Opener = Callable[..., AbstractAsyncContextManager[Service]]


@pytest.fixture(autouse=True)
def at_now(clock: MovedClock) -> None:
    clock.now = NOW


@pytest.fixture
async def service(opened: Opener) -> AsyncIterator[Service]:
    async with opened() as service:
        yield service


async def spend(service: Service, at: datetime, cost: str | None, **fields: object) -> None:
    """A call that cost this much; None: of a model no price is known for."""
    told: dict[str, Any] = {"model": "gpt-5", "agent": "builder", "input_tokens": 10, "output_tokens": 1}
    told |= {"occurred_at": instant_text(at)} | fields
    told |= {"model": "nobody-knows-this"} if cost is None else {"cost_usd": cost}
    await service.record(told, source="python", rank=Rank.RESPONSE)


async def spend_daily(service: Service, days: int, *costs: str | None, at: datetime = NOW, **fields: object) -> None:
    """The costs in turn, on each of so many days before; the last of them yesterday."""
    await asyncio.gather(*(spend(service, at - n * DAY, costs[n % len(costs)], **fields) for n in range(1, days + 1)))


def watch(service: Service) -> AnomalyWatch:
    return AnomalyWatch(service.ledger, service.settings, NOW)


async def found(service: Service, now: datetime = NOW) -> dict[tuple[str, str], Finding]:
    """What is unusual, by name and by hour or day with its running or ended."""
    findings = await watch(service).find(now)
    return {(one.name, f"{'running' if one.window.running else 'ended'} {one.window.kind}"): one for one in findings}


async def test_an_hour_far_above_the_dearest_hours_of_earlier_days_is_found_while_it_runs(service: Service):
    """Dearest hours of ten days: 1 and 3 dollars in turn, so the median is 2, those above it 3, 1 more: spread 1 / 0.6745.

    Of now: 20 + 10 dollars. Score: 28 × 0.6745 / 1 = 18.886. The whole day is compared with days of 2 and 4 dollars.
    """
    await spend_daily(service, 10, "1", "3")
    await spend_daily(service, 10, "1", at=NOW - 5 * HOUR)
    await spend(service, NOW, "20")
    await spend(service, NOW - timedelta(minutes=20), "10")

    findings = await found(service)

    hour = findings["agent builder", "running hour"]
    assert (hour.found.spent, hour.found.median, hour.found.score, hour.found.samples) == (30, 2, Decimal("18.88"), 10)
    assert (hour.level, hour.compared_with) == ("critical", "the dearest hours of 10 earlier days with calls")
    day = findings["agent builder", "running day"]
    assert (day.found.spent, day.found.median, day.compared_with) == (30, 3, "10 earlier days with calls")
    assert {name for name, _ in findings} == {"agent builder", "model gpt-5", "all spend"}


async def test_the_hour_and_the_day_that_ended_last_are_looked_at_too_and_none_before(service: Service):
    await spend_daily(service, 20, "1")
    await spend(service, NOW - DAY, "40")
    await spend(service, NOW - HOUR, "50", agent="other")
    await spend(service, NOW - 2 * HOUR, "60")

    findings = await found(service)

    assert {window for _, window in findings} == {"running day", "ended hour", "ended day"}
    assert findings["all spend", "ended hour"].found.spent == 50
    assert findings["agent builder", "ended day"].found.samples == 19


async def test_what_is_steady_alarms_nobody(service: Service):
    await spend_daily(service, 30, "8", "9", "10")
    await spend(service, NOW, "9.5")

    assert await found(service) == {}


async def test_a_doubled_price_is_noticed_on_a_steady_bill(service: Service):
    await spend_daily(service, 30, "10")
    await spend(service, NOW, "20")

    findings = await found(service)

    assert findings["model gpt-5", "running day"].level == "warning"
    assert findings["model gpt-5", "running day"].found.score == 5


async def test_an_agent_without_a_history_is_found_in_the_whole_only(service: Service):
    await spend_daily(service, 30, "1")
    await spend(service, NOW, "50", agent="newcomer", model="o3")

    assert {name for name, _ in await found(service)} == {"all spend"}


async def test_an_agent_used_once_a_week_is_compared_with_the_days_it_was_used(service: Service):
    for week in range(1, 9):
        await spend(service, NOW - week * 7 * DAY, "20", agent="auditor", project="audit")
    await spend_daily(service, 56, "100")
    await spend(service, NOW, "20", agent="auditor", project="audit")
    assert await found(service) == {}

    await spend(service, NOW, "60", agent="auditor", project="audit")
    assert {name for name, _ in await found(service)} == {"agent auditor", "project audit"}


async def test_an_agent_used_once_a_week_on_any_weekday_does_not_alarm_either(service: Service):
    for use in range(1, 8):
        await spend(service, NOW - use * 8 * DAY + 3 * DAY, "20")
    await spend(service, NOW, "20")

    assert await found(service) == {}


async def test_a_nightly_batch_among_cheap_hours_is_no_anomaly(service: Service):
    night = NOW.replace(hour=3)
    for hours in range(1, 9):
        await spend_daily(service, 10, "0.2", at=NOW - hours * HOUR)
    await spend_daily(service, 10, "25", "26", at=night)
    await spend(service, night, "26")

    assert await found(service, night + timedelta(minutes=30)) == {}


async def test_the_first_money_after_weeks_at_no_cost_is_told(service: Service):
    await spend_daily(service, 20, "0", provider="ollama", model="llama3")
    await spend(service, NOW, "3")

    findings = await found(service)

    assert findings["agent builder", "running hour"].level == "critical"
    assert findings["agent builder", "running hour"].found.median == 0
    assert ("model gpt-5", "running hour") not in findings


async def test_a_plan_that_no_longer_covers_the_calls_is_told(service: Service):
    await spend_daily(service, 20, "30", billing="subscription")
    await spend(service, NOW, "1.5")

    assert (await found(service))["model gpt-5", "running day"].level == "warning"


async def test_days_most_of_whose_calls_have_no_price_are_no_history(service: Service):
    await spend_daily(service, 20, None)
    await spend(service, NOW, "50")

    assert await found(service) == {}


async def test_unpriced_calls_are_told_with_what_they_make_a_lower_bound(service: Service):
    await spend_daily(service, 20, "1")
    await spend_daily(service, 3, None)
    await spend(service, NOW, "50")
    await spend(service, NOW, None)

    finding = (await found(service))["agent builder", "running day"]

    assert (finding.unpriced_calls, finding.history_unpriced_calls) == (1, 3)


async def test_small_money_and_single_nano_dollars_alarm_nobody(service: Service):
    await spend_daily(service, 20, "0.001", "0.000000001")
    await spend(service, NOW, "0.02")

    assert await found(service) == {}


async def test_settings_say_how_much_money_and_how_far(opened: Opener):
    async with opened(anomalies_min_usd=Decimal("0.01"), anomalies_sensitivity="low") as service:
        await spend_daily(service, 20, "0.01")
        await spend(service, NOW, "0.019")
        assert await found(service) == {}
        await spend(service, NOW, "0.002")
        assert (await found(service))["agent builder", "running day"].level == "warning"


@pytest.mark.parametrize(
    ("now", "hours"),
    [(datetime(2026, 10, 25, 22, 30, tzinfo=UTC), 25), (datetime(2026, 3, 29, 21, 30, tzinfo=UTC), 23)],
)
async def test_a_day_on_which_the_clock_is_set_is_one_day(opened: Opener, clock: MovedClock, now: datetime, hours: int):
    clock.now = now
    berlin = zone("Europe/Berlin")
    midnight = datetime(now.year, now.month, now.day, tzinfo=berlin).astimezone(UTC)
    async with opened(timezone="Europe/Berlin") as service:
        await spend_daily(service, 20, "1", at=now - 6 * HOUR)
        await spend(service, midnight, "4")
        await spend(service, now, "5")
        await spend(service, midnight - timedelta(seconds=1), "0.5")  # yesterday's

        day = (await found(service, now))["agent builder", "running day"]

    assert (day.found.spent, day.window.end - day.window.start) == (9, hours * HOUR)
    assert day.window.start == midnight


async def test_the_hour_that_comes_twice_is_two_hours(opened: Opener, clock: MovedClock):
    """In Berlin, 02:00 to 03:00 on 25 October 2026 is 00:00 to 01:00 UTC and again 01:00 to 02:00."""
    clock.now = now = datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
    async with opened(timezone="Europe/Berlin") as service:
        await spend_daily(service, 20, "1", at=now)
        await spend(service, now - HOUR, "40")
        await spend(service, now, "60")

        findings = await found(service, now)

    assert findings["all spend", "ended hour"].found.spent == 40
    assert findings["all spend", "running hour"].found.spent == 60


async def told(service: Service) -> list[tuple[str, str, Mapping[str, str]]]:
    alerts = await service.ledger.alerts(service.settings.tenant, open_only=False, limit=100)
    return [(alert.level, alert.subject, alert.figures) for alert in reversed(alerts)]


async def test_what_several_dimensions_tell_alike_is_one_alert_with_its_numbers(service: Service):
    await spend_daily(service, 10, "1", at=NOW - HOUR)
    await spend_daily(service, 10, "0.1", agent="other", model="o3")
    await spend(service, NOW, "9")
    await spend(service, NOW, "0.1", agent="other", model="o3")

    raised = await watch(service).raise_anomalies(NOW)

    assert [(alert.kind, alert.level, alert.subject) for alert in raised] == [
        ("anomaly", "critical", "agent builder per hour"),
        ("anomaly", "critical", "agent builder per day"),
    ]
    assert (raised[0].spent, raised[0].unit, raised[0].window_end) == (9, "usd", NOW.replace(hour=13, minute=0))
    assert dict(raised[0].figures) == {
        "dimension": "agent",
        "value": "builder",
        "window": "hour, still running",
        "spent_usd": "9",
        "median_usd": "1",
        "spread_usd": "0.2",
        "score": "40",
        "samples": "10",
        "compared_with": "the dearest hours of 10 earlier days with calls",
        "also": "model gpt-5, all spend",
    }
    assert [entry[:2] for entry in await told(service)] == [(alert.level, alert.subject) for alert in raised]


async def test_what_is_unusual_of_different_calls_is_told_apart(service: Service):
    for agent in ("builder", "tester"):
        await spend_daily(service, 10, "1", agent=agent, at=NOW - HOUR)
    await spend(service, NOW, "20")
    await spend(service, NOW, "30", agent="tester")

    raised = await watch(service).raise_anomalies(NOW)

    assert [(alert.subject, alert.spent, alert.figures.get("also")) for alert in raised if alert.period == "hour"] == [
        ("agent tester per hour", 30, None),
        ("agent builder per hour", 20, None),
        ("model gpt-5 per hour", 50, "all spend"),
    ]


async def test_a_day_of_many_small_hours_is_found_though_no_hour_is(service: Service):
    await spend_daily(service, 20, "1")
    for hours in range(1, 12):
        await spend(service, NOW - hours * HOUR, "0.9")

    assert {window for _, window in await found(service)} == {"running day"}


async def test_an_alert_is_raised_once_and_again_when_it_gets_worse(service: Service, clock: MovedClock):
    await spend_daily(service, 10, "1")
    await spend(service, NOW, "2.2")
    first, second = watch(service), watch(service)

    assert [alert.level for alert in await first.raise_anomalies(NOW)] == ["warning", "warning"]
    assert await second.raise_anomalies(NOW) == ()
    clock.now = NOW + timedelta(minutes=2)
    await spend(service, clock.now, "30")
    assert [alert.level for alert in await second.raise_anomalies(clock.now)] == ["critical", "critical"]
    assert await first.raise_anomalies(clock.now) == ()
    assert len(await told(service)) == 4


async def test_a_look_is_taken_now_and_then_and_only_where_something_was_recorded(service: Service):
    await spend_daily(service, 10, "1")
    await spend(service, NOW, "40")
    looking = watch(service)

    assert await looking.look(NOW) == ()  # too early
    assert len(await looking.look(NOW + FIRST_AFTER)) == 2
    await spend(service, NOW, "400", agent="new", model="o3")
    assert await looking.look(NOW + FIRST_AFTER + EVERY / 2) == ()  # too early
    assert [alert.subject for alert in await looking.look(NOW + FIRST_AFTER + EVERY)] == [
        "all spend per hour",
        "all spend per day",
    ]
    assert await looking.look(NOW + FIRST_AFTER + 2 * EVERY) == ()  # nothing new


async def test_a_clock_that_was_set_back_does_not_stop_the_looking(service: Service):
    await spend_daily(service, 10, "1")
    looking = AnomalyWatch(service.ledger, service.settings, NOW + DAY)
    await spend(service, NOW, "40")

    assert len(await looking.look(NOW)) == 2


async def test_where_anomalies_are_switched_off_nobody_looks(opened: Opener):
    async with opened(anomalies=False) as service:
        await spend_daily(service, 10, "1")
        await spend(service, NOW, "40")

        assert await watch(service).look(NOW + DAY) == ()


async def test_a_correction_of_an_earlier_day_counts_in_a_process_that_had_read_it(service: Service):
    await spend_daily(service, 7, "1")
    await spend(service, NOW, "40")
    looking = watch(service)
    before = {one.found.median for one in await looking.find(NOW)}

    await spend_daily(service, 7, "40", at=NOW - HOUR)

    assert before == {Decimal(1)}
    assert await looking.find(NOW) == ()


async def test_another_tenants_spend_is_neither_history_nor_found(opened: Opener):
    async with opened(tenant="acme") as acme:
        await spend_daily(acme, 20, "1")
        await spend(acme, NOW, "40")
    async with opened() as service:
        assert await found(service) == {}
        await spend(service, NOW, "50")
        assert await found(service) == {}
        assert await told(service) == []
