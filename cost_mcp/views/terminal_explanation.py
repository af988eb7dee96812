"""What made a difference, for people: a table for each dimension, the largest part first."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from cost_mcp.model.moment import zone
from cost_mcp.model.money import display_usd
from cost_mcp.reports.explanation import Contribution, told_shortly
from cost_mcp.views.terminal_page import BLANK, Column, Line, Page, Span, Table, line

if TYPE_CHECKING:
    from cost_mcp.service.explaining import ExplainedAlert

_TITLES = {"task_id": "Task", "task_type": "Task type"}
_NOTE = "Usual: the median of the days compared with, of each name by itself, so the parts need not add up to the whole."


def explained_page(explained: ExplainedAlert) -> Page:
    """What made the window of an alert unusual, as the ledger knows it now."""
    alert, explanation, window = explained.alert, explained.explanation, explained.window
    start = window.start.astimezone(zone(window.timezone))
    when = f"{start:%A %Y-%m-%d}" if window.kind == "day" else f"{start:%A %Y-%m-%d %H:%M}, one hour"
    heading = line(Span(alert.subject, "strong"), Span(f"  ·  {when}  ·  {window.timezone}", "dim"))
    told = told_shortly(explanation)
    page: list[Line | Table] = [
        heading,
        BLANK,
        line(
            Span(display_usd(explanation.spent), "money"),
            f", where {display_usd(explanation.usual)} is usual: {_signed(explanation.more)}.",
        ),
        *([line("What made the difference: ", Span(told, "name"), ".")] if told else []),
    ]
    for dimension, parts in explanation.parts.items():
        if parts:
            page += [BLANK, _table(_TITLES.get(dimension, dimension.capitalize()), parts)]
    return (*page, BLANK, line(Span(_NOTE, "dim")))


def _table(title: str, parts: Sequence[Contribution]) -> Table:
    columns = (
        Column(title=title, shortens=True),
        Column(title="Spent", align="point"),
        Column(title="Usual", align="point"),
        Column(title="More", align="point"),
        Column(title="Of it", align="right"),
        Column(title=""),
    )
    rows = tuple(
        (
            line(Span(part.name, "name")),
            line(Span(display_usd(part.spent), "money")),
            line(display_usd(part.usual)),
            line(_signed(part.more)),
            line("" if part.percent is None else f"{part.percent:f} %"),
            line(Span("new" if part.new else "", "warning")),
        )
        for part in parts
    )
    return Table(columns=columns, rows=rows)


def _signed(amount: Decimal) -> str:
    text = display_usd(amount)
    return text if text.startswith("-") else f"+{text}"
