"""Rows of a delimited text: its delimiter found, its first row the names of the columns."""

from __future__ import annotations

import csv
import re
from collections.abc import Generator, Iterable, Iterator
from itertools import chain, islice

from cost_mcp.capture.tables.row import Row, RowProblem
from cost_mcp.errors import InvalidInput

DELIMITERS = (",", ";", "\t", "|")
MOST_CELL_CHARACTERS = 16_000_000
"""The largest cell read: tables of calls may hold whole prompts, which are passed over. A quote that never ends stops here."""

_HEADER_LINES = 50
_BOM = "\ufeff"
_SAID = re.compile(r'"?sep=(.)"?', re.IGNORECASE)
"""The line before the head in which spreadsheets say the delimiter."""


class CsvRows:
    """The columns of a table and its rows, read as they are asked for.

    Args:
        lines: the text's lines with their ends, as a file opened with ``newline=""`` gives them.
        delimiter: what stands between cells; None to find it: that of ``DELIMITERS`` which makes the most columns of the head.

    Raises:
        InvalidInput: no head, or one that is not readable as one.
    """

    def __init__(self, lines: Iterable[str], delimiter: str | None = None) -> None:
        csv.field_size_limit(MOST_CELL_CHARACTERS)
        given = iter(lines)
        head = list(islice(given, _HEADER_LINES))
        if head:
            head[0] = head[0].removeprefix(_BOM)
        said = _SAID.fullmatch(head[0].strip()) if head else None
        if said is not None:
            head.pop(0)
        self.delimiter = delimiter or (_most_columns(head) if said is None else said[1])
        self._reader = csv.reader(chain(head, given), delimiter=self.delimiter, strict=True)
        self._number = 0 if said is None else 1
        self.columns = self._head()

    def __iter__(self) -> Iterator[Row | RowProblem]:
        return self._rows()

    def _head(self) -> tuple[str, ...]:
        try:
            for cells in self._reader:
                self._number += 1
                if any(cell.strip() for cell in cells):
                    return tuple(cell.strip() for cell in cells)
        except csv.Error:
            raise InvalidInput(
                "the table's first row cannot be read.", field="file", hint="Check that it is CSV, and its quotes."
            ) from None
        raise InvalidInput("the table is empty.", field="file", hint="Its first row has to name the columns.")

    def _rows(self) -> Generator[Row | RowProblem]:
        width = len(self.columns)
        while True:
            try:
                cells = next(self._reader)
            except StopIteration:
                return
            except csv.Error:
                self._number += 1
                yield RowProblem(
                    row=self._number,
                    column=None,
                    reason="the row's quotes cannot be read.",
                    hint='A quote inside a quoted cell is written twice (""); every opened one has to end.',
                )
                continue
            self._number += 1
            if not any(cells):
                continue  # an empty line, or a row of empty cells as spreadsheets leave them
            if len(cells) == width:
                yield Row(number=self._number, cells=dict(zip(self.columns, cells, strict=True)))
            else:
                yield RowProblem(
                    row=self._number,
                    column=None,
                    reason=f"the row has {len(cells)} cells where the first row has {width}.",
                    hint="Quote cells that hold the delimiter; a last row that is cut short was not written to its end.",
                )


def _most_columns(head: Iterable[str]) -> str:
    lines = [line for line in head if line.strip()]
    widths: dict[str, int] = {}
    for delimiter in DELIMITERS:
        try:
            widths[delimiter] = len(next(csv.reader(lines, delimiter=delimiter), ()))
        except csv.Error:
            widths[delimiter] = 0
    return max(DELIMITERS, key=lambda delimiter: widths[delimiter])  # the first of equals: a comma
