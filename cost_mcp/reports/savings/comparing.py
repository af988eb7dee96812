"""What calls cost at other unit prices: for the rules that propose another model, tier or size."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from cost_mcp.reports.savings.cell import Cell, Tally
from cost_mcp.reports.savings.gathered import Gathered
from cost_mcp.reports.savings.rule import Instead, Sample, Subject, by_subject
from cost_mcp.reports.savings.sampling import sample_of
from cost_mcp.reports.savings.unit_prices import rounded


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """The calls of a subject, what they cost, and how much less they would have at other prices."""

    tally: Tally
    spent: Decimal
    saved: Decimal
    instead: str
    cells: tuple[Cell, ...]

    @property
    def calls(self) -> int:
        """How many calls there are."""
        return self.tally.calls

    @property
    def seqs(self) -> tuple[int, ...]:
        """The ledger's rows of the first few."""
        return tuple(self.tally.seqs)


def compared(
    found: Gathered, tally_of: Callable[[Cell], Tally | None], instead_of: Callable[[Sample], Instead | None]
) -> Iterator[tuple[Subject, Compared]]:
    """For each subject and service tier, its tallied calls at the other prices; only where these are lower.

    Calls of one subject that were charged in several tiers are compared tier by tier and added up.
    """
    for subject, cells in by_subject(found.cells).items():
        by_tier: dict[str, list[tuple[Cell, Tally]]] = {}
        for cell in cells:
            tally = tally_of(cell)
            if cell.entry is not None and tally is not None and tally.calls:
                by_tier.setdefault(cell.entry.service_tier, []).append((cell, tally))
        parts = [part for tallied in by_tier.values() if (part := _part(tallied, found.last_at, instead_of)) is not None]
        if parts:
            yield subject, _joined(parts)


def _part(tallied: list[tuple[Cell, Tally]], at: int, instead_of: Callable[[Sample], Instead | None]) -> Compared | None:
    sample = sample_of(tallied, at)
    instead = None if sample is None else instead_of(sample)
    if instead is None:
        return None
    whole = Tally(max(tally.kept for _, tally in tallied))
    saved = Decimal(0)
    for cell, tally in tallied:
        whole.merge(tally)
        if cell.prices is not None:
            saved += cell.prices.cost(tally.tokens()) - instead.prices.cost(tally.tokens())
    if saved <= 0:
        return None
    return Compared(
        tally=whole, spent=whole.usd, saved=rounded(saved), instead=instead.name, cells=tuple(cell for cell, _ in tallied)
    )


def _joined(parts: list[Compared]) -> Compared:
    first, *others = parts
    for other in others:
        first.tally.merge(other.tally)
    return Compared(
        tally=first.tally,
        spent=first.tally.usd,
        saved=sum((part.saved for part in parts), Decimal(0)),
        instead=max(parts, key=lambda part: part.saved).instead,
        cells=tuple(cell for part in parts for cell in part.cells),
    )
