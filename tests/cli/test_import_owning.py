"""An agent reports its turns to the server, and its log is imported too: a real server, a real import, one ledger."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Protocol

import pytest

import cost_mcp
from cost_mcp.model.money import usd_text

FIXTURE = Path(__file__).parents[1] / "capture" / "logs" / "claude_code" / "subagents"
SESSION = "22222222-0b0b-4c3d-9e8f-12ab34cd5603"


class Cli(Protocol):
    """Runs ``cost-mcp`` in this process."""

    def __call__(self, *words: str, **variables: str) -> Any:
        """Run one command."""
        ...


@pytest.fixture
def clock() -> Callable[[], datetime]:
    """The machine's own clock, by which the server runs too."""
    return lambda: datetime.now(UTC)


class Agent:
    """An agent program with our server, as the server meets it: spoken to line by line."""

    def __init__(self, process: subprocess.Popen[str], name: str) -> None:
        self._process = process
        about = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": name, "version": "2.1.170"}}
        self._ask("initialize", about)
        self._say({"method": "notifications/initialized"})

    def records(self, **fields: Any) -> dict[str, Any]:
        """Report a turn of 0.0075 dollars; what the server answers."""
        return self.asks("record_call", **{"model": "claude-opus-4-6", "input_tokens": 1000, "output_tokens": 100} | fields)

    def asks(self, tool: str, **fields: Any) -> dict[str, Any]:
        """Call a tool."""
        return self._ask("tools/call", {"name": tool, "arguments": fields})["structuredContent"]

    def _ask(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
        self._say({"method": method, "params": params, "id": 1})
        assert self._process.stdout is not None
        return json.loads(self._process.stdout.readline())["result"]

    def _say(self, message: dict[str, Any]) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")
        self._process.stdin.flush()


Speaks = Callable[..., Any]


@pytest.fixture
def agent(environ: dict[str, str], home: Path, project: Path) -> Speaks:
    """Opens a server for a client of some name, in some session by the environment the client gives it."""

    @contextmanager
    def open_agent(name: str = "claude-code", **variables: str) -> Generator[Agent]:
        process = subprocess.Popen(
            [sys.executable, "-m", "cost_mcp", "serve"],
            cwd=project,
            env={**environ, "HOME": str(home), "CLAUDE_CODE_SESSION_ID": SESSION, **variables},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        watchdog = threading.Timer(120, process.kill)
        watchdog.start()
        try:
            yield Agent(process, name)
        finally:
            process.communicate()
            watchdog.cancel()

    return open_agent


@pytest.fixture
def log(home: Path) -> Callable[[int], Path]:
    """Writes Claude Code's log of the session, so many messages of 0.0075 dollars long."""
    path = home / ".claude" / "projects" / "-nowhere-shop" / f"{SESSION}.jsonl"

    def write(messages: int, session: str = SESSION) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(json.dumps(_said(n, session)) + "\n" for n in range(messages)))
        return path

    return write


def _said(number: int, session: str) -> dict[str, Any]:
    usage = {"input_tokens": 1000, "output_tokens": 100, "cache_read_input_tokens": 0, "cache_creation_input_tokens": 0}
    return {
        "type": "assistant",
        "sessionId": session,
        "cwd": "/nowhere/shop",
        "requestId": f"req_{number}",
        "timestamp": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "uuid": f"u{number}",
        "message": {
            "id": f"msg_{number:06}",
            "type": "message",
            "role": "assistant",
            "model": "claude-opus-4-6",
            "content": [{"type": "text", "text": "SECRET"}],
            "stop_reason": "end_turn",
            "usage": usage,
        },
    }


def imported(cli: Cli, *words: str) -> dict[str, Any]:
    ran = cli("import", "claude-code", *words, "--json")
    assert ran.code == 0, ran.err
    return json.loads(ran.out)


def report(cli: Cli) -> dict[str, Any]:
    return json.loads(cli("report", "--period", "7d", "--timezone", "UTC", "--json").out)


TWO = "2 calls are kept but not counted: they came without an id, and logs tell what their sessions spent."
NOTE = "1 call is kept but not counted: it came without an id, and its program's own log tells what its session spent."


def test_turns_that_an_agent_reported_count_once_when_its_log_is_imported(cli: Cli, agent: Speaks, log: Speaks):
    assert cli("budget", "set", "day", "--limit", "1", "--period", "total", "--mode", "enforce").code == 0
    with agent() as claude:
        first = claude.records()
        assert first["warnings"] == []
        log(2)
        foreseen, summary = imported(cli, "--dry-run"), imported(cli)
        for counts in (foreseen, summary):
            assert (counts["calls"], counts["uncounted"], counts["cost_usd"]) == (2, 1, "0.0075")
        told = claude.asks("get_cost_report", period="7d")
        assert (told["calls"], told["total_cost_usd"], told["notes"]) == (2, "0.015", [NOTE])
        (budget,) = (claude.asks("get_budget_status"))["budgets"]
        assert budget["spent_usd"] == "0.015"
    assert report(cli) == told
    (standing,) = json.loads(cli("budget", "status", "--json").out)["budgets"]
    assert standing["spent_usd"] == "0.015"
    again = imported(cli, "--explain")
    assert (again["calls"], again["merged"], again["uncounted"], again["cost_usd"]) == (0, 2, 0, "0")
    lines = [line for line in cli("import", "claude-code", "--explain").out.splitlines() if "superseded" in line]
    assert [first["call_id"] in line for line in lines] == [True]
    explained = json.loads(cli("prices", "explain", first["call_id"], "--json").out)
    assert (explained["counted"], explained["told_better_by"], explained["cost_usd"]) == (False, "claude-code", "0.0075")
    assert "Kept, not counted" in cli("prices", "explain", first["call_id"]).out
    assert NOTE in " ".join(cli("report", "--period", "7d").out.split())
    assert cli("verify").code == cli("rebuild").code == cli("verify").code == 0


def test_turns_reported_after_the_import_are_kept_not_counted_and_say_what_to_do(cli: Cli, agent: Speaks, log: Speaks):
    log(2)
    assert imported(cli)["uncounted"] == 0
    with agent() as claude:
        own = claude.records(task_id="T")
        assert "not counted" in own["warnings"][0]
        known = claude.records(call_id="msg_000001")
        assert known["outcome"] == "exists"
        script = claude.records(call_id="chatcmpl-9", model="gpt-5-mini")
        assert script["outcome"] == "created"
        assert [warning.partition(" ")[0] for warning in script["warnings"]] == ["counted"]
        told = claude.asks("get_cost_report", period="7d")
        task = claude.asks("get_task_cost", task_id="T")
    assert (told["calls"], told["notes"]) == (3, [NOTE])
    assert (task["known"], task["calls"], task["uncounted_calls"]) == (True, 0, 1)
    assert json.loads(cli("task", "T", "--json").out) == task
    assert NOTE in " ".join(cli("task", "T").out.split())
    assert cli("verify").code == 0


@pytest.mark.parametrize(
    ("name", "variables"),
    [
        ("somebody-elses-agent", {}),
        ("codex-mcp-client", {}),
        ("claude-code", {"CLAUDE_CODE_SESSION_ID": "another"}),
        ("claude-code", {"COST_MCP_SESSION_ID": "another"}),
        ("claude-code", {"CLAUDE_CODE_SESSION_ID": ""}),
    ],
)
def test_reports_of_another_program_or_session_count(
    cli: Cli, agent: Speaks, log: Speaks, name: str, variables: dict[str, str]
):
    log(2)
    imported(cli)
    with agent(name, **variables) as client:
        assert not any("not counted" in warning for warning in (client.records())["warnings"])
    assert report(cli)["calls"] == 3
    assert "notes" not in report(cli)


def test_the_session_may_be_said_by_the_call_or_bound_by_the_environment(cli: Cli, agent: Speaks, log: Speaks):
    log(1)
    imported(cli)
    with agent(CLAUDE_CODE_SESSION_ID="") as client:
        assert "not counted" in (client.records(session_id=SESSION))["warnings"][0]
    with agent(CLAUDE_CODE_SESSION_ID="another", COST_MCP_SESSION_ID=SESSION) as client:
        assert "not counted" in (client.records())["warnings"][0]
    assert report(cli)["calls"] == 1


def test_what_an_import_leaves_out_owns_nothing(cli: Cli, agent: Speaks, log: Speaks):
    with agent() as claude:
        claude.records()
        log(2)
        assert imported(cli, "--project", "another")["left_out"] == 2
        assert (report(cli)["calls"], "notes" in report(cli)) == (1, False)
        said = " ".join(cli("import", "claude-code").out.split())
    assert "Kept, not counted: 1 call that agents reported without an id" in said
    assert report(cli)["calls"] == 2


def test_a_copy_of_a_session_owns_the_session_it_was_copied_from_too(cli: Cli, agent: Speaks, log: Speaks):
    with agent() as claude:
        claude.records()
    path = log(2, session="resumed")
    path.rename(path.with_name("resumed.jsonl"))
    assert imported(cli)["uncounted"] == 0
    log(2)
    summary = imported(cli)
    assert (summary["merged"], summary["uncounted"]) == (2, 1)
    assert report(cli)["calls"] == 2
    assert cli("verify").code == 0


def test_every_face_tells_a_session_with_sub_agents_as_its_log_does(cli: Cli, agent: Speaks, environ: dict[str, str]):
    truth = json.loads((FIXTURE / "truth.json").read_text())
    session = truth["calls"]["msg_01MainThread1"]["session_id"]
    with agent(CLAUDE_CODE_SESSION_ID=session) as claude:
        claude.records()
        assert imported(cli, str(FIXTURE))["uncounted"] == 1
        claude.records()
        asked = {"period": "total", "session_id": session, "timezone": "UTC"}
        told = claude.asks("get_cost_report", **asked)
    words = ("--period", "total", "--session", session, "--timezone", "UTC")
    assert json.loads(cli("report", *words, "--json").out) == told
    with cost_mcp.open_sync(environ["COST_MCP_DB"], environ=environ) as cost:
        answer = cost.cost_report(**asked)
    assert usd_text(answer.report.totals.cost_usd) == told["total_cost_usd"]
    assert list(answer.notes) == told["notes"] == [TWO]
    assert answer.report.totals.calls == told["calls"] == len(truth["calls"])
    assert (
        answer.report.totals.total_tokens
        == told["total_tokens"]
        == sum(call["input_tokens"] + call["output_tokens"] for call in truth["calls"].values())
    )


@pytest.fixture
def killed(environ: dict[str, str], home: Path, project: Path) -> Callable[[int], bool]:
    """Imports in a process of its own, killed once the ledger has grown by so many bytes; whether it was."""

    def run(grown: int) -> bool:
        ledger = home / "ledger.db-wal"
        before = ledger.stat().st_size if ledger.exists() else 0
        process = subprocess.Popen(
            [sys.executable, "-m", "cost_mcp", "import", "claude-code"],
            cwd=project,
            env={**environ, "HOME": str(home)},
            stdout=subprocess.DEVNULL,
        )
        while process.poll() is None:
            if ledger.exists() and ledger.stat().st_size > before + grown:
                process.send_signal(signal.SIGKILL)
                process.wait()
                return True
            with suppress(subprocess.TimeoutExpired):
                process.wait(0.001)
        return False

    return run


def test_an_import_killed_half_way_leaves_each_report_counted_or_not_but_never_both(
    cli: Cli, agent: Speaks, log: Speaks, killed: Callable[[int], bool]
):
    assert cli("budget", "set", "all", "--limit", "100", "--period", "total").code == 0
    with agent() as claude:
        for _ in range(5):
            claude.records()
    log(4000)
    assert killed(200_000)
    assert cli("verify").code == 0
    assert report(cli)["calls"] in {5, 4000}, "all of what the agent reported, or all of what its log tells"
    imported(cli)
    whole = report(cli)
    assert (whole["calls"], Decimal(whole["total_cost_usd"])) == (4000, 4000 * Decimal("0.0075"))
    assert whole["notes"][0].startswith("5 calls are kept but not counted")
    (standing,) = json.loads(cli("budget", "status", "--json").out)["budgets"]
    assert standing["spent_usd"] == whole["total_cost_usd"]
    assert cli("verify").code == 0
