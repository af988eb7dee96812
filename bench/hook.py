"""The hook as a whole process, against Python importing what no hook could do without."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from bench.stdio import CALL
from bench.table import Row, median, ratio_row

LEAST = [sys.executable, "-c", "import json, sqlite3"]
HOOK = [str(Path(sys.executable).with_name("cost-mcp")), "hook"]
SETTINGS = """\
# where everything is kept, and the calendar days follow
timezone: Europe/Berlin
cost:
  alerts:
    daily_limit: 10.00
    monthly_limit: 200
    warning_percent: 70
"""
PROJECT = """\
project: shop
budgets:
  - name: sessions
    limit: 0.50 # or limit_tokens, limit_calls
    period: total
    each: session_id
    mode: enforce
"""
RICH = """\
---
project: "the shop's site"

task_patterns: ['[A-Z]+-\\d+', "#\\\\d+"]
budgets:
  - {name: sessions, limit: 0.50, period: total, each: session_id, mode: enforce}
  - name: opus   # dear
    limit: 20
    scope: {model: "claude-opus-*"}
    mode: enforce
...
"""


@dataclass(frozen=True, slots=True)
class Shape:
    """One way to have it: the user's and the project's file, the mode of the three budgets, whether one of them is spent."""

    name: str
    user: str = ""
    project: str = ""
    mode: str = "enforce"
    spent: bool = False


SHAPES = (
    Shape("no file, three alerting budgets", mode="alert"),
    Shape("files as in this README, three enforcing budgets", SETTINGS, PROJECT),
    Shape("… one of them spent: denied", SETTINGS, PROJECT, spent=True),
    Shape("… quoted text, lists and mappings on one line, `---`", SETTINGS, RICH),
)


def hook(folder: Path, rounds: int = 40) -> list[Row]:
    """Each shape and the bare process, in turns."""
    started = [_prepare(folder / f"hook-{n}", shape) for n, shape in enumerate(SHAPES)]
    least: list[float] = []
    times: list[list[float]] = [[] for _ in SHAPES]
    for n in range(rounds + 2):
        bare = _taken(LEAST, folder, dict(os.environ), "")[0]
        for (cwd, env), shape, taken in zip(started, SHAPES, times, strict=True):
            event = {"hook_event_name": "PreToolUse", "session_id": "s-1", "cwd": str(cwd), "tool_name": "Bash"}
            seconds, said = _taken(HOOK, cwd, env, json.dumps(event))
            assert ("deny" in said) is shape.spent, said
            if n >= 2:
                taken.append(seconds)
        if n >= 2:
            least.append(bare)
    what = '`cost-mcp hook`, whole process: {} (`python -c "import json, sqlite3"`)'
    return [
        ratio_row(what.format(shape.name), median(taken), median(least), "s", 3)
        for shape, taken in zip(SHAPES, times, strict=True)
    ]


def _taken(command: list[str], cwd: Path, env: dict[str, str], stdin: str) -> tuple[float, str]:
    began = time.perf_counter()
    done = subprocess.run(command, cwd=cwd, env=env, input=stdin, capture_output=True, text=True, check=True)
    return time.perf_counter() - began, done.stdout


def _prepare(home: Path, shape: Shape) -> tuple[Path, dict[str, str]]:
    """A home with its ledger where the platform keeps it, and a project in it."""
    files = {
        home / "config" / "cost-mcp" / "config.yaml": shape.user,
        home / "shop" / ".cost-mcp" / "config.yaml": shape.project,
    }
    for file, text in files.items():
        file.parent.mkdir(parents=True)
        if text:
            file.write_text(text, encoding="utf-8")
    (home / "shop" / ".git").mkdir()
    ours = {"HOME": str(home), "XDG_CONFIG_HOME": str(home / "config"), "XDG_DATA_HOME": str(home / "data")}
    env = {name: value for name, value in os.environ.items() if not name.startswith("COST_MCP_")} | ours
    asyncio.run(_fill(home / "data" / "cost-mcp" / "ledger.db", shape))
    return home / "shop", env


async def _fill(db: Path, shape: Shape) -> None:
    from cost_mcp.config.settings import Settings
    from cost_mcp.model.call import Rank
    from cost_mcp.service.opening import open_service

    db.parent.mkdir(parents=True)
    async with open_service(Settings(db=str(db), timezone="Europe/Berlin")) as service:
        for name in ("day", "week", "month"):
            limit = "0.000001" if shape.spent and name == "week" else "1000000"
            given = {"name": name, "limit": limit, "period": name, "mode": shape.mode}
            await service.set_budget(given, changed_by="bench")
        await service.record({**CALL, "call_id": "bench"}, source="python", rank=Rank.AGENT)
