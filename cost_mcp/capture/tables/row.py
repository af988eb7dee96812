"""One row of a table: what it says of a call, or why it cannot be taken."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cost_mcp.errors import CostError


@dataclass(frozen=True, slots=True, kw_only=True)
class RowProblem:
    """Why a row cannot be taken, and what to do; never what stands in it.

    ``row`` counts as spreadsheets do: the first line is row 1, a cell of several lines is still one row. ``column`` is the
    table's own name for it; None where no single column is at fault.
    """

    row: int
    column: str | None
    reason: str
    hint: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A row as it stands: its number, and its cells by column."""

    number: int
    cells: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class RowCall:
    """What a row says of a call, in the fields that recording takes.

    ``columns`` names the column each field came from. ``made_id`` says that the row has no id of its own and was given one.
    """

    row: int
    fields: Mapping[str, object]
    columns: Mapping[str, str]
    made_id: bool = False

    def problem(self, error: CostError) -> RowProblem:
        """What recording refused about it, in the words of the table."""
        return refused(self.row, self.columns, error)


def refused(row: int, columns: Mapping[str, str], error: CostError) -> RowProblem:
    """A refusal as a problem of this row: the field it names is the column that field came from."""
    column = None if error.field is None else columns.get(error.field)
    return RowProblem(row=row, column=column, reason=error.sentence, hint=error.hint)
