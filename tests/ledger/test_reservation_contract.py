"""What every ledger does with reservations, whatever it is kept in."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Protocol

import pytest

from cost_mcp.budgets.windows import window_of
from cost_mcp.errors import Conflict, NotFound
from cost_mcp.ledger.contract import Ledger
from cost_mcp.ledger.quick import open_readings
from cost_mcp.model.budget import Budget, Standing
from cost_mcp.model.call import Context, Rank
from cost_mcp.model.charge import PricedCall
from cost_mcp.model.receipt import Receipt
from cost_mcp.model.reservation import Admission, Reservation, ReserveOrder
from cost_mcp.model.scope import Covered, Scope


class CallOf(Protocol):
    """The fixture's builder of priced calls."""

    def __call__(self, call_id: str, *, cost: str | None = ..., list_cost: str | None = ..., **fields: Any) -> PricedCall:
        """A priced call with this id; other fields by their names."""
        ...


def _budget(name: str = "b", **fields: Any) -> Budget:
    given: dict[str, Any] = {"period": "day", "mode": "enforce"} | fields
    if not {"limit_tokens", "limit_calls"} & fields.keys():
        given.setdefault("limit_usd", Decimal(1))
    return Budget(name=name, **given)


def _order(now: datetime, amount: str = "0.4", seconds: float = 600, **fields: Any) -> ReserveOrder:
    own = {name: fields.pop(name) for name in ("tenant", "tokens", "idempotency_key", "billing", "priced") if name in fields}
    models, provider = fields.pop("models", ("gpt-5",)), fields.pop("provider", "openai")
    return ReserveOrder(
        covered=Covered(context=Context(**fields), provider=provider, models=models),
        amount_usd=Decimal(amount),
        created_at=now,
        expires_at=now + timedelta(seconds=seconds),
        **own,
    )


async def _held(ledger: Ledger, now: datetime, amount: str = "0.4", seconds: float = 600, **fields: Any) -> Reservation:
    admission = await ledger.reserve(_order(now, amount, seconds, **fields), now)
    assert admission.reservation is not None, admission.why
    return admission.reservation


async def _settle(ledger: Ledger, now: datetime, call: PricedCall) -> Receipt:
    (answer,) = await ledger.record([call], now)
    assert isinstance(answer, Receipt), answer
    return answer


async def _refusal(ledger: Ledger, now: datetime, call: PricedCall) -> Exception:
    (answer,) = await ledger.record([call], now)
    assert isinstance(answer, Exception)
    return answer


async def _one(ledger: Ledger, now: datetime, tenant: str = "default") -> Standing:
    (standing,) = await ledger.standings(tenant, None, now)
    return standing


async def _sound(ledger: Ledger) -> None:
    assert (await ledger.verify()).differences == ()
    assert (await ledger.rebuild()).differences == ()
    assert (await ledger.verify()).differences == ()


async def test_what_is_held_cannot_be_held_twice(ledger: Ledger, now: datetime):
    await ledger.set_budget(_budget(), now, "tester")
    first, second, third = [await ledger.reserve(_order(now), now) for _ in range(3)]
    assert (first.decision, second.decision, third.decision) == ("allow", "warn", "deny")
    assert third.reservation is None
    assert third.denied_by is not None
    assert (third.denied_by.budget.name, third.denied_by.remaining) == ("b", Decimal("0.2"))
    assert [s.reserved for s in second.standings] == [Decimal("0.8")]
    assert "$0.20 left of $1.00 per day until 2026-11-23T00:00:00Z" in third.why
    assert (await _one(ledger, now)).reserved == Decimal("0.8")
    await _sound(ledger)


async def test_a_limit_can_be_met_exactly_and_not_passed_by_a_nano_dollar(ledger: Ledger, now: datetime):
    await ledger.set_budget(_budget(), now, "tester")
    assert (await ledger.reserve(_order(now, "1.000000001"), now)).decision == "deny"
    assert (await ledger.reserve(_order(now, "1.0000000000000001"), now)).decision == "deny"
    assert (await ledger.reserve(_order(now, "1"), now)).decision == "warn"


