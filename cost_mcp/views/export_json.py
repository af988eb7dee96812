"""Exported calls as JSON: one object a line, or one document that holds them all, written as it goes.

An object has the columns of ``export_columns`` without those that say nothing (parts of the usage that are 0 too), money and times as text as everywhere; and the
call's ``charges``, its tags and metadata as they are.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from functools import lru_cache
from typing import BinaryIO

from cost_mcp.model.call_row import CallRow
from cost_mcp.model.moment import micros_text
from cost_mcp.model.money import nanos_text, usd_text
from cost_mcp.views.export_columns import COLUMNS, COUNT, FLAG, INSTANT, MONEY, OBJECT, cells_of

_dump = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_PLAIN = tuple((place, name, kind) for place, (name, kind) in enumerate(COLUMNS) if kind != OBJECT)
_ALWAYS = {"revision", "calls", "input_tokens", "output_tokens", "total_tokens"}
_PARTS = frozenset(name for name, kind in COLUMNS if kind == COUNT) - _ALWAYS
_OBJECTS = tuple((place, name) for place, (name, kind) in enumerate(COLUMNS) if kind == OBJECT)


class CallsJsonl:
    """One object a line."""

    def __init__(self, out: BinaryIO) -> None:
        self._out = out

    def put(self, rows: Sequence[CallRow]) -> int:
        """Write rows; answers how many."""
        self._out.write("".join([f"{call_json(row)}\n" for row in rows]).encode())
        return len(rows)

    def close(self) -> None:
        """Nothing follows the rows."""


class CallsJson:
    """One document: what was asked for, under ``calls`` one object a line, and under ``totals`` what they come to."""

    def __init__(self, out: BinaryIO, about: Mapping[str, object], totals: Callable[[], Mapping[str, object]]) -> None:
        self._out = out
        self._totals = totals
        self._begun = False
        out.write(f'{_dump(dict(about))[:-1]},"calls":['.encode())

    def put(self, rows: Sequence[CallRow]) -> int:
        """Write rows; answers how many."""
        if rows:
            between = ",\n"
            first = between if self._begun else "\n"
            self._out.write(f"{first}{between.join(map(call_json, rows))}".encode())
            self._begun = True
        return len(rows)

    def close(self) -> None:
        """End the document."""
        self._out.write(f'\n],"totals":{_dump(dict(self._totals()))}}}\n'.encode())


def call_json(row: CallRow) -> str:
    """A row as one JSON object."""
    cells = cells_of(row)
    shape: dict[str, object] = {}
    for place, name, kind in _PLAIN:
        value = cells[place]
        if value is None or (value == 0 and name in _PARTS):
            continue
        if kind == MONEY:
            value = nanos_text(int(value))
        elif kind == INSTANT:
            value = micros_text(int(value))
        shape[name] = True if kind == FLAG else value
    shape["charges"] = charge_shapes(row)
    # Tags and metadata are stored as JSON: they are passed on as they are.
    raw = "".join([f',"{name}":{cells[place]}' for place, name in _OBJECTS if cells[place] is not None])
    return f"{_dump(shape)[:-1]}{raw}}}"


def charge_shapes(row: CallRow) -> list[dict[str, object]]:
    """The charges of a row, meter by meter; quantities and costs of a reversal are negative."""
    return [
        {
            "meter": meter,
            "quantity": row.sign * quantity,
            "unit_price_usd": _price(price),
            "cost_usd": nanos_text(row.sign * cost),
        }
        for meter, quantity, price, cost in json.loads(row.charges)
    ]


@lru_cache(maxsize=4096)
def _price(stored: str) -> str:
    return usd_text(Decimal(stored))
