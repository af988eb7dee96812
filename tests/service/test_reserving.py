"""Reserving from raw fields: what is held, for whom, for how long, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Protocol

import pytest

from cost_mcp.errors import Conflict, ContextBound, CostError, InvalidInput, NotFound, UnknownName
from cost_mcp.model.call import Rank
from cost_mcp.model.receipt import Receipt
from cost_mcp.model.reservation import Reservation
from cost_mcp.service.service import Service

Opener = Callable[..., AbstractAsyncContextManager[Service]]


class Clock(Protocol):
    """The clock a test moves."""

    now: datetime

    def move(self, **by: float) -> None:
        """Forwards or back."""
        ...


async def _daily(service: Service, limit: str | None = "1", **fields: Any) -> None:
    given: dict[str, Any] = {"name": "daily", "limit": limit, "period": "day", "mode": "enforce"} | fields
    await service.set_budget({k: v for k, v in given.items() if v is not None}, changed_by="tester")


async def _held(service: Service, **fields: Any) -> Reservation:
    admission = await service.reserve_budget(fields)
    assert admission.reservation is not None, admission.why
    return admission.reservation


async def _record(service: Service, **fields: Any) -> Receipt:
    return await service.record({"model": "gpt-5", "input_tokens": 1000, **fields}, source="mcp", rank=Rank.AGENT)


async def test_an_amount_is_held_for_ten_minutes_unless_told_otherwise(opened: Opener, clock: Clock):
    async with opened() as service:
        await _daily(service)
        first = await _held(service, amount_usd="0.30")
        second = await _held(service, amount_usd=0.2, ttl_seconds=86_400)
        (standing,) = (await service.budget_status({})).standings
    assert (first.amount_usd, first.expires_at) == (Decimal("0.3"), clock.now + timedelta(minutes=10))
    assert second.expires_at == clock.now + timedelta(days=1)
    assert standing.reserved == Decimal("0.5")


# gpt-5 at list price: $1.25 and $10 per million tokens in and out, $0.125 read from a cache.
HELD: list[Any] = [
    ({"input_tokens": 1_000_000, "max_output_tokens": 10_000}, "1.35", 1_010_000),
    ({"input_tokens": 1_000_000, "output_tokens": 50_000, "max_output_tokens": 10_000}, "1.35", 1_010_000),
    ({"input_tokens": 1_000_000, "output_tokens": 10, "max_output_tokens": 10_000}, "1.35", 1_010_000),
    ({"prompt_tokens": 1_000_000, "completion_tokens": 10_000}, "1.35", 1_010_000),
    ({"input_tokens": 1_000_000, "cache_read_input_tokens": 1_000_000, "max_output_tokens": 0}, "0.125", 1_000_000),
    ({"max_output_tokens": 10_000}, "0.1", 10_000),
]


@pytest.mark.parametrize(("tokens", "amount", "total"), HELD)
async def test_tokens_are_held_at_the_most_the_call_can_cost(opened: Opener, tokens: Any, amount: str, total: int):
    async with opened() as service:
        reservation = await _held(service, model="gpt-5", provider="openai", **tokens)
    assert (reservation.amount_usd, reservation.tokens) == (Decimal(amount), total)


async def test_a_free_model_holds_nothing_but_its_tokens(opened: Opener):
    async with opened() as service:
        await _daily(service, limit_tokens=1000, limit=None)
        reservation = await _held(service, model="ollama/llama3", input_tokens=800, max_output_tokens=0)
        denied = await service.reserve_budget({"model": "ollama/llama3", "input_tokens": 800, "output_tokens": 0})
    assert (reservation.amount_usd, denied.decision) == (0, "deny")


async def test_recording_with_the_reservation_settles_it(opened: Opener):
    async with opened() as service:
        await _daily(service)
        held = await _held(service, model="gpt-5", input_tokens=1000, max_output_tokens=1000)
        receipt = await _record(service, reservation_id=held.reservation_id, call_id="c")
        (standing,) = (await service.budget_status({})).standings
        stored = await service.explain("c")
        with pytest.raises(Conflict) as refused:
            await service.release_reservation({"reservation_id": held.reservation_id})
    assert receipt.reservation is not None
    assert (receipt.reservation.state, receipt.excess_usd, receipt.unadmitted) == ("settled", 0, False)
    assert (standing.spent, standing.reserved) == (Decimal("0.00125"), 0)
    assert (stored.unadmitted, stored.priced.call.reservation_id) == (False, held.reservation_id)
    assert refused.value.hint


async def test_an_agent_that_states_too_low_a_cost_is_held_to_the_list_price(opened: Opener):
    async with opened() as service:
        await _daily(service)
        held = await _held(service, amount_usd="0.001")
        receipt = await _record(service, reservation_id=held.reservation_id, cost_usd="0.0001")
    assert (receipt.unadmitted, receipt.excess_usd) == (True, Decimal("0.00025"))


async def test_a_model_without_a_price_is_denied_where_a_budget_enforces_and_held_by_its_amount(opened: Opener):
    fields = {"model": "nobody-knows-this-model", "input_tokens": 1000, "output_tokens": 0}
    async with opened() as service:
        await _daily(service, mode="alert")
        watched = await service.reserve_budget(fields)
        await _daily(service)
        denied = await service.reserve_budget(fields)
        held = await service.reserve_budget({**fields, "amount_usd": "0.2"})
    assert [a.decision for a in (watched, denied, held)] == ["warn", "deny", "allow"]
    assert "no known price" in denied.why
    assert "amount_usd" in denied.why
    assert held.reservation is not None
    assert (held.reservation.amount_usd, held.reservation.tokens) == (Decimal("0.2"), 1000)


async def test_a_model_budget_is_met_by_any_name_of_the_model(opened: Opener):
    async with opened() as service:
        await _daily(service, scope={"model": "claude-opus-*", "provider": "anthropic"})
        await _held(service, model="anthropic/claude-opus-4-5", input_tokens=1000, output_tokens=0)
        blind = await service.reserve_budget({"amount_usd": "0.1"})
        beside = await service.reserve_budget({"amount_usd": "5", "model": "gpt-5"})
        (standing,) = (await service.budget_status({})).standings
    assert standing.reserved > 0
    assert (blind.decision, "name the model" in blind.why) == ("deny", True)
    assert beside.decision == "allow"


async def test_the_bound_context_is_reserved_for(opened: Opener):
    async with opened(project="website", agent="coder", bound=frozenset({"project", "agent"})) as service:
        await _daily(service, scope={"project": "website"}, each="agent")
        await _held(service, amount_usd="0.3")
        with pytest.raises(ContextBound):
            await service.reserve_budget({"amount_usd": "0.3", "project": "other"})
        (standing,) = (await service.budget_status({})).standings
    assert (standing.each_value, standing.reserved) == ("coder", Decimal("0.3"))


async def test_time_is_extended_from_now_and_never_shortened(opened: Opener, clock: Clock):
    async with opened() as service:
        held = await _held(service, amount_usd="0.3", ttl_seconds=600)
        clock.move(seconds=300)
        same = await service.extend_reservation({"reservation_id": held.reservation_id, "ttl_seconds": 10})
        longer = await service.extend_reservation({"reservation_id": held.reservation_id})
        clock.move(seconds=600)
        released = await service.release_reservation({"reservation_id": held.reservation_id})
    assert same.expires_at == held.expires_at
    assert longer.expires_at == held.expires_at + timedelta(seconds=300)
    assert released.state == "expired"


async def test_one_key_holds_once(opened: Opener):
    async with opened() as service:
        await _daily(service)
        fields = {"amount_usd": "0.3", "idempotency_key": "k"}
        first, again = [await service.reserve_budget(fields) for _ in range(2)]
        with pytest.raises(Conflict):
            await service.reserve_budget({**fields, "amount_usd": "0.4"})
        (standing,) = (await service.budget_status({})).standings
    assert (again.repeated, again.reservation) == (True, first.reservation)
    assert standing.reserved == Decimal("0.3")


async def test_nothing_is_held_while_tracking_is_off(opened: Opener):
    async with opened(enabled=False) as service:
        await _daily(service)
        admission = await service.reserve_budget({"amount_usd": "5"})
    assert (admission.decision, admission.reservation) == ("allow", None)


REFUSED: list[Any] = [
    ({}, "amount_usd", InvalidInput),
    ({"amount_usd": "0"}, "amount_usd", InvalidInput),
    ({"amount_usd": "-1"}, "amount_usd", InvalidInput),
    ({"amount_usd": "NaN"}, "amount_usd", InvalidInput),
    ({"amount_usd": "1e12"}, "amount_usd", InvalidInput),
    ({"amount_usd": True}, "amount_usd", InvalidInput),
    ({"amount_usd": "1", "model": "gpt-5", "input_tokens": 5}, "amount_usd", InvalidInput),
    ({"model": "gpt-5"}, "input_tokens", InvalidInput),
    ({"input_tokens": 5}, "model", InvalidInput),
    ({"max_output_tokens": 5}, "model", InvalidInput),
    ({"model": "gpt-5", "max_output_tokens": -1}, "max_output_tokens", InvalidInput),
    ({"model": "gpt-5", "input_tokens": 5}, "max_output_tokens", InvalidInput),
    ({"model": "acme-9", "prompt_tokens": 5, "cached_tokens": 2}, "max_output_tokens", InvalidInput),
    ({"model": "gpt-5", "input_tokens": -5}, "input_tokens", InvalidInput),
    ({"model": "gpt-5", "input_tokens": 5, "service_tier": "gold"}, "service_tier", UnknownName),
    ({"amount_usd": "1", "ttl_seconds": 0}, "ttl_seconds", InvalidInput),
    ({"amount_usd": "1", "ttl_seconds": 86_401}, "ttl_seconds", InvalidInput),
    ({"amount_usd": "1", "ttl_seconds": 31_536_000}, "ttl_seconds", InvalidInput),
    ({"amount_usd": "1", "ttl_seconds": 1.5}, "ttl_seconds", InvalidInput),
    ({"amount_usd": "1", "idempotency_key": ""}, "idempotency_key", InvalidInput),
    ({"amount_usd": "1", "idempotency_key": 7}, "idempotency_key", InvalidInput),
    ({"amount_usd": "1", "billing": "gift"}, "billing", UnknownName),
    ({"amount_usd": "1", "amout": "1"}, "amout", UnknownName),
]


@pytest.mark.parametrize(("fields", "field", "kind"), REFUSED)
async def test_bad_orders_name_the_field_and_the_next_step(opened: Opener, fields: Any, field: str, kind: type[CostError]):
    async with opened() as service:
        with pytest.raises(kind) as refused:
            await service.reserve_budget(fields)
    assert refused.value.field == field
    assert refused.value.hint


@pytest.mark.parametrize(
    ("verb", "fields", "field", "kind"),
    [
        ("extend_reservation", {}, "reservation_id", InvalidInput),
        ("extend_reservation", {"reservation_id": "res_none"}, "reservation_id", NotFound),
        ("extend_reservation", {"reservation_id": "res_none", "ttl_seconds": 0}, "ttl_seconds", InvalidInput),
        ("extend_reservation", {"reservation_id": "r", "until": 1}, "until", UnknownName),
        ("release_reservation", {}, "reservation_id", InvalidInput),
        ("release_reservation", {"reservation_id": 5}, "reservation_id", InvalidInput),
        ("release_reservation", {"reservation_id": "res_none"}, "reservation_id", NotFound),
        ("release_reservation", {"reservation_id": "r", "reason": "x"}, "reason", UnknownName),
    ],
)
async def test_bad_ids_name_the_field_and_the_next_step(
    opened: Opener, verb: str, fields: Any, field: str, kind: type[CostError]
):
    async with opened() as service:
        with pytest.raises(kind) as refused:
            await getattr(service, verb)(fields)
    assert refused.value.field == field
    assert refused.value.hint


async def test_another_tenants_reservation_is_not_there(opened: Opener):
    async with opened(tenant="theirs") as service:
        held = await _held(service, amount_usd="1")
    async with opened() as service:
        for verb in (service.extend_reservation, service.release_reservation):
            with pytest.raises(NotFound):
                await verb({"reservation_id": held.reservation_id})
        with pytest.raises(NotFound):
            await _record(service, reservation_id=held.reservation_id)