async def test_settling_counts_the_true_cost_and_gives_the_rest_back(
    ledger: Ledger, call_of: CallOf, now: datetime, ledger_path: Path
):
    await ledger.set_budget(_budget(), now, "tester")
    reservation = await _held(ledger, now)
    receipt = await _settle(ledger, now, call_of("c", cost="0.1", reservation_id=reservation.reservation_id))
    assert receipt.reservation is not None
    assert (receipt.reservation.state, receipt.reservation.settled_by, receipt.excess_usd) == ("settled", "c", 0)
    assert not receipt.unadmitted
    assert [(s.spent, s.reserved) for s in receipt.standings] == [(Decimal("0.1"), 0)]
    assert (await _one(ledger, now)).remaining == Decimal("0.9")
    door = open_readings(ledger_path, window_of=window_of)
    assert door.standings("default", None, now) == await ledger.standings("default", None, now)
    door.close()
    await _sound(ledger)


async def test_both_doors_show_what_is_held(ledger: Ledger, now: datetime, ledger_path: Path):
    await ledger.set_budget(_budget(each="session_id"), now, "tester")
    await _held(ledger, now, session_id="s")
    later = now + timedelta(seconds=600)
    door = open_readings(ledger_path, window_of=window_of)
    for moment, reserved in ((now, Decimal("0.4")), (later - timedelta(seconds=1), Decimal("0.4")), (later, Decimal(0))):
        for asking in (None, Covered(context=Context(session_id="s"))):
            (standing,) = await ledger.standings("default", asking, moment)
            assert standing.reserved == reserved
            assert door.standings("default", asking, moment) == (standing,)
    door.close()


async def test_a_cost_above_the_hold_counts_in_full_and_is_marked(ledger: Ledger, call_of: CallOf, now: datetime):
    await ledger.set_budget(_budget(), now, "tester")
    reservation = await _held(ledger, now)
    receipt = await _settle(ledger, now, call_of("c", cost="0.7", reservation_id=reservation.reservation_id))
    assert (receipt.excess_usd, receipt.unadmitted) == (Decimal("0.3"), True)
    standing = await _one(ledger, now)
    assert (standing.spent, standing.reserved) == (Decimal("0.7"), 0)
    stored = await ledger.call("default", "c")
    assert stored is not None
    assert stored.unadmitted
    await _sound(ledger)


@pytest.mark.parametrize(
    ("budget", "unadmitted"),
    [
        ({}, True),
        ({"mode": "alert"}, False),
        ({"mode": "shadow"}, False),
        ({"scope": Scope.of({"agent": "other"})}, False),
        ({"limit_calls": 5}, True),
    ],
)
async def test_a_call_without_a_reservation_is_unadmitted_where_a_budget_enforces(
    ledger: Ledger, call_of: CallOf, now: datetime, budget: dict[str, Any], *, unadmitted: bool
):
    await ledger.set_budget(_budget(**budget), now, "tester")
    receipt = await _settle(ledger, now, call_of("c"))
    stored = await ledger.call("default", "c")
    assert stored is not None
    assert (receipt.unadmitted, stored.unadmitted, receipt.outcome) == (unadmitted, unadmitted, "created")


async def test_a_plan_pays_for_its_calls_without_reservations(ledger: Ledger, call_of: CallOf, now: datetime):
    await ledger.set_budget(_budget(), now, "tester")
    assert not (await _settle(ledger, now, call_of("c", billing="subscription"))).unadmitted
    assert (await ledger.reserve(_order(now, "5", billing="subscription"), now)).decision == "allow"
    assert (await _one(ledger, now)).reserved == 0
    await ledger.set_budget(_budget(include_subscription=True), now, "tester")
    assert (await _one(ledger, now)).reserved == 5
    await _sound(ledger)


