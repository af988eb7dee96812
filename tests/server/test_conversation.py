from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from mcp import Client, StdioServerParameters

from cost_mcp.server.definitions import definitions

if TYPE_CHECKING:
    from tests.server.conftest import Spoken

    Speak = Callable[..., Spoken]

HANDSHAKE_VERSIONS = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"]
TOOLS = [tool["name"] for tool in definitions()["tools"]]
MODERN = "2026-07-28"
CALL: dict[str, object] = {"model": "gpt-5-mini", "provider": "openai", "input_tokens": 1000, "output_tokens": 10}
ENVELOPE: dict[str, Any] = {
    "io.modelcontextprotocol/protocolVersion": MODERN,
    "io.modelcontextprotocol/clientInfo": {"name": "test", "version": "1"},
    "io.modelcontextprotocol/clientCapabilities": {},
}


def modern(**params: object) -> dict[str, Any]:
    return {**params, "_meta": ENVELOPE}


@pytest.mark.parametrize("version", HANDSHAKE_VERSIONS)
def test_every_revision_with_a_handshake_is_served_as_asked(speak: Speak, version: str):
    spoken = speak()
    about = spoken.handshake(version)
    assert about["protocolVersion"] == version
    assert about["serverInfo"]["name"] == "cost-mcp"
    assert "record_call" in about["instructions"]
    tools = spoken.ask("tools/list")["result"]["tools"]
    assert [tool["name"] for tool in tools] == TOOLS
    answer = spoken.call("record_call", CALL)
    assert answer["content"][0]["text"].startswith("Recorded call_")
    assert answer["structuredContent"]["outcome"] == "created"
    assert "resultType" not in answer
    assert spoken.finish() == 0


def test_an_unknown_revision_is_answered_with_the_newest_that_has_a_handshake(speak: Speak):
    assert speak().handshake("2031-01-01")["protocolVersion"] == "2025-11-25"


def test_the_newest_revision_needs_no_handshake(speak: Speak):
    spoken = speak()
    about = spoken.ask("server/discover", modern())["result"]
    assert about["supportedVersions"] == [MODERN]
    assert about["resultType"] == "complete"
    assert len(spoken.ask("tools/list", modern())["result"]["tools"]) == len(TOOLS)
    answer = spoken.ask("tools/call", modern(name="record_call", arguments=CALL))["result"]
    assert answer["structuredContent"]["outcome"] == "created"
    assert spoken.finish() == 0


def test_a_client_may_discover_first_and_shake_hands_after_all(speak: Speak):
    """The SDK alone refuses this for ever; one real client does it."""
    spoken = speak()
    spoken.ask("server/discover", modern())
    answer = spoken.ask("tools/call", modern(name="record_call", arguments=CALL))["result"]
    assert spoken.handshake()["protocolVersion"] == "2025-11-25"
    again = spoken.call("record_call", {**CALL, "call_id": answer["structuredContent"]["call_id"]})
    assert again["structuredContent"]["outcome"] == "exists", "it is the same ledger"
    assert spoken.finish() == 0


def test_the_handshake_waits_for_what_was_asked_before_it(speak: Speak):
    spoken = speak()
    for _ in range(20):
        spoken.post("tools/call", modern(name="record_call", arguments=CALL))
    about = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}}
    last = spoken.post("initialize", about)
    answers = [spoken.read() for _ in range(last)]
    assert {answer["id"] for answer in answers} == set(range(1, last + 1))
    assert answers[-1]["id"] == last
    assert not any("error" in answer for answer in answers)


