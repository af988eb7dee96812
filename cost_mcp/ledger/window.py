"""What the windows of budgets hold: which ones a call lands in, adding it there, and reading where a budget stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cost_mcp.ledger.contract import WindowOf
from cost_mcp.ledger.plan import Plan
from cost_mcp.model.budget import Budget, Standing
from cost_mcp.model.moment import micros
from cost_mcp.model.money import usd
from cost_mcp.model.scope import Covered
from cost_mcp.model.totals import ZERO

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


@dataclass(frozen=True, slots=True)
class Window:
    """One window of one budget; ``each_value`` is '' for a budget without ``each``."""

    budget: Budget
    start: datetime
    end: datetime | None
    each_value: str = ""

    def key(self) -> tuple[str, str, int, str]:
        """The first columns of ``WINDOW_KEY``."""
        return self.budget.tenant, self.budget.budget_id, micros(self.start), self.each_value


class Counting:
    """A budget in force, remembering its last window: calls mostly come in order, calendars are slow."""

    def __init__(self, budget: Budget, window_of: WindowOf) -> None:
        self.budget = budget
        self._window_of = window_of
        self._last: tuple[datetime, datetime | None] | None = None

    def window(self, covered: Covered, occurred_at: datetime) -> Window | None:
        """The window a call lands in; None when the budget does not cover it or did not count yet."""
        budget = self.budget
        if not budget.scope.covers(covered):
            return None
        values = covered.values(budget.each) if budget.each else ("",)
        if not values or (budget.counts_from is not None and occurred_at < budget.counts_from):
            return None
        last = self._last
        if last is None or occurred_at < last[0] or (last[1] is not None and occurred_at >= last[1]):
            last = self._last = self._window_of(budget, occurred_at)
        return Window(budget, last[0], last[1], values[0])


def one_window(window: Window) -> Plan[Standing]:
    """Where a budget stands in one window; zero when nothing was spent in it."""
    tenant, budget_id, start, each_value = window.key()
    rows = yield _ONE_WINDOW, (tenant, budget_id, start, window.budget.include_subscription, each_value)
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
    sums: dict[str, int] = dict(zip(WINDOW_SUMS, row, strict=False))
    budget, zero = window.budget, ZERO
    if budget.unit == "usd":
        spent, provisional = usd(sums[_spent_column(budget)]), usd(sums["provisional_nanos"])
    elif budget.unit == "tokens":
        spent, provisional = zero + sums["tokens"], zero + sums["provisional_tokens"]
    else:
        spent, provisional = zero + sums["calls"], zero + sums["provisional_calls"]
    return Standing(
        budget=budget,
        window_start=window.start,
        window_end=window.end,
        each_value=window.each_value or None,
        spent=spent,
        calls=sums["calls"],
        unpriced_calls=sums["unpriced_calls"],
        provisional=provisional,
    )


def _spent_column(budget: Budget) -> str:
    if budget.unit != "usd":
        return budget.unit
    return "charged_nanos" if budget.mode == "enforce" else "cost_nanos"


def tightest_first(standings: Sequence[Standing]) -> tuple[Standing, ...]:
    """Standings by percent used, highest first, then by name and value."""
    return tuple(sorted(standings, key=lambda s: (-s.used_percent, s.budget.name, s.each_value or "")))