@pytest.mark.parametrize("end", ["release", "expire"])
async def test_a_call_after_the_end_of_its_reservation_counts_unadmitted(
    ledger: Ledger, call_of: CallOf, now: datetime, end: str
):
    reservation = await _held(ledger, now)
    if end == "release":
        await ledger.release_reservation("default", reservation.reservation_id, now)
    at = now + timedelta(seconds=600 if end == "expire" else 1)
    receipt = await _settle(ledger, at, call_of("c", reservation_id=reservation.reservation_id))
    assert receipt.unadmitted
    assert receipt.reservation is not None
    assert (receipt.reservation.state, receipt.reservation.settled_by) == (f"{end}d", None)
    assert len(receipt.warnings) == 1
    assert (await _settle(ledger, at, call_of("c", reservation_id=reservation.reservation_id))).outcome == "exists"


async def test_an_unknown_or_foreign_reservation_is_refused_before_anything_is_written(
    ledger: Ledger, call_of: CallOf, now: datetime
):
    await ledger.set_budget(_budget(), now, "tester")
    theirs = await _held(ledger, now, tenant="other")
    ours = await _held(ledger, now)
    for wrong in ("res_none", theirs.reservation_id):
        refusal = await _refusal(ledger, now, call_of("c", reservation_id=wrong))
        assert isinstance(refusal, NotFound)
        assert refusal.field == "reservation_id"
        for verb in (ledger.release_reservation("default", wrong, now), ledger.extend_reservation("default", wrong, now, now)):
            with pytest.raises(NotFound):
                await verb
    assert await ledger.call("default", "c") is None
    assert (await ledger.release_reservation("other", theirs.reservation_id, now)).state == "released"
    assert (await ledger.release_reservation("default", ours.reservation_id, now)).state == "released"


async def test_one_reservation_is_settled_by_one_call(ledger: Ledger, call_of: CallOf, now: datetime):
    await ledger.set_budget(_budget(), now, "tester")
    reservation = await _held(ledger, now)
    call = call_of("c", cost="0.5", reservation_id=reservation.reservation_id)
    assert (await _settle(ledger, now, call)).outcome == "created"
    again = await _settle(ledger, now, call)
    assert (again.outcome, again.excess_usd, again.unadmitted) == ("exists", Decimal("0.1"), True)
    other = await _refusal(ledger, now, call_of("d", reservation_id=reservation.reservation_id))
    assert isinstance(other, Conflict)
    assert await ledger.call("default", "d") is None
    for verb in (
        ledger.release_reservation("default", reservation.reservation_id, now),
        ledger.extend_reservation("default", reservation.reservation_id, now + timedelta(hours=1), now),
    ):
        with pytest.raises(Conflict):
            await verb
    assert (await _one(ledger, now)).spent == Decimal("0.5")
    await _sound(ledger)


async def test_two_calls_of_one_batch_cannot_settle_one_reservation(ledger: Ledger, call_of: CallOf, now: datetime):
    reservation = await _held(ledger, now)
    calls = [call_of(name, reservation_id=reservation.reservation_id) for name in "cd"]
    first, second = await ledger.record(calls, now)
    assert isinstance(first, Receipt)
    assert isinstance(second, Conflict)


async def test_a_correction_keeps_the_settlement(ledger: Ledger, call_of: CallOf, now: datetime):
    await ledger.set_budget(_budget(), now, "tester")
    reservation = await _held(ledger, now)
    await _settle(ledger, now, call_of("c", cost="0.1", provisional=True, reservation_id=reservation.reservation_id))
    receipt = await _settle(ledger, now, call_of("c", cost="0.6", rank=Rank.LOG, output_tokens=200))
    assert (receipt.outcome, receipt.excess_usd, receipt.unadmitted) == ("corrected", Decimal("0.2"), True)
    assert receipt.recorded.call.reservation_id == reservation.reservation_id
    better = await _settle(ledger, now, call_of("c", cost="0.3", rank=Rank.RESPONSE, output_tokens=300))
    assert (better.outcome, better.excess_usd, better.unadmitted) == ("corrected", 0, False)
    standing = await _one(ledger, now)
    assert (standing.spent, standing.reserved) == (Decimal("0.3"), 0)
    await _sound(ledger)


