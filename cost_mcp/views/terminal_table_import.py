"""What came of an imported table, for people: what counts now, what each column was taken for, which rows were refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cost_mcp.model.money import display_usd
from cost_mcp.views.terminal_page import BLANK, Line, Page, Span, line
from cost_mcp.views.text import calls_words

if TYPE_CHECKING:
    from cost_mcp.service.table_import import TableSummary

MOST_SHOWN = 20


def table_page(summary: TableSummary) -> Page:
    """The sum of it, remarks, then the refused rows."""
    tally = summary.tally
    verb = "Would import" if summary.dry_run else "Imported"
    bound = Span("at least ", "warning") if tally.unpriced else ""
    head = line(
        f"{verb} ", Span(calls_words(tally.calls), "strong"), "  ·  ", bound, Span(display_usd(tally.cost_usd), "money"),
        Span(f"  ·  {summary.rows:,} rows", "dim"),
    )  # fmt: skip
    return (head, *_remarks(summary), *_columns(summary), *_refused(summary))


def _remarks(summary: TableSummary) -> list[Line]:
    tally, lines = summary.tally, list[Line]()
    if tally.subscription_usd:
        lines.append(
            line(f"A subscription covers {display_usd(tally.subscription_usd)} more (at list prices), not in the sum.")
        )
    if tally.corrected:
        lines.append(line(f"{calls_words(tally.corrected)} known from a weaker source: corrected."))
    if tally.merged:
        lines.append(line(f"{calls_words(tally.merged)} known already: counted once."))
    if tally.unpriced:
        said = f"{calls_words(tally.unpriced)} without a known price: the true cost is higher."
        lines.append(line(Span(said, "warning"), Span(" See `cost-mcp prices show MODEL`.", "dim")))
    if summary.made_ids:
        said = "Rows without an id were given one made of what they say: with other columns mapped they would count as other calls."
        lines.append(line(Span(said, "dim")))
    if summary.alerts:
        raised = "1 alert was" if summary.alerts == 1 else f"{summary.alerts:,} alerts were"
        lines.append(line(f"{raised} raised: see `cost-mcp alerts`."))
    return lines


def _columns(summary: TableSummary) -> list[Line]:
    if summary.columns is None:
        return []
    lines = [line(Span(f"Read: {', '.join(f'{name} from {column}' for name, column in summary.columns.of.items())}.", "dim"))]
    if summary.columns.unused:
        lines.append(line(Span(f"Not read: {', '.join(summary.columns.unused)}.", "dim")))
    return lines


def _refused(summary: TableSummary) -> Page:
    count = summary.tally.refused
    if not count:
        return ()
    # Lines, not a table: a narrow terminal would cut the sentences, and they are what is to be done.
    told = tuple(
        line(
            f"Row {problem.row:,}",
            *(() if problem.column is None else (", ", Span(problem.column, "name"))),
            f": {problem.reason} ",
            Span(problem.hint or "", "dim"),
        )
        for problem in summary.problems[:MOST_SHOWN]
    )
    refused = "1 row was" if count == 1 else f"{count:,} rows were"
    more = count - len(told)
    foot = (line(Span(f"and {more:,} more; --json tells the first thousand.", "dim")),) if more else ()
    head = line(Span(f"{refused} refused; everything else counts. Correct them and import the file again.", "warning"))
    return (BLANK, head, *told, *foot)
