"""Reserving, extending and releasing inside a write transaction: judged and held in one, so that nobody comes between."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from cost_mcp.errors import Conflict, CostError
from cost_mcp.ledger.book import Book
from cost_mcp.ledger.holding import find, give_back, hold, sweep, windows_of
from cost_mcp.ledger.reservation_row import (
    HELD,
    INSERT_RESERVATION,
    RELEASED,
    SELECT_BY_KEY,
    SETTLED,
    KeptReservation,
    already_settled,
    amount_nanos,
    covered_text,
    fingerprint,
    kept_reservation,
    new_reservation,
    no_such_reservation,
    reservation_values,
)
from cost_mcp.ledger.window import Window, tightest_first
from cost_mcp.model.budget import Standing
from cost_mcp.model.call import new_id
from cost_mcp.model.decision import ALLOW, DENY, decide, not_seen
from cost_mcp.model.moment import from_micros, instant_text, micros
from cost_mcp.model.reservation import Admission, Reservation, ReserveOrder

_RELEASE = "UPDATE reservations SET state = 'released' WHERE tenant = ? AND reservation_id = ?"
_EXTEND = "UPDATE reservations SET expires_at = ? WHERE tenant = ? AND reservation_id = ?"


def reserve(book: Book, order: ReserveOrder, now: datetime) -> Admission | CostError:
    """Hold an order in every window that overlaps its time, or deny it; the same key and order answer the first one."""
    sweep(book, now)
    book.write_windows()
    windows = _windows(book, order)
    if order.idempotency_key is not None:
        row = book.db.execute(SELECT_BY_KEY, (order.tenant, order.idempotency_key)).fetchone()
        if row is not None:
            return _repeated(book, order, windows, kept_reservation(row))
    standings = book.standings(windows)
    blind = book.standings(_blind_windows(book, order))
    verdict = not_seen(blind[0]) if blind else decide(standings, order.spend, holding=True)
    if verdict.decision == DENY:
        return Admission(
            decision=DENY, why=verdict.why, denied_by=verdict.decided_by, standings=tightest_first((*standings, *blind))
        )
    reservation = new_reservation(order, new_id("res"))
    book.db.execute(INSERT_RESERVATION, reservation_values(order, reservation, covered_text(order)))
    hold(book, windows, reservation, amount_nanos(order))
    after = tightest_first([_with_order(order, standing) for standing in standings])
    return Admission(decision=verdict.decision, why=verdict.why, reservation=reservation, standings=after)


def extend_reservation(
    book: Book, tenant: str, reservation_id: str, expires_at: datetime, now: datetime
) -> Reservation | CostError:
    """Hold it longer, also in the windows it then reaches; all of them have to have room."""
    sweep(book, now)
    book.write_windows()
    kept = find(book, tenant, reservation_id)
    if kept is None:
        return no_such_reservation()
    if kept.reservation.state != HELD:
        return _ended(kept)
    before = kept.reservation
    if expires_at <= before.expires_at:
        return before
    after = replace(before, expires_at=from_micros(micros(expires_at)))
    held = {window.key for window in windows_of(book.budgets(tenant), kept)}
    reached = [w for w in windows_of(book.budgets(tenant), replace(kept, reservation=after)) if w.key not in held]
    full = _without_room(book, kept, reached)
    if full is not None:
        return _no_room(full, before)
    book.db.execute(_EXTEND, (micros(after.expires_at), tenant, reservation_id))
    hold(book, reached, after, kept.amount_nanos)
    return after


def release_reservation(book: Book, tenant: str, reservation_id: str, now: datetime) -> Reservation | CostError:
    """Give back what is held; a reservation that ended without a call is answered as it is."""
    sweep(book, now)
    kept = find(book, tenant, reservation_id)
    if kept is None:
        return no_such_reservation()
    if kept.reservation.state == SETTLED:
        return already_settled()
    if kept.reservation.state != HELD:
        return kept.reservation
    give_back(book, kept.reservation)
    book.db.execute(_RELEASE, (tenant, reservation_id))
    return replace(kept.reservation, state=RELEASED)


def _windows(book: Book, order: ReserveOrder) -> tuple[Window, ...]:
    found: list[Window] = []
    for counting in book.budgets(order.tenant):
        found += counting.windows(order.covered, order.billing, order.created_at, order.expires_at)
    return tuple(found)


def _blind_windows(book: Book, order: ReserveOrder) -> tuple[Window, ...]:
    """Windows of enforcing budgets that the call may land in, but only its model will tell."""
    found = [
        counting.blind_window(order.covered, order.billing, order.created_at)
        for counting in book.budgets(order.tenant)
        if counting.budget.mode == "enforce"
    ]
    return tuple(window for window in found if window is not None)


def _with_order(order: ReserveOrder, standing: Standing) -> Standing:
    """The window as it stands once the order is held."""
    return replace(standing, reserved=standing.reserved + order.spend.known_amount(standing.budget))


def _repeated(book: Book, order: ReserveOrder, windows: Sequence[Window], kept: KeptReservation) -> Admission | CostError:
    if kept.fingerprint != fingerprint(order, covered_text(order)):
        return Conflict(
            "idempotency_key was used before for another order.",
            field="idempotency_key",
            hint="Use a key of its own for every reservation; give the same fields to repeat one.",
        )
    # Only what is still held may be spent: a retry that comes after the end is told so instead of being let through.
    state = kept.reservation.state
    lives = state == HELD
    why = "Reserved before under this key." if lives else f"Reserved before under this key and {state} since: use a new key."
    return Admission(
        decision=ALLOW if lives else DENY,
        why=why,
        reservation=kept.reservation,
        standings=tightest_first(book.standings(windows)),
        repeated=True,
    )


def _without_room(book: Book, kept: KeptReservation, reached: Sequence[Window]) -> Standing | None:
    """The first enforcing window that a reservation would reach and does not fit in."""
    spend = kept.reservation.spend
    for found in book.standings([w for w in reached if w.budget.mode == "enforce"]):
        if found.spent + found.reserved + spend.known_amount(found.budget) > found.budget.limit:
            return found
    return None


def _no_room(full: Standing, reservation: Reservation) -> Conflict:
    return Conflict(
        f"budget {full.budget.name} has no room for it in the window from {instant_text(full.window_start)}.",
        field="reservation_id",
        hint=f"It stays held until {instant_text(reservation.expires_at)}: settle or release it, or ask for less time.",
    )


def _ended(kept: KeptReservation) -> Conflict:
    if kept.reservation.state == SETTLED:
        return already_settled()
    return Conflict(
        f"the reservation is {kept.reservation.state}: nothing is held any more.",
        field="reservation_id",
        hint="Make a new reservation.",
    )