async def test_a_call_known_from_a_log_still_settles_the_reservation_its_agent_names(
    ledger: Ledger, call_of: CallOf, now: datetime
):
    await ledger.set_budget(_budget(), now, "tester")
    first, second = await _held(ledger, now), await _held(ledger, now)
    await _settle(ledger, now, call_of("c", cost="0.1", source="claude-code", rank=Rank.LOG))
    receipt = await _settle(ledger, now, call_of("c", cost="0.1", reservation_id=first.reservation_id))
    assert (receipt.outcome, receipt.reservation and receipt.reservation.state) == ("exists", "settled")
    assert (await _one(ledger, now)).reserved == Decimal("0.4")
    corrected = await _settle(
        ledger, now, call_of("c", cost="0.2", rank=Rank.RESPONSE, output_tokens=200, reservation_id=first.reservation_id)
    )
    assert corrected.outcome == "corrected"
    refusal = await _refusal(ledger, now, call_of("c", cost="0.2", reservation_id=second.reservation_id))
    assert isinstance(refusal, Conflict)
    assert (await _one(ledger, now)).reserved == Decimal("0.4")
    await _sound(ledger)


async def test_a_repeated_order_under_its_key_holds_once(ledger: Ledger, now: datetime):
    await ledger.set_budget(_budget(), now, "tester")
    first = await ledger.reserve(_order(now, idempotency_key="k"), now)
    later = now + timedelta(seconds=5)
    again = await ledger.reserve(_order(later, idempotency_key="k"), later)
    assert (again.reservation, again.repeated, again.decision) == (first.reservation, True, "allow")
    with pytest.raises(Conflict) as refused:
        await ledger.reserve(_order(later, "0.3", idempotency_key="k"), later)
    assert refused.value.field == "idempotency_key"
    with pytest.raises(Conflict):
        await ledger.reserve(_order(later, agent="a", idempotency_key="k"), later)
    assert (await _one(ledger, now)).reserved == Decimal("0.4")
    other = await ledger.reserve(_order(now, tenant="other", idempotency_key="k"), now)
    assert other.repeated is False
    await _sound(ledger)


async def test_a_retry_after_the_end_is_not_let_through(ledger: Ledger, now: datetime):
    first = await _held(ledger, now, idempotency_key="k")
    later = now + timedelta(hours=1)
    again = await ledger.reserve(_order(later, idempotency_key="k"), later)
    assert again.reservation is not None
    assert (again.decision, again.repeated, again.reservation.state) == ("deny", True, "expired")
    assert again.reservation.reservation_id == first.reservation_id


async def test_a_denial_is_not_remembered_under_its_key(ledger: Ledger, now: datetime):
    await ledger.set_budget(_budget(), now, "tester")
    holding = await _held(ledger, now, "0.9")
    assert (await ledger.reserve(_order(now, idempotency_key="k"), now)).decision == "deny"
    await ledger.release_reservation("default", holding.reservation_id, now)
    assert (await ledger.reserve(_order(now, idempotency_key="k"), now)).decision == "allow"


async def test_release_gives_back_once_and_may_be_repeated(ledger: Ledger, now: datetime):
    await ledger.set_budget(_budget(), now, "tester")
    reservation = await _held(ledger, now)
    for _ in range(2):
        assert (await ledger.release_reservation("default", reservation.reservation_id, now)).state == "released"
    assert (await _one(ledger, now)).reserved == 0
    with pytest.raises(Conflict):
        await ledger.extend_reservation("default", reservation.reservation_id, now + timedelta(hours=1), now)
    await _sound(ledger)


