"""A server that ends leaves an export of what it served; its end does not wait for it."""

from __future__ import annotations

import csv
import json
import os
import signal
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from watchfiles import watch

Speak = Callable[..., Any]
PATIENCE_SECONDS = 60
USED = {"model": "gpt-5", "provider": "openai", "input_tokens": 1000, "output_tokens": 10}


def appeared(folder: Path, pattern: str) -> Path:
    """The file once it is there: it comes under its name whole."""
    looks = watch(folder, rust_timeout=500, yield_on_timeout=True, step=20)
    for number, _ in enumerate(looks):
        if found := sorted(folder.rglob(pattern)):
            return found[0]
        assert number < PATIENCE_SECONDS * 2, list(folder.rglob("*"))
    raise AssertionError


@pytest.fixture
def left(tmp_path: Path) -> Path:
    folder = tmp_path / "left"
    folder.mkdir()
    return folder


@pytest.mark.parametrize("end", ["input", "signal"])
def test_the_calls_a_server_recorded_are_in_the_file_it_leaves(speak: Speak, left: Path, end: str):
    before = speak()
    before.handshake()
    before.call("record_call", USED | {"call_id": "before"})
    assert before.finish() == 0
    server = speak(COST_MCP_EXPORT_ON_EXIT=str(left / "calls.csv"))
    server.handshake()
    server.call("record_call", USED | {"call_id": "mine"})

    code = server.finish() if end == "input" else server.interrupt(signal.SIGTERM)

    assert code == 0
    file = appeared(left, "calls.csv")
    assert [row["call_id"] for row in csv.DictReader(file.read_text(encoding="utf-8").splitlines())] == ["mine"]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_bound_session_is_left_whole_and_each_server_has_a_file_of_its_own_in_a_folder(speak: Speak, left: Path):
    for call in ("first", "second"):
        server = speak(COST_MCP_EXPORT_ON_EXIT=str(left / "exports"), COST_MCP_EXPORT_FORMAT="jsonl", COST_MCP_SESSION_ID="s-1")
        server.handshake()
        server.call("record_call", USED | {"call_id": call})
        assert server.finish() == 0
        appeared(left, f"cost-mcp-*-{server.process.pid}.jsonl")

    whole = appeared(left, f"cost-mcp-*-{server.process.pid}.jsonl").read_text(encoding="utf-8").splitlines()

    assert [json.loads(line)["call_id"] for line in whole] == ["first", "second"]
    assert stat.S_IMODE((left / "exports").stat().st_mode) == 0o700


def test_a_server_that_was_told_of_no_call_leaves_no_file(speak: Speak, left: Path):
    for name in ("idle", "busy"):
        server = speak(COST_MCP_EXPORT_ON_EXIT=str(left / f"{name}.csv"))
        server.handshake()
        server.call("get_cost_report", {}) if name == "idle" else server.call("record_call", USED)
        assert server.finish() == 0

    appeared(left, "busy.csv")

    assert not (left / "idle.csv").exists()


def test_why_nothing_could_be_left_stands_beside_the_file(speak: Speak, left: Path):
    os.mkfifo(left / "calls.csv")
    server = speak(COST_MCP_EXPORT_ON_EXIT=str(left / "calls.csv"))
    server.handshake()
    server.call("record_call", USED)

    assert server.finish() == 0

    assert appeared(left, "calls.csv.failed.txt").read_text(encoding="utf-8").startswith("the output is no file.")


def test_a_folder_that_cannot_be_made_is_told_on_stderr(speak: Speak, left: Path):
    (left / "taken").touch()
    server = speak(COST_MCP_EXPORT_ON_EXIT=str(left / "taken" / "calls.csv"))
    server.handshake()
    server.call("record_call", USED)

    assert server.finish() == 0

    assert "Nothing was exported when this server ended (File exists)." in server.error()


def test_a_project_that_nobody_trusts_cannot_have_calls_left_anywhere(speak: Speak, left: Path, tmp_path: Path):
    folder = tmp_path / "cloned"
    (folder / ".git").mkdir(parents=True)
    (folder / ".cost-mcp").mkdir()
    (folder / ".cost-mcp" / "config.yaml").write_text(f"export_on_exit: {left / 'calls.csv'}\n")
    server = speak(cwd=folder)
    server.handshake()
    server.call("record_call", USED)

    assert server.finish() == 0

    assert "export_on_exit ignored, because a project's file is not trusted" in server.error()
