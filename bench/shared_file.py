"""Sixteen processes of four tasks each, recording into one file: ours against plain aiosqlite, in turns."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from bench.recorder import create_plain
from bench.table import Row, median, percentile, ratio_row, shown

PROCESSES = 16


@dataclass(frozen=True, slots=True)
class Run:
    """One run: calls a second, the 99th percentile in seconds, slowest over fastest process, errors."""

    rate: float
    p99: float
    fairness: float
    errors: int


def run(mode: str, db: Path, seconds: float) -> Run:
    """Start the processes at one moment and gather what they say."""
    start = time.time() + 6
    workers = [
        subprocess.Popen(
            [sys.executable, "-m", "bench.recorder", mode, str(db), str(start), str(seconds), str(number)],
            stdout=subprocess.PIPE,
        )
        for number in range(PROCESSES)
    ]
    said = [cast("dict[str, Any]", json.loads(worker.communicate()[0])) for worker in workers]
    calls = [cast("int", one["calls"]) for one in said]
    latencies = [latency for one in said for latency in cast("list[float]", one["latencies"])]
    errors = sum(len(one["errors"]) for one in said)
    return Run(sum(calls) / seconds, percentile(latencies, 99), min(calls) / max(calls), errors)


def shared_file(folder: Path, prepare: Callable[[Path], None], rounds: int = 3, seconds: float = 8) -> list[Row]:
    """The rows of this measurement; ``prepare`` makes our ledger with its three budgets."""
    ours: list[Run] = []
    plain: list[Run] = []
    for n in range(rounds):
        db = folder / f"plain-{n}.db"
        create_plain(db)
        plain.append(run("plain", db, seconds))
        db = folder / f"ours-{n}.db"
        prepare(db)
        ours.append(run("ours", db, seconds))
    rate, other = median([r.rate for r in ours]), median([r.rate for r in plain])
    p99, fairness = median([r.p99 for r in ours]), median([r.fairness for r in ours])
    errors, failed = sum(r.errors for r in ours), sum(r.errors for r in plain)
    slow, unfair = median([r.p99 for r in plain]), median([r.fairness for r in plain])
    return [
        ratio_row(
            "16 processes × 4 tasks into one file, calls/s (against plain aiosqlite)", rate, other, "/s", 3, at_least=True
        ),
        Row("… 99th percentile of one call", shown(p99, "s"), shown(slow, "s"), "", "≤ 100 ms", p99 <= 0.1),
        Row("… slowest process over fastest", f"{fairness:.2f}", f"{unfair:.2f}", "", "≥ 0.6", fairness >= 0.6),
        Row("… errors", str(errors), str(failed), "", "0", errors == 0),
    ]