async def test_all_budgets_hold_it_or_none_does(ledger: Ledger, now: datetime):
    await ledger.set_budget(_budget("wide", limit_usd=Decimal(10), period="month"), now, "tester")
    await ledger.set_budget(_budget("tight", limit_usd=Decimal("0.3"), scope=Scope.of({"agent": "a"})), now, "tester")
    await ledger.set_budget(_budget("watch", mode="alert", limit_usd=Decimal("0.1")), now, "tester")
    denied = await ledger.reserve(_order(now, agent="a"), now)
    assert denied.denied_by is not None
    assert (denied.decision, denied.denied_by.budget.name) == ("deny", "tight")
    assert {s.budget.name: s.reserved for s in await ledger.standings("default", None, now)} == dict.fromkeys(
        ("wide", "tight", "watch"), Decimal(0)
    )
    warned = await ledger.reserve(_order(now, agent="b"), now)
    assert warned.decision == "warn"
    assert {s.budget.name: s.reserved for s in await ledger.standings("default", None, now)} == {
        "wide": Decimal("0.4"),
        "tight": 0,
        "watch": Decimal("0.4"),
    }


@pytest.mark.parametrize(("mode", "decision"), [("alert", "warn"), ("shadow", "allow")])
async def test_only_enforcing_budgets_deny(ledger: Ledger, now: datetime, mode: str, decision: str):
    await ledger.set_budget(_budget(mode=mode), now, "tester")
    admission = await ledger.reserve(_order(now, "5"), now)
    assert admission.decision == decision
    assert (await _one(ledger, now)).reserved == 5


async def test_each_session_has_its_own_room(ledger: Ledger, now: datetime):
    await ledger.set_budget(_budget(each="session_id", limit_usd=Decimal("0.5")), now, "tester")
    decisions = [(await ledger.reserve(_order(now, session_id=s), now)).decision for s in ("s", "t", "s", "t")]
    assert decisions == ["warn", "warn", "deny", "deny"]
    assert (await ledger.reserve(_order(now, "9"), now)).decision == "allow"
    standings = await ledger.standings("default", None, now)
    assert {s.each_value: s.reserved for s in standings} == {"s": Decimal("0.4"), "t": Decimal("0.4")}


UNITS: list[Any] = [
    ({"limit_tokens": 1000}, {"tokens": 600}, "tokens", 600),
    ({"limit_calls": 1}, {}, "calls", 1),
]


@pytest.mark.parametrize(("budget", "order", "unit", "held"), UNITS)
async def test_tokens_and_calls_are_held_too(
    ledger: Ledger, call_of: CallOf, now: datetime, budget: Any, order: Any, unit: str, held: int
):
    await ledger.set_budget(_budget(**budget), now, "tester")
    reservation = await _held(ledger, now, "50", **order)
    denied = await ledger.reserve(_order(now, "50", **order), now)
    standing = await _one(ledger, now)
    assert (denied.decision, standing.reserved, standing.budget.unit) == ("deny", held, unit)
    receipt = await _settle(ledger, now, call_of("c", reservation_id=reservation.reservation_id))
    assert receipt.unadmitted == (unit == "tokens")  # 1,100 tokens came where 600 were held
    assert (await _one(ledger, now)).reserved == 0
    await _sound(ledger)


BLIND: list[Any] = [
    ({"limit_tokens": 1000}, {}, "input_tokens"),
    ({"limit_tokens": 1000, "mode": "alert"}, {}, None),
    ({"scope": Scope.of({"model": "gpt-*"})}, {"models": (), "provider": None}, "model"),
    ({"scope": Scope.of({"model": "gpt-*", "provider": "openai"})}, {"models": (), "provider": "openai"}, "model"),
    ({"scope": Scope.of({"model": "gpt-*", "provider": "openai"})}, {"models": (), "provider": "azure"}, None),
    ({"scope": Scope.of({"model": "gpt-*", "agent": "a"})}, {"models": (), "provider": None}, None),
    ({"scope": Scope.of({"model": "gpt-*"}), "mode": "alert"}, {"models": (), "provider": None}, None),
    ({"each": "model"}, {"models": (), "provider": None}, "model"),
    ({"scope": Scope.of({"provider": "openai"})}, {"models": (), "provider": None}, "model"),
    ({}, {"priced": False, "amount": "0"}, "amount_usd"),
    ({"mode": "alert"}, {"priced": False, "amount": "0"}, None),
    ({"limit_calls": 3}, {"priced": False, "amount": "0"}, None),
]


