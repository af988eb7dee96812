"""The JSON shape of what came of an imported table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cost_mcp.model.money import usd_text

if TYPE_CHECKING:
    from cost_mcp.capture.tables.row import RowProblem
    from cost_mcp.service.table_import import TableSummary

Shape = dict[str, object]


def table_shape(summary: TableSummary) -> Shape:
    """Counts, what the columns were taken for, and the problems by row."""
    tally = summary.tally
    shape: Shape = {
        "source": summary.kind,
        "dry_run": summary.dry_run,
        "rows": summary.rows,
        "calls": tally.calls,
        "corrected": tally.corrected,
        "merged": tally.merged,
        "refused": tally.refused,
        "provisional": tally.provisional,
        "unpriced": tally.unpriced,
        "cost_usd": usd_text(tally.cost_usd),
        "subscription_usd": usd_text(tally.subscription_usd),
        "made_ids": summary.made_ids,
        "alerts": summary.alerts,
    }
    if summary.columns is not None:
        shape["columns"] = dict(summary.columns.of)
        shape["unused_columns"] = list(summary.columns.unused)
    shape["problems"] = [_problem(problem) for problem in summary.problems]
    return shape


def _problem(problem: RowProblem) -> Shape:
    parts = {"row": problem.row, "column": problem.column, "message": problem.reason, "hint": problem.hint}
    return {name: value for name, value in parts.items() if value is not None}
