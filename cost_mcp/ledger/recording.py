"""Recording calls inside a write transaction: created, exists, corrected, or refused."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from cost_mcp.errors import CostError
from cost_mcp.ledger.book import Book
from cost_mcp.ledger.coverage import covered_by
from cost_mcp.ledger.entry import INSERT_ENTRY, REVERSE_ENTRY, charged_nanos, check_recordable, entry_values
from cost_mcp.ledger.plan import run_plan
from cost_mcp.ledger.repeat import context_warning, corrects
from cost_mcp.ledger.series import series_of
from cost_mcp.ledger.stored import SELECT_CURRENT, StoredEntry, stored_entry
from cost_mcp.ledger.window import ADD_TO_WINDOW, Window, one_window, tightest_first
from cost_mcp.model.budget import Standing
from cost_mcp.model.charge import PricedCall
from cost_mcp.model.moment import micros
from cost_mcp.model.money import nanos
from cost_mcp.model.receipt import CORRECTED, CREATED, EXISTS, Receipt


def record_calls(book: Book, calls: Sequence[PricedCall], now: datetime) -> tuple[Receipt | Exception, ...]:
    """One answer per call, in order. A call is judged before anything is written, so a refused one leaves no trace."""
    answers: list[Receipt | Exception] = []
    for priced in calls:
        try:
            answers.append(_record(book, priced, now))
        except CostError as refusal:
            answers.append(refusal)
    return tuple(answers)


def _record(book: Book, priced: PricedCall, now: datetime) -> Receipt:
    check_recordable(priced)
    call = priced.call
    row = book.db.execute(SELECT_CURRENT, (call.tenant, call.call_id)).fetchone()
    if row is None:
        windows = _enter(book, priced, 1, now)
        return Receipt(outcome=CREATED, recorded=priced, standings=_standings(book, windows), warnings=priced.pricing.warnings)
    stored = stored_entry(row)
    if corrects(stored.priced, priced):
        _reverse(book, stored, now)
        windows = _enter(book, priced, stored.revision + 1, now)
        return Receipt(
            outcome=CORRECTED, recorded=priced, standings=_standings(book, windows), warnings=priced.pricing.warnings
        )
    windows = _windows(book, stored.priced)
    return Receipt(
        outcome=EXISTS,
        recorded=stored.priced,
        standings=_standings(book, windows),
        warnings=context_warning(stored.priced.call, call),
    )


def _enter(book: Book, priced: PricedCall, revision: int, now: datetime) -> list[Window]:
    tenant = priced.call.tenant
    series_id = book.series_id(series_of(priced))
    price_id = book.price_id(tenant, priced.pricing.entry)
    seq = book.db.execute(INSERT_ENTRY, entry_values(priced, revision, micros(now), series_id, price_id)).lastrowid
    assert seq is not None
    book.last_seq = seq
    windows = _windows(book, priced)
    _add(book, priced, windows, 1)
    return windows


def _reverse(book: Book, stored: StoredEntry, now: datetime) -> None:
    book.db.execute(REVERSE_ENTRY, (micros(now), stored.seq))
    _add(book, stored.priced, _windows(book, stored.priced), -1)


def _windows(book: Book, priced: PricedCall) -> list[Window]:
    budgets = book.budgets(priced.call.tenant)
    if not budgets:
        return []
    covered, occurred_at = covered_by(priced), priced.call.occurred_at
    found = [counting.window(covered, occurred_at) for counting in budgets]
    return [window for window in found if window is not None]


def _add(book: Book, priced: PricedCall, windows: list[Window], sign: int) -> None:
    if not windows:
        return
    call, cost = priced.call, priced.pricing.cost_usd
    cost_nanos, tokens, provisional = 0 if cost is None else nanos(cost), call.usage.total_tokens, call.provisional
    sums = (
        sign,
        sign * (cost is None),
        sign * provisional,
        sign * cost_nanos,
        sign * charged_nanos(priced),
        sign * cost_nanos * provisional,
        sign * tokens,
        sign * tokens * provisional,
    )
    for window in windows:
        book.db.execute(ADD_TO_WINDOW, (*window.key(), call.billing, call.source, int(call.rank), *sums))


def _standings(book: Book, windows: list[Window]) -> tuple[Standing, ...]:
    return tightest_first([run_plan(book.db, one_window(window)) for window in windows])
