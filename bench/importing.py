"""Importing 500 MB of Claude Code's logs, against a plain scan of the same files; again unchanged; and one line more."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

from bench.made_logs import Maker
from bench.table import Row, median, ratio_row, shown

SIZE = 500_000_000
SCAN = """
import json, os, sys
for root, _, names in os.walk(sys.argv[1]):
    for name in names:
        with open(os.path.join(root, name), "rb") as log:
            for line in log:
                json.loads(line)
"""
COMMAND = [str(Path(sys.executable).with_name("cost-mcp")), "import", "--json"]
MOST_MEMORY, MOST_UNCHANGED, MOST_APPENDED = 120_000_000, 0.3, 0.35


def importing(kept: Path, folder: Path, rounds: int = 3) -> list[Row]:
    """Cold, in turns with the scan; then unchanged and with a line appended, whole commands."""
    logs, truth = _logs(kept)
    env = _environment(folder, logs)
    scans: list[float] = []
    colds: list[float] = []
    memory = 0
    for _ in range(rounds):
        seconds, _, _ = _run([sys.executable, "-c", SCAN, str(logs)], env)
        scans.append(seconds)
        for stale in folder.glob("import.db*"):
            stale.unlink()
        seconds, used, told = _run(COMMAND, env)
        colds.append(seconds)
        memory = max(memory, used)
        _check(told, truth)
    unchanged = [_run(COMMAND, env)[0] for _ in range(9)][1:]
    appended = [_one_more(logs, env, n) for n in range(9)][1:]
    what = (
        f"`cost-mcp import`, {truth['bytes'] / 1e6:,.0f} MB of Claude Code's logs, {truth['calls']:,} calls, priced and durable"
    )
    return [
        ratio_row(f"{what} (every line through `json.loads`)", median(colds), median(scans), "s", 2.5),
        Row("… its memory", f"{memory / 1e6:,.0f} MB", "", "", "< 120 MB", memory < MOST_MEMORY),
        _bounded("… the same again, unchanged, whole process", median(unchanged), MOST_UNCHANGED),
        _bounded("… one line appended, whole process", median(appended), MOST_APPENDED),
    ]


def _bounded(what: str, taken: float, most: float) -> Row:
    return Row(what, shown(taken, "s"), "", "", f"≤ {most * 1e3:.0f} ms", taken <= most)


def _logs(kept: Path) -> tuple[Path, dict[str, Any]]:
    """The logs and what is true of them, made once and kept."""
    kept.mkdir(exist_ok=True)
    folder, told = kept / "claude-logs", kept / "claude-logs.json"
    if not told.exists():
        # In a process of its own: the system counts what a parent once held among the memory of its children.
        subprocess.run([sys.executable, "-m", "bench.importing", str(folder), str(told)], check=True)
    return folder.absolute(), json.loads(told.read_text())


def make(folder: Path, told: Path) -> None:
    """Make the logs, and note what is true of them."""
    truth = Maker(folder, SIZE).make()
    contents = {"calls": truth.calls, "provisional": truth.provisional, "cost_usd": str(truth.cost_usd)}
    told.write_text(json.dumps({**contents, "bytes": truth.bytes}))


def _environment(folder: Path, logs: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("COST_MCP_")}
    ours = {"COST_MCP_DB": str(folder / "import.db"), "COST_MCP_CONFIG": "", "COST_MCP_TIMEZONE": "UTC"}
    homes = {name: str(folder / "nowhere") for name in ("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME")}
    return {**kept, **ours, **homes, "CLAUDE_CONFIG_DIR": str(logs)}


def _run(command: list[str], env: dict[str, str]) -> tuple[float, int, dict[str, Any]]:
    """Seconds, the most memory it took, and the JSON it printed."""
    reading, writing = os.pipe()
    began = time.perf_counter()
    pid = os.posix_spawn(command[0], command, env, file_actions=[(os.POSIX_SPAWN_DUP2, writing, 1)])
    os.close(writing)
    with os.fdopen(reading) as out:
        told = out.read()
    _, status, usage = os.wait4(pid, 0)
    taken = time.perf_counter() - began
    assert os.waitstatus_to_exitcode(status) == 0, told
    return taken, usage.ru_maxrss * 1024, json.loads(told) if told else {}


def _check(told: dict[str, Any], truth: dict[str, Any]) -> None:
    """Speed that comes to a wrong sum is none."""
    assert told["calls"] == truth["calls"], told
    assert told["provisional"] == truth["provisional"], told
    assert Decimal(told["cost_usd"]) == Decimal(truth["cost_usd"]), (told, truth)


def _one_more(logs: Path, env: dict[str, str], number: int) -> float:
    """A line more in one of the logs, imported; the file is then as it was, and the ledger knows the call."""
    log = max(logs.rglob("*.jsonl"), key=lambda path: path.stat().st_size)
    size = log.stat().st_size
    line = next(line for line in log.read_text().splitlines() if '"stop_reason":"tool_use"' in line)
    entry = json.loads(line)
    entry["message"]["id"] = f"msg_more_{time.time_ns()}_{number}"
    with log.open("a") as file:
        file.write(json.dumps(entry, separators=(",", ":")) + "\n")
    seconds, _, told = _run(COMMAND, env)
    os.truncate(log, size)
    _run(COMMAND, env)
    assert told["calls"] == 1, told
    return seconds


if __name__ == "__main__":
    make(*map(Path, sys.argv[1:3]))
