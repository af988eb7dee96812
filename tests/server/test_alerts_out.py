"""The server tells receivers of alerts while it serves."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.conftest import HttpReceiver
    from tests.server.conftest import Spoken

    Speak = Callable[..., Spoken]

PATIENCE_SECONDS = 30
CALL = {"model": "gpt-5", "provider": "openai", "input_tokens": 10_000_000, "output_tokens": 10}


@pytest.fixture
def told(env: dict[str, str], receiver: HttpReceiver) -> dict[str, str]:
    return env | {
        "COST_MCP_DAILY_LIMIT": "1",
        "COST_MCP_WEBHOOK_URL": f"{receiver.url}/s3cr3t",
        "COST_MCP_WEBHOOK_SECRET": "s3cr3t",
        "COST_MCP_NOTIFY_URLS": f"json://me:s3cr3t@127.0.0.1:{receiver.port}/s3cr3t",
    }


def test_a_call_that_exceeds_a_budget_is_told_on_every_channel_and_no_secret_comes_out(
    speak: Speak, told: dict[str, str], receiver: HttpReceiver, tmp_path: Path
):
    spoken = speak(**told)
    spoken.handshake()
    for _ in range(3):
        spoken.call("record_call", CALL)
        spoken.call("get_budget_status", {})
    for _ in range(2):
        assert receiver.arrived.acquire(timeout=PATIENCE_SECONDS)
    assert spoken.finish() == 0

    bodies = [json.loads(content) for _, _, content in receiver.requests]
    assert len(bodies) == 2
    assert all("The budget daily is exceeded: spent $" in body.get("text", body.get("message")) for body in bodies)
    assert "s3cr3t" not in spoken.error() + spoken.stdout.decode()
    assert b"s3cr3t" not in b"".join(file.read_bytes() for file in tmp_path.glob("ledger.db*"))


def test_a_receiver_that_never_answers_does_not_keep_the_server(speak: Speak, told: dict[str, str], receiver: HttpReceiver):
    receiver.gate.clear()
    spoken = speak(**told)
    spoken.handshake()
    spoken.call("record_call", CALL)
    assert receiver.arrived.acquire(timeout=PATIENCE_SECONDS)
    assert spoken.call("record_call", CALL)["structuredContent"]["outcome"] == "created"

    assert spoken.finish() == 0
    assert not receiver.gate.is_set()
    assert spoken.error() == ""
