"""Exporting a million rows, against the plainest dump there is of the same table: ``sqlite3 .mode csv``."""

from __future__ import annotations

import os
import shutil
import sys
import time
from pathlib import Path

from bench.table import Row, median, ratio_row

FORMATS = ("csv", "jsonl", "focus")
BOUND = {"csv": 3.0, "focus": 3.0}
"""JSON lines say each call's charges meter by meter, which the dump passes on as they are stored: their ratio is only stated."""

MOST_MEMORY = 100_000_000
_DUMP = """
import csv, sqlite3, sys
rows = sqlite3.connect(f"file:{sys.argv[1]}?mode=ro", uri=True).execute("SELECT * FROM entries")
csv.writer(sys.stdout).writerows(rows)
"""


def exporting(db: Path, folder: Path, rounds: int = 3) -> list[Row]:
    """Whole commands writing to a file, in turns with the dump."""
    env = {**os.environ, "COST_MCP_DB": str(db), "COST_MCP_CONFIG": "", "COST_MCP_TIMEZONE": "UTC"}
    shell = shutil.which("sqlite3")
    name = "`sqlite3 .mode csv`" if shell else "Python's `sqlite3` and `csv`, there is no sqlite3 shell here"
    dump = [shell, "-readonly", "-csv", str(db), "SELECT * FROM entries"] if shell else [sys.executable, "-c", _DUMP, str(db)]
    dumps: list[float] = []
    taken: dict[str, list[float]] = {kind: [] for kind in FORMATS}
    memory: dict[str, int] = dict.fromkeys(FORMATS, 0)
    lines: dict[str, int] = {}
    for _ in range(rounds):
        dumps.append(_run(dump, env, folder / "dump.csv")[0])
        for kind in FORMATS:
            seconds, used = _run([_command(), "export", kind, "--period", "total"], env, folder / f"calls.{kind}")
            taken[kind].append(seconds)
            memory[kind] = max(memory[kind], used)
    for kind in FORMATS:
        with (folder / f"calls.{kind}").open("rb") as file:
            lines[kind] = sum(1 for _ in file) - (kind != "jsonl")
    rows: list[Row] = []
    for kind in FORMATS:
        per_million = median(taken[kind]) * 1_000_000 / lines[kind]
        what = f"`cost-mcp export {kind}`, {lines[kind]:,} rows, a million of them"
        rows.append(ratio_row(f"{what} ({name} of the same calls)", per_million, median(dumps), "s", BOUND.get(kind)))
        rows.append(Row("… its memory", f"{memory[kind] / 1e6:,.0f} MB", "", "", "< 100 MB", memory[kind] < MOST_MEMORY))
    return rows


def _command() -> str:
    return str(Path(sys.executable).with_name("cost-mcp"))


def _run(command: list[str], env: dict[str, str], output: Path) -> tuple[float, int]:
    """Seconds, and the most memory it took."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    began = time.perf_counter()
    pid = os.posix_spawn(command[0], command, env, file_actions=[(os.POSIX_SPAWN_OPEN, 1, str(output), flags, 0o600)])
    _, status, usage = os.wait4(pid, 0)
    taken = time.perf_counter() - began
    assert os.waitstatus_to_exitcode(status) == 0, command
    return taken, usage.ru_maxrss * 1024
