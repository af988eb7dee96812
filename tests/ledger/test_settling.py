"""What every ledger does when a call meets its reservation, whatever it is kept in."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from cost_mcp.budgets.windows import window_of
from cost_mcp.errors import Conflict, NotFound
from cost_mcp.ledger.contract import Ledger
from cost_mcp.ledger.quick import open_readings
from cost_mcp.model.call import Rank
from cost_mcp.model.receipt import Receipt
from cost_mcp.model.scope import Scope

if TYPE_CHECKING:
    from conftest import CallOf, Wallet


async def test_settling_counts_the_true_cost_and_gives_the_rest_back(
    ledger: Ledger, wallet: Wallet, call_of: CallOf, now: datetime, ledger_path: Path
):
    await ledger.set_budget(wallet.budget(), now, "tester")
    reservation = await wallet.held(now)
    receipt = await wallet.settle(now, call_of("c", cost="0.1", reservation_id=reservation.reservation_id))
    assert receipt.reservation is not None
    assert (receipt.reservation.state, receipt.reservation.settled_by, receipt.excess_usd) == ("settled", "c", 0)
    assert not receipt.unadmitted
    assert [(s.spent, s.reserved) for s in receipt.standings] == [(Decimal("0.1"), 0)]
    assert (await wallet.one(now)).remaining == Decimal("0.9")
    door = open_readings(ledger_path, window_of=window_of)
    assert door.standings("default", None, now) == await ledger.standings("default", None, now)
    door.close()
    await wallet.sound()


async def test_a_cost_above_the_hold_counts_in_full_and_is_marked(
    ledger: Ledger, wallet: Wallet, call_of: CallOf, now: datetime
):
    await ledger.set_budget(wallet.budget(), now, "tester")
    reservation = await wallet.held(now)
    receipt = await wallet.settle(now, call_of("c", cost="0.7", reservation_id=reservation.reservation_id))
    assert (receipt.excess_usd, receipt.unadmitted) == (Decimal("0.3"), True)
    standing = await wallet.one(now)
    assert (standing.spent, standing.reserved) == (Decimal("0.7"), 0)
    stored = await ledger.call("default", "c")
    assert stored is not None
    assert stored.unadmitted
    await wallet.sound()


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
    ledger: Ledger, wallet: Wallet, call_of: CallOf, now: datetime, budget: dict[str, Any], *, unadmitted: bool
):
    await ledger.set_budget(wallet.budget(**budget), now, "tester")
    receipt = await wallet.settle(now, call_of("c"))
    stored = await ledger.call("default", "c")
    assert stored is not None
    assert (receipt.unadmitted, stored.unadmitted, receipt.outcome) == (unadmitted, unadmitted, "created")


async def test_a_plan_pays_for_its_calls_without_reservations(ledger: Ledger, wallet: Wallet, call_of: CallOf, now: datetime):
    await ledger.set_budget(wallet.budget(), now, "tester")
    assert not (await wallet.settle(now, call_of("c", billing="subscription"))).unadmitted
    assert (await ledger.reserve(wallet.order(now, "5", billing="subscription"), now)).decision == "allow"
    assert (await wallet.one(now)).reserved == 0
    await ledger.set_budget(wallet.budget(include_subscription=True), now, "tester")
    assert (await wallet.one(now)).reserved == 5
    await wallet.sound()


@pytest.mark.parametrize("end", ["release", "expire"])
async def test_a_call_after_the_end_of_its_reservation_counts_unadmitted(
    ledger: Ledger, wallet: Wallet, call_of: CallOf, now: datetime, end: str
):
    reservation = await wallet.held(now)
    if end == "release":
        await ledger.release_reservation("default", reservation.reservation_id, now)
    at = now + timedelta(seconds=600 if end == "expire" else 1)
    receipt = await wallet.settle(at, call_of("c", reservation_id=reservation.reservation_id))
    assert receipt.unadmitted
    assert receipt.reservation is not None
    assert (receipt.reservation.state, receipt.reservation.settled_by) == (f"{end}d", None)
    assert len(receipt.warnings) == 1
    assert (await wallet.settle(at, call_of("c", reservation_id=reservation.reservation_id))).outcome == "exists"


async def test_an_unknown_or_foreign_reservation_is_refused_before_anything_is_written(
    ledger: Ledger, wallet: Wallet, call_of: CallOf, now: datetime
):
    await ledger.set_budget(wallet.budget(), now, "tester")
    theirs = await wallet.held(now, tenant="other")
    ours = await wallet.held(now)
    for wrong in ("res_none", theirs.reservation_id):
        refusal = await wallet.refusal(now, call_of("c", reservation_id=wrong))
        assert isinstance(refusal, NotFound)
        assert refusal.field == "reservation_id"
        for verb in (ledger.release_reservation("default", wrong, now), ledger.extend_reservation("default", wrong, now, now)):
            with pytest.raises(NotFound):
                await verb
    assert await ledger.call("default", "c") is None
    assert (await ledger.release_reservation("other", theirs.reservation_id, now)).state == "released"
    assert (await ledger.release_reservation("default", ours.reservation_id, now)).state == "released"


async def test_one_reservation_is_settled_by_one_call(ledger: Ledger, wallet: Wallet, call_of: CallOf, now: datetime):
    await ledger.set_budget(wallet.budget(), now, "tester")
    reservation = await wallet.held(now)
    call = call_of("c", cost="0.5", reservation_id=reservation.reservation_id)
    assert (await wallet.settle(now, call)).outcome == "created"
    again = await wallet.settle(now, call)
    assert (again.outcome, again.excess_usd, again.unadmitted) == ("exists", Decimal("0.1"), True)
    dearer = call_of("c", cost="0.9", output_tokens=900, reservation_id=reservation.reservation_id)
    assert isinstance(await wallet.refusal(now, dearer), Conflict)
    other = await wallet.refusal(now, call_of("d", reservation_id=reservation.reservation_id))
    assert isinstance(other, Conflict)
    assert await ledger.call("default", "d") is None
    for verb in (
        ledger.release_reservation("default", reservation.reservation_id, now),
        ledger.extend_reservation("default", reservation.reservation_id, now + timedelta(hours=1), now),
    ):
        with pytest.raises(Conflict):
            await verb
    assert (await wallet.one(now)).spent == Decimal("0.5")
    await wallet.sound()


async def test_two_calls_of_one_batch_cannot_settle_one_reservation(
    ledger: Ledger, wallet: Wallet, call_of: CallOf, now: datetime
):
    reservation = await wallet.held(now)
    calls = [call_of(name, reservation_id=reservation.reservation_id) for name in "cd"]
    first, second = await ledger.record(calls, now)
    assert isinstance(first, Receipt)
    assert isinstance(second, Conflict)


async def test_a_correction_keeps_the_settlement(ledger: Ledger, wallet: Wallet, call_of: CallOf, now: datetime):
    await ledger.set_budget(wallet.budget(), now, "tester")
    reservation = await wallet.held(now)
    await wallet.settle(now, call_of("c", cost="0.1", provisional=True, reservation_id=reservation.reservation_id))
    receipt = await wallet.settle(now, call_of("c", cost="0.6", rank=Rank.LOG, output_tokens=200))
    assert (receipt.outcome, receipt.excess_usd, receipt.unadmitted) == ("corrected", Decimal("0.2"), True)
    assert receipt.recorded.call.reservation_id == reservation.reservation_id
    better = await wallet.settle(now, call_of("c", cost="0.3", rank=Rank.RESPONSE, output_tokens=300))
    assert (better.outcome, better.excess_usd, better.unadmitted) == ("corrected", 0, False)
    standing = await wallet.one(now)
    assert (standing.spent, standing.reserved) == (Decimal("0.3"), 0)
    await wallet.sound()


async def test_a_call_known_from_a_log_still_settles_the_reservation_its_agent_names(
    ledger: Ledger, wallet: Wallet, call_of: CallOf, now: datetime
):
    await ledger.set_budget(wallet.budget(), now, "tester")
    first, second = await wallet.held(now), await wallet.held(now)
    await wallet.settle(now, call_of("c", cost="0.1", source="claude-code", rank=Rank.LOG))
    receipt = await wallet.settle(now, call_of("c", cost="0.1", reservation_id=first.reservation_id))
    assert (receipt.outcome, receipt.reservation and receipt.reservation.state) == ("exists", "settled")
    assert (await wallet.one(now)).reserved == Decimal("0.4")
    corrected = await wallet.settle(
        now, call_of("c", cost="0.2", rank=Rank.RESPONSE, output_tokens=200, reservation_id=first.reservation_id)
    )
    assert corrected.outcome == "corrected"
    refusal = await wallet.refusal(now, call_of("c", cost="0.2", reservation_id=second.reservation_id))
    assert isinstance(refusal, Conflict)
    assert (await wallet.one(now)).reserved == Decimal("0.4")
    await wallet.sound()


async def test_spend_recorded_in_the_same_breath_leaves_no_room(ledger: Ledger, wallet: Wallet, call_of: CallOf, now: datetime):
    await ledger.set_budget(wallet.budget(), now, "tester")
    _, admission = await asyncio.gather(ledger.record([call_of("c", cost="0.9")], now), ledger.reserve(wallet.order(now), now))
    assert admission.decision == "deny"
