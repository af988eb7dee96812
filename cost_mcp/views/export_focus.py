"""FOCUS 1.2 as comma-separated values: a row for each charge of each call whose cost is known, under the specification's names.

Put together from pieces as ``export_csv`` does it, every text that is not ours made safe by ``export_cell``. A test holds the lines
equal to ``reports.focus.focus_rows``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import BinaryIO

from cost_mcp.model.call_row import CallRow
from cost_mcp.reports.focus import Offer, focus_call, focus_charges
from cost_mcp.reports.focus_columns import COLUMNS, LAST, OF_CALL, OF_CHARGE
from cost_mcp.views.export_cell import known_cell, written_cell

_VARIES = (*OF_CALL, *OF_CHARGE)
_ORDER = tuple(_VARIES.index(name) for name in COLUMNS if name in _VARIES)
"""In which order the cells of a call and of a charge stand in a line."""

_MOST_REMEMBERED = 20_000
_CALL_ID = LAST.index("x_CallId")


class FocusCsv:
    """Writes the rows of a FOCUS file under their head."""

    def __init__(self, out: BinaryIO) -> None:
        self._out = out
        self._lines: dict[int, tuple[str, Offer]] = {}
        out.write(f"{','.join(COLUMNS)}\n".encode())

    def put(self, rows: Sequence[CallRow]) -> int:
        """Write rows; answers how many lines that were."""
        if len(self._lines) > _MOST_REMEMBERED:
            self._lines.clear()
        lines = [line for row in rows for line in self._of(row)]
        self._out.write("".join(lines).encode())
        return len(lines)

    def close(self) -> None:
        """Nothing follows the rows."""

    def _of(self, row: CallRow) -> list[str]:
        charges = focus_charges(row)
        if not charges:
            return []
        call = focus_call(row)
        before, behind = map(known_cell, call.last[:_CALL_ID]), map(known_cell, call.last[_CALL_ID + 1 :])
        end = ",".join((*before, written_cell(call.last[_CALL_ID]), *behind))
        when = tuple(cell or "" for cell in call.of_call)
        found: list[str] = []
        for offer, amounts in charges:
            known = self._lines.get(id(offer))
            if known is None:
                known = self._lines[id(offer)] = (_line_of(offer), offer)  # kept with it, so that no other has its number
            cells = when + amounts
            found.append(known[0] % (*[cells[place] for place in _ORDER], end))
        return found


def _line_of(offer: Offer) -> str:
    """A line with the cells of the offer, and a place for each that varies; the last ones come as one piece."""
    cells = zip(COLUMNS[: -len(LAST)], offer.cells, strict=False)
    return ",".join(["%s" if name in _VARIES else written_cell(cell).replace("%", "%%") for name, cell in cells] + ["%s\n"])
