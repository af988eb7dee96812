"""A model has many spellings; a budget by model covers all of them, and a limit for each model is one limit, on every face."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from cost_mcp.cli.run import run
from cost_mcp.cli.surroundings import Surroundings
from cost_mcp.config.settings import load_settings
from cost_mcp.ledger.migrate import migrations
from cost_mcp.model.call import Rank
from cost_mcp.service.opening import open_service

SPELLINGS = [
    "claude-opus-4-6",
    "CLAUDE-OPUS-4-6",
    "claude-opus-4.6",
    "claude-opus-4-6[1m]",
    "claude-opus-4-6-20260205",
    "claude-opus-4-6@20260205",
    "anthropic/claude-opus-4-6",
    "vertex_ai/claude-opus-4-6@default",
    "projects/p/locations/us-east5/publishers/anthropic/models/claude-opus-4-6@20260205",
    "openrouter/anthropic/claude-opus-4.6",
    "anthropic.claude-opus-4-6-v1:0",
    "us.anthropic.claude-opus-4-6-v1",
    "eu.anthropic.claude-opus-4-6-v1",
    "apac.anthropic.claude-opus-4-6-v1",
    "us-gov.anthropic.claude-opus-4-6-v1",
    "global.anthropic.claude-opus-4-6-v1",
    "bedrock/us.anthropic.claude-opus-4-6-v1",
    "converse/anthropic.claude-opus-4-6-v1",
    "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.anthropic.claude-opus-4-6-v1",
]
OTHERS = [
    "claude-opus-4-5",
    "us.anthropic.claude-opus-4-5-20251101-v1:0",
    "claude-sonnet-4-6",
    "gpt-5",
    "us.amazon.nova-pro-v1:0",
]
SCOPES = ["claude-opus-4-6", "Claude-Opus-4-6", "claude-opus-4.6", "claude-opus-4-6*"]

Verb = Callable[..., Any]


@dataclass(frozen=True)
class Ran:
    """A command's exit code and what it printed as JSON."""

    code: int
    json: Mapping[str, Any]


