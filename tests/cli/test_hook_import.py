"""The hook at the end of a turn, a sub-agent or a session, as Claude Code starts it: that session's log is imported."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cost_mcp.cli.run import run
from cost_mcp.cli.surroundings import Surroundings

LOGS = Path(__file__).parents[1] / "capture" / "logs" / "claude_code"
SESSION = "5f0c2d1e-8a44-4d0e-9a53-0d6f2b1c7a01"
Told = Callable[..., subprocess.CompletedProcess[str]]
Report = Callable[[], dict[str, Any]]


@pytest.fixture
def transcript(tmp_path: Path) -> Path:
    """A session's log with three files of sub-agents beside it, and another session's log that nobody asked for."""
    shutil.copytree(LOGS / "subagents" / "projects", tmp_path / "projects")
    folder = tmp_path / "projects" / "-home-ada-shop"
    shutil.copy(LOGS / "web-search" / "projects" / folder.name / f"{SESSION}.jsonl", folder / "other.jsonl")
    return folder / f"{SESSION}.jsonl"


@pytest.fixture
def tell(environ: dict[str, str], project: Path) -> Told:
    """Starts the hook with an event; keyword arguments are further fields of it."""

    def call(event: str, **fields: object) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "cost_mcp", "hook"],
            env=environ,
            cwd=project,
            input=json.dumps({"hook_event_name": event, "session_id": SESSION, "cwd": str(project)} | fields),
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    return call


@pytest.fixture
def report(environ: dict[str, str], project: Path, capsys: pytest.CaptureFixture[str]) -> Report:
    def ask() -> dict[str, Any]:
        assert run(("report", "--period", "total", "--json"), Surroundings(environ=environ, cwd=project)) == 0
        return json.loads(capsys.readouterr().out)

    return ask


def quiet(done: subprocess.CompletedProcess[str]) -> bool:
    return (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("event", ["Stop", "SubagentStop", "SessionEnd"])
def test_the_session_and_its_sub_agents_are_imported_and_no_other(tell: Told, report: Report, transcript: Path, event: str):
    beside = transcript.with_suffix("") / "subagents" / "agent-a5e94f0.jsonl"

    assert quiet(tell(event, transcript_path=str(transcript), agent_transcript_path=str(beside)))

    truth = json.loads((LOGS / "subagents" / "truth.json").read_bytes())["totals"]
    told = report()
    assert {name: told[name] for name in truth} == truth
    assert set(told["by_agent"]) == {"claude-code", "Explore", "shop-tools:reviewer"}


def test_a_turn_told_twice_counts_once_and_the_next_one_is_added(tell: Told, report: Report, transcript: Path):
    for _ in range(2):
        assert quiet(tell("Stop", transcript_path=str(transcript)))
    assert report()["calls"] == 4

    more = LOGS / "cost-usd" / "projects" / transcript.parent.name / transcript.name
    with transcript.open("ab") as log:
        log.write(more.read_bytes())
    assert quiet(tell("Stop", transcript_path=str(transcript)))
    assert report()["calls"] == 5


def test_an_agent_is_never_kept_from_stopping(tell: Told, transcript: Path, environ: dict[str, str]):
    Path(environ["COST_MCP_DB"]).write_bytes(b"no ledger at all" * 300)
    environ["COST_MCP_HOOK_ON_ERROR"] = "deny"

    done = tell("Stop", transcript_path=str(transcript))

    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr.startswith("cost-mcp could not import the session: ")
    assert "No call is lost" in done.stderr


@pytest.mark.parametrize("path", [None, 5, "", "/nowhere/at/all.jsonl", "a\0b", "~/none.jsonl"])
def test_a_session_without_a_log_is_no_problem(tell: Told, path: object, environ: dict[str, str]):
    assert quiet(tell("SessionEnd", transcript_path=path))
    assert not Path(environ["COST_MCP_DB"]).exists()


def test_nothing_is_imported_while_tracking_is_off(tell: Told, transcript: Path, environ: dict[str, str]):
    environ["COST_MCP_ENABLED"] = "false"
    assert quiet(tell("Stop", transcript_path=str(transcript)))
    assert not Path(environ["COST_MCP_DB"]).exists()


@pytest.mark.parametrize("scope", ["project=work", "agent=claude-code"])
def test_what_was_imported_is_found_by_every_gate(
    tell: Told, transcript: Path, environ: dict[str, str], project: Path, capsys: pytest.CaptureFixture[str], scope: str
):
    deep = project / "src" / "deep"
    deep.mkdir(parents=True)
    for file in transcript.parent.rglob("*.jsonl"):
        lines = [json.loads(line) for line in file.read_text().splitlines()]
        file.write_text("".join(json.dumps(line | ({"cwd": str(deep)} if "cwd" in line else {})) + "\n" for line in lines))
    assert tell("Stop", transcript_path=str(transcript)).returncode == 0
    words = ("budget", "set", "hold", "--limit", "0.0001", "--period", "total", "--mode", "enforce", "--scope", scope)
    assert run(words, Surroundings(environ=environ, cwd=project)) == 0

    assert "Budget hold is spent" in tell("PreToolUse", cwd=str(deep)).stdout
    assert "Budget hold is spent" in tell("PreToolUse").stdout
    agent = ("--agent", "claude-code") if scope.startswith("agent") else ()
    assert run(("check", *agent), Surroundings(environ=environ, cwd=deep)) == 1, "a spent budget"
    assert capsys.readouterr().out.splitlines()[-1].startswith("denied: Budget hold ")
