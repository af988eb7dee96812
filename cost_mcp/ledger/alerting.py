"""Raising alerts inside a write transaction: in the one that recorded what caused them, each level of a window once.

A window raises one alert when its state is above the highest level that was ever raised for it, at the state it then has;
levels it skipped never fire later. Budgets in mode ``shadow`` raise none: an alert would say that somebody should act on a limit
that is only being tried out. Windows that have ended raise none.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from cost_mcp.errors import CostError
from cost_mcp.ledger.alert_row import INSERT_ALERT, alert_values, level_number
from cost_mcp.ledger.book import Book
from cost_mcp.ledger.held import Held
from cost_mcp.ledger.holding import sweep
from cost_mcp.ledger.ranking import values_from
from cost_mcp.ledger.recording import Answer, Entered, Prepared, enter_calls
from cost_mcp.ledger.window import Window, WindowKey, standing
from cost_mcp.model.alert import LEVELS, Alert
from cost_mcp.model.budget import Budget, Standing
from cost_mcp.model.call import new_id
from cost_mcp.model.moment import from_micros, micros
from cost_mcp.model.money import NANOS_PER_USD, usd_text

OTHER_WINDOWS = "other_windows"
"""The figure of an alert that also stands for windows of other each-values: how many."""

_RISE = (
    "INSERT INTO alert_levels (tenant, kind, about, window_start, each_value, level) VALUES (?, ?, ?, ?, ?, ?) "
    "ON CONFLICT DO UPDATE SET level = excluded.level WHERE excluded.level > level RETURNING level"
)


def raise_alerts(book: Book, held: Held) -> None:
    """Raise what the windows call for that a transaction looked at. No statement runs where no level rose."""
    raised = book.raised
    for window, sums in held:
        if not raised.is_silent(window, sums) and window.key not in raised.quiet:
            _look_at(book, window, standing(window, sums), from_micros(book.swept_at))


def enter_quietly(book: Book, calls: Sequence[Prepared | CostError], now: datetime) -> tuple[Answer, ...]:
    """Enter calls whose windows raise nothing in this transaction; ``raise_due`` makes up for it.

    Where a call that is not quiet lands in the same window in the same transaction, it waits for that too.
    """
    answers = enter_calls(book, calls, now)
    for answer in answers:
        if isinstance(answer, Entered):
            book.raised.quiet.update(window.key for window in answer.windows)
    book.raised.quiet.update(book.owners.left)
    return answers


def raise_due(book: Book, tenant: str, now: datetime) -> int:
    """Raise what the windows of this moment call for, once per budget; how many alerts that were."""
    sweep(book, now)
    book.rank_windows()
    return sum(raise_for(book, counting.budget, now) for counting in book.budgets(tenant))


def raise_for(book: Book, budget: Budget, now: datetime) -> int:
    """Raise what the windows of one budget call for at this moment: one alert at most, 1 when it was raised.

    Of an each-budget the fullest window tells, and how many others rose with it: what an import brings in, or a new budget
    finds, is one message, however many sessions it is about. The others never fire at that level again, but at a higher one.
    """
    if budget.mode == "shadow":
        return 0
    start, end = book.window_of(budget, now)
    values = ("",) if budget.each is None else _values_past(book, budget, start)
    risen: list[Standing] = []
    windows = [Window(budget, start, end, value) for value in values]
    for window, stands in zip(windows, book.standings(windows), strict=True):
        if _rises(book, "budget", window.key, stands.state):
            risen.append(stands)
    if not risen:
        return 0
    fullest = max(risen, key=lambda stands: stands.spent)
    figures = {OTHER_WINDOWS: str(len(risen) - 1)} if len(risen) > 1 else {}
    _enter(book, _budget_alert(fullest, now, figures), now)
    return 1


def raise_alert(book: Book, alert: Alert, now: datetime) -> bool:
    """Raise an anomaly or a test; False when its subject and window were told of before at this level or a higher one."""
    about = alert.alert_id if alert.kind == "test" else alert.subject
    if not _rises(book, alert.kind, (alert.tenant, about, micros(alert.window_start), ""), alert.level):
        return False
    _enter(book, alert, now)
    return True


def _look_at(book: Book, window: Window, stands: Standing, now: datetime) -> None:
    if stands.budget.mode == "shadow":
        book.raised.keep_silent(window, None)
    elif stands.window_end is None or stands.window_end > now:
        if _rises(book, "budget", window.key, stands.state):
            _enter(book, _budget_alert(stands, now, {}), now)
        book.raised.keep_silent(window, _next_level_at(stands))


def _rises(book: Book, kind: str, key: WindowKey, state: str) -> bool:
    """Whether the level is above every one told of before; then it is noted."""
    level = level_number(state)
    tenant, about, start, each_value = key
    return level > 0 and bool(book.db.execute(_RISE, (tenant, kind, about, start, each_value, level)).fetchall())


def _enter(book: Book, alert: Alert, now: datetime) -> None:
    book.db.execute(INSERT_ALERT, alert_values(alert, now))


def _next_level_at(stands: Standing) -> Decimal | None:
    """The spend at which the window reaches the level above its own; None when there is none."""
    above = LEVELS[level_number(stands.state) :]
    if not above:
        return None
    step: Decimal = getattr(stands.budget.thresholds, above[0])
    return stands.budget.limit * step / 100


def _values_past(book: Book, budget: Budget, start: datetime) -> tuple[str, ...]:
    """The each-values whose windows may have reached the first level: with what is held they have."""
    first = budget.limit * budget.thresholds.info / 100
    return values_from(book.db, budget, start, math.floor(first * NANOS_PER_USD if budget.unit == "usd" else first))


def _budget_alert(stands: Standing, now: datetime, figures: Mapping[str, str]) -> Alert:
    budget = stands.budget
    if stands.assumed:
        figures = {**figures, "assumed_usd": usd_text(stands.assumed)}
    bound = budget.unit == "usd" and not stands.assumed
    value = "" if stands.each_value is None else f" ({budget.each}={stands.each_value})"
    return Alert(
        alert_id=new_id("alr"),
        tenant=budget.tenant,
        kind="budget",
        level=stands.state,
        raised_at=now,
        subject=f"{budget.name}{value}",
        window_start=stands.window_start,
        window_end=stands.window_end,
        threshold_percent=getattr(budget.thresholds, stands.state),
        budget=budget.name,
        budget_id=budget.budget_id,
        each=budget.each,
        each_value=stands.each_value,
        period=budget.period,
        mode=budget.mode,
        unit=budget.unit,
        limit=budget.limit,
        spent=stands.spent,
        reserved=stands.reserved,
        unpriced_calls=stands.unpriced_calls if bound else 0,
        figures=figures,
    )
