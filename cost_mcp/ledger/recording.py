"""Recording calls: prepared before the ledger's lock is taken, judged and entered under it, answered after the commit."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from cost_mcp.errors import Conflict, CostError
from cost_mcp.ledger.book import Book, InForce, Landing
from cost_mcp.ledger.coverage import covered_by
from cost_mcp.ledger.entry import INSERT_ENTRY, INSERT_UNCOUNTED, check_recordable, entry_values
from cost_mcp.ledger.held import Held, Standings
from cost_mcp.ledger.holding import find, sweep
from cost_mcp.ledger.landing import landing_in, reverse, windows_of_call
from cost_mcp.ledger.owning import counts, note_unshared, product_of_unshared, remarks, why_not_counted
from cost_mcp.ledger.repeat import context_warning, corrects
from cost_mcp.ledger.reservation_row import HELD, KeptReservation
from cost_mcp.ledger.series import SeriesKey, series_of
from cost_mcp.ledger.settling import Settlement, judge, named_by, settle
from cost_mcp.ledger.stored import SELECT_CURRENT, StoredEntry, stored_entry
from cost_mcp.ledger.window import Window, window_sums
from cost_mcp.model.call import Call
from cost_mcp.model.charge import PricedCall
from cost_mcp.model.moment import micros
from cost_mcp.model.receipt import CORRECTED, CREATED, EXISTS, Receipt
from cost_mcp.model.scope import Covered


@dataclass(slots=True)  # made for every call: freezing these costs more than filling them
class Prepared:
    """A call with everything worked out that does not need the ledger, and what is ``foreseen`` of entering it."""

    priced: PricedCall
    series: SeriesKey
    values: tuple[Any, ...]
    covered: Covered
    sums: tuple[int, ...]
    foreseen: Foreseen | None = None


@dataclass(slots=True)
class Foreseen:
    """Entering a new call, worked out before the lock was taken: good while the budgets are the same that are in force."""

    in_force: InForce
    row: tuple[Any, ...]
    landing: Landing
    entered: Entered


@dataclass(slots=True)
class Entered:
    """A receipt without its standings, and the windows they are read from once the whole commit is known."""

    outcome: str
    recorded: PricedCall
    windows: tuple[Window, ...]
    warnings: tuple[str, ...]
    settlement: Settlement


Answer = Entered | CostError


def prepare(priced: PricedCall) -> Prepared | CostError:
    """A call ready to be entered, or why it cannot be."""
    try:
        check_recordable(priced)
    except CostError as refusal:
        return refusal
    return Prepared(priced, series_of(priced), entry_values(priced), covered_by(priced), window_sums(priced))


def foresee(book: Book, call: Prepared | CostError, now: datetime) -> Prepared | CostError:
    """The same call, with its row and windows where everything they are made of is remembered from an earlier commit.

    Called before the ledger's lock is taken, in the caller's thread: while one process enters calls, others work these out.
    """
    if isinstance(call, CostError) or call.priced.call.reservation_id is not None or call.priced.call.product is not None:
        return call
    priced, key, in_force = call.priced, call.priced.call, book.in_force
    budgets = in_force.budgets.get(key.tenant)
    numbers = book.remembered(call.series, key.tenant, priced.pricing.entry)
    if budgets is None or numbers is None:
        return call
    windows = landing_in(budgets, priced, call.covered)
    settlement = judge(book, priced, windows, None)
    call.foreseen = Foreseen(
        in_force,
        (key.tenant, key.call_id, 1, micros(now), *numbers, *call.values, int(settlement.unadmitted)),
        Landing.of(key, windows),
        Entered(CREATED, priced, windows, priced.pricing.warnings, settlement),
    )
    return call


def enter_calls(book: Book, calls: Sequence[Prepared | CostError], now: datetime) -> tuple[Answer, ...]:
    """One answer per call, in order. A call is judged before anything is written, so a refused one leaves no trace."""
    recorded_at = micros(now)
    sweep(book, now)
    return tuple(call if isinstance(call, CostError) else _answer(book, call, recorded_at) for call in calls)


def receipts(answers: Sequence[Answer], held: Held) -> tuple[Receipt | Exception, ...]:
    """The answers with what their windows ``held`` at the commit, tightest first."""
    return tuple(answer if isinstance(answer, CostError) else _receipt(answer, held) for answer in answers)


def _receipt(entered: Entered, held: Held) -> Receipt:
    return Receipt(
        outcome=entered.outcome,
        recorded=entered.recorded,
        standings=Standings(held, entered.windows),
        warnings=entered.warnings,
        reservation=entered.settlement.reservation,
        unadmitted=entered.settlement.unadmitted,
    )


def _answer(book: Book, call: Prepared, recorded_at: int) -> Answer:
    priced = call.priced
    kept = None if priced.call.reservation_id is None else named_by(book, priced.call)
    if isinstance(kept, CostError):
        return kept
    foreseen = call.foreseen
    try:
        if foreseen is not None and foreseen.in_force is book.in_force:
            return _enter_foreseen(book, foreseen, call.sums)
        return _enter(book, call, 1, recorded_at, kept, counted=_counts(book, priced.call, recorded_at))
    except sqlite3.IntegrityError as refusal:
        # Nearly every call is new: the key's own refusal costs those nothing, a look beforehand would cost each.
        row = book.db.execute(SELECT_CURRENT, (priced.call.tenant, priced.call.call_id)).fetchone()
        if refusal.sqlite_errorcode != sqlite3.SQLITE_CONSTRAINT_TRIGGER or row is None:
            raise
        return _repeated(book, call, stored_entry(row), recorded_at, kept)


def _repeated(book: Book, call: Prepared, stored: StoredEntry, recorded_at: int, kept: KeptReservation | None) -> Answer:
    priced, before = call.priced, stored.priced.call.reservation_id
    if kept is not None and before not in (None, kept.reservation.reservation_id):
        return _other_reservation()
    if kept is None and before is not None:
        kept = find(book, priced.call.tenant, before)
    try:
        better = corrects(stored.priced.call, priced.call)
    except CostError as refusal:
        return refusal
    if better:
        counted = counts(book, priced.call, product_of_unshared(book, priced.call), recorded_at)
        reverse(book, stored, recorded_at)
        return _enter(book, _with_reservation(call, kept), stored.revision + 1, recorded_at, kept, counted=counted)
    windows = windows_of_call(book, stored.priced, covered_by(stored.priced))
    settlement = _late_settlement(book, stored, windows if stored.counted else (), kept)
    uncounted = () if stored.counted else why_not_counted(book, stored.priced.call)
    warnings = (*uncounted, *context_warning(stored.priced.call, priced.call), *settlement.warnings)
    told = Settlement(settlement.reservation, stored.unadmitted)
    return Entered(EXISTS, stored.priced, windows, warnings, told)


def _late_settlement(book: Book, stored: StoredEntry, windows: tuple[Window, ...], kept: KeptReservation | None) -> Settlement:
    """A call that came in without its reservation, from a log perhaps, and is now told to have had one: it gives back."""
    if kept is None:
        return Settlement()
    if kept.reservation.state != HELD:
        return Settlement(kept.reservation)
    settlement = judge(book, stored.priced, windows, kept)
    settle(book, kept, settlement)
    return settlement


def _with_reservation(call: Prepared, kept: KeptReservation | None) -> Prepared:
    """The better report of a call, keeping the reservation that an earlier one named."""
    if kept is None or call.priced.call.reservation_id is not None:
        return call
    named = replace(call.priced.call, reservation_id=kept.reservation.reservation_id)
    priced = replace(call.priced, call=named)
    return replace(call, priced=priced, values=entry_values(priced))


def _other_reservation() -> Conflict:
    return Conflict(
        "the call was recorded with another reservation.",
        field="reservation_id",
        hint="Give this one back with release_reservation: a call settles one reservation.",
    )


def _enter_foreseen(book: Book, foreseen: Foreseen, sums: Sequence[int]) -> Entered:
    book.last_seq = book.db.execute(INSERT_ENTRY, foreseen.row).lastrowid or 0
    book.add_to_windows(foreseen.landing, sums)
    return foreseen.entered


def _counts(book: Book, call: Call, recorded_at: int) -> bool:
    # Nearly no call has a product: those that have none are not asked about.
    return call.product is None or counts(book, call, call.product if call.unshared else None, recorded_at)


def _enter(
    book: Book, call: Prepared, revision: int, recorded_at: int, kept: KeptReservation | None, *, counted: bool
) -> Entered:
    priced, key = call.priced, call.priced.call
    windows = windows_of_call(book, priced, call.covered)
    settlement = judge(book, priced, windows if counted else (), kept)
    series_id = book.series_id(call.series)
    price_id = book.price_id(key.tenant, priced.pricing.entry)
    values = (key.tenant, key.call_id, revision, recorded_at, series_id, price_id, *call.values, int(settlement.unadmitted))
    seq = book.db.execute(INSERT_ENTRY if counted else INSERT_UNCOUNTED, values).lastrowid
    assert seq is not None
    book.last_seq = seq
    if revision == 1 and key.unshared and key.product is not None:
        note_unshared(book, key)
    if counted:
        book.add_to_windows(Landing.of(key, windows), call.sums)
    if kept is not None:
        settle(book, kept, settlement)
    of_owner = remarks(book, key, counted=counted, first=revision == 1)
    warnings = (*of_owner, *priced.pricing.warnings, *settlement.warnings)
    return Entered(CREATED if revision == 1 else CORRECTED, priced, windows, warnings, settlement)
