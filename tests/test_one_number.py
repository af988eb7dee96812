"""Every face gives the same number for the same question: one scenario through MCP, the command line and Python."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, cast

from mcp import Client, StdioServerParameters
from mcp_types import CallToolResult

import cost_mcp
from cost_mcp.model.money import usd_text

CALLS: list[dict[str, Any]] = [
    {
        "model": "claude-opus-4-6",
        "input_tokens": 12_345,
        "output_tokens": 678,
        "cache_read_input_tokens": 9_999,
        "agent": "planner",
    },
    {"model": "gpt-5.4", "input_tokens": 300_001, "output_tokens": 17, "reasoning_output_tokens": 5, "agent": "coder"},
    {"model": "gemini-2.5-pro", "input_tokens": 1, "output_tokens": 1, "agent": "coder"},
    {"model": "nobody-knows-this", "input_tokens": 5, "output_tokens": 5, "agent": "tester"},
    {"model": "llama3", "provider": "ollama", "input_tokens": 5000, "output_tokens": 5, "agent": "tester"},
]


def environment(db: Path) -> dict[str, str]:
    return {**os.environ, "COST_MCP_DB": str(db), "COST_MCP_CONFIG": "", "COST_MCP_TIMEZONE": "Europe/Berlin"}


def command(db: Path, *arguments: str) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "cost_mcp", *arguments, "--json"],
        env=environment(db),
        capture_output=True,
        text=True,
        check=True,
        cwd=db.parent,
    )
    return cast("dict[str, Any]", json.loads(done.stdout))


def spent(budgets: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Where budgets stand, without the projection: it depends on the second it is asked in."""
    return [{name: value for name, value in budget.items() if name != "projected_usd"} for budget in budgets]


def structure(answer: CallToolResult) -> dict[str, Any]:
    assert answer.structured_content is not None
    return answer.structured_content


def compared(report: dict[str, Any]) -> dict[str, Any]:
    """A report beside the period before, without the moment it was asked at."""
    asked_at = ("compared_until", "previous_end")
    return {**report, "comparison": {name: value for name, value in report["comparison"].items() if name not in asked_at}}


async def through_mcp(db: Path) -> tuple[dict[str, Any], ...]:
    server = StdioServerParameters(command=sys.executable, args=["-m", "cost_mcp", "serve"], env=environment(db), cwd=db.parent)
    async with Client(server) as client:
        for n, call in enumerate(CALLS):
            await client.call_tool("record_call", call | {"call_id": f"c-{n}", "task_id": "T-1", "task_type": "bugfix"})
        report = await client.call_tool("get_cost_report", {"period": "today", "group_by": ["agent", "model"]})
        beside = {"period": "week", "group_by": ["model"], "compare": True, "trend": True, "top": 2}
        week = await client.call_tool("get_cost_report", beside)
        task = await client.call_tool("get_task_cost", {"task_id": "T-1"})
        status = await client.call_tool("get_budget_status", {})
    return structure(report), structure(week), structure(task), structure(status)


async def test_tools_commands_and_python_say_the_same(tmp_path: Path):
    db = tmp_path / "ledger.db"
    command(db, "budget", "set", "daily", "--limit", "5", "--period", "day")
    report, week, task, status = await through_mcp(db)

    assert command(db, "report", "--period", "today", "--group-by", "agent,model") == report
    beside = command(db, "report", "--period", "week", "--group-by", "model", "--compare", "--trend", "--top", "2")
    assert compared(beside) == compared(week)
    assert [row["model"] for row in week["groups"]][2:] == ["(other)"]
    assert command(db, "task", "T-1") == task
    assert spent(command(db, "budget", "status")["budgets"]) == spent(status["budgets"])
    async with cost_mcp.open(db, environ={"COST_MCP_CONFIG": "", "COST_MCP_TIMEZONE": "Europe/Berlin"}) as cost:
        totals = (await cost.task_cost("T-1")).task.totals
        (standing,) = (await cost.budget_status()).standings
    assert task["efficiency"]["why"] == "1 of its calls has no known price"
    assert usd_text(totals.cost_usd) == task["cost_usd"] == report["total_cost_usd"] == status["budgets"][0]["spent_usd"]
    assert usd_text(standing.spent) == task["cost_usd"]
    assert totals.unpriced_calls == task["unpriced_calls"] == report["unpriced_calls"] == 1
    assert totals.total_tokens == task["total_tokens"] == report["total_tokens"]
