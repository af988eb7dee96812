"""Blocks that run only while their budget is held."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import cost_mcp
from cost_mcp.client.cost import Cost
from cost_mcp.client.hold import Hold
from cost_mcp.config.settings import Settings
from cost_mcp.service.opening import open_service, utc_now

# claude-opus-4-6 at list price: $5 and $25 per million tokens in and out.
CALL: dict[str, Any] = {"model": "claude-opus-4-6", "input_tokens": 20_000, "max_output_tokens": 4_000, "task_id": "T-1"}
RESPONSE: dict[str, Any] = {
    "id": "msg_1",
    "type": "message",
    "model": "claude-opus-4-6",
    "usage": {"input_tokens": 20_000, "output_tokens": 1_000},
}


class WatchedClock:
    """A clock that stands still until it is moved, and tells when it was looked at."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 22, 12, tzinfo=UTC)
        self.looked_at = asyncio.Event()

    def __call__(self) -> datetime:
        """The moment it stands at."""
        self.looked_at.set()
        return self.now


@asynccontextmanager
async def opened(
    tmp_path: Path, limit: str = "1", clock: Callable[[], datetime] = utc_now, **settings: Any
) -> AsyncGenerator[Cost]:
    async with open_service(Settings(db=str(tmp_path / "ledger.db"), **settings), clock=clock) as service:
        budget = {"name": "all", "limit": limit, "period": "total", "mode": "enforce"}
        await service.set_budget(budget, changed_by="test")
        yield Cost(service)


async def stands(cost: Cost) -> tuple[Decimal, Decimal]:
    (standing,) = (await cost.budget_status()).standings
    return standing.spent, standing.reserved


async def test_recording_inside_the_block_settles_at_the_true_cost(tmp_path: Path):
    async with opened(tmp_path) as cost:
        async with cost.reserve(**CALL) as hold:
            assert await stands(cost) == (0, Decimal("0.2"))
            receipt = await hold.record(RESPONSE)
            assert await stands(cost) == (Decimal("0.125"), 0)
        task = await cost.task_cost("T-1")
        assert await stands(cost) == (Decimal("0.125"), 0)
    assert receipt.reservation is not None
    assert (receipt.reservation.state, receipt.unadmitted, task.task.totals.calls) == ("settled", False, 1)


async def test_counts_may_be_recorded_with_the_model_that_was_reserved(tmp_path: Path):
    async with opened(tmp_path) as cost, cost.reserve(**CALL, ttl_seconds=60) as hold:
        receipt = await hold.record(input_tokens=10, output_tokens=1, call_id="c")
    assert (receipt.recorded.call.model, receipt.recorded.call.context.task_id) == ("claude-opus-4-6", "T-1")


async def test_a_second_call_of_a_block_is_counted_but_was_not_admitted(tmp_path: Path):
    async with opened(tmp_path) as cost, cost.reserve(**CALL) as hold:
        await hold.record(RESPONSE)
        second = await hold.record({**RESPONSE, "id": "msg_2"})
    assert (second.outcome, second.unadmitted) == ("created", True)


async def test_a_block_left_without_recording_gives_everything_back(tmp_path: Path):
    async with opened(tmp_path) as cost:
        async with cost.reserve(**CALL):
            pass
        assert await stands(cost) == (0, 0)


class Broke(Exception):
    """What goes wrong inside a block."""


@pytest.mark.parametrize("failure", [Broke, asyncio.CancelledError])
async def test_a_failure_inside_gives_everything_back_and_goes_on_its_way(tmp_path: Path, failure: type[BaseException]):
    async with opened(tmp_path) as cost:
        with pytest.raises(failure):
            async with cost.reserve(**CALL):
                raise failure
        assert await stands(cost) == (0, 0)


async def test_a_failure_after_recording_keeps_what_was_spent(tmp_path: Path):
    async def record_and_break(cost: Cost) -> None:
        async with cost.reserve(**CALL) as hold:
            await hold.record(RESPONSE)
            raise Broke

    async with opened(tmp_path) as cost:
        with pytest.raises(Broke):
            await record_and_break(cost)
        assert await stands(cost) == (Decimal("0.125"), 0)


async def test_a_denied_block_is_not_entered_and_the_error_says_what_would_fit(tmp_path: Path):
    entered = False
    async with opened(tmp_path, limit="0.15") as cost:
        with pytest.raises(cost_mcp.BudgetExceeded, match="max_output_tokens=2000") as denied:
            async with cost.reserve(**CALL):
                entered = True
        assert await stands(cost) == (0, 0)
    assert not entered
    assert denied.value.admission.denied_by is not None
    assert isinstance(denied.value, cost_mcp.CostError)


@pytest.mark.parametrize(
    ("order", "step"),
    [
        ({**CALL, "max_output_tokens": 1, "input_tokens": 40_000}, "It would fit with "),
        ({"amount_usd": "5"}, "Ask for less, or have the budget raised."),
    ],
)
async def test_a_denial_names_the_next_step(tmp_path: Path, order: dict[str, Any], step: str):
    async with opened(tmp_path, limit="0.15") as cost:
        with pytest.raises(cost_mcp.BudgetExceeded) as denied:
            async with cost.reserve(**order):
                pass
    assert (denied.value.hint or "").startswith(step)


async def test_long_work_stays_held(tmp_path: Path):
    async with opened(tmp_path, clock=WatchedClock()) as cost, cost.reserve(**CALL, ttl_seconds=1) as hold:
        first = hold.reservation
        assert first is not None
        longer = await hold.extend(100)
        assert longer is not None
        assert longer.expires_at > first.expires_at + timedelta(seconds=50)


async def test_a_block_that_runs_on_is_extended_by_itself(tmp_path: Path):
    clock = WatchedClock()
    async with opened(tmp_path, clock=clock) as cost, cost.reserve(**CALL, ttl_seconds=1):
        clock.now += timedelta(seconds=0.9)
        for _ in range(2):  # when it is extended again, the first time is done
            clock.looked_at.clear()
            await clock.looked_at.wait()
        clock.now += timedelta(seconds=0.6)
        assert await stands(cost) == (0, Decimal("0.2")), "its first time to live is over"
        clock.now += timedelta(seconds=0.5)
        assert await stands(cost) == (0, 0), "without an extension it ends"


async def test_nothing_is_held_while_tracking_is_off(tmp_path: Path):
    async with opened(tmp_path, limit="0.01", enabled=False) as cost, cost.reserve(**CALL) as hold:
        assert (hold.reservation, await hold.extend()) == (None, None)
        assert (await hold.record(RESPONSE)).outcome == "skipped"


async def test_a_hold_that_was_not_entered_says_how_it_is_used(tmp_path: Path):
    async with opened(tmp_path) as cost:
        hold = cost.reserve(**CALL)
        with pytest.raises(cost_mcp.InvalidInput, match="async with"):
            await hold.record(RESPONSE)
    assert isinstance(hold, Hold)


async def test_an_estimate_needs_no_budget(tmp_path: Path):
    async with opened(tmp_path) as cost:
        estimate = await cost.estimate_cost(model="claude-opus-4-6", input_tokens=20_000, output_tokens=4_000)
    assert estimate.pricing.cost_usd == Decimal("0.2")
