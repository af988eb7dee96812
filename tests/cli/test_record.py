from __future__ import annotations

import asyncio
import io
import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from cost_mcp.config.settings import Settings
from cost_mcp.service.opening import open_service

if TYPE_CHECKING:
    from conftest import Cli

RESPONSE = {
    "id": "msg_01abc",
    "type": "message",
    "role": "assistant",
    "model": "claude-opus-4-6",
    "content": [{"type": "text", "text": "the secret plan"}],
    "usage": {"input_tokens": 1000, "cache_read_input_tokens": 2000, "cache_creation_input_tokens": 0, "output_tokens": 500},
}


def test_a_response_from_a_file_names_its_model_and_its_id(cli: Cli, home: Path):
    file = home / "response.json"
    file.write_text(json.dumps(RESPONSE), encoding="utf-8")

    receipt = cli("record", "--response", str(file), "--task", "T-1", "--json").json
    again = cli("record", "--response", str(file), "--task", "T-1")
    call = cli("prices", "explain", "msg_01abc", "--json").json

    assert (receipt["call_id"], receipt["outcome"], receipt["cost_usd"]) == ("msg_01abc", "created", "0.0185")
    assert "Already recorded; it counts once" in again.out
    assert (call["provider"], call["usage"]["input_tokens"], call["source"]) == ("anthropic", 3000, "cli")
    assert "secret" not in json.dumps(call)


def test_a_usage_object_comes_in_through_stdin(cli: Cli, monkeypatch: pytest.MonkeyPatch):
    stdin = SimpleNamespace(buffer=io.BytesIO(json.dumps(RESPONSE["usage"]).encode()))
    monkeypatch.setattr("sys.stdin", stdin)

    receipt = cli("record", "--usage", "-", "--model", "claude-opus-4-6", "--provider", "anthropic", "--json").json

    assert receipt["cost_usd"] == "0.0185"


def test_what_is_billed_beside_the_counts_is_said_wherever_the_call_is_shown(cli: Cli, home: Path):
    advised = [
        {"type": "message", "input_tokens": 1000},
        {"type": "advisor_message", "model": "claude-opus-4-6", "output_tokens": 9},
    ]
    file = home / "usage.json"
    file.write_text(json.dumps({"input_tokens": 1000, "output_tokens": 500, "iterations": advised}), encoding="utf-8")

    told = ("record", "--usage", str(file), "--model", "claude-opus-4-6", "--call-id", "c-1")
    receipt, again = cli(*told), cli(*told, "--json").json
    explained, call = cli("prices", "explain", "c-1"), cli("prices", "explain", "c-1", "--json").json

    for shown in (receipt.out, explained.out):
        assert "at least $0.02 at list price" in shown
        assert "another model" in shown
    assert (again["lower_bound"], call["lower_bound"], call["cost_usd"]) == (True, True, "0.0175")
    assert "at least" in cli("today").out


def test_every_field_of_a_call_can_be_given(cli: Cli):
    words = (
        "--model gpt-5 --provider openai --input-tokens 100 --output-tokens 50 --reasoning-output-tokens 10 --call-id c-1"
        " --occurred-at 2026-11-22T10:00:00Z --service-tier flex --billing subscription --project shop --task T-1 --task-title t"
        " --task-type bugfix --session s-1 --agent coder --feature search --purpose plan --tag branch=main --tag team=a"
        ' --metadata {"route":1} --provisional'
    )

    assert cli("record", *words.split()).code == 0

    call = cli("prices", "explain", "c-1", "--json").json
    assert call["tags"] == {"branch": "main", "team": "a"}
    assert call["metadata"] == {"route": 1}
    assert (call["service_tier"], call["billing"], call["provisional"]) == ("flex", "subscription", True)
    assert (call["project"], call["session_id"], call["feature"], call["purpose"]) == ("shop", "s-1", "search", "plan")


def test_an_unknown_model_is_recorded_and_said_to_be_unpriced(cli: Cli):
    ran = cli("record", "--model", "acme-9", "--provider", "acme", "--input-tokens", "10", "--output-tokens", "1")

    assert ran.code == 0
    assert ran.out.startswith("unpriced  ·  acme-9  ·  Recorded\n")


def test_with_tracking_off_nothing_is_recorded_and_the_answer_says_so(cli: Cli):
    ran = cli("record", "--model", "gpt-5", "--input-tokens", "10", ENABLED="false")

    assert "Not recorded: tracking is off" in ran.out
    assert cli("today", "--json").json["calls"] == 0


