"""Sentences that need a process of their own."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

HEAVY = (
    "asyncio",
    "mcp",
    "genai_prices",
    "pydantic",
    "rich",
    "yaml",
    "platformdirs",
    "aiosqlite",
    "anyio",
    "importlib.metadata",
)


def ran(environ: Mapping[str, str], cwd: Path, *words: str, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "cost_mcp", *words]
    return subprocess.run(command, env=environ, cwd=cwd, input=stdin, capture_output=True, text=True, check=False, timeout=60)


def test_a_call_recorded_by_one_process_is_shown_by_the_next(environ: dict[str, str], project: Path):
    usage = json.dumps({"prompt_tokens": 1200, "completion_tokens": 300, "total_tokens": 1500})

    recorded = ran(
        environ, project, "record", "--model", "gpt-5", "--provider", "openai", "--usage", "-", "--json", stdin=usage
    )
    shown = ran(environ, project, "today", "--json")
    page = ran(environ, project, "today")

    assert json.loads(recorded.stdout)["cost_usd"] == "0.0045"
    assert json.loads(shown.stdout)["total_cost_usd"] == "0.0045"
    assert "$0.0045  ·  1 call  ·  1,500 tokens" in page.stdout
    assert "\x1b" not in page.stdout, "a pipe gets no colours"


@pytest.mark.parametrize(
    "words", [["today"], ["today", "--json"], ["report"], ["task", "T-1"], ["budget"], ["check"], ["prices", "explain", "c-1"]]
)
def test_looking_imports_nothing_slow(environ: dict[str, str], project: Path, words: list[str]):
    ran(environ, project, "record", "--model", "gpt-5", "--input-tokens", "5", "--task", "T-1", "--call-id", "c-1")
    script = (
        "import sys; from cost_mcp.cli.run import run; code = run(sys.argv[1:]); "
        "print(*sorted({name for name in sys.modules}), file=sys.stderr); sys.exit(code)"
    )

    done = subprocess.run(
        [sys.executable, "-c", script, *words], env=environ, cwd=project, capture_output=True, text=True, check=True, timeout=60
    )

    assert set(done.stderr.split()) & set(HEAVY) == set()


def test_help_imports_no_command(environ: dict[str, str], project: Path):
    script = "import sys; from cost_mcp.cli.run import run; run(['--help']); print(*sys.modules, file=sys.stderr)"

    done = subprocess.run([sys.executable, "-c", script], env=environ, cwd=project, capture_output=True, text=True, check=True)

    commands = {
        f"cost_mcp.cli.{name}" for name in ("reading", "record", "budget", "prices", "doctor", "demo", "upkeep", "trust")
    }
    assert set(done.stderr.split()) & commands == set()


@pytest.mark.parametrize(("no_color", "coloured"), [("", True), ("1", False)])
def test_a_terminal_gets_colours_unless_it_says_no(environ: dict[str, str], project: Path, no_color: str, *, coloured: bool):
    ran(environ, project, "record", "--model", "gpt-5", "--provider", "openai", "--input-tokens", "500")
    seen = in_terminal({**environ, "NO_COLOR": no_color, "TERM": "xterm-256color", "COLUMNS": "60"}, project, "today")

    assert "gpt-5" in seen
    assert ("\x1b[36m" in seen) is coloured


def test_a_narrow_terminal_gets_lines_that_fit(environ: dict[str, str], project: Path):
    ran(
        environ,
        project,
        "record",
        "--model",
        "gpt-5",
        "--input-tokens",
        "500",
        "--agent",
        "an-agent-with-a-very-long-name-indeed",
    )
    ran(environ, project, "record", "--model", "gpt-5", "--input-tokens", "500", "--agent", "b")
    seen = in_terminal({**environ, "NO_COLOR": "1", "TERM": "dumb", "COLUMNS": "40"}, project, "today")

    assert max(len(line) for line in seen.splitlines()) <= 40
    assert "an-agent" in seen
    assert "…" in seen


def test_a_reader_that_leaves_early_is_no_error(environ: dict[str, str], project: Path):
    command = [sys.executable, "-m", "cost_mcp", "today"]
    with subprocess.Popen(
        command, env=environ, cwd=project, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        assert child.stderr is not None
        child.stdout.close()
        said = child.stderr.read()

    assert (child.returncode, said) == (0, "")


@pytest.mark.parametrize("words", [["today"], ["today", "--json"]])
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no /dev/full")
def test_an_answer_that_a_full_disk_does_not_take_is_an_error_of_one_line(
    environ: dict[str, str], project: Path, words: list[str]
):
    with Path("/dev/full").open("w") as full:
        command = [sys.executable, "-m", "cost_mcp", *words]
        done = subprocess.run(command, env=environ, cwd=project, stdout=full, stderr=subprocess.PIPE, text=True, check=False)

    assert done.returncode == 2
    assert done.stderr.startswith("error: the answer cannot be written (")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("streams", [">&-", "<&-", ">&- 2>&- <&-"])
def test_a_command_whose_streams_are_closed_still_does_its_work(environ: dict[str, str], project: Path, streams: str):
    recording = f'"{sys.executable}" -m cost_mcp record --model gpt-5 --input-tokens 1 {streams}'
    done = subprocess.run(["sh", "-c", recording], env=environ, cwd=project, capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(ran(environ, project, "today", "--json").stdout)["calls"] == 1


def test_a_folder_that_is_gone_is_said_in_one_line(environ: dict[str, str], project: Path):
    command = f'rm -r .git && rmdir "$PWD" && exec "{sys.executable}" -m cost_mcp today'
    done = subprocess.run(["sh", "-c", command], env=environ, cwd=project, capture_output=True, text=True, check=False)

    assert done.returncode == 2
    assert done.stderr == "error: The folder this runs in is gone, or cannot be read. Start it in a folder that is there.\n"


def test_a_usage_from_a_closed_stdin_is_refused_in_one_line(environ: dict[str, str], project: Path):
    recording = f'"{sys.executable}" -m cost_mcp record --model gpt-5 --usage - <&-'
    done = subprocess.run(["sh", "-c", recording], env=environ, cwd=project, capture_output=True, text=True, check=False)

    assert done.returncode == 2
    assert done.stderr.startswith("error: usage is not JSON")


def test_the_exit_code_reaches_the_shell(environ: dict[str, str], project: Path):
    bound = environ | {"COST_MCP_PROJECT": "shop"}
    assert ran(bound, project, "record", "--project", "other", "--model", "gpt-5", "--input-tokens", "1").returncode == 1
    assert ran(environ, project, "prices", "explain", "nothing").returncode == 2
    assert ran(environ, project, "nothing").returncode == 2


def in_terminal(environ: Mapping[str, str], cwd: Path, *words: str) -> str:
    """What a command prints into a terminal."""
    ours, theirs = pty.openpty()
    child = subprocess.Popen(
        [sys.executable, "-m", "cost_mcp", *words], env=environ, cwd=cwd, stdin=theirs, stdout=theirs, stderr=theirs
    )
    os.close(theirs)
    seen = b""
    try:
        while part := os.read(ours, 65536):
            seen += part
    except OSError:
        pass  # Linux says so when the last writer has gone
    os.close(ours)
    assert child.wait(timeout=30) == 0
    return seen.decode()
