"""Exported calls as JSON: one object a line, or one document that holds them all, written as it goes.

An object has the columns of ``export_columns`` without those that say nothing (parts of the usage that are 0 too), money and times as
text as everywhere; and the call's ``charges``, its tags and metadata as they are. Put together from pieces as ``export_csv`` does it;
a test holds it equal to ``export_columns``.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from functools import lru_cache
from json.encoder import encode_basestring
from typing import BinaryIO

from cost_mcp.model.call_row import CallRow, SeriesNames
from cost_mcp.model.charge import UNPRICED
from cost_mcp.model.moment import micros_text
from cost_mcp.model.money import nanos_text, usd_text
from cost_mcp.views.export_columns import CALL, COLUMNS, REVERSAL

_dump = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_recorded_text = lru_cache(maxsize=1024)(micros_text)
_SERIES = tuple(name for name, _ in COLUMNS if name in SeriesNames._fields)
_FIRST_PART = CallRow._fields.index("cache_read_input_tokens")
_PARTS = tuple(f',"{name}":' for name in CallRow._fields[_FIRST_PART : CallRow._fields.index("web_search_requests") + 1])
_AFTER_PARTS = _FIRST_PART + len(_PARTS)


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
    begin = (
        f'{{"call_id":{encode_basestring(row.call_id)},"occurred_at":"{micros_text(row.occurred_at)}",'
        f'"recorded_at":"{_recorded_text(row.recorded_at)}","entry":"{CALL if row.sign > 0 else REVERSAL}",'
        f'"revision":{row.revision},"calls":{row.sign},{_named(row.names)},"service_tier":"{row.service_tier}",'
        f'"input_tokens":{row.input_tokens},"output_tokens":{row.output_tokens},"total_tokens":{row.input_tokens + row.output_tokens}'
    )
    pieces = [begin, *[f"{name}{count}" for name, count in zip(_PARTS, row[_FIRST_PART:_AFTER_PARTS], strict=True) if count]]
    if row.priced != UNPRICED:
        pieces.append(f',"{"cost_usd" if row.names.billing == "api" else "subscription_usd"}":"{nanos_text(row.cost_nanos)}"')
    if row.list_cost_nanos is not None:
        pieces.append(f',"list_cost_usd":"{nanos_text(row.list_cost_nanos)}"')
    if row.stated_cost_nanos is not None:
        pieces.append(f',"stated_cost_usd":"{nanos_text(row.stated_cost_nanos)}"')
    pieces.append(f',"priced":"{row.priced}"')
    if row.unpriced_calls:
        pieces.append(',"lower_bound":true')
    if row.provisional_calls:
        pieces.append(',"provisional":true')
    pieces.append(_texts(row.task_id, row.task_title, row.session_id, row.price.entry_id))
    if row.reservation_id is not None:
        pieces.append(f',"reservation_id":{encode_basestring(row.reservation_id)}')
    pieces.append(f',"charges":{_charges(row)}')
    # Tags and metadata are stored as JSON: they are passed on as they are.
    if row.tags is not None:
        pieces.append(f',"tags":{row.tags}')
    if row.metadata is not None:
        pieces.append(f',"metadata":{row.metadata}')
    pieces.append("}")
    return "".join(pieces)


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


def _charges(row: CallRow) -> str:
    # Meters are our own words: nothing needs escaping.
    sign = row.sign
    shapes = [
        f'{{"meter":"{meter}","quantity":{sign * quantity},"unit_price_usd":"{_price(price)}","cost_usd":"{nanos_text(sign * cost)}"}}'
        for meter, quantity, price, cost in json.loads(row.charges)
    ]
    return f"[{','.join(shapes)}]"


@lru_cache(maxsize=4096)
def _texts(*texts: str | None) -> str:
    names = ("task_id", "task_title", "session_id", "price_entry_id")
    return "".join([f',"{n}":{encode_basestring(text)}' for n, text in zip(names, texts, strict=True) if text is not None])


@lru_cache(maxsize=4096)
def _named(names: SeriesNames) -> str:
    return _dump({name: value for name in _SERIES if (value := getattr(names, name))})[1:-1]


@lru_cache(maxsize=4096)
def _price(stored: str) -> str:
    return usd_text(Decimal(stored))
