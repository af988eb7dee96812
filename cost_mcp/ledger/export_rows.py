"""The plan behind exports: every row that counts in a period, in the order of time, a batch at a time.

Rows are never changed and never go, so the mark of the first batch (the last row there was) makes all batches one picture
without a snapshot that stays open: each is read in a transaction of its own, of some milliseconds, and a checkpoint waits no
longer than that. Only where a filter lets few rows through does a batch take longer, at most one pass over the period.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from cost_mcp.ledger.plan import Plan
from cost_mcp.model.call import INFERENCE_GEO
from cost_mcp.model.call_row import CallRow
from cost_mcp.model.moment import micros
from cost_mcp.model.report import CALL_DIMENSIONS, SERIES_DIMENSIONS, ReportQuery

BATCH = 1_000
"""Rows read at once: more is hardly faster, and a thousand take under a megabyte."""

_OF_SERIES = (
    "tenant", "billing", "source", "project", "agent", "provider", "model", "feature", "purpose", "task_type", "response_model",
    "catalog_provider", "catalog_model",
)  # fmt: skip
# A reversal keeps no charges of its own: they are those of the report it takes back.
_CHARGES = (
    "CASE WHEN e.sign = 1 THEN e.charges ELSE (SELECT o.charges FROM entries o WHERE o.tenant = e.tenant AND "
    "o.call_id = e.call_id AND o.revision = e.revision AND o.sign = 1) END"
)
_COMPUTED = {
    **{name: f"s.{name}" for name in _OF_SERIES},
    "charges": _CHARGES,
    "price_entry_id": "p.entry_id",
    # Looked for as text first: few rows have them, and taking JSON apart costs as much as all the rest of a row.
    "context_above": "CASE WHEN instr(p.contents, '\"context_above\"') THEN json_extract(p.contents, '$.context_above') END",
    "inference_geo": (
        f"CASE WHEN instr(e.metadata, '\"{INFERENCE_GEO}\"') THEN json_extract(e.metadata, '$.{INFERENCE_GEO}') END"
    ),
}
_COLUMNS = ", ".join(_COMPUTED.get(name, f"e.{name}") for name in CallRow._fields)
_SAME_INSTANT = "e.occurred_at = :occurred_at AND e.seq > :seq"
_LATER = "e.occurred_at > :occurred_at AND e.occurred_at < :until"
_LAST = "SELECT COALESCE(MAX(seq), 0) FROM entries"


@dataclass(frozen=True, slots=True)
class Mark:
    """Where a batch ended: the last row that was there when the first one began, and the last row that was read."""

    as_of: int
    occurred_at: int
    seq: int


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
    found = tuple(map(CallRow._make, rows))
    return Batch(rows=found, mark=Mark(mark.as_of, found[-1].occurred_at, found[-1].seq) if len(found) == limit else None)


def _statement(query: ReportQuery, place: str) -> str:
    index = next((index for name, index in _INDEXES.items() if name in query.filters), "entries_by_time")
    filters = [f"{_FILTERED[name]} = :filter_{name}" for name in query.filters]
    wanted = " AND ".join(["e.tenant = :tenant", place, "e.seq <= :as_of", "e.counted = 1", *filters])
    return (
        f"SELECT {_COLUMNS} FROM entries e INDEXED BY {index} CROSS JOIN series s ON s.series_id = e.series_id "
        f"LEFT JOIN price_entries p ON p.price_id = e.price_id WHERE {wanted} ORDER BY e.occurred_at, e.seq LIMIT :limit"
    )


_FILTERED = {**{name: f"s.{name}" for name in SERIES_DIMENSIONS}, **{name: f"e.{name}" for name in CALL_DIMENSIONS}}
_INDEXES = {"task_id": "entries_by_task", "session_id": "entries_by_session"}
