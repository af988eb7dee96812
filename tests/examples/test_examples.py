"""Every example configuration is parsed, and the server it names is started and answers."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import subprocess
import sys
import time
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import Any, cast

import pytest
import yaml
from mcp import Client, StdioServerParameters

EXAMPLES = Path(__file__).parents[2] / "examples"
PLUGIN = EXAMPLES / "claude-code-plugin"
MANIFEST = PLUGIN / ".claude-plugin" / "plugin.json"
HOOKS = [EXAMPLES / "claude-code" / "settings.json", PLUGIN / "hooks" / "hooks.json"]
CONFIGURATIONS = sorted(path for path in EXAMPLES.rglob("*.json") if path not in {*HOOKS, MANIFEST})
LOGS = Path(__file__).parents[1] / "capture" / "logs" / "claude_code"
TOOLS = {"record_call", "get_task_cost", "get_cost_report", "get_budget_status"}


def environment(db: Path) -> dict[str, str]:
    """What a user's shell would have: the installed command on the path, nothing of ours set but the ledger."""
    return {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(db.parent),
        "COST_MCP_DB": str(db),
    }


def definitions() -> str:
    """What the server answers to ``initialize`` and ``tools/list``."""
    return files("cost_mcp.server").joinpath("definitions.json").read_text(encoding="utf-8")


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


@pytest.mark.parametrize("configuration", CONFIGURATIONS, ids=lambda p: str(cast("Path", p).relative_to(EXAMPLES)))
async def test_who_only_added_the_server_can_ask_what_the_agents_on_the_machine_cost(configuration: Path, tmp_path: Path):
    (log,) = (LOGS / "web-search").rglob("*.jsonl")
    folder = tmp_path / ".claude" / "projects" / "-home-kim-shop"
    folder.mkdir(parents=True)
    shutil.copy(log, folder)
    server = server_of(configuration)
    env = {name: answered(value) for name, value in cast("dict[str, str]", server["env"]).items()}
    env |= {"COST_MCP_PROJECT": ""}  # whoever asks about one project hears of that one
    parameters = StdioServerParameters(
        command=server["command"], args=server["args"], env=environment(tmp_path / "ledger.db") | env, cwd=tmp_path
    )
    async with Client(parameters) as client:
        end = time.monotonic() + 60
        while True:
            answer = await client.call_tool("get_cost_report", {"period": "total"})
            if (answer.structured_content or {})["calls"] == 1:
                break
            assert time.monotonic() < end, answer
            await asyncio.sleep(0.1)  # asking again, not waiting for a time


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


def hooks_of(file: Path) -> dict[str, Any]:
    return cast("dict[str, Any]", json.loads(file.read_text()))["hooks"]


