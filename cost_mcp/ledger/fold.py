"""Rollups: sums of the calls by time bucket and series, kept up to a watermark that moves with every fold."""

from __future__ import annotations

import sqlite3

from cost_mcp.ledger.book import Book
from cost_mcp.ledger.task_sums import fold_tasks

GRAINS = (1, 4, 96)
"""Quarter-hours in a bucket. All zones since 2000 are whole quarter-hours off UTC, so nothing finer is needed."""

QUARTER = 900_000_000
"""Microseconds in a quarter-hour."""

ROLLUP_SUMS = (
    "calls", "unpriced_calls", "provisional_calls", "cost_nanos", "charged_nanos", "provisional_nanos", "provisional_tokens",
    "input_tokens", "output_tokens", "cache_read_input_tokens", "cache_creation_input_tokens", "reasoning_output_tokens",
    "web_search_requests",
)  # fmt: skip

_COMPUTED = {
    "calls": "e.sign",
    "provisional_nanos": "CASE e.provisional_calls WHEN 0 THEN 0 ELSE e.cost_nanos END",
    "provisional_tokens": "CASE e.provisional_calls WHEN 0 THEN 0 ELSE e.input_tokens + e.output_tokens END",
}
ENTRY_SUMS = tuple(_COMPUTED.get(name, f"e.{name}") for name in ROLLUP_SUMS)
"""What one row ``e`` of entries adds to each of ``ROLLUP_SUMS``."""

_FINEST, *_COARSER = GRAINS
FOLDED = (
    f"WITH finest AS MATERIALIZED (SELECT e.tenant AS tenant, e.occurred_at / {QUARTER * _FINEST} * {_FINEST} AS bucket, "
    f"e.series_id AS series_id, {', '.join(f'SUM({expression}) AS {name}' for name, expression in zip(ROLLUP_SUMS, ENTRY_SUMS, strict=True))} "
    "FROM entries e WHERE e.seq > :after AND e.seq <= :upto AND e.counted = 1 GROUP BY 1, 2, 3) "
    f"SELECT tenant, {_FINEST} AS grain, bucket, series_id, {', '.join(ROLLUP_SUMS)} FROM finest"
) + "".join(
    f" UNION ALL SELECT tenant, {grain}, bucket / {grain} * {grain}, series_id, {', '.join(f'SUM({name})' for name in ROLLUP_SUMS)} "
    "FROM finest GROUP BY 1, 3, 4"
    for grain in _COARSER
)
"""The rollups of the entries with ``:after`` < seq <= ``:upto``, computed from nothing else."""

_FOLD = (
    f"INSERT INTO rollups (tenant, grain, bucket, series_id, {', '.join(ROLLUP_SUMS)}) SELECT * FROM ({FOLDED}) WHERE true "
    f"ON CONFLICT DO UPDATE SET {', '.join(f'{c} = {c} + excluded.{c}' for c in ROLLUP_SUMS)}"
)
_MOVE = "UPDATE state SET value = ? WHERE name = 'folded_seq'"


def fold_when_due(book: Book) -> None:
    """Fold what this transaction and others left above the watermark, once it is enough to be worth it."""
    if book.last_seq - book.folded_seq >= book.fold_after:
        fold(book)


def fold(book: Book) -> None:
    """Fold everything above the watermark.

    A sum past 64 bits leaves rollups and watermark where they were: reports stay exact by reading the rows themselves, and
    this process tries again only when twice as many rows wait.
    """
    book.db.execute("SAVEPOINT fold")
    try:
        book.db.execute(_FOLD, {"after": book.folded_seq, "upto": book.last_seq})
        book.db.execute(_MOVE, (book.last_seq,))
        fold_tasks(book.db, book.last_seq)
        book.folded_seq = book.last_seq
    except (sqlite3.IntegrityError, sqlite3.OperationalError) as error:
        if not _is_too_large(error):
            raise
        book.db.execute("ROLLBACK TO fold")
        book.fold_after *= 2
    book.db.execute("RELEASE fold")


def _is_too_large(error: sqlite3.Error) -> bool:
    """Whether a statement failed because a sum does not fit 64 bits."""
    return "integer overflow" in str(error) or "cannot store REAL value" in str(error)
