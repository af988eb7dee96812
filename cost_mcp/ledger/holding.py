"""Holds: putting a reservation into every budget window it may be spent in, giving it back, sweeping out what is over."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from cost_mcp.ledger.book import FIRST_END, Book
from cost_mcp.ledger.reservation_row import (
    SELECT_RESERVATION,
    SELECT_RESERVATIONS,
    KeptReservation,
    kept_reservation,
)
from cost_mcp.ledger.window import Counting, Window, WindowKey
from cost_mcp.model.budget import Budget
from cost_mcp.model.moment import MAX_AHEAD, from_micros, micros
from cost_mcp.model.reservation import Reservation

HoldRow = tuple[str, str, str, int, str, int, int, int, int, int]
"""A row of ``holds``, in the order of ``HOLD_COLUMNS``."""

HOLD_COLUMNS = (
    "tenant", "reservation_id", "budget_id", "window_start", "each_value", "nanos", "tokens", "calls", "unpriced_input_tokens",
    "unpriced_output_tokens",
)  # fmt: skip

ADD_HOLD = f"INSERT INTO holds ({', '.join(HOLD_COLUMNS)}) VALUES ({', '.join('?' for _ in HOLD_COLUMNS)})"
_HELD_IN = "RETURNING tenant, budget_id, window_start, each_value"
_GIVE_BACK = f"DELETE FROM holds WHERE tenant = ? AND reservation_id = ? {_HELD_IN}"
_DROP_OF_BUDGET = "DELETE FROM holds WHERE tenant = ? AND budget_id = ?"
_ARE_OVER = "FROM reservations INDEXED BY reservations_live WHERE state = 'held' AND expires_at <= ?"
_GIVE_BACK_OVER = f"DELETE FROM holds WHERE (tenant, reservation_id) IN (SELECT tenant, reservation_id {_ARE_OVER}) {_HELD_IN}"
_EXPIRE = "UPDATE reservations SET state = 'expired' WHERE state = 'held' AND expires_at <= ?"
_MADE_LATER = f"{SELECT_RESERVATIONS} INDEXED BY reservations_live WHERE state = 'held' AND created_at > ?"
_MOVE = "UPDATE reservations SET created_at = ?, expires_at = ? WHERE tenant = ? AND reservation_id = ?"
_AHEAD = MAX_AHEAD // timedelta(microseconds=1)
LIVE = f"{SELECT_RESERVATIONS} INDEXED BY reservations_live WHERE state = 'held'"


def sweep(book: Book, now: datetime) -> None:
    """End every reservation whose time is over, for good: a clock that steps back does not bring it to life again.

    Nor does it keep one alive: what was made more than ``MAX_AHEAD`` from now, by the clock of who comes first after the step,
    is taken for made now, and so lives no longer than its own time from here.
    """
    at = micros(now)
    book.swept_at = max(book.swept_at, at)
    if book.clock_at is None or at < book.clock_at - _AHEAD:
        _bring_back(book, at)
        book.clock_at = at
    book.clock_at = max(book.clock_at, at)
    if book.first_end is not None and book.first_end <= at:
        book.holds_changed(book.db.execute(_GIVE_BACK_OVER, (at,)).fetchall())
        book.db.execute(_EXPIRE, (at,))
        book.first_end = book.db.execute(FIRST_END).fetchone()[0]


def _bring_back(book: Book, at: int) -> None:
    for row in book.db.execute(_MADE_LATER, (at + _AHEAD,)).fetchall():
        kept = kept_reservation(row)
        before = kept.reservation
        lives = before.expires_at - before.created_at
        after = replace(before, created_at=from_micros(at), expires_at=from_micros(at) + lives)
        give_back(book, before)
        book.db.execute(_MOVE, (at, micros(after.expires_at), before.tenant, before.reservation_id))
        hold(book, windows_of(book.budgets(before.tenant), replace(kept, reservation=after)), after, kept.amount_nanos)
    book.first_end = book.db.execute(FIRST_END).fetchone()[0]


def find(book: Book, tenant: str, reservation_id: str) -> KeptReservation | None:
    """The tenant's reservation of this id."""
    row = book.db.execute(SELECT_RESERVATION, (tenant, reservation_id)).fetchone()
    return None if row is None else kept_reservation(row)


def windows_of(budgets: Iterable[Counting], kept: KeptReservation) -> tuple[Window, ...]:
    """Every window of these budgets a reservation is held in while it lives: those that overlap its time."""
    reservation = kept.reservation
    found: list[Window] = []
    for counting in budgets:
        found += counting.windows(kept.covered, kept.billing, reservation.created_at, reservation.expires_at)
    return tuple(found)


def hold_row(key: WindowKey, reservation: Reservation, amount_nanos: int) -> HoldRow:
    """What a reservation takes of one window: its amount, its tokens where known, one call, the tokens without a price."""
    unpriced = (reservation.unpriced_input_tokens, reservation.unpriced_output_tokens)
    return (key[0], reservation.reservation_id, *key[1:], amount_nanos, reservation.tokens or 0, 1, *unpriced)


def hold(book: Book, windows: Iterable[Window], reservation: Reservation, amount_nanos: int) -> None:
    """Hold a reservation in windows it is not held in yet."""
    end = micros(reservation.expires_at)
    book.first_end = end if book.first_end is None else min(book.first_end, end)
    keys = [window.key for window in windows]
    book.db.executemany(ADD_HOLD, [hold_row(key, reservation, amount_nanos) for key in keys])
    book.holds_changed(keys)


def give_back(book: Book, reservation: Reservation) -> None:
    """Free what a reservation holds, everywhere."""
    book.holds_changed(book.db.execute(_GIVE_BACK, (reservation.tenant, reservation.reservation_id)).fetchall())


def drop_holds(book: Book, budget: Budget) -> None:
    """Free what is held against a budget; the reservations stay, held by the others that cover them."""
    book.db.execute(_DROP_OF_BUDGET, (budget.tenant, budget.budget_id))


def hold_live(book: Book, budget: Budget) -> None:
    """Hold every live reservation that a new budget covers against it too; none of its holds is there yet."""
    counting = (Counting(budget, book.window_of),)
    for row in book.db.execute(f"{LIVE} AND tenant = ?", (budget.tenant,)).fetchall():
        kept = kept_reservation(row)
        hold(book, windows_of(counting, kept), kept.reservation, kept.amount_nanos)
