"""What a denial says would fit instead; each is then tried, since nothing else shows that it does."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from cost_mcp.config.settings import Settings
from cost_mcp.errors import InvalidInput
from cost_mcp.model.call import Rank
from cost_mcp.service.opening import open_quick
from cost_mcp.service.service import Service

Opener = Callable[..., AbstractAsyncContextManager[Service]]

# claude-opus-4-6 at list price: $5 and $25 per million tokens in and out. 20,000 and 4,000 tokens: $0.10 + $0.10.
CALL: dict[str, Any] = {"model": "claude-opus-4-6", "input_tokens": 20_000, "max_output_tokens": 4_000}


async def _budget(service: Service, **fields: Any) -> None:
    given: dict[str, Any] = {"name": "daily", "period": "day", "mode": "enforce"} | fields
    await service.set_budget(given, changed_by="tester")


async def test_the_largest_output_that_is_said_to_fit_fits_and_one_more_does_not(opened: Opener):
    async with opened() as service:
        await _budget(service, limit="0.15")
        denied = await service.reserve_budget(CALL)
        assert denied.fitting is not None
        assert denied.fitting.max_output_tokens == 2_000  # 5 cents at $25 per million
        more = await service.reserve_budget({**CALL, "max_output_tokens": 2_001})
        fits = await service.reserve_budget({**CALL, "max_output_tokens": 2_000})
    assert (denied.decision, more.decision, fits.reservation is not None) == ("deny", "deny", True)


async def test_every_model_that_is_said_to_fit_is_admitted(opened: Opener):
    async with opened() as service:
        await _budget(service, limit="0.09")
        denied = await service.reserve_budget(CALL)
        assert denied.fitting is not None
        assert denied.fitting.max_output_tokens is None, "the input alone costs ten cents"
        assert denied.fitting.alternatives
        for other in denied.fitting.alternatives:
            assert other.cost_usd <= Decimal("0.09")
            tried = await service.reserve_budget({**CALL, "model": other.model, "provider": other.provider})
            assert tried.reservation is not None, other
            assert tried.reservation.amount_usd == other.cost_usd
            await service.release_reservation({"reservation_id": tried.reservation.reservation_id})


async def test_a_model_that_another_budget_would_deny_is_not_said_to_fit(opened: Opener):
    async with opened() as service:
        await _budget(service, name="opus", limit="0.01", scope={"model": "claude-opus-*"})
        await _budget(service, name="sonnet", limit="0.000001", scope={"model": "claude-sonnet-*"})
        denied = await service.reserve_budget(CALL)
    assert denied.fitting is not None
    names = [other.model for other in denied.fitting.alternatives]
    assert names
    assert not any("opus" in name or "sonnet" in name for name in names)


async def test_where_tokens_are_short_no_model_is_said_to_fit(opened: Opener):
    async with opened() as service:
        await _budget(service, limit_tokens=22_500)
        denied = await service.reserve_budget(CALL)
    assert denied.fitting is not None
    assert (denied.fitting.max_output_tokens, denied.fitting.alternatives) == (2_500, ())


@pytest.mark.parametrize(
    "order",
    [
        {"amount_usd": "5"},
        {"model": "nobody-knows-this", "input_tokens": 5, "output_tokens": 5},
        {"amount_usd": "5", "model": "gpt-5"},
    ],
)
async def test_nothing_is_said_to_fit_where_the_tokens_or_their_price_are_not_known(opened: Opener, order: dict[str, Any]):
    async with opened() as service:
        await _budget(service, limit="0.15")
        denied = await service.reserve_budget(order)
    assert (denied.decision, denied.fitting) == ("deny", None)


async def test_nothing_is_said_to_fit_where_unpriced_calls_leave_nobody_knowing_what_is_left(opened: Opener):
    async with opened() as service:
        await _budget(service, limit="0.15")
        await service.record({"model": "nobody-knows-this", "input_tokens": 5}, source="mcp", rank=Rank.AGENT)
        denied = await service.reserve_budget(CALL)
    assert (denied.decision, denied.fitting) == ("deny", None)


async def test_status_and_reservation_answers_say_what_the_window_will_come_to(opened: Opener):
    async with opened() as service:  # the clock stands at noon UTC: half of the day has passed
        await _budget(service, limit="1")
        await service.record({"model": "gpt-5", "input_tokens": 100_000}, source="mcp", rank=Rank.AGENT)
        (asked,) = (await service.budget_status({})).standings
        (held,) = (await service.reserve_budget({"amount_usd": "0.1"})).standings
    assert (asked.spent, asked.projected) == (Decimal("0.125"), Decimal("0.25"))
    assert held.projected == Decimal("0.25")


async def test_who_only_asks_is_told_what_fits_as_who_reserves_is_through_both_doors(
    opened: Opener, tmp_path: Path, clock: Callable[[], datetime]
):
    async with opened() as service:
        await _budget(service, limit="0.15")
        await _budget(service, name="haiku", limit="0.000001", scope={"model": "claude-haiku-*"})
        denied = await service.reserve_budget(CALL)
        asked = await service.budget_status(CALL)
        amount = await service.budget_status({"estimated_cost_usd": "0.2", "model": "claude-opus-4-6"})
        fits = await service.budget_status({**CALL, "max_output_tokens": 2_000})
    quick = open_quick(Settings(db=str(tmp_path / "ledger.db")), clock=clock)
    at_once = quick.budget_status(CALL)
    quick.close()
    assert denied.fitting is not None
    assert denied.fitting.alternatives
    assert asked.fitting == at_once.fitting == denied.fitting
    assert (amount.denied, amount.fitting, fits.denied) == (True, None, False)


async def test_tokens_are_told_either_all_at_once_or_by_kind(opened: Opener):
    async with opened() as service:
        with pytest.raises(InvalidInput) as refusal:
            await service.budget_status({"model": "gpt-5", "estimated_tokens": 5, "input_tokens": 5})
    assert refusal.value.field == "estimated_tokens"
