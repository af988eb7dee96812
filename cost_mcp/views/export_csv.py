"""Exported calls as comma-separated values, lines as RFC 4180 has them but ended by a line feed alone.

Lines are put together from pieces that stay the same for many calls: a million rows are written in twice the time in which SQLite
writes them without a thought. What stands in a cell is what ``export_columns`` says; a test holds the two equal. Numbers, times
and our own words are written as they are, every other text as ``export_cell`` makes it safe.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import BinaryIO

from cost_mcp.model.call_row import CallRow, SeriesNames
from cost_mcp.model.charge import UNPRICED
from cost_mcp.model.moment import micros_text
from cost_mcp.model.money import nanos_text
from cost_mcp.views.export_cell import known_cell, written_cell
from cost_mcp.views.export_columns import CALL, COLUMNS, REVERSAL

_recorded_text = lru_cache(maxsize=1024)(micros_text)


class CallsCsv:
    """A row for each row of the ledger, under a head."""

    def __init__(self, out: BinaryIO) -> None:
        self._out = out
        self._names: dict[int, str] = {}
        out.write(f"{','.join(name for name, _ in COLUMNS)}\n".encode())

    def put(self, rows: Sequence[CallRow]) -> int:
        """Write rows; answers how many lines that were."""
        if len(self._names) > 20_000:
            self._names.clear()
        self._out.write("".join([self._line(row) for row in rows]).encode())
        return len(rows)

    def close(self) -> None:
        """Nothing follows the rows."""

    def _line(self, row: CallRow) -> str:
        (
            names, price, _, call_id, revision, sign, occurred_at, recorded_at, task_id, title, session_id, tier, priced, cost,
            list_cost, stated, unpriced, provisional, read, written, cached, made, made_1h, reasoned, heard, heard_cached, spoken, seen,
            drawn, searched, reservation_id, _, tags, metadata, _,
        ) = row  # fmt: skip
        named = self._names.get(names.series_id)
        if named is None:
            named = self._names[names.series_id] = _named(names)
        paid = "" if priced == UNPRICED else nanos_text(cost)
        listed = "" if list_cost is None else paid if list_cost == cost and paid else nanos_text(list_cost)
        rare = (
            ",,"
            if reservation_id is tags is metadata is None
            else ",".join(map(written_cell, (reservation_id, tags, metadata)))
        )
        return (
            f"{written_cell(call_id)},{micros_text(occurred_at)},{_recorded_text(recorded_at)},{CALL if sign > 0 else REVERSAL},"
            f"{revision},{sign},{named},{_of_task(task_id, title, session_id)},{tier},{read},{written},"
            f"{read + written},{cached},{made},{made_1h},{reasoned},{heard},{heard_cached},{spoken},{seen},{drawn},{searched},"
            f"{f'{paid},' if names.billing == 'api' else f',{paid}'},{listed},{'' if stated is None else nanos_text(stated)},{priced},"
            f"{'true' if unpriced else ''},{'true' if provisional else ''},{known_cell(price.entry_id)},"
            f"{rare}\n"
        )


@lru_cache(maxsize=4096)
def _of_task(*texts: str | None) -> str:
    return ",".join(map(written_cell, texts))


def _named(names: SeriesNames) -> str:
    cells = (
        names.provider, names.model, names.response_model, names.billing, names.source, names.project, names.agent, names.feature,
        names.purpose, names.task_type,
    )  # fmt: skip
    return ",".join(map(written_cell, cells))
