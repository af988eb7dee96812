"""Starting the server and calling its tools, against a bare one."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from bench.table import Row, median, ratio_row
from bench.wire import Wire

BARE = [sys.executable, str(Path(__file__).with_name("bare_server.py"))]
OURS = [sys.executable, "-m", "cost_mcp", "serve"]
CALL = {
    "model": "claude-opus-4-6",
    "provider": "anthropic",
    "usage": {"input_tokens": 1200, "output_tokens": 300, "cache_read_input_tokens": 40_000, "cache_creation_input_tokens": 0},
    "task_id": "T-1",
    "agent": "builder",
    "project": "site",
}


def environment(db: Path) -> dict[str, str]:
    """This machine's environment with the ledger of the measurement and no configuration."""
    return {**os.environ, "COST_MCP_DB": str(db), "COST_MCP_CONFIG": "", "COST_MCP_TIMEZONE": "UTC"}


def start_up(db: Path, rounds: int = 15) -> Row:
    """Spawn until ``initialize`` is answered."""
    env = environment(db)
    ours: list[float] = []
    bare: list[float] = []
    for _ in range(rounds):
        for command, times in ((BARE, bare), (OURS, ours)):
            wire = Wire(command, env)
            times.append(wire.initialize())
            wire.close()
    return ratio_row("stdio: spawn until `initialize` is answered", median(ours), median(bare), "s", 1.15)


def record_call(db: Path, calls: int = 1500) -> Row:
    """One durable ``record_call`` with three budgets, against a trivial tool; interleaved."""
    env = environment(db)
    ours, bare = Wire(OURS, env), Wire(BARE, env)
    for wire in (ours, bare):
        wire.initialize()
    for n in range(100):
        ours.call("record_call", {**CALL, "call_id": f"warm-{n}"})
        bare.call("echo", {"text": "x"})
    recorded: list[float] = []
    trivial: list[float] = []
    for n in range(calls):
        recorded.append(ours.call("record_call", {**CALL, "call_id": f"bench-{n}"}))
        trivial.append(bare.call("echo", {"text": "x"}))
    ours.close()
    bare.close()
    return ratio_row(
        "`record_call` over stdio, durable, three budgets, p50 (against a trivial tool)",
        median(recorded),
        median(trivial),
        "s",
        2,
    )


def definitions(db: Path) -> Row:
    """The weight of the tool definitions in a model's context."""
    import json

    wire = Wire(OURS, environment(db))
    wire.initialize()
    size = len(json.dumps(wire.request("tools/list", {})["tools"]))
    wire.close()
    return Row("tool definitions as JSON", f"{size:,} B", "", "", "< 12,000 B", size < 12_000)
