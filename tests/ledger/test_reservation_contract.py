"""What every ledger admits and denies, whatever it is kept in."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from cost_mcp.errors import Conflict
from cost_mcp.ledger.contract import Ledger
from cost_mcp.model.budget import Thresholds
from cost_mcp.model.reservation import Admission
from cost_mcp.model.scope import Scope

if TYPE_CHECKING:
    from conftest import CallOf, Wallet


async def test_what_is_held_cannot_be_held_twice(ledger: Ledger, wallet: Wallet, now: datetime):
    await ledger.set_budget(wallet.budget(), now, "tester")
    first, second, third = [await ledger.reserve(wallet.order(now), now) for _ in range(3)]
    assert (first.decision, second.decision, third.decision) == ("allow", "warn", "deny")
    assert third.reservation is None
    assert third.denied_by is not None
    assert (third.denied_by.budget.name, third.denied_by.remaining) == ("b", Decimal("0.2"))
    assert [s.reserved for s in second.standings] == [Decimal("0.8")]
    assert "$0.20 left of $1.00 per day until 2026-11-23T00:00:00Z" in third.why
    assert (await wallet.one(now)).reserved == Decimal("0.8")
    await wallet.sound()


async def test_a_limit_can_be_met_exactly_and_not_passed_by_a_nano_dollar(ledger: Ledger, wallet: Wallet, now: datetime):
    await ledger.set_budget(wallet.budget(), now, "tester")
    assert (await ledger.reserve(wallet.order(now, "1.000000001"), now)).decision == "deny"
    assert (await ledger.reserve(wallet.order(now, "1.0000000000000001"), now)).decision == "deny"
    assert (await ledger.reserve(wallet.order(now, "1"), now)).decision == "warn"


async def test_a_repeated_order_under_its_key_holds_once(ledger: Ledger, wallet: Wallet, now: datetime):
    await ledger.set_budget(wallet.budget(), now, "tester")
    first = await ledger.reserve(wallet.order(now, idempotency_key="k"), now)
    later = now + timedelta(seconds=5)
    again = await ledger.reserve(wallet.order(later, idempotency_key="k"), later)
    assert (again.reservation, again.repeated, again.decision) == (first.reservation, True, "allow")
    with pytest.raises(Conflict) as refused:
        await ledger.reserve(wallet.order(later, "0.3", idempotency_key="k"), later)
    assert refused.value.field == "idempotency_key"
    with pytest.raises(Conflict):
        await ledger.reserve(wallet.order(later, agent="a", idempotency_key="k"), later)
    assert (await wallet.one(now)).reserved == Decimal("0.4")
    other = await ledger.reserve(wallet.order(now, tenant="other", idempotency_key="k"), now)
    assert other.repeated is False
    await wallet.sound()


async def test_a_retry_after_the_end_is_not_let_through(ledger: Ledger, wallet: Wallet, now: datetime):
    first = await wallet.held(now, idempotency_key="k")
    later = now + timedelta(hours=1)
    again = await ledger.reserve(wallet.order(later, idempotency_key="k"), later)
    assert again.reservation is not None
    assert (again.decision, again.repeated, again.reservation.state) == ("deny", True, "expired")
    assert again.reservation.reservation_id == first.reservation_id


async def test_a_denial_is_not_remembered_under_its_key(ledger: Ledger, wallet: Wallet, now: datetime):
    await ledger.set_budget(wallet.budget(), now, "tester")
    holding = await wallet.held(now, "0.9")
    assert (await ledger.reserve(wallet.order(now, idempotency_key="k"), now)).decision == "deny"
    await ledger.release_reservation("default", holding.reservation_id, now)
    assert (await ledger.reserve(wallet.order(now, idempotency_key="k"), now)).decision == "allow"


async def test_release_gives_back_once_and_may_be_repeated(ledger: Ledger, wallet: Wallet, now: datetime):
    await ledger.set_budget(wallet.budget(), now, "tester")
    reservation = await wallet.held(now)
    for _ in range(2):
        assert (await ledger.release_reservation("default", reservation.reservation_id, now)).state == "released"
    assert (await wallet.one(now)).reserved == 0
    with pytest.raises(Conflict):
        await ledger.extend_reservation("default", reservation.reservation_id, now + timedelta(hours=1), now)
    await wallet.sound()


async def test_all_budgets_hold_it_or_none_does(ledger: Ledger, wallet: Wallet, now: datetime):
    await ledger.set_budget(wallet.budget("wide", limit_usd=Decimal(10), period="month"), now, "tester")
    await ledger.set_budget(wallet.budget("tight", limit_usd=Decimal("0.3"), scope=Scope.of({"agent": "a"})), now, "tester")
    await ledger.set_budget(wallet.budget("watch", mode="alert", limit_usd=Decimal("0.1")), now, "tester")
    denied = await ledger.reserve(wallet.order(now, agent="a"), now)
    assert denied.denied_by is not None
    assert (denied.decision, denied.denied_by.budget.name) == ("deny", "tight")
    assert {s.budget.name: s.reserved for s in await ledger.standings("default", None, now)} == dict.fromkeys(
        ("wide", "tight", "watch"), Decimal(0)
    )
    warned = await ledger.reserve(wallet.order(now, agent="b"), now)
    assert warned.decision == "warn"
    assert {s.budget.name: s.reserved for s in await ledger.standings("default", None, now)} == {
        "wide": Decimal("0.4"),
        "tight": 0,
        "watch": Decimal("0.4"),
    }


@pytest.mark.parametrize(("mode", "decision"), [("alert", "warn"), ("shadow", "allow")])
async def test_only_enforcing_budgets_deny(ledger: Ledger, wallet: Wallet, now: datetime, mode: str, decision: str):
    await ledger.set_budget(wallet.budget(mode=mode), now, "tester")
    admission = await ledger.reserve(wallet.order(now, "5"), now)
    assert admission.decision == decision
    assert (await wallet.one(now)).reserved == 5


async def test_the_answer_names_the_budget_that_decided(ledger: Ledger, wallet: Wallet, now: datetime):
    early = Thresholds(info=Decimal(10), warning=Decimal(20))
    await ledger.set_budget(wallet.budget("early", limit_usd=Decimal(10), thresholds=early), now, "tester")
    await ledger.set_budget(wallet.budget("tight", limit_usd=Decimal(4), period="total"), now, "tester")
    allowed, warned, denied = [await ledger.reserve(wallet.order(now, amount), now) for amount in ("1", "1.5", "5")]
    assert (allowed.decision, allowed.why) == (
        "allow",
        "Within every budget; the tightest, tight, would reach 25 %: $4.00 left of $4.00 in total.",
    )
    assert (warned.decision, warned.why.split(":")[0]) == ("warn", "Budget early would reach 25 %")
    assert denied.why == "Budget tight would be exceeded: $1.50 left of $4.00 in total."


async def test_each_session_has_its_own_room(ledger: Ledger, wallet: Wallet, now: datetime):
    await ledger.set_budget(wallet.budget(each="session_id", limit_usd=Decimal("0.5")), now, "tester")
    decisions = [(await ledger.reserve(wallet.order(now, session_id=s), now)).decision for s in ("s", "t", "s", "t")]
    assert decisions == ["warn", "warn", "deny", "deny"]
    assert (await ledger.reserve(wallet.order(now, "9"), now)).decision == "allow"
    standings = await ledger.standings("default", None, now)
    assert {s.each_value: s.reserved for s in standings} == {"s": Decimal("0.4"), "t": Decimal("0.4")}


UNITS: list[Any] = [
    ({"limit_tokens": 1000}, {"tokens": 600}, "tokens", 600),
    ({"limit_calls": 1}, {}, "calls", 1),
]


@pytest.mark.parametrize(("budget", "order", "unit", "held"), UNITS)
async def test_tokens_and_calls_are_held_too(
    ledger: Ledger, wallet: Wallet, call_of: CallOf, now: datetime, budget: Any, order: Any, unit: str, held: int
):
    await ledger.set_budget(wallet.budget(**budget), now, "tester")
    reservation = await wallet.held(now, "50", **order)
    denied = await ledger.reserve(wallet.order(now, "50", **order), now)
    standing = await wallet.one(now)
    assert (denied.decision, standing.reserved, standing.budget.unit) == ("deny", held, unit)
    receipt = await wallet.settle(now, call_of("c", reservation_id=reservation.reservation_id))
    assert receipt.unadmitted == (unit == "tokens")  # 1,100 tokens came where 600 were held
    assert (await wallet.one(now)).reserved == 0
    await wallet.sound()


BLIND: list[Any] = [
    ({"limit_tokens": 1000}, {}, "input_tokens"),
    ({"limit_tokens": 1000, "mode": "alert"}, {}, None),
    ({"scope": Scope.of({"model": "gpt-*"})}, {"models": (), "provider": None}, "model"),
    ({"scope": Scope.of({"model": "gpt-*", "provider": "openai"})}, {"models": (), "provider": "openai"}, "model"),
    ({"scope": Scope.of({"model": "gpt-*", "provider": "openai"})}, {"models": (), "provider": "azure"}, None),
    ({"scope": Scope.of({"model": "gpt-*", "agent": "a"})}, {"models": (), "provider": None}, None),
    ({"scope": Scope.of({"model": "gpt-*"}), "mode": "alert"}, {"models": (), "provider": None}, None),
    ({"each": "model"}, {"models": (), "provider": None}, "model"),
    ({"each": "agent", "scope": Scope.of({"model": "gpt-*"})}, {"models": (), "agent": "a"}, "model"),
    ({"each": "agent", "scope": Scope.of({"model": "gpt-*"})}, {"models": ()}, None),
    ({"scope": Scope.of({"provider": "openai"})}, {"models": (), "provider": None}, "model"),
    ({}, {"priced": False, "amount": "0"}, "amount_usd"),
    ({"mode": "alert"}, {"priced": False, "amount": "0"}, None),
    ({"limit_calls": 3}, {"priced": False, "amount": "0"}, None),
]


@pytest.mark.parametrize(("budget", "order", "wanted"), BLIND)
async def test_an_enforcing_budget_asks_for_what_it_has_to_know(
    ledger: Ledger, wallet: Wallet, now: datetime, budget: Any, order: Any, wanted: str | None
):
    await ledger.set_budget(wallet.budget(**budget), now, "tester")
    admission = await ledger.reserve(wallet.order(now, **order), now)
    assert (admission.decision == "deny") == (wanted is not None)
    assert wanted is None or wanted in admission.why
    assert (admission.denied_by is None) == (wanted is None)


@pytest.mark.parametrize(
    ("mode", "unpriced", "decision"), [("enforce", "", "deny"), ("enforce", "warn", "warn"), ("alert", "deny", "warn")]
)
async def test_unpriced_spend_is_not_taken_for_nothing(
    ledger: Ledger, wallet: Wallet, call_of: CallOf, now: datetime, mode: str, unpriced: str, decision: str
):
    await ledger.set_budget(wallet.budget(mode=mode, unpriced=unpriced), now, "tester")
    await wallet.settle(now, call_of("c", cost=None))
    admission = await ledger.reserve(wallet.order(now, "0.1"), now)
    assert (admission.decision, "unpriced" in admission.why) == (decision, True)


async def test_tenants_hold_apart(ledger: Ledger, wallet: Wallet, now: datetime):
    for tenant in ("default", "other"):
        await ledger.set_budget(wallet.budget(tenant=tenant), now, "tester")
    assert (await ledger.reserve(wallet.order(now, "0.9"), now)).decision == "warn"
    assert (await ledger.reserve(wallet.order(now, "0.9", tenant="other"), now)).decision == "warn"
    assert [(await wallet.one(now, t)).reserved for t in ("default", "other")] == [Decimal("0.9")] * 2


async def test_of_many_that_ask_at_once_only_as_many_get_it_as_fit(ledger: Ledger, wallet: Wallet, now: datetime):
    await ledger.set_budget(wallet.budget(), now, "tester")
    answers: list[Admission] = await asyncio.gather(*(ledger.reserve(wallet.order(now, "0.03"), now) for _ in range(100)))
    assert sum(answer.reservation is not None for answer in answers) == 33
    assert (await wallet.one(now)).reserved == Decimal("0.99")
    await wallet.sound()
