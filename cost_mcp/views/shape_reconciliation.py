"""The JSON shape of a bill held against the ledger."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING

from cost_mcp.model.money import usd_text
from cost_mcp.reports.reconciliation import COST, OUTCOMES, Line, Side

if TYPE_CHECKING:
    from cost_mcp.service.reconciling import Reconciled

Shape = dict[str, object]


def reconciled_shape(done: Reconciled) -> Shape:
    """The whole comparison; a line lacks the side that has nothing, and ``model`` where none is named.

    ``difference`` is the ledger's figures less the bill's, of the measures that differ.
    """
    result = done.result
    return {
        "export": done.export.name,
        "provider": done.export.provider,
        "first_day": done.first.isoformat(),
        "last_day": done.last.isoformat(),
        "timezone": "UTC",
        "by_model": done.by_model,
        "unfinished": done.unfinished,
        "measures": list(result.measures),
        "tolerance": {"usd": usd_text(result.tolerance.usd), "count": result.tolerance.count},
        "agrees": result.agrees,
        **{outcome: result.count(outcome) for outcome in OUTCOMES},
        "billed": figures_shape(result.total("billed").figures),
        "recorded": side_shape(result.total("recorded")),
        "lines": [_line(line) for line in result.lines],
    }


def side_shape(side: Side) -> Shape:
    """One side's figures; where some calls have no known price its dollars are a lower bound."""
    shape = figures_shape(side.figures)
    if side.unpriced_calls:
        shape.update(unpriced_calls=side.unpriced_calls, lower_bound=True)
    return shape


def figures_shape(figures: Mapping[str, Decimal]) -> Shape:
    """Figures by name: dollars as text, counts as whole numbers."""
    return {name: usd_text(value) if name == COST else int(value) for name, value in figures.items()}


def _line(line: Line) -> Shape:
    shape: Shape = {"day": line.day.isoformat()}
    if line.model is not None:
        shape["model"] = line.model
    shape["outcome"] = line.outcome
    if line.billed is not None:
        shape["billed"] = figures_shape(line.billed.figures)
        if line.billed.slack_usd:
            shape["rounding_usd"] = usd_text(line.billed.slack_usd)
    if line.recorded is not None:
        shape["recorded"] = side_shape(line.recorded)
    if line.differing:
        shape["difference"] = figures_shape({measure: line.difference(measure) for measure in line.differing})
    return shape