@pytest.mark.parametrize(("budget", "order", "wanted"), BLIND)
async def test_an_enforcing_budget_asks_for_what_it_has_to_know(
    ledger: Ledger, now: datetime, budget: Any, order: Any, wanted: str | None
):
    await ledger.set_budget(_budget(**budget), now, "tester")
    admission = await ledger.reserve(_order(now, **order), now)
    assert (admission.decision == "deny") == (wanted is not None)
    assert wanted is None or wanted in admission.why
    assert (admission.denied_by is None) == (wanted is None)


@pytest.mark.parametrize(
    ("mode", "unpriced", "decision"), [("enforce", "deny", "deny"), ("enforce", "warn", "warn"), ("alert", "deny", "warn")]
)
async def test_unpriced_spend_is_not_taken_for_nothing(
    ledger: Ledger, call_of: CallOf, now: datetime, mode: str, unpriced: str, decision: str
):
    await ledger.set_budget(_budget(mode=mode), now, "tester")
    await _settle(ledger, now, call_of("c", cost=None))
    admission = await ledger.reserve(_order(now, "0.1"), now, unpriced=unpriced)
    assert (admission.decision, "unpriced" in admission.why) == (decision, True)


async def test_a_hold_that_crosses_midnight_is_held_on_both_days(ledger: Ledger, call_of: CallOf, now: datetime):
    await ledger.set_budget(_budget(), now, "tester")
    late = datetime(2026, 11, 22, 23, 55, tzinfo=UTC)
    reservation = await _held(ledger, late, "0.7")
    after = late + timedelta(minutes=6)
    assert [(await _one(ledger, at)).reserved for at in (late, after)] == [Decimal("0.7")] * 2
    assert (await ledger.reserve(_order(after), after)).decision == "deny"
    receipt = await _settle(ledger, after, call_of("c", cost="0.7", at=after, reservation_id=reservation.reservation_id))
    assert not receipt.unadmitted
    assert [((await _one(ledger, at)).spent, (await _one(ledger, at)).reserved) for at in (late, after)] == [
        (0, 0),
        (Decimal("0.7"), 0),
    ]
    await _sound(ledger)


async def test_a_full_next_day_denies_a_hold_that_reaches_it(ledger: Ledger, now: datetime):
    await ledger.set_budget(_budget(), now, "tester")
    late, early = datetime(2026, 11, 22, 23, 0, tzinfo=UTC), datetime(2026, 11, 23, 0, 0, tzinfo=UTC)
    await _held(ledger, late, "0.9", seconds=3700)
    reservation = await _held(ledger, late, "0.1", seconds=60)
    assert (await ledger.reserve(_order(late, "0.1", seconds=60), late)).decision == "deny"
    extended = await ledger.extend_reservation("default", reservation.reservation_id, early, late)
    assert extended.expires_at == early
    assert (await _one(ledger, early)).reserved == Decimal("0.9")
    await _sound(ledger)