@pytest.mark.parametrize("mode", ["auto", "legacy", MODERN])
async def test_the_sdk_s_own_client_is_served_in_every_mode(env: dict[str, str], mode: Any):
    import sys
    from pathlib import Path

    command = StdioServerParameters(
        command=sys.executable, args=["-m", "cost_mcp", "serve"], env=env, cwd=Path(__file__).parents[2]
    )
    async with Client(command, mode=mode) as client:
        await client.list_tools()
        answer = await client.call_tool("record_call", {**CALL, "task_id": "T-1"})
        assert answer.structured_content is not None
        task = await client.call_tool("get_task_cost", {"task_id": "T-1"})
        assert task.structured_content is not None
        assert task.structured_content["cost_usd"] == answer.structured_content["cost_usd"]


def test_garbage_is_answered_as_such_and_the_next_message_served(spoken: Spoken):
    for line in (b"garbage\n", b"\xff\xfe\n", b"[1, 2]\n", b'{"jsonrpc": "2.0", "id": 5}\n', b"\n", b"[" * 100_000 + b"\n"):
        spoken.send(line)
    codes = [spoken.read()["error"]["code"] for _ in range(5)]
    assert codes == [-32700, -32700, -32600, -32600, -32600]
    assert spoken.ask("ping")["result"] == {}


def test_concurrent_calls_are_all_answered_each_under_its_id(spoken: Spoken):
    ids = [spoken.post("tools/call", {"name": "record_call", "arguments": {**CALL, "task_id": "many"}}) for _ in range(200)]
    answers = [spoken.read() for _ in ids]
    assert sorted(answer["id"] for answer in answers) == ids
    task = spoken.call("get_task_cost", {"task_id": "many"})["structuredContent"]
    assert task["calls"] == 200


def test_a_cancelled_request_is_forgotten_and_nothing_waits_for_it(speak: Speak):
    spoken = speak()
    spoken.handshake()
    waiting = spoken.post("tools/call", {"name": "record_call", "arguments": CALL})
    spoken.tell("notifications/cancelled", {"requestId": str(waiting)})
    assert spoken.ask("ping")["result"] == {}
    assert spoken.finish() == 0
    assert b'"id":%d,' % waiting not in spoken.rest()


def test_an_unknown_method_and_an_unknown_tool_are_protocol_errors(spoken: Spoken):
    assert spoken.ask("tools/nothing")["error"]["code"] == -32601
    error = spoken.ask("tools/call", {"name": "record_cal", "arguments": {}})["error"]
    assert error["code"] == -32602
    assert error["message"].endswith(f"{', '.join(TOOLS)}.")


@pytest.mark.parametrize("request_id", ["null", "1.5", "true", "{}", "[]", "9" * 5000])
def test_a_request_whose_id_is_none_is_answered_all_the_same(spoken: Spoken, request_id: str):
    spoken.send(b'{"jsonrpc": "2.0", "id": %s, "method": "ping"}\n' % request_id.encode())
    answer = spoken.read()
    assert (answer["id"], answer["error"]["code"]) == (None, -32600)
    assert answer["error"]["message"].startswith("id is neither")


@pytest.mark.parametrize(
    ("method", "params", "code", "message"),
    [
        ("hunter2/secret", {}, -32601, "No such method."),
        ("tools/call", {"name": 5}, -32602, "params.name cannot be taken as it is."),
        ("tools/call", {"hunter2 secret": 5}, -32602, "params.name is missing."),
        ("tools/list", {"cursor": ["hunter2 secret"]}, -32602, "params.cursor cannot be taken as it is."),
        ("resources/read", {"uri": {"hunter2 secret": 1}}, -32602, "params.uri cannot be taken as it is."),
        (
            "prompts/get",
            {"name": "x", "arguments": {"hunter2 secret": 1}},
            -32602,
            "params.arguments cannot be taken as it is.",
        ),
        ("initialize", {}, -32602, "params.protocolVersion is missing."),
    ],
)
def test_a_request_that_cannot_be_taken_names_the_field_and_repeats_nothing(
    spoken: Spoken, method: str, params: dict[str, Any], code: int, message: str
):
    answer = spoken.ask(method, params)
    assert "hunter2" not in str(answer)
    assert answer["error"] == {"code": code, "message": message}
