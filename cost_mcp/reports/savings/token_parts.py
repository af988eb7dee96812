"""Tokens that cost more than they had to, by subject."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from cost_mcp.model.money import usd
from cost_mcp.reports.savings.cell import Cell, Part
from cost_mcp.reports.savings.gathered import Gathered
from cost_mcp.reports.savings.rule import Subject, by_subject
from cost_mcp.reports.savings.unit_prices import UnitPrices, rounded


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """Parts of the calls of a subject, and what they cost too much."""

    calls: int
    spent: Decimal
    saved: Decimal
    seqs: tuple[int, ...]
    cells: tuple[Cell, ...]
    instead: str | None = None


def parts(
    found: Gathered, part_of: Callable[[Cell], Part], saved_on: Callable[[Part, UnitPrices], Decimal]
) -> Iterator[tuple[Subject, Parts]]:
    """For each subject the money in its parts, each cell at its own prices; only where it comes to more than nothing."""
    for subject, cells in by_subject(found.cells).items():
        counted = [(cell, part, cell.prices) for cell in cells if (part := part_of(cell)).calls and cell.prices is not None]
        saved = sum((saved_on(part, prices) for _, part, prices in counted), Decimal(0))
        if saved <= 0:
            continue
        kept = max(part.kept for _, part, _ in counted)
        yield (
            subject,
            Parts(
                calls=sum(part.calls for _, part, _ in counted),
                spent=usd(sum(part.nanos for _, part, _ in counted)),
                saved=rounded(saved),
                seqs=tuple([seq for _, part, _ in counted for seq in part.seqs][:kept]),
                cells=tuple(cell for cell, _, _ in counted),
            ),
        )
