"""Exported calls as comma-separated values that a spreadsheet opens without running anything.

A cell of text that begins with a character spreadsheets take for a formula gets an apostrophe before it, the sign by which they
take it for text. So does one that begins with apostrophes before such a character; taking one apostrophe off every such cell
(``bare_cell``) therefore gives back exactly what was recorded. Numbers, times and our own words are as they are.

Source: OWASP, CSV Injection (https://owasp.org/www-community/attacks/CSV_Injection), and ASVS 5.0, requirement 1.2.10; lines and
quotes by RFC 4180. Read 2026-11-22.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from typing import BinaryIO

from cost_mcp.model.call_row import CallRow
from cost_mcp.model.moment import micros_text
from cost_mcp.model.money import nanos_text
from cost_mcp.reports.focus import focus_rows
from cost_mcp.reports.focus_columns import COLUMNS as FOCUS_COLUMNS
from cost_mcp.reports.focus_columns import NUMBERS
from cost_mcp.views.export_columns import COLUMNS, FLAG, INSTANT, MONEY, OBJECT, TEXT, cells_of

TRIGGERS = "=+-@\t\r\n\0＝＋－＠"
"""What spreadsheets take for the beginning of a formula; the wide ones where East Asian text is typed."""

_FORMULA = re.compile(f"'*[{re.escape(TRIGGERS)}]")
_LOOKED_AT = frozenset("'" + TRIGGERS)
_TEXTS = tuple(place for place, (_, kind) in enumerate(COLUMNS) if kind in (TEXT, OBJECT))
_AMOUNTS = tuple(place for place, (_, kind) in enumerate(COLUMNS) if kind == MONEY)
_INSTANTS = tuple(place for place, (_, kind) in enumerate(COLUMNS) if kind == INSTANT)
_FLAGS = tuple(place for place, (_, kind) in enumerate(COLUMNS) if kind == FLAG)
_FOCUS_TEXTS = tuple(place for place, name in enumerate(FOCUS_COLUMNS) if name not in NUMBERS)


def safe_cell(text: str) -> str:
    """The text as a cell that is no formula."""
    return f"'{text}" if _FORMULA.match(text) else text


def bare_cell(cell: str) -> str:
    """What ``safe_cell`` was given."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell


class CallsCsv:
    """A row for each row of the ledger, under a head."""

    def __init__(self, out: BinaryIO) -> None:
        self._out = out
        out.write(_lines([[name for name, _ in COLUMNS]]))

    def put(self, rows: Sequence[CallRow]) -> int:
        """Write rows; answers how many lines that were."""
        self._out.write(_lines(map(_call_cells, rows)))
        return len(rows)

    def close(self) -> None:
        """Nothing follows the rows."""


class FocusCsv:
    """FOCUS 1.2: a row for each meter of each call whose cost is known."""

    def __init__(self, out: BinaryIO) -> None:
        self._out = out
        out.write(_lines([FOCUS_COLUMNS]))

    def put(self, rows: Sequence[CallRow]) -> int:
        """Write rows; answers how many lines that were."""
        lines = [_focus_cells(list(cells)) for row in rows for cells in focus_rows(row)]
        self._out.write(_lines(lines))
        return len(lines)

    def close(self) -> None:
        """Nothing follows the rows."""


def _call_cells(row: CallRow) -> list[str | int | None]:
    cells = cells_of(row)
    for place in _TEXTS:
        text = cells[place]
        if text and str(text)[0] in _LOOKED_AT:
            cells[place] = safe_cell(str(text))
    for place in _AMOUNTS:
        amount = cells[place]
        if amount is not None:
            cells[place] = nanos_text(int(amount))
    for place in _INSTANTS:
        cells[place] = micros_text(int(cells[place] or 0))
    for place in _FLAGS:
        if cells[place]:
            cells[place] = "true"
    return cells


def _focus_cells(cells: list[str | None]) -> list[str | None]:
    for place in _FOCUS_TEXTS:
        text = cells[place]
        if text and text[0] in _LOOKED_AT:
            cells[place] = safe_cell(text)
    return cells


def _lines(rows: Iterable[Sequence[object]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode()
