from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

import pytest

from cost_mcp.model.call import Rank
from cost_mcp.model.moment import instant_text
from cost_mcp.service.service import Service
from cost_mcp.service.watching import watching

NOW = datetime(2026, 11, 22, 12, 30, tzinfo=UTC)


class MovedClock(Protocol):
    """A clock that a test sets."""

    now: datetime

    def __call__(self) -> datetime:
        """The moment it stands at."""
        ...

    def move(self, **by: float) -> None:
        """Forwards."""
        ...


Opener = Callable[..., AbstractAsyncContextManager[Service]]


class Pauses:
    """Lets so many pauses pass at once, moving the clock, and never ends the next one."""

    def __init__(self, clock: MovedClock, most: int) -> None:
        self.clock = clock
        self.left = most
        self.over = asyncio.Event()

    async def __call__(self, seconds: float) -> None:
        """The pause."""
        if not self.left:
            self.over.set()
            await asyncio.get_running_loop().create_future()
        self.left -= 1
        self.clock.move(seconds=seconds)


@pytest.fixture
async def service(opened: Opener, clock: MovedClock) -> AsyncIterator[Service]:
    """A ledger in which the last hour is far above ten earlier days."""
    clock.now = NOW
    async with opened(lasting=False) as service:  # the tests look themselves
        for days in range(11):
            call: dict[str, Any] = {"model": "gpt-5", "input_tokens": 1, "output_tokens": 1, "cost_usd": "1" if days else "40"}
            call |= {"occurred_at": instant_text(NOW - timedelta(days=days))}
            await service.record(call, source="python", rank=Rank.RESPONSE)
        yield service


async def subjects(service: Service) -> list[str]:
    alerts = await service.ledger.alerts(service.settings.tenant, open_only=True, limit=10)
    return sorted(alert.subject for alert in alerts)


async def test_unusual_spend_is_raised_in_the_background_and_said_once(service: Service, clock: MovedClock):
    heard: list[datetime] = []
    pauses = Pauses(clock, 12)

    async with watching(service.ledger, service.settings, clock, lambda: heard.append(clock.now), pause=pauses):
        await pauses.over.wait()

    assert await subjects(service) == ["model gpt-5 per day", "model gpt-5 per hour"]
    assert heard == [NOW + timedelta(minutes=1)]


async def test_a_process_that_ends_at_once_has_not_looked(service: Service, clock: MovedClock):
    pauses = Pauses(clock, 0)

    async with watching(service.ledger, service.settings, clock, pause=pauses):
        await pauses.over.wait()

    assert await subjects(service) == []


async def test_a_ledger_that_cannot_answer_is_said_and_asked_again(
    opened: Opener, clock: MovedClock, caplog: pytest.LogCaptureFixture
):
    async with opened() as gone:
        pass
    pauses = Pauses(clock, 7)

    async with watching(gone.ledger, gone.settings, clock, pause=pauses):
        await pauses.over.wait()

    said = [record.getMessage() for record in caplog.records if record.name == "cost_mcp.service.watching"]
    assert said == ["Unusual spend cannot be looked for now: the ledger is closed. Open it again."] * 2
    assert {record.levelno for record in caplog.records if record.name == "cost_mcp.service.watching"} == {logging.WARNING}


async def test_what_nobody_foresaw_is_said_without_what_it_says(
    service: Service, clock: MovedClock, caplog: pytest.LogCaptureFixture
):
    async def broken(_: float) -> None:
        raise RuntimeError("not to be repeated")

    async with watching(service.ledger, service.settings, clock, pause=broken):
        await asyncio.wait([task for task in asyncio.all_tasks() if task.get_name() == "look for unusual spend"])
        await asyncio.sleep(0)  # what is called when it is done

    assert "Something unexpected went wrong in 'look for unusual spend' (RuntimeError)." in caplog.text
    assert "not to be repeated" not in caplog.text


async def test_where_the_settings_do_not_want_it_nothing_runs(opened: Opener, clock: MovedClock):
    async with opened(anomalies=False) as service:
        before = asyncio.all_tasks()
        async with watching(service.ledger, service.settings, clock):
            assert asyncio.all_tasks() == before


async def test_a_process_that_stays_looks_and_one_that_does_not_stay_does_not(opened: Opener):
    def looking() -> int:
        return sum(task.get_name() == "look for unusual spend" for task in asyncio.all_tasks())

    async with opened():
        assert looking() == 1
    async with opened(lasting=False):
        assert looking() == 0
