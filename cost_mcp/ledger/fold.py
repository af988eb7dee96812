"""Rollups: sums of the calls by time bucket and series, kept up to a watermark that moves with every fold."""

from __future__ import annotations

import sqlite3

from cost_mcp.ledger.book import Book
from cost_mcp.ledger.bucket import ENTRY_SUMS, GRAINS, QUARTER, ROLLUP_SUMS, is_too_large

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
        book.folded_seq = book.last_seq
        book.folded = True
    except (sqlite3.IntegrityError, sqlite3.OperationalError) as error:
        if not is_too_large(error):
            raise
        book.db.execute("ROLLBACK TO fold")
        book.fold_after *= 2
    book.db.execute("RELEASE fold")
