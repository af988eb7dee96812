"""The status line, as Claude Code starts it: a process of its own, its status on stdin, one line on stdout."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from cost_mcp.cli.run import run
from cost_mcp.cli.surroundings import Surroundings
from cost_mcp.model.money import display_left
from cost_mcp.service.backlog import Backlog
from cost_mcp.service.service import Service
from cost_mcp.views.text import status_text
from cost_mcp.views.text_reservation import admission_text

SECRET = "a session's name, made from what was said"
SLOW = {
    "asyncio", "mcp", "genai_prices", "pydantic", "rich", "click", "yaml", "aiosqlite", "difflib", "importlib.metadata",
    "cost_mcp.model.budget", "cost_mcp.model.call", "cost_mcp.service.service", "cost_mcp.service.quick", "cost_mcp.config.settings",
}  # fmt: skip
CALL = ("--model", "gpt-5", "--provider", "openai", "--input-tokens", "1200", "--output-tokens", "300")
"""$0.0045."""

Cost = Callable[..., None]
Line = Callable[..., str]


@pytest.fixture
def cost(environ: dict[str, str], project: Path, capsys: pytest.CaptureFixture[str]) -> Cost:
    """Runs a command in this process, at the machine's clock."""

    def call(*words: str) -> None:
        assert run(words, Surroundings(environ=environ, cwd=project)) == 0, capsys.readouterr().err

    return call


