"""What made an unusual hour or day, found in real ledgers and worked out by hand."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

import pytest

from cost_mcp.errors import InvalidInput, NotFound
from cost_mcp.model.alert import Alert
from cost_mcp.model.call import Rank
from cost_mcp.model.moment import instant_text
from cost_mcp.model.period import Period
from cost_mcp.model.report import ReportQuery
from cost_mcp.reports.explanation import Contribution, Explanation, explain_change
from cost_mcp.service.anomalies import AnomalyWatch
from cost_mcp.service.explaining import UnusualWindow, explain_window, window_of_alert
from cost_mcp.service.reporting import reported_by
from cost_mcp.service.service import Service
from cost_mcp.views.shape import report_shape
from cost_mcp.views.terminal import report_page
from cost_mcp.views.terminal_layout import plain
from cost_mcp.views.text import report_text

NOW = datetime(2026, 11, 22, 12, 30, tzinfo=UTC)  # a Sunday
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
TODAY = NOW.replace(hour=0, minute=0)


class MovedClock(Protocol):
    """A clock that a test sets."""

    now: datetime


Opener = Callable[..., AbstractAsyncContextManager[Service]]


@pytest.fixture
async def service(opened: Opener, clock: MovedClock) -> AsyncIterator[Service]:
    clock.now = NOW
    async with opened() as service:
        yield service


async def spend(service: Service, at: datetime, cost: str, **fields: object) -> None:
    told = {"model": "gpt-5", "agent": "builder", "input_tokens": 10, "output_tokens": 1, "cost_usd": cost}
    await service.record(told | {"occurred_at": instant_text(at)} | fields, source="python", rank=Rank.RESPONSE)


async def explained(service: Service, kind: str = "day", dimension: str = "ledger", value: str = "") -> Explanation:
    start = TODAY if kind == "day" else NOW.replace(minute=0)
    window = UnusualWindow(
        tenant="default", timezone="UTC", kind=kind, start=start, end=start + (DAY if kind == "day" else HOUR),
        dimension=dimension, value=value,
    )  # fmt: skip
    return await reported_by(explain_window(window), service.ledger.report)


def told(parts: tuple[Contribution, ...]) -> list[tuple[str, float, float, int, bool]]:
    return [(one.name, float(one.spent), float(one.usual), int(one.percent or 0), one.new) for one in parts]


async def test_a_day_is_taken_apart_beside_the_days_it_is_compared_with(service: Service):
    """Ten days of 2 for the builder with gpt-5 and 1 for the tester with o3: 3 is usual. Today: builder 42, tester 1.

    40 more than usual; the builder makes 100 % of it, gpt-5 30 of the 40 (75 %), a newcomer of a model 10 (25 %).
    """
    for n in range(1, 11):
        await spend(service, NOW - n * DAY, "2", task_id=f"T-{n}")
        await spend(service, NOW - n * DAY, "1", agent="tester", model="o3", task_id=f"T-{n}")
    await spend(service, NOW, "32", task_id="T-11")
    await spend(service, NOW, "10", model="o3-pro", task_id="T-10")
    await spend(service, NOW, "1", agent="tester", model="o3", task_id="T-12")

    found = await explained(service)

    assert (found.spent, found.usual, found.more, found.samples) == (43, 3, 40, 10)
    assert list(found.parts) == ["agent", "model", "task_id"]
    assert told(found.parts["agent"]) == [("builder", 42, 2, 100, False)]
    assert told(found.parts["model"]) == [("gpt-5", 32, 2, 75, False), ("o3-pro", 10, 0, 25, True)]
    assert told(found.parts["task_id"]) == [("T-11", 32, 0, 80, True), ("T-10", 10, 0, 25, False), ("T-12", 1, 0, 2, True)]


async def test_of_one_agent_only_its_own_calls_are_taken_apart(service: Service):
    for n in range(1, 11):
        await spend(service, NOW - n * DAY, "2", project="shop")
        await spend(service, NOW - n * DAY, "100", agent="other", project="site")
    await spend(service, NOW, "20", project="site")

    found = await explained(service, dimension="agent", value="builder")

    assert (found.spent, found.usual) == (20, 2)
    assert list(found.parts) == ["project", "model"]
    assert told(found.parts["project"]) == [("site", 20, 0, 111, True), ("shop", 0, 2, -11, False)]


async def test_an_hour_is_taken_apart_beside_the_dearest_hour_of_each_day(service: Service):
    """Each day has an hour of 3 (builder 2, tester 1) and one of 1 (tester alone): only the dear one is compared with."""
    for n in range(1, 11):
        await spend(service, NOW - n * DAY, "2")
        await spend(service, NOW - n * DAY, "1", agent="tester")
        await spend(service, NOW - n * DAY + 3 * HOUR, "1.5", agent="tester")
    await spend(service, NOW, "12")
    await spend(service, NOW - 2 * HOUR, "50")

    found = await explained(service, kind="hour")

    assert (found.spent, found.usual, found.more) == (12, 3, 9)
    assert told(found.parts["agent"]) == [("builder", 12, 2, 111, False), ("tester", 0, 1, -11, False)]


async def test_where_a_weekday_is_its_own_history_only_that_weekday_is_compared_with(service: Service):
    for n in range(1, 57):
        sunday = n % 7 == 0
        await spend(service, NOW - n * DAY, "10" if sunday else "1", agent="weekly" if sunday else "daily")
    await spend(service, NOW, "40", agent="weekly")

    found = await explained(service)

    assert (found.usual, found.samples) == (10, 8)
    assert told(found.parts["agent"]) == [("weekly", 40, 10, 100, False)]


async def test_without_a_history_everything_is_new(service: Service):
    await spend(service, NOW, "5")

    found = await explained(service)

    assert (found.spent, found.usual, found.samples) == (5, 0, 0)
    assert told(found.parts["agent"]) == [("builder", 5, 0, 100, True)]


async def test_an_empty_window_is_explained_by_nothing(service: Service):
    found = await explained(service)
    assert (found.more, found.parts) == (0, {})


async def test_two_periods_are_taken_apart_by_what_changed(service: Service):
    await spend(service, NOW - DAY, "5")
    await spend(service, NOW - DAY, "1", agent="tester")
    await spend(service, NOW, "2")
    await spend(service, NOW, "3", agent="newcomer")
    days = [Period(name="custom", start=start, end=start + DAY, timezone="UTC") for start in (TODAY, TODAY - DAY)]
    now, before = [await service.ledger.report(ReportQuery(period=day)) for day in days]

    found = explain_change(now, before)

    assert (found.spent, found.usual, found.more) == (5, 6, -1)
    assert [(one.name, one.more, one.new) for one in found.parts["agent"]] == [
        ("builder", -3, False),
        ("tester", -1, False),
        ("newcomer", 3, True),
    ]


async def test_a_compared_report_says_what_made_the_difference(service: Service):
    """Yesterday by noon: builder 5, tester 1. Today by noon: builder 15, tester 2: 11 more, 10 of them (91 %) the builder's."""
    for day, builder, tester in ((DAY, "5", "1"), (0 * DAY, "15", "2")):
        await spend(service, NOW - day - HOUR, builder)
        await spend(service, NOW - day - HOUR, tester, agent="tester")

    answer = await service.cost_report({"period": "today", "compare": True})

    comparison = report_shape(answer)["comparison"]
    assert isinstance(comparison, dict)
    assert comparison["explained"] == "agent builder (91 %), model gpt-5 (100 %)"
    assert "What made the difference: agent builder (91 %), model gpt-5 (100 %)." in report_text(answer)
    page = plain(report_page(answer, None, answer.report.totals))
    assert "What made the difference: agent builder (91 %), model gpt-5 (100 %)" in page


