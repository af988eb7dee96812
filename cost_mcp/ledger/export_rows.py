"""The plan behind exports: every row that counts in a period, in the order of time, a batch at a time.

Rows are never changed and never go, so the mark of the first batch (the last row there was) makes all batches one picture
without a snapshot that stays open: each is read in a transaction of its own, of some milliseconds, and a checkpoint waits no
longer than that. Only where a filter lets few rows through does a batch take longer, at most one pass over the period.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from cost_mcp.ledger.plan import Plan, Row
from cost_mcp.model.call import INFERENCE_GEO
from cost_mcp.model.call_row import CallRow, PriceMark, SeriesNames
from cost_mcp.model.moment import micros
from cost_mcp.model.report import CALL_DIMENSIONS, SERIES_DIMENSIONS, ReportQuery

BATCH = 1_000
"""Rows read at once: more is hardly faster, and a thousand take under a megabyte."""

_MOST_REMEMBERED = 20_000

_COMPUTED = {
    "names": "e.series_id",
    "price": "e.price_id",
    # A reversal keeps no charges of its own: they are those of the report it takes back.
    "charges": (
        "CASE WHEN e.sign = 1 THEN e.charges ELSE (SELECT o.charges FROM entries o WHERE o.tenant = e.tenant AND "
        "o.call_id = e.call_id AND o.revision = e.revision AND o.sign = 1) END"
    ),
    # Looked for as text first: few rows have it, and taking JSON apart costs as much as all the rest of a row.
    "inference_geo": (
        f"CASE WHEN instr(e.metadata, '\"{INFERENCE_GEO}\"') THEN json_extract(e.metadata, '$.{INFERENCE_GEO}') END"
    ),
}
_COLUMNS = ", ".join(_COMPUTED.get(name, f"e.{name}") for name in CallRow._fields)
_SAME_INSTANT = "e.occurred_at = :occurred_at AND e.seq > :seq"
_LATER = "e.occurred_at > :occurred_at AND e.occurred_at < :until"
_LAST = "SELECT COALESCE(MAX(seq), 0) FROM entries"
_SERIES = f"SELECT {', '.join(SeriesNames._fields)} FROM series WHERE series_id IN (SELECT value FROM json_each(?))"
_PRICES = (
    "SELECT price_id, entry_id, json_extract(contents, '$.context_above') FROM price_entries "
    "WHERE price_id IN (SELECT value FROM json_each(?))"
)
_FILTERED = {**{name: f"s.{name}" for name in SERIES_DIMENSIONS}, **{name: f"e.{name}" for name in CALL_DIMENSIONS}}
_INDEXES = {"task_id": "entries_by_task", "session_id": "entries_by_session"}


@dataclass(frozen=True, slots=True)
class _Known:
    """Names and prices by the numbers that rows have for them: joined to each row, they cost as much as the row itself."""

    names: dict[int, SeriesNames] = field(default_factory=dict[int, SeriesNames])
    prices: dict[int | None, PriceMark] = field(default_factory=lambda: {None: PriceMark()})

    def learn(self, rows: Iterable[Row]) -> Plan[None]:
        """Look up what these rows name and is not known yet."""
        if len(self.names) > _MOST_REMEMBERED:
            self.names.clear()
        new = {row[0] for row in rows} - self.names.keys()
        if new:
            for found in (yield _SERIES, (json.dumps(sorted(new)),)):
                self.names[found[0]] = SeriesNames._make(found)
        new = {row[1] for row in rows} - self.prices.keys()
        if new:
            for price_id, entry_id, context_above in (yield _PRICES, (json.dumps(sorted(new)),)):
                self.prices[price_id] = PriceMark(entry_id, context_above)


@dataclass(frozen=True, slots=True)
class Mark:
    """Where a batch ended: the last row that was there when the first one began, and the last row that was read."""

    as_of: int
    occurred_at: int
    seq: int
    known: _Known = field(default_factory=_Known, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Some rows, and where to go on; ``mark`` is None behind the last."""

    rows: tuple[CallRow, ...]
    mark: Mark | None


def export_rows(query: ReportQuery, mark: Mark | None = None, limit: int = BATCH) -> Plan[Batch]:
    """The next rows of what a query covers (its grouping and ``as_of`` have no part in it); the first ones without a mark.

    Reports that did not count are left out; of a corrected call there is its first report, its reversal and the new report.
    """
    if mark is None:
        ((last,),) = yield _LAST, ()
        mark = Mark(last, micros(query.period.start) - 1, last)
    values: dict[str, Any] = {
        "tenant": query.tenant,
        "occurred_at": mark.occurred_at,
        "seq": mark.seq,
        "until": micros(query.period.end),
        "as_of": mark.as_of,
        "limit": limit,
        **{f"filter_{name}": value for name, value in query.filters.items()},
    }
    # Tables of days hold thousands of calls of one instant: those behind the mark are found by number, not passed over again.
    rows = yield _statement(query, _SAME_INSTANT), values
    if len(rows) < limit:
        rows += yield _statement(query, _LATER), values | {"limit": limit - len(rows)}
    yield from mark.known.learn(rows)
    names, prices, make = mark.known.names, mark.known.prices, CallRow._make
    found = tuple([make((names[row[0]], prices[row[1]], *row[2:])) for row in rows])
    if len(found) < limit:
        return Batch(rows=found, mark=None)
    return Batch(rows=found, mark=Mark(mark.as_of, found[-1].occurred_at, found[-1].seq, mark.known))


def _statement(query: ReportQuery, place: str) -> str:
    index = next((index for name, index in _INDEXES.items() if name in query.filters), "entries_by_time")
    filters = [f"{_FILTERED[name]} = :filter_{name}" for name in query.filters]
    wanted = " AND ".join(["e.tenant = :tenant", place, "e.seq <= :as_of", "e.counted = 1", *filters])
    series = "" if query.filters.keys() <= set(CALL_DIMENSIONS) else "CROSS JOIN series s ON s.series_id = e.series_id "
    return (
        f"SELECT {_COLUMNS} FROM entries e INDEXED BY {index} {series}WHERE {wanted} ORDER BY e.occurred_at, e.seq LIMIT :limit"
    )
