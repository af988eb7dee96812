"""Prompts so long that every token of the call costs more."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from cost_mcp.reports.savings.cell import Cell, Tally
from cost_mcp.reports.savings.gathered import Gathered
from cost_mcp.reports.savings.rule import MEDIUM, Instead, Market, Subject, Suggestion, by_subject, whose
from cost_mcp.reports.savings.sampling import sample_of
from cost_mcp.reports.savings.unit_prices import rounded

NAME: str = "long-context"
TITLE: str = "Long-context surcharge"
UNIT: str = "call"


def suggestions(found: Gathered, market: Market, /) -> Iterator[Suggestion]:
    """For each subject, what its calls above a price step would have cost less below it.

    For every call charged by an entry that holds above so many input tokens, by meter::

        saved = Σ tokens × (unit price charged − unit price of the same model below the step)

    All tokens are taken to be sent all the same, in smaller calls; what a shorter prompt leaves out is saved besides and not
    counted. Medium: the surcharge is exact; whether the context can be kept shorter is not known. The formula is our own; the
    steps are those of the price entries stored with the calls.
    """
    for subject, cells in by_subject(found.cells).items():
        above = [(cell, cell.long) for cell in cells if cell.long is not None and cell.long.calls]
        if above:
            yield from _suggestion(subject, above, found.last_at, market)


def _suggestion(subject: Subject, above: list[tuple[Cell, Tally]], at: int, market: Market) -> Iterator[Suggestion]:
    whole, saved, steps = Tally(max(tally.kept for _, tally in above)), Decimal(0), set[int]()
    for cell, tally in above:
        below = _below(cell, tally, at, market)
        if below is None or cell.prices is None or cell.entry is None or cell.entry.context_above is None:
            continue
        whole.merge(tally)
        steps.add(cell.entry.context_above)
        saved += cell.prices.cost(tally.tokens()) - below.prices.cost(tally.tokens())
    if saved <= 0:
        return
    step = " or ".join(f"{each:,}" for each in sorted(steps))
    yield Suggestion(
        rule=NAME,
        subject=subject,
        saved_usd=rounded(saved),
        spent_usd=whole.usd,
        calls=whole.calls,
        seqs=tuple(whole.seqs),
        confidence=MEDIUM,
        reason="The surcharge is exact; whether the context can be kept shorter is not known.",
        advice=f"Keep the prompts of {whose(subject)} within {step} tokens: compact the context earlier, or start anew.",
    )


def _below(cell: Cell, tally: Tally, at: int, market: Market) -> Instead | None:
    sample = sample_of([(cell, tally)], at)
    if sample is None or cell.entry is None or cell.entry.context_above is None:
        return None
    return market.short(sample, cell.entry.context_above)


def blind(found: Gathered, /) -> str | None:
    """Why it does not see all calls."""
    return found.without_prices()
