"""A server that follows agents' logs: someone who only added it to a client can ask what the agents cost."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Speak = Callable[..., Any]
PATIENCE_SECONDS = 60


def line(number: int) -> str:
    usage = {"input_tokens": 1000, "output_tokens": 100, "cache_read_input_tokens": 0, "cache_creation_input_tokens": 0}
    message: dict[str, Any] = {
        "id": f"msg_{number}",
        "type": "message",
        "role": "assistant",
        "model": "claude-sonnet-4-6",
        "content": [],
    }
    entry = {"type": "assistant", "sessionId": "s1", "cwd": "/nowhere/shop", "timestamp": "2026-11-20T10:00:00Z"}
    return json.dumps(entry | {"message": message | {"stop_reason": "end_turn", "usage": usage}}) + "\n"


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    folder = tmp_path / "home" / ".claude" / "projects" / "-nowhere-shop"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def following(tmp_path: Path) -> dict[str, str]:
    """The environment of a server that captures, on a machine of its own."""
    home = tmp_path / "home"
    places = {name: str(home / name.lower()) for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME")}
    return {**places, "HOME": str(home), "COST_MCP_CAPTURE": "auto"}


def asked(server: Any) -> dict[str, Any]:
    return server.call("get_cost_report", {"period": "2026-11"})["structuredContent"]


def until(server: Any, calls: int) -> dict[str, Any]:
    """The report once it holds so many calls."""
    end = time.monotonic() + PATIENCE_SECONDS
    while (report := asked(server))["calls"] != calls:
        assert time.monotonic() < end, report
        time.sleep(0.1)  # polling, not waiting for a time
    return report


def test_a_server_reads_the_logs_that_are_there_and_follows_what_is_written(
    speak: Speak, following: dict[str, str], logs: Path
):
    log = logs / "s1.jsonl"
    log.write_text(line(1) + line(2))
    server = speak(**following)
    server.handshake()
    assert until(server, 2)["total_cost_usd"] == "0.009"
    with log.open("a") as file:
        file.write(line(3))
    until(server, 3)


def test_of_two_servers_one_follows_and_the_other_takes_over_when_it_is_killed(
    speak: Speak, following: dict[str, str], logs: Path
):
    first = speak(**following)
    first.handshake()
    (logs / "s1.jsonl").write_text(line(1))
    until(first, 1)
    second = speak(**following)
    second.handshake()
    assert asked(second)["calls"] == 1
    os.kill(first.process.pid, signal.SIGKILL)
    (logs / "s2.jsonl").write_text(line(2))
    until(second, 2)


def test_a_server_that_is_not_told_to_reads_no_logs(speak: Speak, following: dict[str, str], logs: Path, tmp_path: Path):
    (logs / "s1.jsonl").write_text(line(1))
    server = speak(**following | {"COST_MCP_CAPTURE": "off"})
    server.handshake()
    assert asked(server)["calls"] == 0
    assert not [*tmp_path.rglob("*.capture.lock")]
