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

from bench.recorder import add_series, create_lean
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


def shared_file(folder: Path, prepare: Callable[[Path], None], rounds: int = 3, seconds: float = 7) -> list[Row]:
    """The rows of this measurement; ``prepare`` makes our ledger with its three budgets."""
    runs: dict[str, list[Run]] = {"ours": [], "plain": [], "lean": []}
    for n in range(rounds):
        for mode, taken in runs.items():
            db = folder / f"{mode}-{n}.db"
            if mode == "lean":
                create_lean(db)
            else:
                prepare(db)
                add_series(db)
            taken.append(run(mode, db, seconds))
    rate, p99, fairness = (
        {mode: median([getattr(one, name) for one in taken]) for mode, taken in runs.items()}
        for name in ("rate", "p99", "fairness")
    )
    errors = {mode: sum(one.errors for one in taken) for mode, taken in runs.items()}
    what = "16 processes × 4 tasks into one file, calls/s"
    return [
        ratio_row(f"{what} (the same rows through plain aiosqlite)", rate["ours"], rate["plain"], "/s", 3, at_least=True),
        ratio_row(
            f"{what} (a bare six-column row through plain aiosqlite)", rate["ours"], rate["lean"], "/s", None, at_least=True
        ),
        Row(
            "… 99th percentile of one call",
            shown(p99["ours"], "s"),
            shown(p99["plain"], "s"),
            "",
            "≤ 100 ms",
            p99["ours"] <= 0.1,
        ),
        Row(
            "… slowest process over fastest",
            f"{fairness['ours']:.2f}",
            f"{fairness['plain']:.2f}",
            "",
            "≥ 0.6",
            fairness["ours"] >= 0.6,
        ),
        Row("… errors", str(errors["ours"]), str(errors["plain"]), "", "0", errors["ours"] == 0),
    ]
