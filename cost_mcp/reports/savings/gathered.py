"""What one pass over the calls of a period found, for rules to ask about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cost_mcp.reports.savings.cell import Cell


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """What one pass found.

    Of ``calls``, ``chainless`` have neither session nor task, ``unpriced`` no unit prices to go by; ``sessions`` says whether any
    has a session, ``last_at`` when the last one was made, in microseconds.
    """

    cells: Sequence[Cell]
    calls: int
    chainless: int
    unpriced: int
    sessions: bool
    last_at: int

    def without_chain(self) -> str | None:
        """That calls with neither session nor task are not seen; None where there are none."""
        if not self.chainless:
            return None
        return f"Cannot tell for {self.chainless:,} of {self.calls:,} calls: they carry neither session nor task."

    def without_prices(self) -> str | None:
        """That calls without unit prices are not seen; None where there are none."""
        if not self.unpriced:
            return None
        return f"Cannot tell for {self.unpriced:,} of {self.calls:,} calls: no price book gave them prices by token."
