"""The hook, as Claude Code starts it: a process of its own, an event on stdin."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from cost_mcp.cli.run import run
from cost_mcp.cli.surroundings import Surroundings
from cost_mcp.model.money import display_usd

Answered = subprocess.CompletedProcess[str]
Run = Callable[..., Answered]
SECRET = "the contents of a prompt"
EVENTS = ["PreToolUse", "UserPromptSubmit"]
LIGHT = {
    "asyncio", "mcp", "genai_prices", "pydantic", "rich", "click", "yaml", "aiosqlite", "difflib", "importlib.metadata", "hashlib",
    "cost_mcp.model.budget", "cost_mcp.model.call", "cost_mcp.service.service", "cost_mcp.service.quick", "cost_mcp.config.settings",
}  # fmt: skip


def event(name: str, cwd: Path, session: str = "s-1") -> str:
    return json.dumps(
        {
            "session_id": session,
            "transcript_path": "/nowhere",
            "cwd": str(cwd),
            "hook_event_name": name,
            "prompt": SECRET,
            "tool_name": "Bash",
            "tool_input": {"command": SECRET},
        }
    )


@pytest.fixture
def start(environ: dict[str, str], project: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs ``cost-mcp``: hooks as a process of their own, what comes before them in this one, at the machine's clock.

    Keyword arguments are environment variables without their prefix.
    """

    def call(*words: str, stdin: str = "", **variables: str) -> Answered:
        if words[0] != "hook":
            code = run(words, Surroundings(environ=environ, cwd=project))
            said = capsys.readouterr()
            return subprocess.CompletedProcess(words, code, said.out, said.err)
        return subprocess.run(
            [sys.executable, "-m", "cost_mcp", *words],
            env=environ | {f"COST_MCP_{name}": value for name, value in variables.items()},
            cwd=project,
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    return call


@pytest.fixture
def spend(start: Run) -> Callable[..., None]:
    """Records a call of $0.0045."""

    def call(*words: str) -> None:
        usage = ["--model", "gpt-5", "--provider", "openai", "--input-tokens", "1200", "--output-tokens", "300"]
        assert start("record", *usage, *words).returncode == 0

    return call


def limit(start: Run, *words: str, mode: str = "enforce", usd: str = "0.0045") -> None:
    done = start("budget", "set", "hold", "--limit", usd, "--mode", mode, *words)
    assert done.returncode == 0, done.stderr


def denial(done: Answered) -> str:
    """The reason of a denial, in the form its event takes."""
    answer: dict[str, Any] = json.loads(done.stdout)
    assert done.returncode == 0
    assert done.stdout.count("\n") == 1
    if "decision" in answer:
        assert answer == {"decision": "block", "reason": answer["reason"]}
        return str(answer["reason"])
    inner = answer["hookSpecificOutput"]
    assert (inner["hookEventName"], inner["permissionDecision"]) == ("PreToolUse", "deny")
    return str(inner["permissionDecisionReason"])


@pytest.mark.parametrize("name", EVENTS)
def test_a_spent_budget_denies_with_a_reason(start: Run, spend: Callable[..., None], project: Path, name: str):
    limit(start, "--timezone", "Asia/Tokyo")
    spend()

    reason = denial(start("hook", stdin=event(name, project)))

    assert reason.startswith("Budget hold is spent: $0.0045 of $0.0045 per day. It resets at 20")
    assert " 00:00 Asia/Tokyo." in reason
    assert SECRET not in reason


@pytest.mark.parametrize(
    ("mode", "usd", "words"),
    [
        ("enforce", "0.0046", ""),
        ("alert", "0.001", ""),
        ("shadow", "0.001", ""),
        ("enforce", "0.001", "--scope project=other"),
        ("enforce", "0.001", "--scope model=gpt-5"),
        ("enforce", "0.001", "--each task_id"),
    ],
)
@pytest.mark.parametrize("name", EVENTS)
def test_what_no_enforcing_budget_forbids_goes_on_without_a_word(
    start: Run, spend: Callable[..., None], project: Path, mode: str, usd: str, words: str, name: str
):
    limit(start, *words.split(), mode=mode, usd=usd)
    spend("--task", "T-1")

    done = start("hook", stdin=event(name, project))

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("name", ["PostToolUse", "SessionStart", "Stop", "Notification"])
def test_other_events_are_ignored(start: Run, spend: Callable[..., None], project: Path, name: str):
    limit(start, usd="0.001")
    spend()

    done = start("hook", stdin=event(name, project))

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_each_session_has_its_own_limit(start: Run, spend: Callable[..., None], project: Path):
    limit(start, "--each", "session_id", "--period", "total")
    spend("--session", "s-1")

    assert "Budget hold for session_id=s-1 is spent" in denial(start("hook", stdin=event("PreToolUse", project, "s-1")))
    assert start("hook", stdin=event("PreToolUse", project, "s-2")).stdout == ""
    assert start("hook", stdin=event("PreToolUse", project, "s-2"), SESSION_ID="s-1").stdout != "", "its server is bound to it"


@pytest.mark.parametrize(
    ("words", "spent"),
    [("--tokens --limit 1500", "1,500 of 1,500 tokens"), ("--calls --limit 1", "1 of 1 calls")],
)
def test_tokens_and_calls_deny_too(start: Run, spend: Callable[..., None], project: Path, words: str, spent: str):
    assert start("budget", "set", "hold", "--mode", "enforce", *words.split()).returncode == 0
    spend()

    assert f"is spent: {spent} per day" in denial(start("hook", stdin=event("PreToolUse", project)))


@pytest.mark.parametrize("config", ["project: shop\n", "{project: shop} # which takes a parser\n"])
def test_the_project_is_that_of_the_folder_the_event_names(
    start: Run, spend: Callable[..., None], tmp_path: Path, project: Path, config: str
):
    folder = tmp_path / "shop" / ".cost-mcp"
    (folder.parent / "deep").mkdir(parents=True)
    folder.mkdir()
    (folder / "config.yaml").write_text(config)
    limit(start, "--scope", "project=shop")
    spend("--project", "shop")

    assert denial(start("hook", stdin=event("PreToolUse", folder.parent / "deep")))
    assert start("hook", stdin=event("PreToolUse", project)).stdout == ""
    assert start("hook", stdin=event("PreToolUse", folder.parent), PROJECT="other").stdout == ""


@pytest.mark.parametrize("name", EVENTS)
def test_a_settings_file_with_a_misspelt_key_is_told_of_and_its_budgets_go_on_denying(
    start: Run, spend: Callable[..., None], project: Path, home: Path, environ: dict[str, str], name: str
):
    mine = home / "mine.yaml"
    environ["COST_MCP_CONFIG"] = str(mine)
    mine.write_text("budgets:\n  - {name: hold, limit: 0.005, mode: enforce}\n")
    spend()
    mine.write_text("budgetz:\n  - {name: hold, limit: 0.005, mode: enforce}\n")

    allowed = start("hook", stdin=event(name, project))
    spend()
    denied = start("hook", stdin=event(name, project))

    said = "line 1: budgetz is not a setting and is ignored. Did you mean budgets?"
    assert said in allowed.stderr
    assert (said in allowed.stdout) == (name == "UserPromptSubmit")
    assert allowed.stdout == "" or json.loads(allowed.stdout).keys() == {"systemMessage"}
    assert "Budget hold is spent" in denial(denied)


def test_an_agents_limit_denies_that_agent(start: Run, spend: Callable[..., None], project: Path):
    limit(start, "--scope", "agent=coder")
    spend("--agent", "coder")

    assert denial(start("hook", stdin=event("PreToolUse", project), AGENT="coder"))
    assert start("hook", stdin=event("PreToolUse", project), AGENT="other").stdout == ""


def test_limits_by_the_names_of_imported_calls_deny_too(start: Run, spend: Callable[..., None], project: Path):
    """An import names calls by the folder they were made in, by Claude Code, and by the sub-agent's kind."""
    asked = json.loads(event("PreToolUse", project))
    limit(start, "--scope", f"project={project.name}")
    spend("--project", project.name)
    assert denial(start("hook", stdin=json.dumps(asked)))
    assert start("hook", stdin=json.dumps(asked), PROJECT="other").stdout == ""

    limit(start, "--scope", "agent=claude-code")
    spend("--agent", "claude-code")
    assert denial(start("hook", stdin=json.dumps(asked)))
    assert start("hook", stdin=json.dumps(asked | {"agent_type": "Explore"})).stdout == ""
    assert start("hook", stdin=json.dumps(asked), AGENT="reviewer").stdout == "", "its calls are imported under that name"

    limit(start, "--scope", "agent=Explore")
    spend("--agent", "Explore")
    assert denial(start("hook", stdin=json.dumps(asked | {"agent_type": "Explore"})))
    assert start("hook", stdin=json.dumps(asked)).stdout == ""


def test_nothing_denies_while_tracking_is_off_or_before_there_is_a_ledger(
    start: Run, spend: Callable[..., None], project: Path, environ: dict[str, str]
):
    assert start("hook", stdin=event("PreToolUse", project)).stdout == ""
    assert not Path(environ["COST_MCP_DB"]).exists()
    limit(start)
    spend()
    assert start("hook", stdin=event("PreToolUse", project), ENABLED="false").stdout == ""


@pytest.mark.parametrize("name", EVENTS)
@pytest.mark.parametrize(("policy", "denies"), [("", False), ("allow", False), ("deny", True), ("dney", True)])
def test_a_ledger_that_cannot_be_read_fails_open_or_closed_as_configured(
    start: Run, project: Path, environ: dict[str, str], name: str, policy: str, *, denies: bool
):
    Path(environ["COST_MCP_DB"]).write_bytes(b"no ledger at all" * 300)

    done = start("hook", stdin=event(name, project), HOOK_ON_ERROR=policy)

    assert "could not look at the budgets" in done.stderr
    assert done.stderr.count("\n") == 1
    if denies:
        assert "could not look at the budgets" in denial(done)
    else:
        assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize(
    "stdin", ["", SECRET, "[]", "{}", '{"hook_event_name": 5}', "[" * 100_000, '{"hook_event_name": "PreToolUse"', "9" * 5000]
)
@pytest.mark.parametrize(("policy", "code"), [("allow", 0), ("deny", 2)])
def test_input_that_is_no_event_fails_as_configured_and_is_not_repeated(start: Run, stdin: str, policy: str, code: int):
    done = start("hook", stdin=stdin, HOOK_ON_ERROR=policy)

    assert (done.returncode, done.stdout) == (code, "")
    assert "the hook's input is not an event" in done.stderr
    assert SECRET not in done.stderr


def test_the_users_file_says_what_happens_on_an_error_and_a_projects_does_not(
    start: Run, project: Path, home: Path, environ: dict[str, str]
):
    Path(environ["COST_MCP_DB"]).write_bytes(b"no ledger at all" * 300)
    (project / ".cost-mcp").mkdir()
    (project / ".cost-mcp" / "config.yaml").write_text("hook_on_error: deny\n")
    user = home / "mine.yaml"
    user.write_text("hook_on_error: deny\n")

    assert start("hook", stdin=event("PreToolUse", project)).stdout == ""
    assert denial(start("hook", stdin=event("PreToolUse", project), CONFIG=str(user)))


def test_it_imports_nothing_slow(start: Run, spend: Callable[..., None], project: Path, environ: dict[str, str]):
    limit(start, "--timezone", "Europe/Berlin")
    spend()
    (project / ".cost-mcp").mkdir()
    (project / ".cost-mcp" / "config.yaml").write_text("# ours\nproject: shop\n")
    script = (
        "import sys; sys.argv = ['cost-mcp', 'hook']\nfrom cost_mcp.__main__ import main\n"
        "try:\n    main()\nfinally:\n    print(*sys.modules, file=sys.stderr)"
    )

    done = subprocess.run(
        [sys.executable, "-c", script],
        # Coverage would bring its own modules into the process that is looked at.
        env={name: value for name, value in environ.items() if not name.startswith("COVERAGE_")},
        cwd=project,
        input=event("PreToolUse", project),
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )

    assert denial(done)
    assert set(done.stderr.split()) & LIGHT == set()


def test_a_hook_and_the_command_line_agree_on_what_is_spent(start: Run, spend: Callable[..., None], project: Path):
    for period in ("day", "week", "month", "quarter", "year", "total"):
        limit(start, "--period", period, "--timezone", "Australia/Lord_Howe", "--week-start", "sunday")
        spend()
        (standing,) = json.loads(start("budget", "status", "hold", "--json").stdout)["budgets"]
        answer = start("hook", stdin=event("PreToolUse", project))

        assert float(standing["remaining_usd"]) <= 0
        assert f"is spent: {display_usd(Decimal(standing['spent_usd']))} of" in denial(answer)


def test_a_relative_ledger_is_looked_for_where_the_program_was_started(
    start: Run, environ: dict[str, str], project: Path, tmp_path: Path
):
    start("budget", "set", "spent", "--limit", "0.001", "--mode", "enforce")
    start("record", "--model", "gpt-5", "--provider", "openai", "--input-tokens", "1200", "--output-tokens", "300")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    relative = os.path.relpath(environ["COST_MCP_DB"], project)
    denied = start("hook", stdin=event("UserPromptSubmit", elsewhere), DB=relative)
    assert json.loads(denied.stdout)["decision"] == "block"
