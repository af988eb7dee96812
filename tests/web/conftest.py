"""A dashboard on loopback, as its command starts it, and a plain HTTP client that knows no cookie jar but its own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from typing import IO

import pytest

from cost_mcp.config.settings import Settings
from cost_mcp.service.opening import open_service
from cost_mcp.service.service import Service


@dataclass(slots=True)
class Answer:
    """What came back: status, headers in lower case, the text."""

    status: int
    headers: dict[str, str]
    text: str


@dataclass(slots=True)
class Browser:
    """Sends what it is told to, with the one cookie it was given."""

    port: int
    cookie: str | None = None
    sent: dict[str, str] = field(default_factory=dict[str, str])

    def ask(self, path: str, method: str = "GET", body: str | None = None, **headers: str) -> Answer:
        """One request; header names with underscores."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=20)
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.cookie is not None:
            given.setdefault("cookie", self.cookie)
        try:
            connection.request(method, path, body=body, headers=given)
            answer = connection.getresponse()
            found = {name.lower(): value for name, value in answer.getheaders()}
            return Answer(answer.status, found, answer.read().decode())
        finally:
            connection.close()

    def post(self, path: str, body: str, **headers: str) -> Answer:
        """A form, as a page of the dashboard would send it."""
        own = {"origin": f"http://127.0.0.1:{self.port}", "content_type": "application/x-www-form-urlencoded"}
        return self.ask(path, "POST", body, **(own | headers))


@dataclass(slots=True)
class Dashboard:
    """A running dashboard: its port, and the addresses it printed so far."""

    port: int
    printed: IO[str]
    token: str

    def next_token(self) -> str:
        """The token of the next address it prints."""
        self.token = _token(self.printed)
        return self.token

    def enter(self) -> Browser:
        """A browser that was let in by the last address printed."""
        browser = Browser(self.port)
        answer = browser.ask(f"/enter?token={self.token}")
        assert answer.status == 303, answer
        browser.cookie = answer.headers["set-cookie"].split(";")[0]
        self.next_token()
        return browser


@pytest.fixture
def ledger_path(tmp_path: Path) -> Path:
    """Where the ledger of a test lies."""
    return tmp_path / "ledger.db"


@pytest.fixture
async def service(ledger_path: Path) -> AsyncIterator[Service]:
    """The verbs, as another process would use them."""
    async with open_service(Settings(db=str(ledger_path)), lasting=False) as opened:
        yield opened


def run_dashboard(folder: Path, started: list[subprocess.Popen[str]], **environ: str) -> Dashboard:
    """Start `cost-mcp dashboard` on the ledger of a folder."""
    own = {"COST_MCP_DB": str(folder / "ledger.db"), "COST_MCP_CONFIG": "", "COST_MCP_TIMEZONE": "UTC", "HOME": str(folder)}
    program = subprocess.Popen(
        [sys.executable, "-m", "cost_mcp", "dashboard", "--no-open", "--port", "0"],
        stdout=subprocess.PIPE,
        text=True,
        cwd=folder,
        env={name: value for name, value in os.environ.items() if not name.startswith("COST_MCP_")} | own | environ,
    )
    started.append(program)
    assert program.stdout is not None
    line = program.stdout.readline()
    found = re.search(r"http://127\.0\.0\.1:(\d+)/enter\?token=([\w-]+)", line)
    assert found is not None, line
    return Dashboard(int(found[1]), program.stdout, found[2])


def end(started: list[subprocess.Popen[str]]) -> None:
    """End what was started, as Ctrl-C would, and see that it leaves in peace."""
    for program in started:
        program.terminate()
        assert program.wait(20) in (0, -15)
        if program.stdout is not None:
            program.stdout.close()


@pytest.fixture
def dashboard(tmp_path: Path) -> Iterator[Dashboard]:
    """One that runs on the test's own ledger."""
    started: list[subprocess.Popen[str]] = []
    yield run_dashboard(tmp_path, started)
    end(started)


@pytest.fixture(scope="module")
def empty_dashboard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dashboard]:
    """One that runs for all tests of a module, on a ledger nothing is ever recorded in."""
    started: list[subprocess.Popen[str]] = []
    yield run_dashboard(tmp_path_factory.mktemp("empty"), started)
    end(started)


def _token(printed: IO[str]) -> str:
    found = re.search(r"token=([\w-]+)", printed.readline())
    assert found is not None
    return found[1]
