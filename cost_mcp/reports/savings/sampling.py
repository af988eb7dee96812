"""A typical call of many, to ask prices about."""

from __future__ import annotations

from collections.abc import Sequence

from cost_mcp.model.moment import from_micros
from cost_mcp.reports.savings.cell import Cell, Tally
from cost_mcp.reports.savings.rule import Sample


def sample_of(cells: Sequence[tuple[Cell, Tally]], at: int) -> Sample | None:
    """The mean of calls of one model, which are priced by every one of their entries; None where there are none.

    Args:
        cells: each with the tally of those of its calls that are meant.
        at: when they are to be priced, in microseconds.
    """
    whole = Tally(0)
    for _, tally in cells:
        whole.merge(tally)
    entry = cells[0][0].entry if cells else None
    if entry is None or not whole.calls:
        return None
    count = whole.calls
    read, written = whole.read // count, (whole.written_5m + whole.written_1h) // count
    reasoning = whole.reasoning // count
    return Sample(
        provider=entry.provider,
        model=entry.model,
        service_tier=entry.service_tier,
        at=from_micros(at),
        input_tokens=whole.input // count + read + written,
        read_tokens=read,
        written_tokens=written,
        output_tokens=whole.output // count + reasoning,
        reasoning_tokens=reasoning,
    )
