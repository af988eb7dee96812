"""What the windows of budgets hold: which ones a call lands in, adding it there, and reading where a budget stands."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from cost_mcp.ledger.contract import WindowOf
from cost_mcp.ledger.entry import charged_nanos
from cost_mcp.ledger.plan import Plan
from cost_mcp.model.budget import Budget, Standing
from cost_mcp.model.charge import PricedCall
from cost_mcp.model.moment import micros
from cost_mcp.model.money import nanos, usd
from cost_mcp.model.scope import Covered

WINDOW_SUMS = (
    "calls", "unpriced_calls", "provisional_calls", "cost_nanos", "charged_nanos", "provisional_nanos", "tokens", "provisional_tokens",
    "unpriced_input_tokens", "unpriced_output_tokens",
)  # fmt: skip
_COST, _CHARGED, _TOKENS = (WINDOW_SUMS.index(name) for name in ("cost_nanos", "charged_nanos", "tokens"))
_UNPRICED, _HELD_HERE = WINDOW_SUMS.index("unpriced_input_tokens"), len(WINDOW_SUMS)
WINDOW_KEY = ("tenant", "budget_id", "window_start", "each_value", "billing", "source", "rank")
ADD_TO_WINDOW = (
    f"INSERT INTO budget_windows ({', '.join((*WINDOW_KEY, *WINDOW_SUMS))}) "
    f"VALUES ({', '.join('?' for _ in (*WINDOW_KEY, *WINDOW_SUMS))}) ON CONFLICT DO UPDATE SET "
    + ", ".join(f"{c} = {c} + excluded.{c}" for c in WINDOW_SUMS)
)
"""Parameters: the columns of ``WINDOW_KEY``, then those of ``WINDOW_SUMS``."""

MOST_WINDOWS = 32
"""The most windows one statement reads."""
_ZERO = Decimal(0)
_IN_WINDOW = "FROM budget_windows WHERE tenant = ? AND budget_id = ? AND window_start = ? AND (billing = 'api' OR ?)"
_HELD_COLUMN = {"usd": "nanos", "tokens": "tokens", "calls": "calls"}
_HELD = "FROM held_sums WHERE tenant = ? AND budget_id = ? AND window_start = ?"
_HELD_COLUMNS = {unit: f"{column}, 0, 0" for unit, column in _HELD_COLUMN.items()} | {
    "assuming": "nanos, unpriced_input_tokens, unpriced_output_tokens"
}
_NO_SUMS = ", ".join("0" for _ in WINDOW_SUMS)
_OF_BUDGET = "WHERE tenant = ? AND budget_id = ?"
WINDOW_ROWS = f"SELECT window_start, each_value, {', '.join(WINDOW_SUMS)}, 0, 0, 0 FROM budget_windows {_OF_BUDGET} AND (billing = 'api' OR ?)"
"""What was spent in every window of a budget: start and each-value, then parts of what ``sums_of`` gives."""
HELD_ROWS = {
    unit: f"SELECT window_start, each_value, {_NO_SUMS}, {column}, unpriced_input_tokens, unpriced_output_tokens "
    f"FROM held_sums {_OF_BUDGET}"
    for unit, column in _HELD_COLUMN.items()
}
"""What is held in every window of a budget, by its unit, as ``WINDOW_ROWS``."""
_EMPTY: Sequence[int] = (0,) * (len(WINDOW_SUMS) + 3)
_EXPIRED = (
    "SELECT h.budget_id, h.window_start, h.each_value, SUM(h.nanos), SUM(h.tokens), SUM(h.calls), SUM(h.unpriced_input_tokens), "
    "SUM(h.unpriced_output_tokens) "
    "FROM reservations r INDEXED BY reservations_live "
    "CROSS JOIN holds h ON h.tenant = r.tenant AND h.reservation_id = r.reservation_id "
    "WHERE r.state = 'held' AND r.expires_at <= ? AND r.tenant = ? GROUP BY 1, 2, 3"
)


WindowKey = tuple[str, str, int, str]
"""The first columns of ``WINDOW_KEY``: tenant, budget_id, window_start, each_value."""

Expired = Mapping[WindowKey, Mapping[str, int]]
"""What is over of the holds of a window, by unit; the tokens without a known price apart."""

_NOTHING: Mapping[str, int] = {"usd": 0, "tokens": 0, "calls": 0, "unpriced_input": 0, "unpriced_output": 0}


@dataclass(frozen=True, slots=True)
class Window:
    """One window of one budget; ``each_value`` is '' for a budget without ``each``."""

    budget: Budget
    start: datetime
    end: datetime | None
    each_value: str = ""
    key: WindowKey = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "key", (self.budget.tenant, self.budget.budget_id, micros(self.start), self.each_value))


class Counting:
    """A budget in force, remembering its last window: calls mostly come in order, calendars are slow."""

    def __init__(self, budget: Budget, window_of: WindowOf) -> None:
        self.budget = budget
        self._window_of = window_of
        self._last: Window | None = None

    def windows(self, covered: Covered, billing: str, start: datetime, end: datetime) -> tuple[Window, ...]:
        """Every window that a call covered so may land in from ``start`` to ``end``, both included; oldest first."""
        budget = self.budget
        if billing == "subscription" and not budget.include_subscription:
            return ()
        since = start if budget.counts_from is None else max(start, budget.counts_from)
        first = self.window(covered, since) if since <= end else None
        if first is None:
            return ()
        found = [first]
        while (after := found[-1].end) is not None and after <= end:
            found.append(Window(budget, *self._window_of(budget, after), first.each_value))
        return tuple(found)

    def blind_window(self, covered: Covered, billing: str, at: datetime) -> Window | None:
        """The window of a budget that looks at the model or provider, when only that is missing to know whether it covers."""
        budget = self.budget
        return Window(budget, *self._window_of(budget, at)) if budget.blind_to(covered, billing) else None

    def window(self, covered: Covered, occurred_at: datetime) -> Window | None:
        """The window a call lands in; None when the budget does not cover it or did not count yet."""
        budget = self.budget
        if not budget.scope.covers(covered):
            return None
        values = covered.values(budget.each) if budget.each else ("",)
        if not values or (budget.counts_from is not None and occurred_at < budget.counts_from):
            return None
        last = self._last
        if last is None or occurred_at < last.start or (last.end is not None and occurred_at >= last.end):
            last = self._last = Window(budget, *self._window_of(budget, occurred_at))
        return Window(budget, last.start, last.end, values[0]) if budget.each else last


def window_sums(priced: PricedCall) -> tuple[int, ...]:
    """What a call adds to each window it lands in, in the order of ``WINDOW_SUMS``."""
    cost, usage, provisional = priced.pricing.cost_usd, priced.call.usage, priced.call.provisional
    tokens = usage.total_tokens
    cost_nanos = 0 if cost is None else nanos(cost)
    provisional_sums = (cost_nanos, tokens) if provisional else (0, 0)
    return (
        1,
        int(priced.pricing.lacks_price),
        int(provisional),
        cost_nanos,
        charged_nanos(priced),
        provisional_sums[0],
        tokens,
        provisional_sums[1],
        *((usage.input_tokens, usage.output_tokens) if priced.pricing.lacks_token_price else (0, 0)),
    )


def window_rows_of(windows: Sequence[Window], *, held: bool = True) -> tuple[str, list[object]]:
    """The statement that reads up to ``MOST_WINDOWS`` windows; what it gives is for ``sums_of``.

    ``held`` is False where no reservation lives anywhere: then nothing is held and nobody looks.
    """
    kinds = [_held_kind(window.budget) if held else None for window in windows]
    values: list[object] = []
    for window, kind in zip(windows, kinds, strict=True):
        *key, each_value = window.key
        values += [*key, window.budget.include_subscription, each_value]
        if kind is not None:
            values += [*key, each_value]
    return _window_rows(tuple(kinds)), values


def sums_of(windows: Sequence[Window], rows: Iterable[Sequence[Any]]) -> list[Sequence[int]]:
    """For each window the sums in the order of ``WINDOW_SUMS``, then what is held: in the budget's unit, and the input and output
    tokens without a known price where it assumes one.
    """
    found: list[Sequence[int]] = [_EMPTY] * len(windows)
    for row in rows:  # mostly one for a window: one billing, one source
        number: int = row[0]
        sums: Sequence[int] = row[1:]
        before = found[number]
        found[number] = sums if before is _EMPTY else [a + b for a, b in zip(before, sums, strict=True)]
    return found


def _held_kind(budget: Budget) -> str:
    return budget.unit if budget.assumed is None else "assuming"


@lru_cache(maxsize=256)
def _window_rows(kinds: tuple[str | None, ...]) -> str:
    # One statement instead of one for each window: most of what such a small one costs is starting it.
    selects: list[str] = []
    for number, kind in enumerate(kinds):
        selects.append(f"SELECT {number}, {', '.join(WINDOW_SUMS)}, 0, 0, 0 {_IN_WINDOW} AND each_value = ?")
        if kind is not None:
            selects.append(f"SELECT {number}, {_NO_SUMS}, {_HELD_COLUMNS[kind]} {_HELD} AND each_value = ?")
    return " UNION ALL ".join(selects)


def expired_holds(tenant: str, now: datetime) -> Plan[Expired]:
    """What windows still count as held although its time is over: nobody who writes has come by since."""
    rows = yield _EXPIRED, (micros(now), tenant)
    return {(tenant, *row[:3]): dict(zip(_NOTHING, row[3:], strict=True)) for row in rows}


def one_window(window: Window, expired: Expired) -> Plan[Standing]:
    """Where a budget stands in one window; zero when nothing was spent or is held in it."""
    rows = yield window_rows_of((window,))
    return standing(window, sums_of((window,), rows)[0], expired)


def standing(window: Window, sums: Sequence[int] = _EMPTY, expired: Expired | None = None) -> Standing:
    """What ``sums_of`` gives of one window, less what has ``expired``, as a ``Standing`` in the budget's unit."""
    calls, unpriced, provisional_calls, cost, charged, provisional_cost, tokens, provisional_tokens, *rest = sums
    unpriced_input, unpriced_output, kept, held_input, held_output = rest
    budget = window.budget
    over = expired.get(window.key, _NOTHING) if expired else _NOTHING
    held = kept - over[budget.unit]
    assumed = reserved = _ZERO
    if budget.assumed is not None:
        assumed = budget.assumed.cost(unpriced_input, unpriced_output)
        reserved = budget.assumed.cost(held_input - over["unpriced_input"], held_output - over["unpriced_output"])
    if budget.unit == "usd":
        spent = usd(charged if budget.mode == "enforce" else cost) + assumed
        provisional = usd(provisional_cost)
    elif budget.unit == "tokens":
        spent, provisional = Decimal(tokens), Decimal(provisional_tokens)
    else:
        spent, provisional = Decimal(calls), Decimal(provisional_calls)
    return Standing(
        budget=budget,
        window_start=window.start,
        window_end=window.end,
        each_value=window.each_value or None,
        spent=spent,
        reserved=usd(held) + reserved if budget.unit == "usd" else Decimal(held),
        calls=calls,
        unpriced_calls=unpriced,
        provisional=provisional,
        assumed=assumed,
    )


def spent_whole(budget: Budget, sums: Sequence[int]) -> int:
    """What is spent by ``sums``, in whole nano-dollars, tokens or calls, without what is assumed."""
    if budget.unit != "usd":
        return sums[_TOKENS if budget.unit == "tokens" else 0]
    return sums[_CHARGED if budget.mode == "enforce" else _COST]


def spent_and_held(budget: Budget, sums: Sequence[int]) -> int:
    """What is spent and held by what ``sums_of`` gives, in whole nano-dollars, tokens or calls; what is assumed included."""
    amount = spent_whole(budget, sums) + sums[_HELD_HERE]
    if budget.assumed is not None:
        amount += nanos(budget.assumed.cost(*sums[_UNPRICED:_HELD_HERE])) + nanos(budget.assumed.cost(*sums[_HELD_HERE + 1 :]))
    return amount


def tightest_first(standings: Sequence[Standing]) -> tuple[Standing, ...]:
    """Standings by percent used, highest first, then by name and value."""
    return tuple(sorted(standings, key=tightness))


def tightness(standing: Standing) -> tuple[Decimal, str, str]:
    """What standings are ordered by."""
    return -standing.used_percent, standing.budget.name, standing.each_value or ""
