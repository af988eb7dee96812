"""A server as clients meet it: a process spoken to line by line, and one in memory over a ledger of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Generator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest

from cost_mcp.config.settings import Settings
from cost_mcp.server.backing import Backing
from cost_mcp.service.opening import open_service
from cost_mcp.service.service import Service

ROOT = Path(__file__).parents[2]
PATIENCE_SECONDS = 120
Message = dict[str, Any]


class Spoken:
    """A server process, spoken to in lines of JSON. One that falls silent is ended, so that no test waits for ever."""

    def __init__(self, env: dict[str, str], stdin: int = subprocess.PIPE, cwd: Path = ROOT) -> None:
        bare = {name: value for name, value in os.environ.items() if not name.startswith("COST_MCP_")}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "cost_mcp", "serve"],
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=cwd,
            env={**bare, "PYTHONPATH": str(ROOT), **env},
            bufsize=0,
        )
        self._watchdog = threading.Timer(PATIENCE_SECONDS, self.process.kill)
        self._watchdog.start()
        self._buffer = b""
        self.stdout = b""
        self._asked = 0

    def send(self, line: bytes) -> None:
        """Write bytes as they are."""
        assert self.process.stdin is not None
        self.process.stdin.write(line)

    def tell(self, method: str, params: Message | None = None) -> None:
        """Send a notification."""
        self.send(json.dumps({"jsonrpc": "2.0", "method": method, "params": params or {}}).encode() + b"\n")

    def post(self, method: str, params: Message | None = None) -> int:
        """Send a request and answer its id."""
        self._asked += 1
        self.send(json.dumps({"jsonrpc": "2.0", "id": self._asked, "method": method, "params": params or {}}).encode() + b"\n")
        return self._asked

    def read(self) -> Message:
        """The next line of stdout, which must be a message."""
        assert self.process.stdout is not None
        while b"\n" not in self._buffer:
            part = os.read(self.process.stdout.fileno(), 65536)
            if not part:
                raise EOFError(self.error())
            self._buffer += part
            self.stdout += part
        line, _, self._buffer = self._buffer.partition(b"\n")
        message = json.loads(line)
        assert message["jsonrpc"] == "2.0"
        return message

    def ask(self, method: str, params: Message | None = None) -> Message:
        """Send a request and read its answer."""
        request_id = self.post(method, params)
        answer = self.read()
        assert answer["id"] == request_id
        return answer

    def handshake(self, version: str = "2025-11-25") -> Message:
        """Initialize, as every client does first."""
        about = {"protocolVersion": version, "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}}
        answer = self.ask("initialize", about)
        self.tell("notifications/initialized")
        return answer["result"]

    def call(self, tool: str, arguments: object) -> Message:
        """Call a tool and answer its result."""
        return self.ask("tools/call", {"name": tool, "arguments": arguments})["result"]

    def finish(self) -> int:
        """End the input and wait for the process."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        return self.process.wait(PATIENCE_SECONDS)

    def interrupt(self, number: signal.Signals) -> int:
        """Send a signal and wait for the process."""
        self.process.send_signal(number)
        return self.process.wait(PATIENCE_SECONDS)

    def rest(self) -> bytes:
        """What is left on stdout after the process has ended."""
        assert self.process.stdout is not None
        return self._buffer + self.process.stdout.read()

    def error(self) -> str:
        """Everything on stderr, once the process has ended."""
        assert self.process.stderr is not None
        self.process.wait(PATIENCE_SECONDS)
        return self.process.stderr.read().decode()

    def end(self) -> None:
        """Leave nothing behind."""
        self._watchdog.cancel()
        self.process.kill()
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            if stream is not None:
                stream.close()


Speak = Callable[..., Spoken]


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    """An environment with a ledger of the test's own and no user's settings."""
    return {"COST_MCP_DB": str(tmp_path / "ledger.db"), "COST_MCP_CONFIG": "", "COST_MCP_TIMEZONE": "UTC"}


@pytest.fixture
def speak(env: dict[str, str]) -> Generator[Speak]:
    """Starts server processes on one ledger; ends them after the test."""
    started: list[Spoken] = []

    def start(stdin: int = subprocess.PIPE, cwd: Path = ROOT, **more: str) -> Spoken:
        spoken = Spoken({**env, **more}, stdin, cwd)
        started.append(spoken)
        return spoken

    yield start
    for spoken in started:
        spoken.end()


@pytest.fixture(scope="module")
def spoken(tmp_path_factory: pytest.TempPathFactory) -> Generator[Spoken]:
    """One server process for all tests of a module, its handshake done."""
    db = tmp_path_factory.mktemp("server") / "ledger.db"
    spoken = Spoken({"COST_MCP_DB": str(db), "COST_MCP_CONFIG": "", "COST_MCP_TIMEZONE": "UTC"})
    spoken.handshake()
    yield spoken
    spoken.end()


@pytest.fixture
def backing(tmp_path: Path) -> Callable[..., Backing]:
    """A server's service over a new ledger, with the settings a test gives."""

    def make(**settings: object) -> Backing:
        def opened() -> AbstractAsyncContextManager[Service]:
            return open_service(Settings(db=str(tmp_path / "ledger.db"), **settings))  # pyright: ignore[reportArgumentType] (test data)

        return Backing(opened)

    return make
