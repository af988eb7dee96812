"""An import as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cost_mcp.model.money import usd_text

if TYPE_CHECKING:
    from cost_mcp.service.import_summary import ImportSummary, SourceTally

Shape = dict[str, object]
_COUNTS = (
    "files", "unchanged", "failed", "bytes_read", "calls", "corrected", "merged", "uncounted", "refused", "left_out", "provisional", "unpriced",
)  # fmt: skip


def import_shape(summary: ImportSummary) -> Shape:
    """The counts in all, then by source; sources without a file are left out."""
    shape: Shape = {**_counts(summary.total), "seconds": round(summary.seconds, 3), "dry_run": summary.dry_run}
    if summary.alerts:
        shape["alerts"] = summary.alerts
    shape["sources"] = {source: _counts(tally) for source, tally in summary.sources.items() if tally.files}
    if summary.problems:
        shape["problems"] = list(summary.problems)
    return shape


def _counts(tally: SourceTally) -> Shape:
    counts: Shape = {name: getattr(tally, name) for name in _COUNTS}
    counts["cost_usd"] = usd_text(tally.cost_usd)
    counts["subscription_usd"] = usd_text(tally.subscription_usd)
    counts["skipped"] = dict(sorted(tally.skipped.items()))
    return counts