@pytest.fixture
def environ(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    for name in ("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    return {"COST_MCP_DB": str(tmp_path / "ledger.db"), "COST_MCP_CONFIG": "", "COST_MCP_TIMEZONE": "UTC"}


@pytest.fixture
def cli(environ: dict[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Verb:
    def call(*words: str) -> Ran:
        code = run((*words, "--json"), Surroundings(environ=environ, cwd=tmp_path))
        said = capsys.readouterr()
        assert said.out, said.err
        return Ran(code, json.loads(said.out))

    return call


@pytest.mark.parametrize("scope", SCOPES)
async def test_a_budget_by_model_covers_every_spelling_on_every_face(environ: dict[str, str], tmp_path: Path, scope: str):
    settings = load_settings(environ, tmp_path).settings
    async with open_service(settings) as service:
        await service.set_budget(
            {"name": "opus", "limit": "1000", "mode": "enforce", "unpriced": "warn", "scope": {"model": scope}},
            changed_by="tester",
        )
        for number, model in enumerate((*SPELLINGS, *OTHERS)):
            tokens = {"model": model, "input_tokens": 10, "max_output_tokens": 10}
            asked = await service.budget_status(tokens)
            reserved = await service.reserve_budget({"model": model, "amount_usd": "0.01"})
            call = {"call_id": f"c-{number}", "model": model, "input_tokens": 10, "output_tokens": 10}
            recorded = await service.record(call, source="test", rank=Rank.RESPONSE)
            found = [len(answer.standings) for answer in (asked, reserved, recorded)]
            assert found == [int(model in SPELLINGS)] * 3, model


@pytest.mark.parametrize("scope", ["us.anthropic.claude-opus-4-6-v1", "us.anthropic.*"])
def test_a_budget_by_a_spelling_covers_only_that(cli: Verb, scope: str):
    cli("budget", "set", "west", "--limit", "1", "--scope", f"model={scope}")

    covering = [model for model in SPELLINGS if cli("check", "--estimate", "0.1", "--model", model).json["budgets"]]

    assert "us.anthropic.claude-opus-4-6-v1" in covering
    assert all("us.anthropic" in model for model in covering)


def test_a_spent_budget_by_model_denies_every_spelling(cli: Verb):
    cli("budget", "set", "opus", "--limit", "0.01", "--mode", "enforce", "--unpriced", "warn", "--scope", "model=claude-opus-*")
    cli("record", "--model", SPELLINGS[-1], "--input-tokens", "10000", "--output-tokens", "1000", "--provider", "aws")

    assert [cli("check", "--estimate", "0.01", "--model", model).code for model in SPELLINGS] == [1] * len(SPELLINGS)


EACH = {"claude-opus-4-6": len(SPELLINGS), "claude-opus-4-5": 2, "claude-sonnet-4-6": 1, "gpt-5": 1, "nova-pro": 1}


def _set_each_model(cli: Verb, name: str) -> None:
    assert cli("budget", "set", name, "--calls", "--limit", "99", "--period", "total", "--each", "model").code == 0


def _calls(cli: Verb, name: str) -> dict[str, int]:
    return {window["each_value"]: int(window["spent_calls"]) for window in cli("budget", "status", name).json["budgets"]}


@pytest.fixture
def recorded(cli: Verb) -> Verb:
    """A budget for each model, and a call of every spelling."""
    _set_each_model(cli, "before")
    for model in (*SPELLINGS, *OTHERS):
        assert cli("record", "--model", model, "--input-tokens", "10", "--output-tokens", "1").code == 0
    return cli


def test_each_model_is_one_window_however_it_is_spelled(recorded: Verb):
    _set_each_model(recorded, "after")

    assert _calls(recorded, "before") == _calls(recorded, "after") == EACH
    for model in SPELLINGS:
        for window in recorded("check", "--estimate", "0.1", "--model", model).json["budgets"]:
            assert (window["each_value"], int(window["spent_calls"])) == ("claude-opus-4-6", len(SPELLINGS)), model


async def test_a_reservation_is_held_where_the_call_will_count(recorded: Verb, environ: dict[str, str], tmp_path: Path):
    async with open_service(load_settings(environ, tmp_path).settings) as service:
        for model in SPELLINGS:
            await service.reserve_budget({"model": model, "amount_usd": "0.01"})
        (standing,) = (await service.budget_status({"model": SPELLINGS[0]})).standings

        assert (standing.each_value, standing.reserved) == ("claude-opus-4-6", Decimal(len(SPELLINGS)))
        assert (await service.verify()).differences == ()
        await service.rebuild()
        assert (await service.verify()).differences == ()
    assert _calls(recorded, "before") == EACH


def as_if_of_schema(db: sqlite3.Connection, schema: int) -> None:
    """Take from a ledger what later migrations made, and the records that they ran."""
    with closing(sqlite3.connect(":memory:")) as earlier:
        for _, _, sql in migrations()[:schema]:
            earlier.executescript(sql)
        known = {name for (name,) in earlier.execute("SELECT name FROM sqlite_master")}
        states = {name for (name,) in earlier.execute("SELECT name FROM state")}
    for kind in ("trigger", "index", "table"):
        made = db.execute("SELECT name FROM sqlite_master WHERE type = ? AND sql IS NOT NULL", (kind,)).fetchall()
        for name in {name for (name,) in made} - known:
            db.execute(f"DROP {kind} {name}")
    for name in {name for (name,) in db.execute("SELECT name FROM state").fetchall()} - states:
        db.execute("DELETE FROM state WHERE name = ?", (name,))
    db.execute("DELETE FROM migrations WHERE number > ?", (schema,))
    db.execute(f"PRAGMA user_version = {schema}")
    db.commit()


async def test_windows_kept_by_spelling_are_put_together_once(recorded: Verb, environ: dict[str, str], tmp_path: Path):
    with closing(sqlite3.connect(environ["COST_MCP_DB"])) as db:
        db.execute(
            "UPDATE budget_windows SET each_value = 'us.anthropic.claude-opus-4-6-v1' WHERE each_value = 'claude-opus-4-6'"
        )
        as_if_of_schema(db, 7)

    async with open_service(load_settings(environ, tmp_path).settings) as service:
        assert (await service.verify()).differences == ()
    assert _calls(recorded, "before") == EACH
