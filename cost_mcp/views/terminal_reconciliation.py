"""A bill held against the ledger, for people: a row for every day and model, and what differs in it."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from cost_mcp.model.money import display_usd
from cost_mcp.model.report import NONE_GROUP
from cost_mcp.reports.reconciliation import (
    COST,
    DIFFERENT,
    MATCHED,
    MISSING_IN_FILE,
    MISSING_IN_LEDGER,
    Line,
    Reconciliation,
    Side,
)
from cost_mcp.views.terminal_page import BLANK, Column, Page, Span, Table, line
from cost_mcp.views.terminal_page import Line as TextLine

if TYPE_CHECKING:
    from cost_mcp.service.reconciling import Reconciled

_WORDS = {
    MATCHED: ("matched", "ok"),
    DIFFERENT: ("different", "warning"),
    MISSING_IN_LEDGER: ("missing in the ledger", "critical"),
    MISSING_IN_FILE: ("missing in the file", "critical"),
}
_MEASURES = {
    "input_tokens": "input",
    "output_tokens": "output",
    "cache_read_input_tokens": "cache read",
    "cache_creation_input_tokens": "cache write",
    "web_search_requests": "web searches",
    COST: "cost",
}


def reconciled_page(done: Reconciled) -> Page:
    """What was compared, the table, how many lines came out how, and what was tolerated."""
    result = done.result
    span = done.first.isoformat() if done.first == done.last else f"{done.first.isoformat()} to {done.last.isoformat()}"
    head = line(Span(done.export.title, "strong"), Span(f"  ·  {span}, UTC  ·  calls billed by use", "dim"))
    body: Page = (_table(result, by_model=done.by_model),) if result.lines else (line("Neither has anything on these days."),)
    return (head, BLANK, *body, BLANK, _counts(result), line(Span(_tolerated(result), "dim")), *_notes(done))


def _table(result: Reconciliation, *, by_model: bool) -> Table:
    money = result.measures == (COST,)
    columns = (
        Column(title="Day"),
        *([Column(title="Model", shortens=True)] if by_model else []),
        Column(title="Bill" if money else "Bill, tokens", align="point" if money else "right"),
        Column(title="Ledger" if money else "Ledger, tokens", align="point" if money else "right"),
        Column(title="", shortens=True),
    )

    def row(day: str, model: str, billed: Side | None, recorded: Side | None, said: TextLine) -> tuple[TextLine, ...]:
        names = (line(Span(model, "dim" if model == NONE_GROUP else "name")),) if by_model else ()
        return (line(day), *names, line(_amount(billed, result.measures)), line(_amount(recorded, result.measures)), said)

    rows = tuple(
        row(found.day.isoformat(), found.model or NONE_GROUP, found.billed, found.recorded, _said(found))
        for found in result.lines
    )
    total = row("Total", "", result.total("billed"), result.total("recorded"), ())
    return Table(columns=columns, rows=rows, total=total if len(rows) > 1 else None)


def _amount(side: Side | None, measures: Sequence[str]) -> Span:
    if side is None:
        return Span("–", "dim")
    if measures == (COST,):
        bound = "≥ " if side.unpriced_calls else ""
        return Span(f"{bound}{display_usd(side.figures.get(COST, Decimal(0)))}", "warning" if bound else "money")
    tokens = sum((side.figures.get(name, Decimal(0)) for name in ("input_tokens", "output_tokens")), Decimal(0))
    return Span(f"{int(tokens):,}")


def _said(found: Line) -> TextLine:
    word, style = _WORDS[found.outcome]
    if found.outcome != DIFFERENT:
        return line(Span(word, style))
    parts = ", ".join(f"{_MEASURES[name]} {_signed(name, found.difference(name))}" for name in found.differing)
    return line(Span(word, style), Span(f"  {parts}", "dim"))


def _signed(measure: str, amount: Decimal) -> str:
    sign = "−" if amount < 0 else "+"
    return f"{sign}{display_usd(abs(amount))}" if measure == COST else f"{sign}{int(abs(amount)):,}"


def _counts(result: Reconciliation) -> TextLine:
    spans: list[str | Span] = []
    for outcome, (word, style) in _WORDS.items():
        count = result.count(outcome)
        if count or outcome == MATCHED:
            spans += [", " if spans else "", Span(f"{count:,} {word}", style)]
    return line(*spans, ".")


def _tolerated(result: Reconciliation) -> str:
    if COST not in result.measures:
        count = result.tolerance.count
        return "Counts have to be equal." if not count else f"Counts may differ by {count:,} a day and model."
    rounded = any(found.billed is not None and found.billed.slack_usd for found in result.lines)
    cents = ", and by what the file's rows are rounded by (half a cent each)" if rounded else ""
    return f"Dollars may differ by {display_usd(result.tolerance.usd)} a day and model{cents}."


def _notes(done: Reconciled) -> Page:
    result = done.result
    notes: list[TextLine] = []
    if done.unfinished:
        said = f"{done.last.isoformat()} is not over in UTC: what came after the export was made is not in it."
        notes.append(line(Span(said, "warning"), Span(" Leave the day out with --end.", "dim")))
    if done.by_model and any(found.model is None and found.billed is not None for found in result.lines):
        said = (
            f"What the file bills under no model, as tools, is {NONE_GROUP}; the ledger counts it with the model that used it."
        )
        notes.append(line(Span(said, "dim")))
    count = result.total("recorded").unpriced_calls
    if count and COST in result.measures:
        said = f"The ledger knows no price for {count:,} of these calls: its dollars are a lower bound."
        notes.append(line(Span(said, "warning"), Span(" See `cost-mcp prices show MODEL`.", "dim")))
    return tuple(notes)
