"""Sums by one dimension alone, and by task and session: kept behind a watermark of their own, moved in larger steps than the rollups'."""

from __future__ import annotations

import sqlite3

from cost_mcp.ledger.book import Book
from cost_mcp.ledger.bucket import ENTRY_SUMS, QUARTER, ROLLUP_SUMS, is_too_large

FACETS = ("agent", "task_type", "provider", "purpose", "model", "project", "feature")
"""Dimensions that sums are kept by alone: what every report breaks its whole down by."""

SUM_GRAINS = (4, 96)
"""Quarter-hours in a bucket. Quarter-hours by themselves are not kept: the rollups have them, and few are ever needed."""

SUM_AFTER = 2048
"""Rows above the watermark at which they are summed up: the more at once, the less each costs; a report reads as many single rows."""

STEP = 8192
"""The most rows summed up at once, so that nobody waits longer for the lock than for a large batch of calls."""

FAR_BEHIND = 32_768
"""Rows above the watermark from which on it is not worth using: a ledger of an earlier schema, or one just filled by other means.

Recording leaves those to moments in which there is nothing to record.
"""

_FINEST, *_COARSER = SUM_GRAINS
_ADDED = ", ".join(f"SUM({name}) AS {name}" for name in ROLLUP_SUMS)
_SAME = ", ".join(ROLLUP_SUMS)
_HOURS = (
    f"SELECT e.tenant AS tenant, e.occurred_at / {QUARTER * _FINEST} * {_FINEST} AS bucket, e.series_id AS series_id, "
    "e.task_id AS task_id, e.session_id AS session_id, "
    f"{', '.join(f'SUM({expression}) AS {name}' for name, expression in zip(ROLLUP_SUMS, ENTRY_SUMS, strict=True))} "
    "FROM entries e WHERE e.seq > :after AND e.seq <= :upto AND e.counted = 1 GROUP BY e.series_id, bucket, e.task_id, e.session_id"
)
"""The entries with ``:after`` < seq <= ``:upto`` by the hour and everything that sums are kept by."""


def _with_coarser(hours: str, key: str) -> str:
    """The rows of ``hours`` (tenant, bucket, ``key``, sums) with their grain, and those of the coarser grains made from them."""
    return f"SELECT tenant, {_FINEST} AS grain, bucket, {key}, {_SAME} FROM {hours}" + "".join(
        f" UNION ALL SELECT tenant, {grain}, bucket / {grain} * {grain} AS wider, {key}, {_ADDED} FROM {hours} "
        f"GROUP BY tenant, wider, {key}"
        for grain in _COARSER
    )


_EACH = ", ".join(f"('{name}')" for name in FACETS)
_VALUE = " ".join(f"WHEN '{name}' THEN s.{name}" for name in FACETS)
_FACET_KEY = "tenant, grain, bucket, dimension, value, billing"
_FACETS = (
    f"series_hours AS MATERIALIZED (SELECT tenant, bucket, series_id, {_ADDED} FROM hours GROUP BY 1, 2, 3), "
    f"spread AS MATERIALIZED (SELECT h.tenant, h.bucket, d.column1 AS dimension, "
    f"CASE d.column1 {_VALUE} END AS value, s.billing, "
    f"{', '.join(f'SUM(h.{name}) AS {name}' for name in ROLLUP_SUMS)} FROM series_hours h "
    f"JOIN series s ON s.series_id = h.series_id CROSS JOIN (VALUES {_EACH}) d "
    "GROUP BY 1, 2, 3, 4, 5) "
    f"{_with_coarser('spread', 'dimension, value, billing')}"
)
_EFFORT_KEY = "tenant, grain, bucket, task, session, series_id"
_EFFORTS = (
    "numbered AS MATERIALIZED (SELECT h.tenant, h.bucket, "
    "COALESCE((SELECT n.number FROM names n WHERE n.tenant = h.tenant AND n.name = h.task_id), 0) AS task, "
    "COALESCE((SELECT n.number FROM names n WHERE n.tenant = h.tenant AND n.name = h.session_id), 0) AS session, "
    f"h.series_id, {', '.join(f'h.{name}' for name in ROLLUP_SUMS)} FROM hours h) "
    f"{_with_coarser('numbered', 'task, session, series_id')}"
)
OWED = tuple(
    (table, key, f"WITH hours AS MATERIALIZED ({_HOURS}), {rows}")
    for table, key, rows in (("facets", _FACET_KEY, _FACETS), ("efforts", _EFFORT_KEY, _EFFORTS))
)
"""Each table that is kept, its key, and what it has to hold of those entries, computed from nothing else but numbered names."""

_STEPS = (
    f"CREATE TEMP TABLE IF NOT EXISTS hours (tenant, bucket, series_id, task_id, session_id, {_SAME})",
    f"INSERT INTO temp.hours {_HOURS}",
    *(
        f"INSERT INTO names (tenant, name) SELECT DISTINCT tenant, {column} FROM hours WHERE {column} IS NOT NULL ON CONFLICT DO NOTHING"
        for column in ("task_id", "session_id")
    ),
    *(
        f"INSERT INTO {table} ({key}, {_SAME}) SELECT * FROM (WITH {rows}) WHERE true "
        f"ON CONFLICT DO UPDATE SET {', '.join(f'{c} = {c} + excluded.{c}' for c in ROLLUP_SUMS)}"
        for table, key, rows in (("facets", _FACET_KEY, _FACETS), ("efforts", _EFFORT_KEY, _EFFORTS))
    ),
    "DELETE FROM temp.hours",
)
_MARK = "SELECT value FROM state WHERE name = 'summed_seq'"
_MOVE = "UPDATE state SET value = ? WHERE name = 'summed_seq'"


def sum_up(book: Book, most: int = STEP) -> bool:
    """Sum up to so many of the folded rows above the watermark; whether any are left.

    A sum past 64 bits leaves everything where it was: reports stay exact without.
    """
    after = summed_seq(book.db)
    upto = min(book.folded_seq, after + most)
    if upto <= after:
        return False
    book.db.execute("SAVEPOINT summing")
    try:
        for step in _STEPS:
            book.db.execute(step, {"after": after, "upto": upto} if ":upto" in step else {})
        book.db.execute(_MOVE, (upto,))
    except (sqlite3.IntegrityError, sqlite3.OperationalError) as error:
        if not is_too_large(error):
            raise
        book.db.execute("ROLLBACK TO summing")
        upto = book.folded_seq
    book.db.execute("RELEASE summing")
    return upto < book.folded_seq


def forget_sums(db: sqlite3.Connection) -> None:
    """Empty what is kept, inside a write transaction; it is to be summed up anew."""
    for table in ("facets", "efforts", "names"):
        db.execute(f"DELETE FROM {table}")
    db.execute(_MOVE, (0,))


def summed_seq(db: sqlite3.Connection) -> int:
    """The last row whose sums are kept."""
    return int(db.execute(_MARK).fetchone()[0])
