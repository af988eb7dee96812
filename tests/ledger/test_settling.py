"""What every ledger does when a call meets its reservation, whatever it is kept in."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
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
from cost_mcp.model.reservation import Reservation, ReserveOrder
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
    dearer = call_of("c", cost="0.9", output_tokens=900, reservation_id=reservation.reservation_id)
    assert isinstance(await _refusal(ledger, now, dearer), Conflict)
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


async def test_spend_recorded_in_the_same_breath_leaves_no_room(ledger: Ledger, call_of: CallOf, now: datetime):
    await ledger.set_budget(_budget(), now, "tester")
    _, admission = await asyncio.gather(ledger.record([call_of("c", cost="0.9")], now), ledger.reserve(_order(now), now))
    assert admission.decision == "deny"
