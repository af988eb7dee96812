"""What one process remembers of alerts between transactions, so that recording looks nothing up where no level rose."""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import Decimal

from cost_mcp.ledger.window import Window, WindowKey, spent_whole
from cost_mcp.model.budget import Budget
from cost_mcp.model.money import NANOS_PER_USD

MOST_REMEMBERED = 10_000


class Raised:
    """For each window seen lately: up to which spend there is nothing to raise, as long as its budget is what it was.

    It may know less than the ledger, never more: another process may have raised a level this one has not met yet.
    """

    def __init__(self) -> None:
        self.quiet: set[WindowKey] = set()  # windows of this transaction that are not to raise anything
        self._silent_below: dict[WindowKey, tuple[Budget, int | None]] = {}  # in the whole numbers of ``spent_whole``

    def begin(self) -> None:
        """A transaction starts: nothing in it is quiet yet."""
        self.quiet.clear()

    def undo(self) -> None:
        """A transaction was undone: what it raised is not raised."""
        self._silent_below.clear()

    def is_silent(self, window: Window, sums: Sequence[int]) -> bool:
        """Whether it is known that this window has nothing to raise."""
        known = self._silent_below.get(window.key)
        if known is None or known[0] is not window.budget:
            return False
        return known[1] is None or (window.budget.assumed is None and spent_whole(window.budget, sums) < known[1])

    def keep_silent(self, window: Window, below: Decimal | None) -> None:
        """Remember that this window has nothing to raise while it has spent less than ``below``; ever, for None."""
        if len(self._silent_below) >= MOST_REMEMBERED:
            self._silent_below.clear()
        whole = None if below is None else math.ceil(below * NANOS_PER_USD if window.budget.unit == "usd" else below)
        self._silent_below[window.key] = (window.budget, whole)
