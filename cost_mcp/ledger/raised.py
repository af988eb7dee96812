"""What one process remembers of alerts between transactions, so that recording looks nothing up where no level rose."""

from __future__ import annotations

from decimal import Decimal

from cost_mcp.ledger.window import WindowKey
from cost_mcp.model.budget import Budget, Standing

MOST_REMEMBERED = 10_000


class Raised:
    """For each window seen lately: up to which spend there is nothing to raise, as long as its budget is what it was.

    It may know less than the ledger, never more: another process may have raised a level this one has not met yet.
    """

    def __init__(self) -> None:
        self.quiet: set[WindowKey] = set()  # windows of this transaction that are not to raise anything
        self._silent_below: dict[WindowKey, tuple[Budget, Decimal]] = {}

    def begin(self) -> None:
        """A transaction starts: nothing in it is quiet yet."""
        self.quiet.clear()

    def undo(self) -> None:
        """A transaction was undone: what it raised is not raised."""
        self._silent_below.clear()

    def is_silent(self, key: WindowKey, standing: Standing) -> bool:
        """Whether it is known that this window has nothing to raise."""
        known = self._silent_below.get(key)
        return known is not None and known[0] is standing.budget and standing.spent < known[1]

    def keep_silent(self, key: WindowKey, standing: Standing, below: Decimal) -> None:
        """Remember that this window has nothing to raise while it has spent less than ``below``."""
        if len(self._silent_below) >= MOST_REMEMBERED:
            self._silent_below.clear()
        self._silent_below[key] = (standing.budget, below)
