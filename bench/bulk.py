"""Ledgers too large to be recorded call by call: every set of dimensions is recorded once, then multiplied in SQL."""

from __future__ import annotations

import asyncio
import sqlite3
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bench.rows import priced_call
from cost_mcp.model.charge import PricedCall

RECORDED = 12_000
"""Calls that are recorded: a hundred and twenty tasks, so every project with every agent and model of theirs."""

_MULTIPLY = """
WITH RECURSIVE turns (turn) AS (SELECT 1 UNION ALL SELECT turn + 1 FROM turns WHERE turn < :turns)
INSERT INTO entries ({columns}) SELECT {values}
FROM turns CROSS JOIN pattern WHERE turn * :recorded + seq <= :calls
"""
_NUMBER = "(turn * :recorded + seq - 1)"
_NEW_VALUES = {
    "seq": f"{_NUMBER} + 1",
    "call_id": f"printf('call-%09d', {_NUMBER})",
    "occurred_at": f"CAST(:first + {_NUMBER} * :step AS INTEGER)",
}
NUMBER = _NUMBER
"""The number of the call that is entered, for expressions of a ``Shape``."""

_ON_ENTRIES = "FROM sqlite_master WHERE tbl_name = 'entries' AND type IN ('index', 'trigger') AND sql IS NOT NULL"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What the calls of a ledger are like, what differs from turn to turn besides number and time, and the days they reach back.

    ``days`` is None for this month's; ``recorded`` is how many calls it takes to have every set of dimensions once.
    """

    call_of: Callable[[str, datetime, int], PricedCall] = priced_call
    differing: Mapping[str, str] = field(default_factory=dict[str, str])
    days: int | None = None
    recorded: int = RECORDED


PLAIN = Shape(differing={"task_id": f"'T-' || ({_NUMBER} / 100)"})


def load(db: Path, calls: int, prepare: Callable[[Path], None], shape: Shape = PLAIN) -> None:
    """A ledger with so many calls spread over this month until now, then given its budgets; kept for the next run.

    Its rollups are folded and its budgets' windows filled by the ledger itself. Ledgers of earlier months go.
    """
    marker = db.with_suffix(".filled")
    if marker.exists():
        ready(db, calls)
        return
    for stale in db.parent.glob(f"{db.name.split('-')[0]}-*"):
        stale.unlink()
    began = time.perf_counter()
    now = datetime.now(UTC)
    month = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    first = month if shape.days is None else now - timedelta(days=shape.days)
    step = (now - first) / calls
    asyncio.run(_record(db, [(n, first + step * n) for n in range(shape.recorded)], shape))
    _multiply(db, calls - 1, (first, step), shape)
    # One more call, and all others are folded with it.
    asyncio.run(_record(db, [(calls - 1, first + step * (calls - 1))], shape))
    ready(db, calls)
    prepare(db)
    marker.touch()
    size = db.stat().st_size / 1e9
    print(f"loaded {calls:,} calls ({size:.1f} GB) in {time.perf_counter() - began:.0f} s", file=sys.stderr, flush=True)


def ready(db: Path, calls: int) -> None:
    """Bring the sums that a ledger keeps up to date, as its writers do in their idle moments: what is measured is not that."""
    from cost_mcp.budgets.windows import window_of
    from cost_mcp.ledger.intake import Intake

    began = time.perf_counter()
    with Intake(db, now=datetime.now(UTC), window_of=window_of) as intake:
        intake.fold(calls)
    seconds = time.perf_counter() - began
    if seconds > 1:
        print(f"summed up {db.name} in {seconds:.0f} s", file=sys.stderr, flush=True)


async def _record(db: Path, numbers: list[tuple[int, datetime]], shape: Shape) -> None:
    from cost_mcp.budgets.windows import window_of
    from cost_mcp.ledger.sqlite import open_ledger

    now = datetime.now(UTC)
    ledger = await open_ledger(db, window_of=window_of, now=now)
    for answer in await ledger.record([shape.call_of(f"call-{n:09}", at, n) for n, at in numbers], now):
        if isinstance(answer, Exception):
            raise answer
    await ledger.close()


def _multiply(path: Path, calls: int, times: tuple[datetime, timedelta], shape: Shape) -> None:
    """Enter calls up to so many in the pattern of those that are there; triggers and indexes come back afterwards."""
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        for pragma in ("journal_mode = OFF", "synchronous = OFF", "cache_size = -500000", "temp_store = MEMORY"):
            db.execute(f"PRAGMA {pragma}")
        taken_off: list[tuple[str, str, str]] = db.execute(f"SELECT type, name, sql {_ON_ENTRIES}").fetchall()
        db.execute("CREATE TEMP TABLE pattern AS SELECT * FROM entries ORDER BY seq")
        db.execute("BEGIN")
        for kind, name, _ in taken_off:
            db.execute(f"DROP {kind} {name}")
        columns: list[str] = [row[1] for row in db.execute("PRAGMA table_info(entries)")]
        new = {**_NEW_VALUES, **shape.differing}
        values = [new.get(column, column) for column in columns]
        numbers = {
            "turns": calls // shape.recorded,
            "recorded": shape.recorded,
            "calls": calls,
            "first": times[0].timestamp() * 1e6,
            "step": times[1] / timedelta(microseconds=1),
        }
        db.execute(_MULTIPLY.format(columns=", ".join(columns), values=", ".join(values)), numbers)
        for *_, sql in taken_off:
            db.execute(sql)
        db.execute("COMMIT")