async def test_an_extension_holds_the_windows_it_reaches_or_is_refused(ledger: Ledger, now: datetime):
    await ledger.set_budget(_budget(period="hour"), now, "tester")
    start = datetime(2026, 11, 22, 12, 30, tzinfo=UTC)
    blocking = await _held(ledger, start + timedelta(hours=2), "0.7", seconds=60)
    reservation = await _held(ledger, start, "0.4", seconds=60)
    held = await ledger.extend_reservation("default", reservation.reservation_id, start + timedelta(hours=1), start)
    assert held.expires_at == start + timedelta(hours=1)
    assert [(await _one(ledger, start + timedelta(hours=n))).reserved for n in (0, 1)] == [Decimal("0.4"), 0]
    with pytest.raises(Conflict, match="no room"):
        await ledger.extend_reservation("default", reservation.reservation_id, start + timedelta(hours=2), start)
    assert await ledger.extend_reservation("default", reservation.reservation_id, start, start) == held
    await ledger.release_reservation("default", blocking.reservation_id, start)
    longer = await ledger.extend_reservation("default", reservation.reservation_id, start + timedelta(hours=2), start)
    assert longer.state == "held"
    await _sound(ledger)


async def test_an_extension_of_what_has_expired_is_refused(ledger: Ledger, now: datetime):
    reservation = await _held(ledger, now)
    later = now + timedelta(seconds=600)
    with pytest.raises(Conflict, match="expired"):
        await ledger.extend_reservation("default", reservation.reservation_id, later + timedelta(hours=1), later)


DAYS: list[Any] = [
    ("America/New_York", datetime(2026, 11, 1, 3, 59, 59, tzinfo=UTC), 25),
    ("America/New_York", datetime(2026, 3, 8, 4, 59, 59, tzinfo=UTC), 23),
    ("Asia/Kathmandu", datetime(2026, 6, 1, 18, 14, 59, tzinfo=UTC), 24),
    ("Australia/Lord_Howe", datetime(2026, 4, 4, 12, 59, 59, tzinfo=UTC), 24.5),
    ("UTC", datetime(2028, 2, 28, 23, 59, 59, tzinfo=UTC), 24),
]


@pytest.mark.parametrize(("zone", "before", "hours"), DAYS)
async def test_days_of_any_length_are_held_from_their_first_to_their_last_second(
    ledger: Ledger, zone: str, before: datetime, hours: float
):
    await ledger.set_budget(_budget(timezone=zone), before, "tester")
    reservation = await _held(ledger, before, "0.6", seconds=1)
    last = before + timedelta(hours=hours)
    assert (await ledger.reserve(_order(before + timedelta(milliseconds=1), "0.6"), before)).decision == "deny"
    await ledger.extend_reservation("default", reservation.reservation_id, last, before)
    reserved = [
        (await _one(ledger, at)).reserved for at in (before, before + timedelta(seconds=1), last - timedelta(seconds=1))
    ]
    assert reserved == [Decimal("0.6")] * 3
    await ledger.extend_reservation("default", reservation.reservation_id, last + timedelta(seconds=5), before)
    assert (await _one(ledger, last + timedelta(seconds=1))).reserved == Decimal("0.6")
    await _sound(ledger)


async def test_a_clock_that_steps_back_brings_no_hold_back_to_life(ledger: Ledger, call_of: CallOf, now: datetime):
    await ledger.set_budget(_budget(), now, "tester")
    first = await _held(ledger, now, "0.9", seconds=60)
    later = now + timedelta(seconds=61)
    await _held(ledger, later, "0.9", seconds=60)
    receipt = await _settle(ledger, now, call_of("c", cost="0.9", reservation_id=first.reservation_id))
    assert receipt.unadmitted
    assert (await ledger.reserve(_order(now, "0.1"), now)).decision == "deny"
    await _sound(ledger)


async def test_readers_count_no_hold_whose_time_is_over_and_writers_end_it(ledger: Ledger, call_of: CallOf, now: datetime):
    await ledger.set_budget(_budget(), now, "tester")
    reservation = await _held(ledger, now, "0.9")
    later = now + timedelta(seconds=600)
    assert (await _one(ledger, later)).reserved == 0
    receipt = await _settle(ledger, later, call_of("c", cost="0.1"))
    assert [s.reserved for s in receipt.standings] == [0]
    assert (await ledger.release_reservation("default", reservation.reservation_id, later)).state == "expired"
    await _sound(ledger)


