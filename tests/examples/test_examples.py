"""Every example configuration is parsed, and the server it names is started and answers."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, cast

import pytest
import yaml
from mcp import Client, StdioServerParameters

EXAMPLES = Path(__file__).parents[2] / "examples"
HOOKS = EXAMPLES / "claude-code" / "settings.json"
CONFIGURATIONS = sorted(path for path in EXAMPLES.rglob("*.json") if path != HOOKS)
TOOLS = {"record_call", "get_task_cost", "get_cost_report", "get_budget_status"}


def environment(db: Path) -> dict[str, str]:
    """What a user's shell would have: the installed command on the path, nothing of ours set but the ledger."""
    return {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(db.parent),
        "COST_MCP_DB": str(db),
    }


def server_of(configuration: Path) -> dict[str, Any]:
    written = cast("dict[str, Any]", json.loads(configuration.read_text()))
    servers = cast("dict[str, dict[str, Any]]", written.get("mcpServers") or written["servers"])
    (server,) = servers.values()
    return server


def answered(text: str) -> str:
    """A VS Code input as its user would answer it."""
    return "website" if text.startswith("${input:") else text


@pytest.mark.parametrize("configuration", CONFIGURATIONS, ids=lambda p: str(cast("Path", p).relative_to(EXAMPLES)))
async def test_the_server_of_an_example_starts_and_records(configuration: Path, tmp_path: Path):
    server = server_of(configuration)
    env = {name: answered(value) for name, value in cast("dict[str, str]", server.get("env", {})).items()}
    parameters = StdioServerParameters(
        command=server["command"], args=server["args"], env=environment(tmp_path / "ledger.db") | env, cwd=tmp_path
    )
    async with Client(parameters) as client:
        listed = await client.list_tools()
        answer = await client.call_tool(
            "record_call", {"model": "claude-opus-4-6", "input_tokens": 1000, "output_tokens": 10, "task_id": "T-1"}
        )
    assert {tool.name for tool in listed.tools} >= TOOLS
    assert not answer.is_error
    assert (answer.structured_content or {})["cost_usd"] == "0.00525"


def test_the_commands_of_the_ci_example_run(tmp_path: Path):
    workflow = cast("dict[str, Any]", yaml.safe_load((EXAMPLES / "ci" / "github-actions.yml").read_text()))
    job = workflow["jobs"]["review"]
    commands = [step["run"] for step in job["steps"] if "cost-mcp" in step.get("run", "") and "pip" not in step["run"]]
    assert len(commands) == 2
    env = environment(tmp_path / "ledger.db") | {"COST_MCP_PROJECT": "site", "COST_MCP_TASK_ID": "pr-7"}
    for command in commands:
        done = subprocess.run(["/bin/sh", "-ec", command], env=env, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
    assert "ci-run" in done.stdout  # pyright: ignore[reportPossiblyUnboundVariable] (two commands ran)


@pytest.mark.parametrize("event", ["UserPromptSubmit", "PreToolUse"])
def test_the_hooks_of_the_claude_code_example_deny_when_a_budget_is_spent(event: str, tmp_path: Path):
    hooks = cast("dict[str, Any]", json.loads(HOOKS.read_text()))["hooks"]
    ((entry,), (hook,)) = hooks[event], hooks[event][0]["hooks"]
    env = environment(tmp_path / "ledger.db")

    def ran(command: str, stdin: str = "") -> str:
        done = subprocess.run(
            ["/bin/sh", "-ec", command], env=env, cwd=tmp_path, input=stdin, capture_output=True, text=True, check=True
        )
        return done.stdout

    asked = json.dumps({"hook_event_name": event, "session_id": "s-1", "cwd": str(tmp_path)})
    ran("cost-mcp budget set daily --limit 0.001 --mode enforce")
    before = ran(hook["command"], asked)
    ran("cost-mcp record --model gpt-5 --provider openai --input-tokens 5000")
    after = ran(hook["command"], asked)

    assert set(hooks) == {"UserPromptSubmit", "PreToolUse"}
    assert hook["type"] == "command"
    assert entry.get("matcher", "*") == "*"
    assert before == ""
    assert "Budget daily is spent" in after


def test_there_is_an_example_for_every_host_the_readme_names():
    assert {path.parent.name for path in CONFIGURATIONS} == {"claude-desktop", "claude-code", "cursor", "vscode"}
