"""Commands run in this process, on a real ledger in a folder of their own, at a clock that stands."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

import pytest

import cost_mcp
from cost_mcp.cli.run import run
from cost_mcp.cli.surroundings import Surroundings

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Ran:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        """The one JSON object it printed."""
        return json.loads(self.out)


class Cli(Protocol):
    """Runs ``cost-mcp`` with these words; keyword arguments are environment variables without their prefix."""

    def __call__(self, *words: str, **variables: str) -> Ran:
        """Run one command."""
        ...


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home folder: nothing of the developer's is read or written."""
    folder = tmp_path / "home"
    folder.mkdir()
    for variable, part in (("HOME", "."), ("XDG_CONFIG_HOME", "config"), ("XDG_DATA_HOME", "data")):
        monkeypatch.setenv(variable, str(folder / part))
    return folder


@pytest.fixture
def environ(home: Path) -> dict[str, str]:
    """The environment of a process of its own."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("COST_MCP_")}
    # The package is found from any folder, installed or not.
    return kept | {
        "COST_MCP_DB": str(home / "ledger.db"),
        "COST_MCP_CONFIG": "",
        "COST_MCP_TIMEZONE": "UTC",
        "PYTHONPATH": str(Path(cost_mcp.__file__).parents[1]),
    }


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The folder commands run in: a repository."""
    folder = tmp_path / "work"
    (folder / ".git").mkdir(parents=True)
    return folder


@pytest.fixture
def clock() -> Callable[[], datetime]:
    """Noon of a Sunday."""
    return lambda: NOON


@pytest.fixture
def cli(home: Path, project: Path, clock: Callable[[], datetime], capsys: pytest.CaptureFixture[str]) -> Cli:
    """Commands on an empty ledger."""

    def call(*words: str, **variables: str) -> Ran:
        environ = {"COST_MCP_DB": str(home / "ledger.db"), "COST_MCP_CONFIG": "", "COST_MCP_TIMEZONE": "Europe/Berlin"}
        environ |= {f"COST_MCP_{name}": value for name, value in variables.items()}
        code = run(words, Surroundings(environ=environ, cwd=project, clock=clock))
        captured = capsys.readouterr()
        return Ran(code, captured.out, captured.err)

    return call


@pytest.fixture
def spent(cli: Cli) -> Cli:
    """A ledger with a Sunday's work: three models, one of them without a price, two agents, one task, one plan."""
    for words in (
        (
            "--model claude-opus-4-6 --provider anthropic --input-tokens 120000 --cache-read-input-tokens 80000 --output-tokens 6000"
            " --call-id plan --task T-1 --task-type bugfix --agent coder --purpose plan --occurred-at 2026-11-22T08:00:00Z"
        ),
        (
            "--model gpt-5-mini --provider openai --input-tokens 20000 --output-tokens 900"
            " --call-id review --task T-1 --agent reviewer --purpose review --occurred-at 2026-11-22T09:30:00Z"
        ),
        (
            "--model acme-9 --provider acme --input-tokens 100 --output-tokens 10"
            " --call-id unknown --agent reviewer --occurred-at 2026-11-22T10:00:00Z"
        ),
        (
            "--model gpt-5 --provider openai --input-tokens 50000 --output-tokens 8000 --billing subscription"
            " --call-id covered --agent coder --occurred-at 2026-11-22T11:00:00Z"
        ),
        (
            "--model gpt-5 --provider openai --input-tokens 50000 --output-tokens 8000"
            " --call-id earlier --agent coder --occurred-at 2026-11-19T11:00:00Z"
        ),
    ):
        ran = cli("record", *words.split())
        assert ran.code == 0, ran.err
    return cli
