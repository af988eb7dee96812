"""Where reservations are held: in windows that end, begin, are cut otherwise or are damaged; whatever it is kept in."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Protocol

import pytest

from cost_mcp.budgets.windows import window_of
from cost_mcp.errors import Conflict
from cost_mcp.ledger.contract import Ledger
from cost_mcp.ledger.quick import open_readings
from cost_mcp.ledger.sqlite import open_ledger
from cost_mcp.model.budget import Budget, Standing
from cost_mcp.model.call import Context
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


async def _one(ledger: Ledger, now: datetime, tenant: str = "default") -> Standing:
    (standing,) = await ledger.standings(tenant, None, now)
    return standing


async def _sound(ledger: Ledger) -> None:
    assert (await ledger.verify()).differences == ()
    assert (await ledger.rebuild()).differences == ()
    assert (await ledger.verify()).differences == ()


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


@pytest.mark.parametrize(("microseconds", "decision"), [(3_600_000_000, "deny"), (3_599_999_999, "allow")])
async def test_a_hold_that_ends_at_midnight_to_the_microsecond_counts_for_the_new_day(
    ledger: Ledger, call_of: CallOf, microseconds: int, decision: str
):
    late, early = datetime(2026, 11, 22, 23, 0, tzinfo=UTC), datetime(2026, 11, 23, 0, 0, tzinfo=UTC)
    await ledger.set_budget(_budget(), late, "tester")
    await _settle(ledger, late, call_of("c", cost="0.95", at=early))
    assert (await ledger.reserve(_order(late, "0.1", seconds=microseconds / 1_000_000), late)).decision == decision


async def test_an_extension_holds_the_windows_it_reaches_or_is_refused(ledger: Ledger, call_of: CallOf, now: datetime):
    await ledger.set_budget(_budget(period="hour"), now, "tester")
    start = datetime(2026, 11, 22, 12, 30, tzinfo=UTC)
    await _settle(ledger, start, call_of("c", cost="0.7", at=start + timedelta(hours=2)))
    reservation = await _held(ledger, start, "0.4", seconds=60)
    held = await ledger.extend_reservation("default", reservation.reservation_id, start + timedelta(hours=1), start)
    assert held.expires_at == start + timedelta(hours=1)
    assert [(await _one(ledger, start + timedelta(hours=n))).reserved for n in (0, 1)] == [Decimal("0.4"), 0]
    with pytest.raises(Conflict, match="no room"):
        await ledger.extend_reservation("default", reservation.reservation_id, start + timedelta(hours=2), start)
    assert await ledger.extend_reservation("default", reservation.reservation_id, start, start) == held
    await ledger.set_budget(_budget(period="hour", limit_usd=Decimal(2)), start, "tester")
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


@pytest.mark.parametrize("reopened", [False, True])
async def test_a_clock_that_steps_back_lets_a_hold_live_no_longer_than_its_own_time(
    ledger: Ledger, ledger_path: Path, call_of: CallOf, *, reopened: bool
):
    early = datetime(2026, 11, 23, 0, 10, tzinfo=UTC)
    await ledger.set_budget(_budget(), early - timedelta(days=1), "tester")
    forgotten, kept = await _held(ledger, early, "0.3", seconds=60), await _held(ledger, early, "0.6", seconds=600)
    back = early - timedelta(hours=1)  # and with it into the day before
    asked = await open_ledger(ledger_path, now=back, window_of=window_of) if reopened else ledger
    assert (await asked.reserve(_order(back, "0.2"), back)).decision == "deny", "what was admitted is held all the same"
    assert (await _one(asked, back)).reserved == Decimal("0.9")
    receipt = await _settle(asked, back, call_of("c", cost="0.6", at=back, reservation_id=kept.reservation_id))
    assert not receipt.unadmitted
    over = back + timedelta(seconds=60)
    assert (await asked.reserve(_order(over, "0.4"), over)).reservation is not None
    assert (await asked.release_reservation("default", forgotten.reservation_id, over)).state == "expired"
    await _sound(asked)
    if reopened:
        await asked.close()


async def test_clocks_that_differ_by_a_little_move_no_hold(ledger: Ledger, now: datetime):
    await ledger.set_budget(_budget(), now, "tester")
    reservation = await _held(ledger, now, "0.4")
    before = now - timedelta(minutes=5)
    assert (
        await ledger.release_reservation("default", (await _held(ledger, before)).reservation_id, before)
    ).state == "released"
    longer = await ledger.extend_reservation("default", reservation.reservation_id, before, before)
    assert (longer.created_at, longer.expires_at) == (reservation.created_at, reservation.expires_at)


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
