"""The status line as a whole process, against Python importing what it could not do without."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from pathlib import Path

from bench.hook import LEAST
from bench.table import Row, median, ratio_row

COMMAND = [str(Path(sys.executable).with_name("cost-mcp")), "statusline"]
SESSION, TURNS = "bench-session", 500


def statusline(db: Path, rounds: int = 40) -> list[Row]:
    """A session of five hundred calls among a million others, with three budgets; and the bare process, in turns."""
    asyncio.run(_session(db))
    env = {**os.environ, "COST_MCP_DB": str(db), "COST_MCP_CONFIG": "", "COST_MCP_TIMEZONE": "Europe/Berlin"}
    given = json.dumps({"session_id": SESSION, "cwd": str(db.parent.absolute()), "model": {"display_name": "Opus"}})
    ours: list[float] = []
    least: list[float] = []
    for n in range(rounds + 2):
        bare, _ = _taken(LEAST, env, "")
        seconds, said = _taken(COMMAND, env, given)
        assert said.startswith("session $0.60 | today $"), said
        if n >= 2:
            ours.append(seconds)
            least.append(bare)
    what = '`cost-mcp statusline`, whole process, 1,000,000 calls (`python -c "import json, sqlite3"`)'
    return [ratio_row(what, median(ours), median(least), "s", 3)]


def _taken(command: list[str], env: dict[str, str], stdin: str) -> tuple[float, str]:
    began = time.perf_counter()
    done = subprocess.run(command, env=env, input=stdin, capture_output=True, text=True, check=True)
    return time.perf_counter() - began, done.stdout


async def _session(db: Path) -> None:
    """Record the session; a ledger that has it is left as it is."""
    from cost_mcp.config.settings import Settings
    from cost_mcp.model.call import Rank
    from cost_mcp.service.opening import open_service

    async with open_service(Settings(db=str(db))) as service:
        for n in range(TURNS):
            fields = {"model": "bench-model", "cost_usd": "0.0012", "call_id": f"bench-{n}", "session_id": SESSION}
            await service.record(fields, source="cli", rank=Rank.RESPONSE)
