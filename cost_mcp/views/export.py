"""Exports: who writes which format, and what one came to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import BinaryIO, Protocol

from cost_mcp.model.call_row import CallRow
from cost_mcp.model.export_format import CSV, FOCUS, JSONL, PARQUET
from cost_mcp.model.moment import instant_text
from cost_mcp.model.money import display_usd, usd_text
from cost_mcp.service.exporting import Export
from cost_mcp.views.shape import Shape
from cost_mcp.views.text import bounded, calls_words


class Writer(Protocol):
    """Writes rows in one format as they come."""

    def put(self, rows: Sequence[CallRow]) -> int:
        """Take rows; answers how many lines (or records) they make."""
        ...

    def close(self) -> None:
        """Write what stands behind the rows."""
        ...


def open_writer(kind: str, out: BinaryIO, export: Export) -> Writer:
    """What writes this format; its first bytes may be written at once.

    Raises:
        InvalidInput: the format needs a library that is not installed.
    """
    if kind == FOCUS:
        from cost_mcp.views.export_focus import FocusCsv

        return FocusCsv(out)
    if kind == CSV:
        from cost_mcp.views.export_csv import CallsCsv

        return CallsCsv(out)
    if kind == PARQUET:
        from cost_mcp.views.export_parquet import CallsParquet

        return CallsParquet(out)
    from cost_mcp.views.export_json import CallsJson, CallsJsonl

    return CallsJsonl(out) if kind == JSONL else CallsJson(out, about_shape(export), lambda: totals_shape(export))


def about_shape(export: Export) -> Shape:
    """What an export covers."""
    period = export.query.period
    shape: Shape = {
        "period": period.name,
        "period_start": instant_text(period.start),
        "period_end": instant_text(period.end),
        "timezone": period.timezone,
    }
    if export.query.filters:
        shape["filters"] = dict(export.query.filters)
    return shape


def totals_shape(export: Export) -> Shape:
    """What the rows of an export come to: a report's figures under a report's names."""
    return {
        "calls": export.calls,
        "unpriced_calls": export.unpriced_calls,
        "lower_bound": export.unpriced_calls > 0,
        "cost_usd": usd_text(export.cost_usd),
        "subscription_usd": usd_text(export.subscription_usd),
    }


def export_shape(export: Export, kind: str, lines: int, output: str) -> Shape:
    """What a finished export wrote; ``left_out_calls`` are those a FOCUS file has no row for."""
    shape: Shape = {"format": kind, "output": output, **about_shape(export), "rows": lines, **totals_shape(export)}
    if kind == FOCUS:
        shape["left_out_calls"] = export.unknown_calls
    return shape


def export_sentence(export: Export, lines: int, output: str) -> str:
    """What a finished export wrote, for people."""
    cost = bounded(export.cost_usd, unpriced_calls=export.unpriced_calls)
    plans = f", and {display_usd(export.subscription_usd)} at list price covered by plans" if export.subscription_usd else ""
    return f"{lines:,} {'row' if lines == 1 else 'rows'} of {calls_words(export.calls)}, {cost}{plans}: {output}"


def left_out_sentence(export: Export) -> str | None:
    """What a reader of a FOCUS file must know of the calls it has no row for; None when there are none."""
    if not export.unknown_calls:
        return None
    are = "is" if export.unknown_calls == 1 else "are"
    return (
        f"{calls_words(export.unknown_calls)} without a known price {are} not in the file, since FOCUS allows no unknown cost: its "
        "sums are lower bounds. The other formats have them."
    )
