"""Exported calls as Parquet, which analytics read by column: amounts are exact decimals, times are UTC, ids and names text.

pyarrow is an extra, loaded only here: it is larger than everything else together.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, BinaryIO

from cost_mcp.errors import InvalidInput
from cost_mcp.model.call_row import CallRow
from cost_mcp.model.money import usd
from cost_mcp.views.export_columns import COLUMNS, COUNT, FLAG, INSTANT, MONEY, Cell, cells_of
from cost_mcp.views.export_json import charge_shapes

GROUP = 10_000
"""Rows that are compressed together, and held in memory until then."""


def check_installed() -> None:
    """Nothing, where Parquet can be written.

    Raises:
        InvalidInput: pyarrow is missing; the hint says how to get it.
    """
    _pyarrow("pyarrow")


class CallsParquet:
    """A table with the columns of ``export_columns``, and ``charges`` as a list of records."""

    def __init__(self, out: BinaryIO) -> None:
        self._arrow = _pyarrow("pyarrow")
        self._schema = _schema(self._arrow)
        self._writer = _pyarrow("pyarrow.parquet").ParquetWriter(out, self._schema, compression="zstd")
        self._waiting: list[CallRow] = []

    def put(self, rows: Sequence[CallRow]) -> int:
        """Take rows; answers how many."""
        self._waiting += rows
        if len(self._waiting) >= GROUP:
            self._write()
        return len(rows)

    def close(self) -> None:
        """Write what waits, and the foot of the file."""
        if self._waiting:
            self._write()
        self._writer.close()

    def _write(self) -> None:
        columns: list[list[Any]] = [list(column) for column in zip(*map(cells_of, self._waiting), strict=True)]
        for place, (_, kind) in enumerate(COLUMNS):
            if kind == MONEY:
                columns[place] = [_usd(value) for value in columns[place]]
            elif kind == FLAG:
                columns[place] = [bool(value) for value in columns[place]]
        columns.append([_charges(row) for row in self._waiting])
        arrays = [self._arrow.array(column, field.type) for column, field in zip(columns, self._schema, strict=True)]
        self._writer.write_table(self._arrow.Table.from_arrays(arrays, schema=self._schema))
        self._waiting.clear()


def _usd(nanos: Cell) -> Decimal | None:
    return None if nanos is None else usd(int(nanos))


def _charges(row: CallRow) -> list[dict[str, object]]:
    found = charge_shapes(row)
    for charge in found:
        charge["unit_price_usd"] = Decimal(str(charge["unit_price_usd"]))
        charge["cost_usd"] = Decimal(str(charge["cost_usd"]))
    return found


def _schema(arrow: Any) -> Any:
    amount = arrow.decimal128(38, 9)
    types = {COUNT: arrow.int64(), MONEY: amount, INSTANT: arrow.timestamp("us", tz="UTC"), FLAG: arrow.bool_()}
    price = arrow.decimal128(38, 18)
    charge = {"meter": arrow.string(), "quantity": arrow.int64(), "unit_price_usd": price, "cost_usd": amount}
    fields = [(name, types.get(kind, arrow.string())) for name, kind in COLUMNS]
    return arrow.schema([*fields, ("charges", arrow.list_(arrow.struct(list(charge.items()))))])


def _pyarrow(module: str) -> Any:
    try:
        return importlib.import_module(module)
    except ImportError:
        raise InvalidInput(
            "Parquet needs pyarrow, which is not installed.", field="format", hint="Run: pip install 'cost-mcp[parquet]'"
        ) from None
