"""Questions over a million calls against the same over a thousand, and against a scan."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bench import bulk
from bench.rows import priced_call
from bench.stdio import OURS, environment
from bench.table import Row, median, ratio_row
from bench.wire import Wire

LARGE, SMALL = 1_000_000, 1_000
RAW = """
SELECT occurred_at / 86400000000 AS day, series.model, sum(sign), sum(cost_nanos), sum(input_tokens), sum(output_tokens)
FROM entries JOIN series ON series.series_id = entries.series_id
WHERE entries.tenant = 'default' AND occurred_at >= ? AND occurred_at < ?
GROUP BY day, series.model
"""


def fill(db: Path, calls: int, prepare: Callable[[Path], None]) -> None:
    """A ledger with so many calls spread over this month until now; kept for the next run."""
    marker = db.with_suffix(".filled")
    if not marker.exists():
        prepare(db)
        asyncio.run(_fill(db, calls))
        marker.touch()
    bulk.ready(db, calls)


async def _fill(db: Path, calls: int) -> None:
    from cost_mcp.budgets.windows import window_of
    from cost_mcp.ledger.sqlite import open_ledger

    now = datetime.now(UTC)
    month = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    step = (now - month) / calls
    ledger = await open_ledger(db, window_of=window_of, now=now)
    for first in range(0, calls, 2000):
        batch = [priced_call(f"call-{n:09}", month + step * n, n) for n in range(first, min(first + 2000, calls))]
        for answer in await ledger.record(batch, now):
            if isinstance(answer, Exception):
                raise answer
    await ledger.close()


def same_price(small: Path, large: Path, rounds: int = 300) -> list[Row]:
    """Budget status and task cost over stdio, on both ledgers in turns."""
    wires = [Wire(OURS, environment(db)) for db in (small, large)]
    for wire in wires:
        wire.initialize()
    rows: list[Row] = []
    for tool, arguments in (("get_budget_status", {"project": "project-3"}), ("get_task_cost", {"task_id": "T-3"})):
        times: list[list[float]] = [[], []]
        for n in range(rounds + 20):
            for wire, taken in zip(wires, times, strict=True):
                seconds = wire.call(tool, arguments)
                if n >= 20:
                    taken.append(seconds)
        what = f"`{tool}` over stdio, 1,000,000 calls (against 1,000)"
        rows.append(ratio_row(what, median(times[1]), median(times[0]), "s", 1.3))
    for wire in wires:
        wire.close()
    return rows


def report_against_scan(large: Path, rounds: int = 9) -> Row:
    """Month by day × model over stdio, against the GROUP BY over the calls themselves."""
    wire = Wire(OURS, environment(large))
    wire.initialize()
    question = {"period": "month", "group_by": ["day", "model"], "timezone": "UTC", "limit": 200}
    wire.call("get_cost_report", question)
    scan = sqlite3.connect(f"file:{large}?mode=ro", uri=True)
    month = datetime.now(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    bounds = [int(t.timestamp() * 1e6) for t in (month, month + timedelta(days=31))]
    asked: list[float] = []
    scanned: list[float] = []
    for _ in range(rounds):
        asked.append(wire.call("get_cost_report", question))
        began = time.perf_counter()
        scan.execute(RAW, bounds).fetchall()
        scanned.append(time.perf_counter() - began)
    scan.close()
    wire.close()
    what = "`get_cost_report`, month by day × model, 1,000,000 calls (GROUP BY on the calls against it)"
    return ratio_row(what, median(scanned), median(asked), "s", 10, at_least=True)
