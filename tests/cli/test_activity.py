"""Single calls, also as they come; recent tasks; a plan's windows; and what is drawn on a terminal and nowhere else."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from conftest import Cli

COMMAND = [sys.executable, "-m", "cost_mcp"]


def test_calls_are_listed_newest_first_with_what_must_be_said_of_them(spent: Cli):
    lines = spent("report", "--calls", "--period", "week").out.splitlines()

    assert lines[0].startswith("This week  ·  16 – 22 November 2026  ·  Europe/Berlin")
    assert [line.split()[0] for line in lines[3:7]] == ["12:00:00", "11:00:00", "10:30:00", "09:00:00"]
    covered, unknown, review, plan = (line.split() for line in lines[3:7])
    assert covered[-2:] == ["$0.14", "plan"]
    assert unknown[-1] == "unpriced"
    assert (review[1], review[2], plan[2]) == ("gpt-5-mini", "T-1", "T-1")
    assert plan[-4:] == ["120,000", "80,000", "6,000", "$0.39"]


def test_pages_of_calls_and_tasks_lead_on_from_each_other(spent: Cli):
    for words, name, key in ((["report", "--calls"], "calls", "call_id"), (["tasks", "--agent", "coder"], "tasks", "task_id")):
        whole: list[dict[str, Any]] = spent(*words, "--json").json[name]
        paged: list[str] = []
        cursor: list[str] = []
        while True:
            page = spent(*words, "--limit", "1", *cursor, "--json").json
            paged += [row[key] for row in page[name]]
            if "next_cursor" not in page:
                break
            cursor = ["--cursor", page["next_cursor"]]
        assert paged == [row[key] for row in whole]


def test_a_call_in_json_leaves_out_what_is_not_known_of_it(spent: Cli):
    calls = {call["call_id"]: call for call in spent("report", "--calls", "--json").json["calls"]}

    assert calls["unknown"]["unpriced"] is True
    assert "cost_usd" not in calls["unknown"]
    assert (calls["covered"]["billing"], calls["covered"]["cost_usd"]) == ("subscription", "0.1425")
    assert calls["plan"] == {
        "call_id": "plan", "occurred_at": "2026-11-22T08:00:00Z", "model": "claude-opus-4-6", "provider": "anthropic",
        "task_id": "T-1", "agent": "coder", "purpose": "plan", "source": "cli", "input_tokens": 120000, "output_tokens": 6000,
        "cache_read_input_tokens": 80000, "cache_creation_input_tokens": 0, "cost_usd": "0.39",
    }  # fmt: skip


def test_reports_calls_and_tasks_are_narrowed_by_tag(spent: Cli):
    spent("record", "--model", "gpt-5", "--input-tokens", "9", "--task", "T-9", "--call-id", "last", "--tag", "branch=main")

    assert [call["call_id"] for call in spent("report", "--calls", "--tag", "branch=main", "--json").json["calls"]] == ["last"]
    assert [task["task_id"] for task in spent("tasks", "--tag", "branch=main", "--json").json["tasks"]] == ["T-9"]
    assert spent("report", "--tag", "branch=main", "--json").json["calls"] == 1
    assert spent("report", "--tag", "branch", "--json").code == 2


def test_tasks_are_told_with_what_they_came_to(spent: Cli):
    spent(
        "record", "--model", "gpt-5", "--input-tokens", "9", "--task", "T-9", "--task-title", "Say hello", "--call-id", "last"
    )
    ran = spent("tasks")
    tasks = spent("tasks", "--json").json["tasks"]

    assert [line.split()[0] for line in ran.out.splitlines()[3:]] == ["T-9", "T-1"]
    assert "Say hello" in ran.out
    assert [(task["task_id"], task["calls"], task["cost_usd"]) for task in tasks][1] == ("T-1", 2, "0.3968")
    assert (tasks[1]["task_type"], tasks[1]["last_call_at"]) == ("bugfix", "2026-11-22T09:30:00Z")


@pytest.mark.parametrize("words", [["tasks"], ["report", "--calls"], ["report", "--windows", "5h"]])
def test_an_empty_ledger_is_answered_in_the_same_shape_and_not_made(cli: Cli, home: Path, words: list[str]):
    shown, told = cli(*words), cli(*words, "--json")

    assert (shown.code, told.code, shown.err) == (0, 0, "")
    assert [] in told.json.values()
    assert not (home / "ledger.db").exists()


def test_windows_of_a_plan_are_told_with_how_the_running_one_goes_on(spent: Cli):
    lines = spent("report", "--windows", "5h").out.splitlines()

    assert lines[0] == "Windows of 5h  ·  16 – 22 November 2026  ·  Europe/Berlin"
    assert lines[4].split() == ["22", "Nov", "12:00", "–", "17:00", "1", "58,000", "$0.14", "running"]
    assert lines[5] == (
        "Ends at 17:00, in 4 h. Since its first call 967 tokens a minute and $0.14 an hour; at this rate 290,000 tokens and $0.71 "
        "by its end."
    )


@pytest.mark.parametrize(
    "words",
    [
        ["--calls", "--group-by", "model"], ["--calls", "--follow"], ["--windows", "5h", "--compare"], ["--follow", "--limit", "3"],
        ["--windows", "5h", "--cursor", "x"], ["--calls", "--trend"], ["--follow", "--windows", "5h"],
    ],
)  # fmt: skip
def test_what_does_not_go_together_is_refused(spent: Cli, words: list[str]):
    ran = spent("report", *words)

    assert ran.code == 2
    assert "do not go together" in ran.err


def test_compare_top_and_trend_are_shown_as_text_and_as_json(spent: Cli):
    ran = spent("report", "--period", "today", "--compare", "--group-by", "model", "--top", "1")
    assert "against $0.00 and 0 calls before" in ran.out
    assert "Compared: 2026-11-22 00:00 to 2026-11-22 13:00  with  2026-11-21 00:00 to 2026-11-21 13:00" in ran.out
    assert "(other)" in ran.out

    shape = spent("report", "--period", "week", "--trend", "--json").json
    assert [(point["day"], point["cost_usd"]) for point in shape["trend"]["points"]][2:5] == [
        ("2026-11-18", "0"), ("2026-11-19", "0.1425"), ("2026-11-20", "0"),
    ]  # fmt: skip
    assert "2026-11-20      0" in spent("report", "--period", "week", "--trend").out
    assert len(spent("report", "--period", "today", "--trend", "hour", "--json").json["trend"]["points"]) == 13


@contextmanager
def following(environ: dict[str, str], cwd: Path, *words: str) -> Generator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [*COMMAND, "report", "--follow", *words],
        env=environ,
        cwd=cwd,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def record(environ: dict[str, str], cwd: Path, *words: str) -> None:
    subprocess.run([*COMMAND, "record", *words], env=environ, cwd=cwd, check=True, capture_output=True)


def test_calls_are_told_as_any_program_records_them_and_each_once(environ: dict[str, str], project: Path):
    with following(environ, project, "--json", "--agent", "coder") as process:
        assert process.stdout is not None
        told: list[dict[str, Any]] = []
        for name in ("one", "two", "three"):
            record(
                environ, project, "--model", "gpt-5", "--input-tokens", "10", "--agent", "tester", "--call-id", f"not-{name}"
            )
            record(environ, project, "--model", "gpt-5", "--input-tokens", "10", "--agent", "coder", "--call-id", name)
            told.append(json.loads(process.stdout.readline()))
        process.send_signal(signal.SIGINT)
        rest, errors = process.communicate(timeout=60)

    assert [call["call_id"] for call in told] == ["one", "two", "three"]
    assert (rest, errors.strip(), process.returncode) == ("", "", 130)


def test_following_begins_with_the_newest_calls_there_are(spent: Cli, environ: dict[str, str], project: Path):
    assert spent("verify").code == 0
    with following(environ, project, "--start", "2026-11-01") as process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(5)]

    models = ["gpt-5", "claude-opus-4-6", "gpt-5-mini", "acme-9", "gpt-5"]
    assert [model in line.split() for model, line in zip(models, lines, strict=True)] == [True] * 5
    assert lines[1].split()[-9:] == ["120,000", "in", "6,000", "out", "$0.39", "task", "T-1", "agent", "coder"]
    assert "unpriced" in lines[3]


Draw = Callable[..., str]


@pytest.fixture
def drawn(spent: Cli, environ: dict[str, str], project: Path) -> Draw:
    """What a command shows on a terminal so many columns wide."""
    assert spent("budget", "set", "week", "--limit", "1", "--period", "week").code == 0

    def draw(columns: int, words: Sequence[str], **variables: str) -> str:
        ours, theirs = pty.openpty()
        kept = {**environ, "COLUMNS": str(columns), "TERM": "dumb", **variables}
        process = subprocess.Popen([*COMMAND, *words], env=kept, cwd=project, stdout=theirs, stderr=subprocess.STDOUT)
        os.close(theirs)
        text = b""
        with suppress(OSError):  # how a terminal's end is told
            while part := os.read(ours, 65536):
                text += part
        os.close(ours)
        assert process.wait(timeout=60) == 0, text
        return text.decode().replace("\r\n", "\n")

    return draw


WORDS = ["report", "--start", "2026-11-16", "--end", "2026-11-23"]


@pytest.mark.parametrize("columns", [40, 60, 80, 120, 200])
def test_pictures_fill_a_terminal_and_never_more(drawn: Draw, columns: int):
    text = drawn(columns, WORDS)

    assert "Days" in text
    assert "▄" in text or "█" in text
    assert all(len(line.rstrip()) <= columns for line in text.splitlines())


def test_where_a_terminal_has_no_such_characters_pictures_are_plain(drawn: Draw):
    text = drawn(120, WORDS, PYTHONIOENCODING="ascii")

    assert text.isascii()
    assert "?" not in text
    assert "########" in text


def test_nothing_is_drawn_into_a_pipe(spent: Cli):
    spent("budget", "--daily", "1")
    for words in (["today"], ["report", "--trend"], ["tasks"], ["report", "--windows", "5h"], ["budget", "status"]):
        assert not set(spent(*words).out) & set("█▒░▁▂▃▄▅▆▇▏▎▍▌▋▊▉│"), words
