"""Calls that need not have been made at all, by subject."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from cost_mcp.model.money import usd
from cost_mcp.reports.savings.cell import Cell, Part
from cost_mcp.reports.savings.gathered import Gathered
from cost_mcp.reports.savings.rule import Subject, by_subject


@dataclass(frozen=True, slots=True, kw_only=True)
class Wasted:
    """Calls of one subject, and what they cost."""

    calls: int
    spent: Decimal
    seqs: tuple[int, ...]
    instead: str | None = None

    @property
    def saved(self) -> Decimal:
        """All of it: none of them was needed."""
        return self.spent


def wasted(found: Gathered, part_of: Callable[[Cell], Part]) -> Iterator[tuple[Subject, Wasted]]:
    """For each subject the calls counted, where they cost anything."""
    for subject, cells in by_subject(found.cells).items():
        parts = [part_of(cell) for cell in cells]
        nanos = sum(part.nanos for part in parts)
        if nanos > 0:
            seqs = [seq for part in parts for seq in part.seqs][: max(part.kept for part in parts)]
            yield subject, Wasted(calls=sum(part.calls for part in parts), spent=usd(nanos), seqs=tuple(seqs))
