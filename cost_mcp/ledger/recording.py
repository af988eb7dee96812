"""Recording calls: prepared before the ledger's lock is taken, judged and entered under it, answered after the commit."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import neg
from typing import Any

from cost_mcp.errors import CostError
from cost_mcp.ledger.book import Book, Held
from cost_mcp.ledger.coverage import covered_by
from cost_mcp.ledger.entry import INSERT_ENTRY, REVERSE_ENTRY, check_recordable, entry_values
from cost_mcp.ledger.repeat import context_warning, corrects
from cost_mcp.ledger.series import SeriesKey, series_of
from cost_mcp.ledger.stored import SELECT_CURRENT, StoredEntry, stored_entry
from cost_mcp.ledger.window import Window, tightest_first, window_sums
from cost_mcp.model.charge import PricedCall
from cost_mcp.model.moment import micros
from cost_mcp.model.receipt import CORRECTED, CREATED, EXISTS, Receipt
from cost_mcp.model.scope import Covered


@dataclass(frozen=True, slots=True)
class Prepared:
    """A call with everything worked out that does not need the ledger."""

    priced: PricedCall
    series: SeriesKey
    values: tuple[Any, ...]
    covered: Covered
    sums: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Entered:
    """A receipt without its standings, and the windows they are read from once the whole commit is known."""

    receipt: Receipt
    windows: tuple[Window, ...]


Answer = Entered | CostError


def prepare(priced: PricedCall) -> Prepared | CostError:
    """A call ready to be entered, or why it cannot be."""
    try:
        check_recordable(priced)
    except CostError as refusal:
        return refusal
    return Prepared(priced, series_of(priced), entry_values(priced), covered_by(priced), window_sums(priced))


def enter_calls(book: Book, calls: Sequence[Prepared | CostError], now: datetime) -> tuple[Answer, ...]:
    """One answer per call, in order. A call is judged before anything is written, so a refused one leaves no trace."""
    recorded_at = micros(now)
    return tuple(call if isinstance(call, CostError) else _answer(book, call, recorded_at) for call in calls)


def receipts(answers: Sequence[Answer], held: Held) -> tuple[Receipt | Exception, ...]:
    """The answers with what their windows ``held`` at the commit, tightest first."""
    return tuple(answer if isinstance(answer, CostError) else _receipt(answer, held) for answer in answers)


def _receipt(entered: Entered, held: Held) -> Receipt:
    if not entered.windows:
        return entered.receipt
    receipt = entered.receipt
    standings = tightest_first([held[window.key] for window in entered.windows])
    return Receipt(outcome=receipt.outcome, recorded=receipt.recorded, standings=standings, warnings=receipt.warnings)


def _answer(book: Book, call: Prepared, recorded_at: int) -> Answer:
    priced = call.priced
    try:
        windows = _enter(book, call, 1, recorded_at)
    except sqlite3.IntegrityError as refusal:
        # Nearly every call is new: the key's own refusal costs those nothing, a look beforehand would cost each.
        row = book.db.execute(SELECT_CURRENT, (priced.call.tenant, priced.call.call_id)).fetchone()
        if refusal.sqlite_errorcode != sqlite3.SQLITE_CONSTRAINT_TRIGGER or row is None:
            raise
        return _repeated(book, call, stored_entry(row), recorded_at)
    return Entered(Receipt(outcome=CREATED, recorded=priced, warnings=priced.pricing.warnings), windows)


def _repeated(book: Book, call: Prepared, stored: StoredEntry, recorded_at: int) -> Answer:
    priced = call.priced
    try:
        better = corrects(stored.priced, priced)
    except CostError as refusal:
        return refusal
    if better:
        _reverse(book, stored, recorded_at)
        windows = _enter(book, call, stored.revision + 1, recorded_at)
        return Entered(Receipt(outcome=CORRECTED, recorded=priced, warnings=priced.pricing.warnings), windows)
    windows = _windows(book, stored.priced, covered_by(stored.priced))
    warnings = context_warning(stored.priced.call, priced.call)
    return Entered(Receipt(outcome=EXISTS, recorded=stored.priced, warnings=warnings), windows)


def _enter(book: Book, call: Prepared, revision: int, recorded_at: int) -> tuple[Window, ...]:
    key = call.priced.call
    series_id = book.series_id(call.series)
    price_id = book.price_id(key.tenant, call.priced.pricing.entry)
    values = (key.tenant, key.call_id, revision, recorded_at, series_id, price_id, *call.values)
    seq = book.db.execute(INSERT_ENTRY, values).lastrowid
    assert seq is not None
    book.last_seq = seq
    windows = _windows(book, call.priced, call.covered)
    for window in windows:
        book.add_to_window(window, key, call.sums)
    return windows


def _reverse(book: Book, stored: StoredEntry, recorded_at: int) -> None:
    book.db.execute(REVERSE_ENTRY, (recorded_at, stored.seq))
    undone = tuple(map(neg, window_sums(stored.priced)))
    for window in _windows(book, stored.priced, covered_by(stored.priced)):
        book.add_to_window(window, stored.priced.call, undone)


def _windows(book: Book, priced: PricedCall, covered: Covered) -> tuple[Window, ...]:
    occurred_at = priced.call.occurred_at
    found = [counting.window(covered, occurred_at) for counting in book.budgets(priced.call.tenant)]
    windows = tuple([window for window in found if window is not None])
    for window in windows:
        book.look_at_window(window)
    return windows