def ran(command: str, cwd: Path, stdin: str = "") -> str:
    done = subprocess.run(
        ["/bin/sh", "-ec", command],
        env=environment(cwd / "ledger.db"),
        cwd=cwd,
        input=stdin,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def by_folder(path: object) -> str:
    return path.relative_to(EXAMPLES).parts[0] if isinstance(path, Path) else str(path)


@pytest.mark.parametrize("file", HOOKS, ids=by_folder)
@pytest.mark.parametrize("event", ["UserPromptSubmit", "PreToolUse"])
def test_the_hooks_of_an_example_deny_when_a_budget_is_spent(event: str, file: Path, tmp_path: Path):
    ((entry,), (hook,)) = hooks_of(file)[event], hooks_of(file)[event][0]["hooks"]

    asked = json.dumps({"hook_event_name": event, "session_id": "s-1", "cwd": str(tmp_path)})
    ran("cost-mcp budget set daily --limit 0.001 --mode enforce", tmp_path)
    before = ran(hook["command"], tmp_path, asked)
    ran("cost-mcp record --model gpt-5 --provider openai --input-tokens 5000", tmp_path)
    after = ran(hook["command"], tmp_path, asked)

    assert hook["type"] == "command"
    assert "async" not in hook, "what runs in the background denies nothing"
    assert entry.get("matcher", "*") == "*"
    assert before == ""
    assert "Budget daily is spent" in after


@pytest.mark.parametrize("file", HOOKS, ids=by_folder)
@pytest.mark.parametrize("event", ["Stop", "SubagentStop", "SessionEnd"])
def test_the_hooks_of_an_example_import_what_a_session_cost(event: str, file: Path, tmp_path: Path):
    ((hook,),) = (entry["hooks"] for entry in hooks_of(file)[event])
    (log,) = (LOGS / "web-search").rglob("*.jsonl")

    said = ran(hook["command"], tmp_path, json.dumps({"hook_event_name": event, "transcript_path": str(log)}))

    assert said == ""
    assert json.loads(ran("cost-mcp report --period total --json", tmp_path))["calls"] == 1
    # A background hook dies with the session: what runs at its end is waited for.
    assert hook.get("async", False) is (event != "SessionEnd")


def test_the_examples_have_the_same_hooks_for_all_events_that_are_answered():
    settings, plugin = (hooks_of(file) for file in HOOKS)
    assert settings == plugin
    assert set(settings) == {"UserPromptSubmit", "PreToolUse", "Stop", "SubagentStop", "SessionEnd"}


def test_the_status_line_of_the_example_is_shown(tmp_path: Path):
    shown = cast("dict[str, Any]", json.loads(HOOKS[0].read_text()))["statusLine"]
    assert shown["type"] == "command"
    assert ran(shown["command"], tmp_path, '{"session_id": "s-1"}') == "session $0.00 | today $0.00\n"


def test_the_plugins_manifest_is_one_that_claude_code_takes():
    """Source: https://code.claude.com/docs/en/plugins/manifest-reference, read 2026-11-22."""
    manifest = cast("dict[str, Any]", json.loads(MANIFEST.read_text()))
    texts = {"name", "displayName", "version", "description", "license", "homepage", "repository"}
    assert set(manifest) <= texts | {"author", "keywords"}, "what stands in its usual place needs no entry"
    assert all(isinstance(manifest[name], str) for name in texts & set(manifest))
    assert re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", manifest["name"])
    assert not re.search(r"claude|anthropic", manifest["name"]), "such names are reserved"
    assert manifest["version"] == version("cost-mcp")
    assert set(manifest["author"]) <= {"name", "email", "url"}
    assert {path.name for path in MANIFEST.parent.iterdir()} == {"plugin.json"}, "everything else lies beside this folder"


def test_the_plugins_hooks_are_ones_that_claude_code_takes():
    """Source: https://code.claude.com/docs/en/hooks and /plugins-reference (hooks/hooks.json), read 2026-11-22.

    A background hook says so, a matcher is given only where it filters, a timeout is in seconds. What runs when a session ends has a
    minute at most, and 1.5 s where a plugin brings it, whatever it asks for; what it did not get to is imported the next time.
    """
    written = cast("dict[str, Any]", json.loads((PLUGIN / "hooks" / "hooks.json").read_text()))
    assert set(written) == {"description", "hooks"}
    assert isinstance(written["description"], str)
    for event, groups in cast("dict[str, list[dict[str, Any]]]", written["hooks"]).items():
        for group in groups:
            assert set(group) <= {"matcher", "hooks"}
            assert "matcher" not in group or event in {"PreToolUse", "SubagentStop", "SessionEnd"}
            for hook in group["hooks"]:
                assert set(hook) <= {"type", "command", "async", "timeout"}
                assert hook["type"] == "command"
                assert hook["command"].split() == ["cost-mcp", "hook"]
                assert isinstance(hook.get("async", False), bool)
                assert 0 < hook["timeout"] <= (60 if event == "SessionEnd" else 600)


def test_the_plugins_server_is_one_that_claude_code_takes():
    """Source: https://code.claude.com/docs/en/mcp (plugin-provided servers), read 2026-11-22."""
    written = cast("dict[str, Any]", json.loads((PLUGIN / ".mcp.json").read_text()))
    assert set(written) == {"mcpServers"}
    assert set(written["mcpServers"]) == {"cost"}
    server = server_of(PLUGIN / ".mcp.json")
    assert set(server) == {"command", "args", "env"}
    assert all(isinstance(value, str) for value in server["env"].values())
    assert "${" not in json.dumps(server), "the command is the installed one, not a file of the plugin"


def test_the_plugins_skill_names_tools_that_exist_and_their_fields():
    """Source: https://code.claude.com/docs/en/skills (frontmatter), read 2026-11-22."""
    (file,) = PLUGIN.rglob("SKILL.md")
    _, front, body = file.read_text(encoding="utf-8").split("---\n", 2)
    about = cast("dict[str, str]", yaml.safe_load(front))
    tools = {tool["name"]: tool for tool in json.loads(definitions())["tools"]}
    fields = {name for tool in tools.values() for name in tool["inputSchema"]["properties"]}

    assert set(about) == {"name", "description"}
    assert about["name"] == file.parent.name
    assert len(about["description"]) <= 1536
    assert file.parent.parent == PLUGIN / "skills"
    named = set(re.findall(r"`([a-z]+(?:_[a-z]+)+)`", body))
    assert named <= tools.keys() | fields | {"unpriced_calls"}
    assert {"reserve_budget", "extend_reservation", "record_call", "release_reservation"} <= named


def test_there_is_an_example_for_every_host_the_readme_names():
    assert {path.parent.name for path in CONFIGURATIONS} == {
        "claude-desktop",
        "claude-code",
        "claude-code-plugin",
        "cursor",
        "vscode",
    }
