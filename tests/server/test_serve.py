from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.server.conftest import Spoken

    Speak = Callable[..., Spoken]

ROOT = Path(__file__).parents[2]
CALL: dict[str, object] = {
    "model": "gpt-5-mini",
    "provider": "openai",
    "input_tokens": 1000,
    "output_tokens": 10,
    "task_id": "T",
}
INITIALIZE = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}}
POSIX = pytest.mark.skipif(sys.platform == "win32", reason="signals and pipes of POSIX systems")


def test_the_end_of_input_ends_the_server_with_every_call_in_work_answered(speak: Speak):
    spoken = speak()
    spoken.handshake()
    spoken.call("record_call", CALL)  # loaded: only calls are in work when the input ends
    ids = [spoken.post("tools/call", {"name": "record_call", "arguments": CALL}) for _ in range(50)]
    assert spoken.finish() == 0
    answers = [json.loads(line) for line in spoken.rest().splitlines()]
    assert sorted(answer["id"] for answer in answers) == ids
    assert all(answer["result"]["structuredContent"]["outcome"] == "created" for answer in answers)
    assert spoken.error() == ""


@POSIX
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_server_cleanly_and_what_was_acknowledged_stays(
    speak: Speak, env: dict[str, str], number: signal.Signals
):
    spoken = speak()
    spoken.handshake()
    acknowledged = [spoken.call("record_call", CALL)["structuredContent"]["call_id"] for _ in range(3)]
    for _ in range(50):
        spoken.post("tools/call", {"name": "record_call", "arguments": CALL})
    acknowledged.append(spoken.read()["result"]["structuredContent"]["call_id"])
    assert spoken.interrupt(number) == 0
    answers = [json.loads(line) for line in spoken.rest().splitlines()]
    acknowledged += [answer["result"]["structuredContent"]["call_id"] for answer in answers if "result" in answer]
    assert spoken.error() == ""
    assert not Path(f"{env['COST_MCP_DB']}-wal").exists(), "the ledger was closed"
    again = speak()
    again.handshake()
    for call_id in acknowledged:
        assert again.call("record_call", {**CALL, "call_id": call_id})["structuredContent"]["outcome"] == "exists"


@POSIX
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_a_server_that_was_never_spoken_to(speak: Speak, number: signal.Signals):
    spoken = speak()
    spoken.handshake()
    assert spoken.interrupt(number) == 0
    assert spoken.error() == ""


@POSIX
@pytest.mark.parametrize("before", ["opening", "writing"])
def test_a_ledger_held_by_a_stopped_program_does_not_keep_the_server(speak: Speak, env: dict[str, str], before: str):
    import fcntl

    first = speak()
    first.handshake()
    first.call("record_call", CALL)
    assert first.finish() == 0
    (lock,) = Path(env["COST_MCP_DB"]).parent.glob("*.lock")
    spoken = speak()
    spoken.handshake()
    if before == "writing":
        spoken.call("record_call", CALL)
    with lock.open("r+b") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        spoken.post("tools/call", {"name": "record_call", "arguments": CALL})
        assert spoken.ask("ping")["result"] == {}, "others are served while one waits"
        assert spoken.finish() == 1
    assert spoken.error().startswith("cost-mcp: left without closing the ledger")


def test_a_client_that_dies_takes_the_server_with_it(speak: Speak):
    spoken = speak()
    spoken.handshake()
    assert spoken.process.stdout is not None
    spoken.process.stdout.close()
    spoken.post("tools/list")
    assert spoken.process.wait(30) == 0


