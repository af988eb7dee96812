"""A file of prices that a person names, whichever kind it is: a price book in YAML, or a genai-prices table in JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from cost_mcp.views.terminal_page import BLANK, Page, Span, line

if TYPE_CHECKING:
    from cost_mcp.pricing.parsing import Parsed
    from cost_mcp.pricing.tables import Tables

BOOK, TABLE = "book", "table"


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceFile:
    """A checked file: its kind, what to keep of it, and what to say about it.

    ``problems`` says that parts of it would be refused; ``empty`` that it holds no price. A table is taken whole or not at
    all, so one that was read has neither.
    """

    kind: str
    stored: str
    page: Page
    shape: Mapping[str, object]
    problems: bool = False
    empty: bool = False


def read_price_file(text: str, name: str, on: date) -> PriceFile:
    """What a text of prices holds.

    Args:
        text: its contents.
        name: what messages about its lines call it.
        on: the day it was fetched, which a table's version begins with.

    Raises:
        InvalidInput: it is a table that cannot be read.
    """
    from cost_mcp.pricing.tables import check_tables, looks_like_tables

    if looks_like_tables(text):
        return _table(check_tables(text, fetched_on=on))
    from cost_mcp.pricing.parsing import parse_book

    return _book(text, parse_book(text, name, layer="user"))


def _table(tables: Tables) -> PriceFile:
    said = f"genai-prices {tables.version}: {tables.models:,} models of {tables.providers:,} providers can be read."
    return PriceFile(
        kind=TABLE,
        stored=tables.text,
        page=(line(said),),
        shape={"kind": TABLE, "version": tables.version, "providers": tables.providers, "models": tables.models},
    )


def _book(text: str, parsed: Parsed) -> PriceFile:
    entries = f"{len(parsed.entries):,} {'entry' if len(parsed.entries) == 1 else 'entries'} can be read."
    problems = [line(Span(str(problem), "critical")) for problem in parsed.problems]
    warnings = [line(Span(f"warning: {warning}", "warning")) for warning in parsed.warnings]
    shape = {
        "kind": BOOK,
        "entries": len(parsed.entries),
        "problems": [{"line": p.line, "reason": p.reason, "hint": p.hint or ""} for p in parsed.problems],
        "warnings": list(parsed.warnings),
    }
    return PriceFile(
        kind=BOOK,
        stored=text,
        page=(*problems, *warnings, *([BLANK] if problems or warnings else []), line(entries)),
        shape=shape,
        problems=bool(parsed.problems),
        empty=not parsed.entries,
    )