@pytest.fixture
def line(environ: dict[str, str], project: Path) -> Line:
    """The line shown for a session; keyword arguments are environment variables without their prefix."""

    def call(session: str | None = "s-1", *, stdin: str | None = None, **variables: str) -> str:
        status = {"session_id": session, "session_name": SECRET, "cwd": str(project), "cost": {"total_cost_usd": 99.9}}
        done = subprocess.run(
            [sys.executable, "-m", "cost_mcp", "statusline"],
            env=environ | {f"COST_MCP_{name}": value for name, value in variables.items()},
            cwd=project,
            input=json.dumps(status) if stdin is None else stdin,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert (done.returncode, done.stderr, done.stdout.count("\n")) == (0, "", 1)
        return done.stdout.rstrip("\n")

    return call


def test_session_day_and_the_tightest_budget_stand_in_one_line(cost: Cost, line: Line):
    cost("budget", "set", "wide", "--limit", "10")
    cost("budget", "set", "daily", "--limit", "0.02")
    cost("record", *CALL, "--session", "s-1")
    cost("record", *CALL, "--session", "s-2")

    assert line() == "session $0.0045 | today $0.009 | daily $0.01 left of $0.02"


def test_an_empty_ledger_is_nothing_spent_and_is_not_made(line: Line, environ: dict[str, str]):
    assert line() == "session $0.00 | today $0.00"
    assert not Path(environ["COST_MCP_DB"]).exists()


@pytest.mark.parametrize(
    "stdin", ["", "[]", "null", "{}", "[" * 100_000, '{"session_id": 5, "cwd": "a\\u0000b", "workspace": []}']
)
def test_without_a_session_the_day_is_shown(cost: Cost, line: Line, stdin: str):
    cost("record", *CALL, "--session", "s-1")
    assert line(stdin=stdin) == "today $0.0045"


def test_an_overspent_budget_says_by_how_much(cost: Cost, line: Line):
    cost("budget", "set", "sessions", "--limit", "0.001", "--each", "session_id", "--period", "total")
    cost("record", *CALL, "--session", "s-1")

    assert line("s-1").endswith(" | sessions $0.0035 over $0.001")
    assert line("s-2").endswith(" | sessions $0.001 left of $0.001")


def test_only_budgets_that_cover_the_session_and_are_not_on_trial_are_shown(cost: Cost, line: Line):
    cost("budget", "set", "elsewhere", "--limit", "0.001", "--scope", "project=other")
    cost("budget", "set", "trial", "--limit", "0.001", "--mode", "shadow")
    cost("record", *CALL, "--project", "other")
    assert line() == "session $0.00 | today $0.0045"

    cost("budget", "set", "agents", "--tokens", "--limit", "4000", "--scope", "agent=claude-code")
    cost("record", *CALL, "--agent", "claude-code")
    assert line().endswith(" | agents 2,500 left of 4,000 tokens")
    assert " elsewhere " in line(PROJECT="other")


def test_a_budget_of_the_folder_covers_what_is_imported_from_it(cost: Cost, line: Line, project: Path):
    (project / "deep").mkdir()
    cost("budget", "set", "here", "--limit", "1", "--scope", f"project={project.name}")
    assert line(stdin=json.dumps({"cwd": str(project / "deep")})).endswith(" | here $1.00 left of $1.00")
    assert " here " not in line(stdin=json.dumps({"cwd": str(project.parent)}))


def test_a_call_without_a_known_price_makes_it_a_lower_bound(cost: Cost, line: Line):
    cost("budget", "set", "daily", "--limit", "1")
    cost("record", *CALL, "--session", "s-1")
    cost("record", "--model", "nobody-knows-9", "--input-tokens", "5", "--session", "s-1")

    assert line() == "session $0.0045+ | today $0.0045+ | daily at most $0.99 left of $1.00"


def test_what_a_subscription_covers_stands_apart(cost: Cost, line: Line, environ: dict[str, str]):
    environ["COST_MCP_BILLING"] = "subscription"
    cost("record", *CALL, "--session", "s-1")
    assert line() == "session $0.0045 (subscription) | today $0.0045 (subscription)"

    environ["COST_MCP_BILLING"] = "api"
    cost("record", *CALL, "--session", "s-1")
    assert line().startswith("session $0.0045 and $0.0045 (subscription) | ")


@pytest.mark.parametrize("folded", [False, True])
@pytest.mark.parametrize("zone", ["UTC", "America/New_York", "Asia/Kathmandu", "Pacific/Chatham"])
def test_it_says_what_the_other_faces_say(
    cost: Cost, line: Line, environ: dict[str, str], capsys: pytest.CaptureFixture[str], zone: str, *, folded: bool
):
    """Today's sum from rollups of every grain and from rows not yet in them, and a budget's room with what is held."""
    environ["COST_MCP_TIMEZONE"] = zone
    cost("budget", "set", "daily", "--limit", "7", "--timezone", zone)
    for _ in range(3):
        cost("record", *CALL)
    if folded:
        cost("rebuild")
    capsys.readouterr()
    cost("today", "--json")
    today = json.loads(capsys.readouterr().out)["total_cost_usd"]
    cost("budget", "status", "daily", "--json")
    (standing,) = json.loads(capsys.readouterr().out)["budgets"]

    shown = line()

    assert float(today) == 0.0135
    assert "today $0.01 " in shown
    assert f"daily {display_left(Decimal(standing['remaining_usd']))} left of $7.00" in shown


@pytest.mark.parametrize(
    ("limit", "left"), [("7", "$6.99"), ("0.02", "$0.01"), ("0.0145", "$0.01"), ("0.0045123", "$0.000012")]
)
def test_what_is_left_is_rounded_down_on_every_face(
    cost: Cost, line: Line, environ: dict[str, str], project: Path, capsys: pytest.CaptureFixture[str], limit: str, left: str
):
    """What a face says is left can be spent: nobody is told of a cent that a decision would deny."""
    cost("budget", "set", "daily", "--limit", limit, "--mode", "enforce")
    cost("record", *CALL)
    capsys.readouterr()
    around = Surroundings(environ=environ, cwd=project)

    async def asked(service: Service) -> tuple[str, str]:
        denied = await service.reserve_budget({"amount_usd": limit})
        return status_text(await service.budget_status({})), admission_text(denied)

    status, denied = around.within(asked)
    cost("budget", "status")
    table = capsys.readouterr().out
    cost("today")
    today = capsys.readouterr().out

    assert f", {left} left" in status
    assert f"has {left} left and " in denied
    assert f"exceeded: {left} left of " in denied
    assert all(re.search(rf"\s{re.escape(left)}\s", page) for page in (table, today))
    assert f"daily {left} left of " in line()


def test_while_the_backlog_is_read_it_says_how_far_that_is(line: Line, environ: dict[str, str]):
    reading = Backlog(Path(environ["COST_MCP_DB"]))
    reading.say(250, 1000)
    assert line() == "session $0.00 | today $0.00 | reading logs 25 %"
    reading.done()
    assert line() == "session $0.00 | today $0.00"


def test_settings_are_those_of_the_folder_it_is_shown_in(cost: Cost, line: Line, tmp_path: Path):
    (tmp_path / "shop" / ".cost-mcp").mkdir(parents=True)
    (tmp_path / "shop" / ".cost-mcp" / "config.yaml").write_text("{project: shop} # which takes a parser\n")
    cost("budget", "set", "shop", "--limit", "1", "--scope", "project=shop")

    assert " shop " not in line()
    assert " shop $1.00 left" in line(stdin=json.dumps({"workspace": {"current_dir": str(tmp_path / "shop")}}))


def test_what_is_wrong_stands_in_the_line(line: Line, environ: dict[str, str]):
    assert line(ENABLED="false") == "cost-mcp is switched off"
    assert line(TIMEZONE="Mars/Olympus").startswith("cost-mcp: ")
    Path(environ["COST_MCP_DB"]).write_bytes(b"no ledger at all" * 300)
    assert line().startswith("cost-mcp: ")
    assert SECRET not in line()


def test_it_imports_nothing_slow(cost: Cost, project: Path, environ: dict[str, str]):
    cost("budget", "set", "daily", "--limit", "1", "--timezone", "Europe/Berlin")
    cost("record", *CALL, "--session", "s-1")
    script = (
        "import sys; sys.argv = ['cost-mcp', 'statusline']\nfrom cost_mcp.__main__ import main\n"
        "try:\n    main()\nfinally:\n    print(*sys.modules, file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={name: value for name, value in environ.items() if not name.startswith("COVERAGE_")},
        cwd=project,
        input='{"session_id": "s-1"}',
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.stdout.startswith("session $0.0045 | ")
    assert set(done.stderr.split()) & SLOW == set()


def test_a_relative_ledger_is_looked_for_where_the_program_was_started(
    cost: Cost, line: Line, environ: dict[str, str], project: Path, tmp_path: Path
):
    cost("record", *CALL, "--session", "s-1")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    status = json.dumps({"session_id": "s-1", "cwd": str(elsewhere)})
    relative = os.path.relpath(environ["COST_MCP_DB"], project)
    assert line(stdin=status, DB=relative) == "session $0.0045 | today $0.0045"
