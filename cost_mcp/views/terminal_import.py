"""What an import brought in, for people."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from cost_mcp.model.moment import zone
from cost_mcp.model.money import display_usd
from cost_mcp.views.terminal_page import BLANK, Column, Line, Page, Span, Table, line
from cost_mcp.views.text import calls_words

if TYPE_CHECKING:
    from cost_mcp.service.import_summary import ImportSummary, SourceTally
    from cost_mcp.service.importing import Told

_COLUMNS = (
    Column(title="  Source"),
    Column(title="Files", align="right", yields=4),
    Column(title="Calls", align="right"),
    Column(title="Cost", align="point"),
    Column(title="On a plan", align="point", yields=3),
    Column(title="Corrected", align="right", yields=2),
    Column(title="Merged", align="right", yields=1),
    Column(title="Provisional", align="right", yields=1),
    Column(title="Unpriced", align="right", yields=1),
    Column(title="Skipped", align="right", yields=1),
)


def import_page(summary: ImportSummary) -> Page:
    """What was brought in by source, what was left out and why, and what could not be read."""
    some = {source: tally for source, tally in summary.sources.items() if tally.files}
    if not some:
        return (line(Span("No logs were found.", "warning"), " Name a source and a path to read others."), *_problems(summary))
    total = summary.total
    head = "Would be imported" if summary.dry_run else "Imported"
    read = total.files - total.unchanged - total.failed
    told = f"{read:,} of {total.files:,} files read, {total.bytes_read / 1e6:,.1f} MB in {summary.seconds:,.1f} s"
    rows = tuple(_cells(source, tally) for source, tally in some.items())
    whole = _cells("", total) if len(some) > 1 else None
    page: list[Line | Table] = [line(Span(head, "strong"), Span(f"  ·  {told}", "dim")), BLANK]
    page += [Table(columns=_COLUMNS, rows=rows, total=whole)]
    notes = [*_notes(summary, total), *_problems(summary)]
    return (*page, BLANK, *notes) if notes else tuple(page)


def news_page(summary: ImportSummary, now: datetime, timezone: str) -> Page:
    """What was just written by agents, in one line."""
    total = summary.total
    sources = ", ".join(source for source, tally in summary.sources.items() if tally.calls or tally.corrected)
    counts = [f"{total.calls:,} calls" if total.calls != 1 else "1 call"]
    counts += [f"{total.corrected:,} corrected"] if total.corrected else []
    counts += [f"{total.unpriced:,} unpriced"] if total.unpriced else []
    counts += [f"{total.uncounted:,} of agents not counted any more"] if total.uncounted else []
    head = line(Span(f"{now.astimezone(zone(timezone)):%H:%M:%S}", "dim"), "  ", Span(sources, "name"), "  ")
    plan = (f"  ({display_usd(total.subscription_usd)} on a plan)",) if total.subscription_usd else ()
    return ((*head, *line(Span(display_usd(total.cost_usd), "money"), *plan, f"  {', '.join(counts)}")), *_problems(summary))


def told_line(told: Told) -> Line:
    """What became of one line or call."""
    where = f"{told.file}:{told.number}" if told.number is not None else told.file
    return line(Span(where, "name"), f"  {told.what}", Span(f"  {told.key or ''}  {told.why}".rstrip(), "dim"))


def _cells(name: str, tally: SourceTally) -> tuple[Line, ...]:
    counts = (tally.corrected, tally.merged, tally.provisional, tally.unpriced, sum(tally.skipped.values()))
    return (
        line(Span(f"  {name}", "name")),
        line(f"{tally.files:,}"),
        line(f"{tally.calls:,}"),
        line(Span(display_usd(tally.cost_usd), "money")),
        line(display_usd(tally.subscription_usd) if tally.subscription_usd else ""),
        *(line(f"{count:,}" if count else "") for count in counts),
    )


def _notes(summary: ImportSummary, total: SourceTally) -> Iterator[Line]:
    if total.skipped:
        reasons = ", ".join(f"{reason} {count:,}" for reason, count in sorted(total.skipped.items()))
        yield line(Span(f"Skipped: {reasons}.  `cost-mcp import --explain` says which lines and why.", "dim"))
    if total.uncounted:
        said = f"Kept, not counted: {calls_words(total.uncounted)} that agents reported without an id; the logs tell of their sessions."
        yield line(Span(said, "warning"), Span(" --explain names them.", "dim"))
    if total.provisional:
        yield line(Span("Provisional: the log does not have the final counts yet, or never got them.", "dim"))
    if total.unpriced:
        yield line(Span("Unpriced: no price book knows the model; totals are lower bounds.", "warning"))
    if total.left_out:
        yield line(Span(f"{total.left_out:,} calls are not what was asked for; they are read again the next time.", "dim"))
    if total.refused:
        yield line(Span(f"{total.refused:,} calls cannot be taken; --explain says why.", "warning"))
    if summary.alerts:
        yield line(Span(f"{summary.alerts} alerts were raised: `cost-mcp alerts`.", "warning"))


def _problems(summary: ImportSummary) -> Iterator[Line]:
    for problem in summary.problems:
        yield line(Span(f"warning: {problem}", "warning"))