async def test_the_alert_of_a_day_says_what_made_the_difference(service: Service):
    for n in range(1, 11):
        await spend(service, NOW - n * DAY, "1")
        await spend(service, NOW - n * DAY, "1", agent="other", model="o3")
    await spend(service, NOW, "9", task_id="T-9")
    await spend(service, NOW, "9", agent="other", model="o3")

    watch = AnomalyWatch(service.ledger, service.settings, NOW)
    raised = {alert.subject: alert for alert in await watch.raise_anomalies(NOW)}

    assert raised["agent builder per day"].figures["explained"] == "model gpt-5 (100 %), task T-9 (112 %, new)"
    assert "explained" not in raised["agent builder per hour"].figures


def alert(**fields: Any) -> Alert:
    given: dict[str, Any] = {"kind": "anomaly", "period": "day", "window_end": TODAY + DAY, "figures": {"dimension": "ledger"}}
    given |= fields
    return Alert(alert_id="alr_1", level="warning", raised_at=NOW, subject="all spend", window_start=TODAY, **given)


@pytest.mark.parametrize("told_of", [alert(kind="budget"), alert(figures={}), alert(window_end=None)])
def test_only_unusual_spend_is_explained(told_of: Alert):
    with pytest.raises(InvalidInput, match="not about unusual spend"):
        window_of_alert(told_of, "UTC")


def test_an_alert_that_is_not_there_is_refused():
    with pytest.raises(NotFound, match="no alert with this id"):
        window_of_alert(None, "UTC")