def test_only_the_protocol_is_on_stdout(tmp_path: Path, env: dict[str, str]):
    """Whatever prints, from Python or from below it, lands on stderr."""
    script = tmp_path / "loud.py"
    script.write_text(
        "import os, sys\n"
        "import cost_mcp.server.backing as backing\n"
        "opener = backing.open_from_environment\n"
        "def loud():\n"
        "    print('stray print')\n"
        "    os.write(1, b'stray write\\n')\n"
        "    os.system('echo stray child')\n"
        "    return opener()\n"
        "backing.Backing.__init__.__defaults__ = (loud,)\n"
        "from cost_mcp.server.serve import serve\n"
        "sys.exit(serve())\n",
        encoding="utf-8",
    )
    lines = [
        {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": INITIALIZE},
        {"jsonrpc": "2.0", "method": "notifications/initialized"},
        {"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": {"name": "record_call", "arguments": CALL}},
    ]
    done = subprocess.run(
        [sys.executable, str(script)],
        input="".join(json.dumps(line) + "\n" for line in lines).encode(),
        capture_output=True,
        check=True,
        cwd=ROOT,
        env={**os.environ, **env, "PYTHONPATH": str(ROOT)},
        timeout=30,
    )
    assert [json.loads(line)["id"] for line in done.stdout.splitlines()] == [1, 2]
    assert all(f"stray {kind}".encode() in done.stderr for kind in ("print", "write", "child"))


@pytest.mark.parametrize("kind", ["file", "nothing"])
def test_input_from_a_file_is_served_to_its_end(speak: Speak, tmp_path: Path, kind: str):
    script = tmp_path / "lines.jsonl"
    lines = [
        {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": INITIALIZE},
        {"jsonrpc": "2.0", "method": "notifications/initialized"},
        {"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": {"name": "record_call", "arguments": CALL}},
    ]
    script.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    with (script if kind == "file" else Path(os.devnull)).open("rb") as stdin:
        spoken = speak(stdin.fileno())
        assert spoken.process.wait(30) == 0
    answers = [json.loads(line) for line in spoken.rest().splitlines()]
    assert [answer["id"] for answer in answers] == ([1, 2] if kind == "file" else [])
    assert spoken.error() == ""


@POSIX
def test_one_socket_for_both_directions_is_served_and_ends_by_signal(env: dict[str, str]):
    """As socat gives it; asyncio's pipes would take the first input for the client's leaving."""
    ours, theirs = socket.socketpair()
    with ours, theirs, ours.makefile("rwb") as wire:
        process = subprocess.Popen(
            [sys.executable, "-m", "cost_mcp", "serve"],
            stdin=theirs.fileno(),
            stdout=theirs.fileno(),
            stderr=subprocess.PIPE,
            cwd=ROOT,
            env={**os.environ, **env},
        )
        for number in (1, 2):
            wire.write(
                json.dumps({"jsonrpc": "2.0", "id": number, "method": "initialize", "params": INITIALIZE}).encode() + b"\n"
            )
            wire.flush()
            assert json.loads(wire.readline())["id"] == number
        process.send_signal(signal.SIGTERM)
        _, error = process.communicate(timeout=30)
    assert (process.returncode, error) == (0, b"")


def test_what_is_ignored_of_the_settings_is_said_on_stderr(speak: Speak):
    spoken = speak(COST_MCP_TIMEZON="Europe/Berlin")
    spoken.handshake()
    assert spoken.call("get_cost_report", {})["structuredContent"]["timezone"] == "UTC"
    assert spoken.finish() == 0
    assert "COST_MCP_TIMEZON is not a variable cost-mcp reads and is ignored. Did you mean COST_MCP_TIMEZONE?" in spoken.error()


def test_the_handshake_loads_nothing_of_the_product():
    code = (
        "import sys, cost_mcp.server.app, cost_mcp.server.conversation, cost_mcp.server.stdio\n"
        "print([m for m in sys.modules if m.startswith(('cost_mcp.service', 'cost_mcp.ledger', 'cost_mcp.pricing',"
        " 'cost_mcp.views', 'genai_prices', 'aiosqlite', 'rich'))])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, cwd=ROOT, timeout=30)
    assert done.stdout.decode().strip() == "[]"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device of Linux")
def test_an_answer_that_cannot_be_written_ends_the_server_with_one_sentence(env: dict[str, str]):
    line = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": INITIALIZE}).encode() + b"\n"
    with Path("/dev/full").open("wb") as full:
        process = subprocess.Popen(
            [sys.executable, "-m", "cost_mcp", "serve"],
            stdin=subprocess.PIPE,
            stdout=full,
            stderr=subprocess.PIPE,
            cwd=ROOT,
            env={**os.environ, **env},
        )
    assert process.stdin is not None
    assert process.stderr is not None
    with process.stdin as stdin, process.stderr as stderr:
        stdin.write(line)
        stdin.flush()
        assert process.wait(30) == 1, "it ends while its input is still open"
        said = stderr.read().decode()
    assert said == "cost-mcp: the client can no longer be answered. What was acknowledged is safe.\n"
