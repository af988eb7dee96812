"""Where reservations are held: in windows that end, begin, are cut otherwise or are damaged; whatever it is kept in."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from cost_mcp.budgets.windows import window_of
from cost_mcp.errors import Conflict
from cost_mcp.ledger.contract import Ledger
from cost_mcp.ledger.quick import open_readings
from cost_mcp.ledger.sqlite import open_ledger
from cost_mcp.model.call import Context
from cost_mcp.model.scope import Covered, Scope

if TYPE_CHECKING:
    from conftest import CallOf, Wallet


async def test_both_doors_show_what_is_held(ledger: Ledger, wallet: Wallet, now: datetime, ledger_path: Path):
    await ledger.set_budget(wallet.budget(each="session_id"), now, "tester")
    await wallet.held(now, session_id="s")
    later = now + timedelta(seconds=600)
    door = open_readings(ledger_path, window_of=window_of)
    for moment, reserved in ((now, Decimal("0.4")), (later - timedelta(seconds=1), Decimal("0.4")), (later, Decimal(0))):
        for asking in (None, Covered(context=Context(session_id="s"))):
            (standing,) = await ledger.standings("default", asking, moment)
            assert standing.reserved == reserved
            assert door.standings("default", asking, moment) == (standing,)
    door.close()


async def test_a_hold_that_crosses_midnight_is_held_on_both_days(
    ledger: Ledger, wallet: Wallet, call_of: CallOf, now: datetime
):
    await ledger.set_budget(wallet.budget(), now, "tester")
    late = datetime(2026, 11, 22, 23, 55, tzinfo=UTC)
    reservation = await wallet.held(late, "0.7")
    after = late + timedelta(minutes=6)
    assert [(await wallet.one(at)).reserved for at in (late, after)] == [Decimal("0.7")] * 2
    assert (await ledger.reserve(wallet.order(after), after)).decision == "deny"
    receipt = await wallet.settle(after, call_of("c", cost="0.7", at=after, reservation_id=reservation.reservation_id))
    assert not receipt.unadmitted
    assert [((await wallet.one(at)).spent, (await wallet.one(at)).reserved) for at in (late, after)] == [
        (0, 0),
        (Decimal("0.7"), 0),
    ]
    await wallet.sound()


async def test_a_full_next_day_denies_a_hold_that_reaches_it(ledger: Ledger, wallet: Wallet, now: datetime):
    await ledger.set_budget(wallet.budget(), now, "tester")
    late, early = datetime(2026, 11, 22, 23, 0, tzinfo=UTC), datetime(2026, 11, 23, 0, 0, tzinfo=UTC)
    await wallet.held(late, "0.9", seconds=3700)
    reservation = await wallet.held(late, "0.1", seconds=60)
    assert (await ledger.reserve(wallet.order(late, "0.1", seconds=60), late)).decision == "deny"
    extended = await ledger.extend_reservation("default", reservation.reservation_id, early, late)
    assert extended.expires_at == early
    assert (await wallet.one(early)).reserved == Decimal("0.9")
    await wallet.sound()


@pytest.mark.parametrize(("microseconds", "decision"), [(3_600_000_000, "deny"), (3_599_999_999, "allow")])
async def test_a_hold_that_ends_at_midnight_to_the_microsecond_counts_for_the_new_day(
    ledger: Ledger, wallet: Wallet, call_of: CallOf, microseconds: int, decision: str
):
    late, early = datetime(2026, 11, 22, 23, 0, tzinfo=UTC), datetime(2026, 11, 23, 0, 0, tzinfo=UTC)
    await ledger.set_budget(wallet.budget(), late, "tester")
    await wallet.settle(late, call_of("c", cost="0.95", at=early))
    assert (await ledger.reserve(wallet.order(late, "0.1", seconds=microseconds / 1_000_000), late)).decision == decision


async def test_an_extension_holds_the_windows_it_reaches_or_is_refused(
    ledger: Ledger, wallet: Wallet, call_of: CallOf, now: datetime
):
    await ledger.set_budget(wallet.budget(period="hour"), now, "tester")
    start = datetime(2026, 11, 22, 12, 30, tzinfo=UTC)
    await wallet.settle(start, call_of("c", cost="0.7", at=start + timedelta(hours=2)))
    reservation = await wallet.held(start, "0.4", seconds=60)
    held = await ledger.extend_reservation("default", reservation.reservation_id, start + timedelta(hours=1), start)
    assert held.expires_at == start + timedelta(hours=1)
    assert [(await wallet.one(start + timedelta(hours=n))).reserved for n in (0, 1)] == [Decimal("0.4"), 0]
    with pytest.raises(Conflict, match="no room"):
        await ledger.extend_reservation("default", reservation.reservation_id, start + timedelta(hours=2), start)
    assert await ledger.extend_reservation("default", reservation.reservation_id, start, start) == held
    await ledger.set_budget(wallet.budget(period="hour", limit_usd=Decimal(2)), start, "tester")
    longer = await ledger.extend_reservation("default", reservation.reservation_id, start + timedelta(hours=2), start)
    assert longer.state == "held"
    await wallet.sound()


async def test_an_extension_of_what_has_expired_is_refused(ledger: Ledger, wallet: Wallet, now: datetime):
    reservation = await wallet.held(now)
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
    ledger: Ledger, wallet: Wallet, zone: str, before: datetime, hours: float
):
    await ledger.set_budget(wallet.budget(timezone=zone), before, "tester")
    reservation = await wallet.held(before, "0.6", seconds=1)
    last = before + timedelta(hours=hours)
    assert (await ledger.reserve(wallet.order(before + timedelta(milliseconds=1), "0.6"), before)).decision == "deny"
    await ledger.extend_reservation("default", reservation.reservation_id, last, before)
    reserved = [(await wallet.one(at)).reserved for at in (before, before + timedelta(seconds=1), last - timedelta(seconds=1))]
    assert reserved == [Decimal("0.6")] * 3
    await ledger.extend_reservation("default", reservation.reservation_id, last + timedelta(seconds=5), before)
    assert (await wallet.one(last + timedelta(seconds=1))).reserved == Decimal("0.6")
    await wallet.sound()


async def test_a_clock_that_steps_back_brings_no_hold_back_to_life(
    ledger: Ledger, wallet: Wallet, call_of: CallOf, now: datetime
):
    await ledger.set_budget(wallet.budget(), now, "tester")
    first = await wallet.held(now, "0.9", seconds=60)
    later = now + timedelta(seconds=61)
    await wallet.held(later, "0.9", seconds=60)
    receipt = await wallet.settle(now, call_of("c", cost="0.9", reservation_id=first.reservation_id))
    assert receipt.unadmitted
    assert (await ledger.reserve(wallet.order(now, "0.1"), now)).decision == "deny"
    await wallet.sound()


@pytest.mark.parametrize("reopened", [False, True])
async def test_a_clock_that_steps_back_lets_a_hold_live_no_longer_than_its_own_time(
    ledger: Ledger, wallet: Wallet, ledger_path: Path, call_of: CallOf, *, reopened: bool
):
    early = datetime(2026, 11, 23, 0, 10, tzinfo=UTC)
    await ledger.set_budget(wallet.budget(), early - timedelta(days=1), "tester")
    forgotten, kept = await wallet.held(early, "0.3", seconds=60), await wallet.held(early, "0.6", seconds=600)
    back = early - timedelta(hours=1)  # and with it into the day before
    asked = await open_ledger(ledger_path, now=back, window_of=window_of) if reopened else ledger
    theirs = wallet.at(asked)
    assert (await asked.reserve(wallet.order(back, "0.2"), back)).decision == "deny", "what was admitted is held all the same"
    assert (await theirs.one(back)).reserved == Decimal("0.9")
    receipt = await theirs.settle(back, call_of("c", cost="0.6", at=back, reservation_id=kept.reservation_id))
    assert not receipt.unadmitted
    over = back + timedelta(seconds=60)
    assert (await asked.reserve(wallet.order(over, "0.4"), over)).reservation is not None
    assert (await asked.release_reservation("default", forgotten.reservation_id, over)).state == "expired"
    await theirs.sound()
    if reopened:
        await asked.close()


async def test_clocks_that_differ_by_a_little_move_no_hold(ledger: Ledger, wallet: Wallet, now: datetime):
    await ledger.set_budget(wallet.budget(), now, "tester")
    reservation = await wallet.held(now, "0.4")
    before = now - timedelta(minutes=5)
    assert (await ledger.release_reservation("default", (await wallet.held(before)).reservation_id, before)).state == "released"
    longer = await ledger.extend_reservation("default", reservation.reservation_id, before, before)
    assert (longer.created_at, longer.expires_at) == (reservation.created_at, reservation.expires_at)


async def test_readers_count_no_hold_whose_time_is_over_and_writers_end_it(
    ledger: Ledger, wallet: Wallet, call_of: CallOf, now: datetime
):
    await ledger.set_budget(wallet.budget(), now, "tester")
    reservation = await wallet.held(now, "0.9")
    later = now + timedelta(seconds=600)
    assert (await wallet.one(later)).reserved == 0
    receipt = await wallet.settle(later, call_of("c", cost="0.1"))
    assert [s.reserved for s in receipt.standings] == [0]
    assert (await ledger.release_reservation("default", reservation.reservation_id, later)).state == "expired"
    await wallet.sound()


CHANGES: list[tuple[str, dict[str, Any] | None, str | None]] = [
    ("a higher limit", {"limit_usd": Decimal(5)}, "0.4"),
    ("another period", {"period": "month"}, "0.4"),
    ("another scope", {"scope": Scope.of({"agent": "b"})}, "0"),
    ("each agent", {"each": "agent"}, "0.4"),
    ("removal", None, None),
]


@pytest.mark.parametrize(("change", "reserved"), [pytest.param(c, r, id=name) for name, c, r in CHANGES])
async def test_changing_a_budget_keeps_holds_sound(
    ledger: Ledger, wallet: Wallet, call_of: CallOf, now: datetime, change: dict[str, Any] | None, reserved: str | None
):
    await ledger.set_budget(wallet.budget(), now, "tester")
    reservation = await wallet.held(now, agent="a")
    if change is None:
        await ledger.remove_budget("default", "b", now, "tester")
    else:
        await ledger.set_budget(wallet.budget(**change), now, "tester")
    assert [s.reserved for s in await ledger.standings("default", None, now)] == (
        [] if reserved is None else [Decimal(reserved)]
    )
    await wallet.sound()
    receipt = await wallet.settle(now, call_of("c", cost="0.1", agent="a", reservation_id=reservation.reservation_id))
    assert not receipt.unadmitted
    assert all(s.reserved == 0 for s in await ledger.standings("default", None, now))
    await wallet.sound()


async def test_a_new_budget_holds_what_is_alive_already(ledger: Ledger, wallet: Wallet, now: datetime):
    await wallet.held(now, "0.9")
    await wallet.held(now, "0.9", tenant="other")
    await ledger.set_budget(wallet.budget(), now, "tester")
    assert (await wallet.one(now)).reserved == Decimal("0.9")
    assert (await ledger.reserve(wallet.order(now), now)).decision == "deny"
    await wallet.sound()


async def test_verify_finds_a_hold_that_is_wrong_and_rebuild_mends_it(
    ledger: Ledger, wallet: Wallet, now: datetime, ledger_path: Path
):
    await ledger.set_budget(wallet.budget(), now, "tester")
    await wallet.held(now)
    for damage in ("UPDATE held_sums SET nanos = 1", "DELETE FROM holds", "UPDATE holds SET tokens = 7"):
        with closing(sqlite3.connect(ledger_path)) as db:
            db.execute(damage)
            db.commit()
        assert (await ledger.verify()).differences
        assert (await ledger.rebuild()).differences
        assert not (await ledger.verify()).differences
        assert (await wallet.one(now)).reserved == Decimal("0.4")
