"""Whole commands, from the shell's point of view."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

from bench.stdio import environment
from bench.table import Row, median, shown


def today(db: Path, rounds: int = 15) -> Row:
    """``cost-mcp today``, the whole process."""
    command = [str(Path(sys.executable).with_name("cost-mcp")), "today"]
    times: list[float] = []
    for _ in range(rounds):
        began = time.perf_counter()
        subprocess.run(command, env=environment(db), check=True, capture_output=True)
        times.append(time.perf_counter() - began)
    taken = median(times)
    return Row("`cost-mcp today`, whole process, 1,000,000 calls", shown(taken, "s"), "", "", "≤ 250 ms", taken <= 0.25)
