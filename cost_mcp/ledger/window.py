"""What the windows of budgets hold: which ones a call lands in, adding it there, and reading where a budget stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
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
)  # fmt: skip
WINDOW_KEY = ("tenant", "budget_id", "window_start", "each_value", "billing", "source", "rank")
ADD_TO_WINDOW = (
    f"INSERT INTO budget_windows ({', '.join((*WINDOW_KEY, *WINDOW_SUMS))}) "
    f"VALUES ({', '.join('?' for _ in (*WINDOW_KEY, *WINDOW_SUMS))}) ON CONFLICT DO UPDATE SET "
    + ", ".join(f"{c} = {c} + excluded.{c}" for c in WINDOW_SUMS)
)
"""Parameters: the columns of ``WINDOW_KEY``, then those of ``WINDOW_SUMS``."""

TIGHTEST = 5
_SUMS = ", ".join(f"COALESCE(SUM({c}), 0) AS {c}" for c in WINDOW_SUMS)
_IN_WINDOW = "FROM budget_windows WHERE tenant = ? AND budget_id = ? AND window_start = ? AND (billing = 'api' OR ?)"
_ONE_WINDOW = f"SELECT {_SUMS} {_IN_WINDOW} AND each_value = ?"
_TIGHTEST_WINDOWS = (
    f"SELECT {_SUMS}, each_value {_IN_WINDOW} GROUP BY each_value ORDER BY {{column}} DESC, each_value LIMIT {TIGHTEST}"
)


WindowKey = tuple[str, str, int, str]
"""The first columns of ``WINDOW_KEY``: tenant, budget_id, window_start, each_value."""


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
    cost, tokens, provisional = priced.pricing.cost_usd, priced.call.usage.total_tokens, priced.call.provisional
    cost_nanos = 0 if cost is None else nanos(cost)
    provisional_sums = (cost_nanos, tokens) if provisional else (0, 0)
    return (
        1,
        int(cost is None),
        int(provisional),
        cost_nanos,
        charged_nanos(priced),
        provisional_sums[0],
        tokens,
        provisional_sums[1],
    )


def one_window_sums(window: Window) -> tuple[str, tuple[object, ...]]:
    """The statement that reads what one window holds, in the order of ``WINDOW_SUMS``."""
    tenant, budget_id, start, each_value = window.key
    return _ONE_WINDOW, (tenant, budget_id, start, window.budget.include_subscription, each_value)


def one_window(window: Window) -> Plan[Standing]:
    """Where a budget stands in one window; zero when nothing was spent in it."""
    rows = yield one_window_sums(window)
    return standing(window, rows[0])


def tightest_windows(budget: Budget, start: datetime, end: datetime | None) -> Plan[tuple[Standing, ...]]:
    """The five windows of an each-budget in which most was spent; one empty one when nothing was."""
    rows = yield (
        _TIGHTEST_WINDOWS.format(column=_spent_column(budget)),
        (budget.tenant, budget.budget_id, micros(start), budget.include_subscription),
    )
    found = [standing(Window(budget, start, end, row[-1]), row) for row in rows if any(row[: len(WINDOW_SUMS)])]
    return tuple(found) or (standing(Window(budget, start, end), (0,) * len(WINDOW_SUMS)),)


def standing(window: Window, row: Sequence[Any]) -> Standing:
    """A window's sums, in the order of ``WINDOW_SUMS``, as a ``Standing`` in the budget's unit."""
    calls, unpriced, provisional_calls, cost, charged, provisional_cost, tokens, provisional_tokens = row[: len(WINDOW_SUMS)]
    budget = window.budget
    if budget.unit == "usd":
        spent, provisional = usd(charged if budget.mode == "enforce" else cost), usd(provisional_cost)
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
        calls=calls,
        unpriced_calls=unpriced,
        provisional=provisional,
    )


def _spent_column(budget: Budget) -> str:
    if budget.unit != "usd":
        return budget.unit
    return "charged_nanos" if budget.mode == "enforce" else "cost_nanos"


def tightest_first(standings: Sequence[Standing]) -> tuple[Standing, ...]:
    """Standings by percent used, highest first, then by name and value."""
    return tuple(sorted(standings, key=lambda s: (-s.used_percent, s.budget.name, s.each_value or "")))