def test_the_same_id_with_other_contents_is_refused(cli: Cli):
    cli("record", "--model", "gpt-5", "--provider", "openai", "--input-tokens", "10", "--call-id", "c-1")

    ran = cli("record", "--model", "gpt-5", "--provider", "openai", "--input-tokens", "11", "--call-id", "c-1", "--json")

    assert ran.code == 1
    assert ran.json["error"]["code"] == "conflict"


def test_a_bound_context_cannot_be_changed_by_an_option(cli: Cli):
    ran = cli("record", "--model", "gpt-5", "--input-tokens", "10", "--agent", "other", AGENT="coder")

    assert ran.code == 1
    assert "agent differs" in ran.err


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b'{"input_tokens": 1,', "usage is not JSON (line 1"),
        (b"\xff\xfe", "usage is not UTF-8 text."),
        (b"[" * 100_000, "usage is nested too deeply."),
        (b'{"input_tokens": ' + b"9" * 5000 + b"}", "usage holds a number that is too long."),
        (b"7", "usage"),
    ],
)
def test_a_file_that_is_no_usage_is_refused_without_repeating_it(cli: Cli, home: Path, content: bytes, reason: str):
    file = home / "usage.json"
    file.write_bytes(content)

    ran = cli("record", "--model", "gpt-5", "--usage", str(file))

    assert ran.code == 2
    assert reason in ran.err


@pytest.mark.parametrize(
    "words",
    [
        ["--usage", "a.json", "--response", "b.json"],
        ["--usage", "/nowhere/at/all.json"],
        ["--input-tokens", "1", "--tag", "notag"],
        ["--input-tokens", "1", "--tag", "a=1", "--tag", "a=2"],
        ["--input-tokens", "1", "--metadata", "[1]"],
        ["--input-tokens", "1", "--metadata", '{"a": ' + "9" * 5000 + "}"],
        ["--input-tokens", "1.5"],
        ["--input-tokens", "-1"],
    ],
)
def test_wrong_options_record_nothing(cli: Cli, words: list[str]):
    assert cli("record", "--model", "gpt-5", *words).code == 2
    assert cli("today", "--json").json["calls"] == 0


CALL = ("record", "--model", "gpt-5", "--provider", "openai", "--input-tokens", "1000", "--output-tokens", "100")


@pytest.fixture
def reservation(cli: Cli, home: Path, clock: Callable[[], datetime]) -> str:
    """One of ten cents, under an enforcing budget of one dollar."""
    assert cli("budget", "set", "hold", "--limit", "1", "--mode", "enforce").code == 0

    async def reserve() -> str:
        async with open_service(Settings(db=str(home / "ledger.db")), clock=clock) as service:
            held = (await service.reserve_budget({"amount_usd": "0.1"})).reservation
        assert held is not None
        return held.reservation_id

    return asyncio.run(reserve())


@pytest.mark.parametrize("flag", ["--reservation", "--reservation-id"])
def test_a_recorded_call_settles_the_reservation_it_names(cli: Cli, reservation: str, flag: str):
    receipt = cli(*CALL, flag, reservation, "--json").json
    told = cli(*CALL, "--call-id", receipt["call_id"], flag, reservation).out
    (standing,) = cli("budget", "status", "--json").json["budgets"]

    assert (receipt["reservation"]["state"], receipt["reservation"]["settled_by"]) == ("settled", receipt["call_id"])
    assert not receipt.get("unadmitted")
    assert (standing["spent_usd"], standing["reserved_usd"]) == (receipt["cost_usd"], "0")
    assert f"Reservation {reservation} ($0.1) is settled by {receipt['call_id']}" in told


def test_a_call_without_its_reservation_is_said_to_be_unadmitted(cli: Cli, reservation: str):
    ran = cli(*CALL)
    (standing,) = cli("budget", "status", "--json").json["budgets"]

    assert "unadmitted: an enforcing budget did not hold this beforehand" in ran.out
    assert standing["reserved_usd"] == "0.1", reservation


def test_a_reservation_that_is_not_there_is_refused_and_nothing_is_recorded(cli: Cli):
    ran = cli(*CALL, "--reservation", "res_nobody", "--json")

    assert (ran.code, ran.json["error"]["field"]) == (2, "reservation_id")
    assert cli("report", "--json").json["calls"] == 0