CHANGES: list[tuple[str, Callable[[Budget], Budget | None], str | None]] = [
    ("a higher limit", lambda _: _budget(limit_usd=Decimal(5)), "0.4"),
    ("another period", lambda _: _budget(period="month"), "0.4"),
    ("another scope", lambda _: _budget(scope=Scope.of({"agent": "b"})), "0"),
    ("each agent", lambda _: _budget(each="agent"), "0.4"),
    ("removal", lambda _: None, None),
]


@pytest.mark.parametrize(("change", "reserved"), [pytest.param(c, r, id=name) for name, c, r in CHANGES])
async def test_changing_a_budget_keeps_holds_sound(
    ledger: Ledger, call_of: CallOf, now: datetime, change: Callable[[Budget], Budget | None], reserved: str | None
):
    before = await ledger.set_budget(_budget(), now, "tester")
    reservation = await _held(ledger, now, agent="a")
    after = change(before)
    if after is None:
        await ledger.remove_budget("default", "b", now, "tester")
    else:
        await ledger.set_budget(after, now, "tester")
    assert [s.reserved for s in await ledger.standings("default", None, now)] == (
        [] if reserved is None else [Decimal(reserved)]
    )
    await _sound(ledger)
    receipt = await _settle(ledger, now, call_of("c", cost="0.1", agent="a", reservation_id=reservation.reservation_id))
    assert not receipt.unadmitted
    assert all(s.reserved == 0 for s in await ledger.standings("default", None, now))
    await _sound(ledger)


async def test_a_new_budget_holds_what_is_alive_already(ledger: Ledger, now: datetime):
    await _held(ledger, now, "0.9")
    await _held(ledger, now, "0.9", tenant="other")
    await ledger.set_budget(_budget(), now, "tester")
    assert (await _one(ledger, now)).reserved == Decimal("0.9")
    assert (await ledger.reserve(_order(now), now)).decision == "deny"
    await _sound(ledger)


async def test_tenants_hold_apart(ledger: Ledger, now: datetime):
    for tenant in ("default", "other"):
        await ledger.set_budget(_budget(tenant=tenant), now, "tester")
    assert (await ledger.reserve(_order(now, "0.9"), now)).decision == "warn"
    assert (await ledger.reserve(_order(now, "0.9", tenant="other"), now)).decision == "warn"
    assert [(await _one(ledger, now, t)).reserved for t in ("default", "other")] == [Decimal("0.9")] * 2


async def test_of_many_that_ask_at_once_only_as_many_get_it_as_fit(ledger: Ledger, now: datetime):
    await ledger.set_budget(_budget(), now, "tester")
    answers: list[Admission] = await asyncio.gather(*(ledger.reserve(_order(now, "0.03"), now) for _ in range(100)))
    assert sum(answer.reservation is not None for answer in answers) == 33
    assert (await _one(ledger, now)).reserved == Decimal("0.99")
    await _sound(ledger)


async def test_spend_recorded_in_the_same_breath_leaves_no_room(ledger: Ledger, call_of: CallOf, now: datetime):
    await ledger.set_budget(_budget(), now, "tester")
    _, admission = await asyncio.gather(ledger.record([call_of("c", cost="0.9")], now), ledger.reserve(_order(now), now))
    assert admission.decision == "deny"


async def test_verify_finds_a_hold_that_is_wrong_and_rebuild_mends_it(ledger: Ledger, now: datetime, ledger_path: Path):
    await ledger.set_budget(_budget(), now, "tester")
    await _held(ledger, now)
    for damage in ("UPDATE held_sums SET nanos = 1", "DELETE FROM holds", "UPDATE holds SET tokens = 7"):
        with closing(sqlite3.connect(ledger_path)) as db:
            db.execute(damage)
            db.commit()
        assert (await ledger.verify()).differences
        assert (await ledger.rebuild()).differences
        assert not (await ledger.verify()).differences
        assert (await _one(ledger, now)).reserved == Decimal("0.4")
