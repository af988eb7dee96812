"""What is spent and held on days with 23 or 25 hours, in half-hour zones, over week ends and leap days, and when a clock steps back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from cost_mcp.ledger.contract import Ledger
from cost_mcp.model.budget import Budget
from cost_mcp.model.call import Context
from cost_mcp.model.charge import PricedCall
from cost_mcp.model.receipt import Receipt
from cost_mcp.model.reservation import Admission, ReserveOrder
from cost_mcp.model.scope import Covered

CallOf = Callable[..., PricedCall]


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def budget(period: str, zone: str = "UTC", **fields: Any) -> Budget:
    return Budget(name=period, period=period, timezone=zone, limit_usd=Decimal(1), mode="enforce", **fields)


async def reserve(ledger: Ledger, now: datetime, amount: str, seconds: float = 60, key: str | None = None) -> Admission:
    order = ReserveOrder(
        covered=Covered(context=Context(), provider="openai", models=("gpt-5",)),
        amount_usd=Decimal(amount),
        created_at=now,
        expires_at=now + timedelta(seconds=seconds),
        idempotency_key=key,
    )
    return await ledger.reserve(order, now)


async def spend(ledger: Ledger, call: PricedCall, now: datetime) -> Receipt:
    (answer,) = await ledger.record([call], now)
    assert isinstance(answer, Receipt), answer
    return answer


async def stands(ledger: Ledger, *moments: datetime) -> list[tuple[str, str]]:
    """What the one budget says is spent and reserved at each moment."""
    found = [standing for moment in moments for standing in await ledger.standings("default", None, moment)]
    return [(f"{standing.spent.normalize():f}", f"{standing.reserved.normalize():f}") for standing in found]


async def sound(ledger: Ledger) -> None:
    assert (await ledger.verify()).differences == ()
    assert (await ledger.rebuild()).differences == ()


# Budget, two moments on both sides of what is unusual, and whether both lie in one window.
SIDES: list[Any] = [
    pytest.param(
        budget("hour", "America/New_York"), "2026-11-01T05:59:30", "2026-11-01T06:00:30", False, id="one o'clock, twice"
    ),
    pytest.param(budget("day", "America/New_York"), "2026-11-01T05:59:30", "2026-11-01T06:00:30", True, id="within 25 hours"),
    pytest.param(budget("day", "America/New_York"), "2026-11-01T04:00:00", "2026-11-02T04:59:59", True, id="25 hours"),
    pytest.param(budget("day", "America/New_York"), "2026-11-02T04:59:30", "2026-11-02T05:00:30", False, id="after 25 hours"),
    pytest.param(budget("day", "America/New_York"), "2026-03-08T05:00:00", "2026-03-09T03:59:59", True, id="23 hours"),
    pytest.param(budget("day", "America/New_York"), "2026-03-09T03:59:30", "2026-03-09T04:00:30", False, id="after 23 hours"),
    pytest.param(budget("hour", "America/New_York"), "2026-03-08T06:59:30", "2026-03-08T07:00:30", False, id="no two o'clock"),
    pytest.param(budget("week", "America/New_York"), "2026-10-26T04:00:00", "2026-11-02T04:59:59", True, id="169 hours"),
    pytest.param(budget("day", "Africa/Cairo"), "2026-04-23T21:59:30", "2026-04-23T22:00:30", False, id="no midnight"),
    pytest.param(budget("hour", "Asia/Kolkata"), "2026-06-01T10:29:30", "2026-06-01T10:30:30", False, id="hours at half past"),
    pytest.param(budget("day", "Asia/Kathmandu"), "2026-06-01T18:14:30", "2026-06-01T18:15:30", False, id="a quarter past"),
    pytest.param(budget("hour", "Australia/Lord_Howe"), "2026-04-04T14:59:30", "2026-04-04T15:00:30", False, id="half an hour"),
    pytest.param(budget("day", "Australia/Lord_Howe"), "2026-04-04T13:00:00", "2026-04-05T13:29:59", True, id="24.5 hours"),
    pytest.param(budget("day"), "2028-02-28T23:59:30", "2028-02-29T00:00:30", False, id="before a leap day"),
    pytest.param(budget("month"), "2028-02-28T23:59:30", "2028-02-29T00:00:30", True, id="within a leap month"),
    pytest.param(budget("month"), "2028-02-29T23:59:30", "2028-03-01T00:00:30", False, id="after a leap day"),
    pytest.param(budget("year"), "2028-12-31T23:59:30", "2029-01-01T00:00:30", False, id="after 366 days"),
    *(
        pytest.param(
            budget("week", week_start=day), "2026-11-21T23:59:30", "2026-11-22T00:00:30", day != 6, id=f"week from day {day}"
        )
        for day in range(7)
    ),
]


@pytest.mark.parametrize(("limited", "before", "after", "together"), SIDES)
async def test_spend_counts_and_holds_hold_in_the_window_of_their_time(
    ledger: Ledger, call_of: CallOf, limited: Budget, before: str, after: str, *, together: bool
):
    first, second = at(before), at(after)
    await ledger.set_budget(limited, first, "tester")
    await spend(ledger, call_of("a", cost="0.3", at=first), first)
    assert await stands(ledger, first, second) == [("0.3", "0"), ("0.3" if together else "0", "0")]
    await spend(ledger, call_of("b", cost="0.2", at=second), second)
    assert await stands(ledger, first, second) == ([("0.5", "0")] * 2 if together else [("0.3", "0"), ("0.2", "0")])
    room = "0.5" if together else "0.7"
    assert (await reserve(ledger, first, f"{room}000001", seconds=1)).decision == "deny"
    assert (await reserve(ledger, first, room, seconds=1)).decision != "deny"
    await sound(ledger)


@pytest.mark.parametrize(("limited", "before", "after", "together"), SIDES)
async def test_a_hold_over_both_sides_takes_room_on_both_and_is_settled_on_one(
    ledger: Ledger, call_of: CallOf, limited: Budget, before: str, after: str, *, together: bool
):
    first, second = at(before), at(after)
    await ledger.set_budget(limited, first, "tester")
    over = (second - first).total_seconds() + 60
    held = (await reserve(ledger, first, "0.7", seconds=over)).reservation
    assert held is not None
    assert await stands(ledger, first, second) == [("0", "0.7")] * 2
    assert (await reserve(ledger, second, "0.4")).decision == "deny"
    receipt = await spend(ledger, call_of("c", cost="0.6", at=second, reservation_id=held.reservation_id), second)
    assert not receipt.unadmitted
    assert await stands(ledger, first, second) == [("0.6" if together else "0", "0"), ("0.6", "0")]
    await sound(ledger)


@pytest.mark.parametrize("step", [timedelta(seconds=5), timedelta(minutes=4)], ids=str)
async def test_clocks_that_differ_over_midnight_lose_and_double_nothing(ledger: Ledger, call_of: CallOf, step: timedelta):
    ahead = at("2026-11-23T00:00:01")
    back = ahead - step
    await ledger.set_budget(budget("day"), back, "tester")
    await spend(ledger, call_of("a", cost="0.3", at=ahead), ahead)
    held = (await reserve(ledger, ahead, "0.6", seconds=600, key="k")).reservation
    assert held is not None
    assert await stands(ledger, ahead, back) == [("0.3", "0.6"), ("0", "0")]

    assert (await reserve(ledger, back, "0.9", seconds=1)).decision != "deny", "the day before has room of its own"
    again = await reserve(ledger, back, "0.6", seconds=600, key="k")
    assert (again.repeated, again.reservation) == (True, held)
    await spend(ledger, call_of("b", cost="0.05", at=back), back)
    assert (await reserve(ledger, ahead, "0.2")).decision == "deny", "what was held before the step is held"
    receipt = await spend(ledger, call_of("c", cost="0.5", at=ahead, reservation_id=held.reservation_id), back)
    assert not receipt.unadmitted
    later = ahead + timedelta(seconds=700)
    assert await stands(ledger, later, back) == [("0.8", "0"), ("0.05", "0")]
    await sound(ledger)


@pytest.mark.parametrize("step", [timedelta(hours=1), timedelta(days=40)], ids=str)
async def test_a_clock_set_back_over_midnight_takes_what_is_held_along_and_leaves_what_is_spent(
    ledger: Ledger, call_of: CallOf, step: timedelta
):
    ahead = at("2026-11-23T00:00:01")
    back = ahead - step
    await ledger.set_budget(budget("day"), back, "tester")
    await spend(ledger, call_of("a", cost="0.3", at=ahead), ahead)
    held = (await reserve(ledger, ahead, "0.6", seconds=600, key="k")).reservation
    assert held is not None

    assert (await reserve(ledger, back, "0.5", seconds=60)).decision == "deny", (
        "what is held is held today, whichever day that is"
    )
    assert (await reserve(ledger, back, "0.4", seconds=60)).decision != "deny", "what is spent counts on its own day"
    again = await reserve(ledger, back, "0.6", seconds=600, key="k")
    assert again.repeated
    assert again.reservation is not None
    assert again.reservation.expires_at == back + timedelta(seconds=600)
    assert await stands(ledger, ahead - timedelta(seconds=1), back) == [("0.3", "0"), ("0", "1")]
    receipt = await spend(ledger, call_of("c", cost="0.5", at=back, reservation_id=held.reservation_id), back)
    assert not receipt.unadmitted
    later = back + timedelta(seconds=61)
    assert await stands(ledger, ahead, later) == [("0.3", "0"), ("0.5", "0")]
    await sound(ledger)


async def test_what_expired_before_a_clock_stepped_back_is_free_and_cannot_be_extended(ledger: Ledger, call_of: CallOf):
    now = at("2026-11-22T10:00")
    await ledger.set_budget(budget("day"), now, "tester")
    held = (await reserve(ledger, now, "0.9", seconds=60)).reservation
    assert held is not None
    await spend(ledger, call_of("a", cost="0", at=now), now + timedelta(seconds=61))
    assert (await reserve(ledger, now, "0.9", seconds=60)).decision != "deny"
    assert (await ledger.release_reservation("default", held.reservation_id, now)).state == "expired"
    assert await stands(ledger, now) == [("0", "0.9")]
    await sound(ledger)
