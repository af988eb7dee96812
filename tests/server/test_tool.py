from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from mcp import Client
from mcp_types import TextContent

from cost_mcp.server.app import build_server
from cost_mcp.server.backing import Backing
from cost_mcp.server.definitions import definitions

if TYPE_CHECKING:
    from tests.server.conftest import Spoken

    Speak = Callable[..., Spoken]

TOOLS = [tool["name"] for tool in definitions()["tools"]]
CALL: dict[str, Any] = {
    "model": "claude-sonnet-4-5",
    "provider": "anthropic",
    "usage": {"input_tokens": 1000, "output_tokens": 100, "cache_read_input_tokens": 5000},
    "call_id": "msg_1",
    "task_id": "T-1",
    "task_type": "bug",
    "agent": "coder",
    "project": "web",
}
SAID_BY_THEMSELVES = {
    "web_search_requests", "provisional_calls", "provisional_usd", "unpriced", "lower_bound", "notes", "outcome", "done_at", "title",
    "first_call_at", "last_call_at", "task_type", "filters", "reservation", "reservation_id", "unadmitted", "repeated", "denied_for", "remaining_calls", "counted_by", "method", "considered", "nearest",
}  # fmt: skip
"""Members that no schema names: an answer says by itself what they are, and every agent would pay for their names."""
PROMPT = "Once upon a time a prompt was written here"


async def called(client: Client, tool: str, arguments: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    answer = await client.call_tool(tool, arguments)
    (content,) = answer.content
    assert isinstance(content, TextContent)
    assert not answer.is_error, content.text
    assert answer.structured_content is not None
    return content.text, answer.structured_content


async def test_text_and_structure_of_a_recorded_call_both_tell_everything(backing: Callable[..., Backing]):
    async with backing() as service, Client(build_server(service)) as client:
        text, structure = await called(client, "record_call", CALL)
    assert structure["call_id"] == "msg_1"
    assert {charge["meter"] for charge in structure["charges"]} == {"input", "cache_read", "output"}
    assert f"Recorded msg_1: ${structure['cost_usd']} (list)." in text
    assert all(
        f"{charge['meter']} {charge['quantity']:,} × ${charge['unit_price_usd']}" in text for charge in structure["charges"]
    )


async def test_one_call_gives_one_number_in_every_tool(backing: Callable[..., Backing]):
    async with backing() as service, Client(build_server(service)) as client:
        opened = await service.service()
        await opened.set_budget({"name": "daily", "limit": "10", "period": "day"}, changed_by="test")
        _, receipt = await called(client, "record_call", CALL)
        _, task = await called(client, "get_task_cost", {"task_id": "T-1"})
        _, report = await called(client, "get_cost_report", {"period": "today", "group_by": ["model", "agent"]})
        _, status = await called(client, "get_budget_status", {})
    cost = receipt["cost_usd"]
    assert [
        receipt["budgets"][0]["spent_usd"],
        task["cost_usd"],
        report["total_cost_usd"],
        status["budgets"][0]["spent_usd"],
    ] == [cost] * 4
    assert [task["by_model"], report["by_agent"], report["by_task_type"], report["by_project"]] == [
        {"claude-sonnet-4-5": cost},
        {"coder": cost},
        {"bug": cost},
        {"web": cost},
    ]
    (row,) = report["groups"]
    assert (row["model"], row["agent"], row["cost_usd"], row["calls"]) == ("claude-sonnet-4-5", "coder", cost, 1)
    assert (row["input_tokens"], row["cache_read_input_tokens"], row["output_tokens"]) == (6000, 5000, 100)


async def test_every_answer_is_what_its_schema_promises(backing: Callable[..., Backing]):
    """The client holds each structure against the published schema; the server itself spends no time on it."""
    import jsonschema  # pyright: ignore[reportMissingTypeStubs] (it has none)

    async with backing() as service, Client(build_server(service)) as client:
        schemas = {tool.name: tool.output_schema for tool in (await client.list_tools()).tools}
        opened = await service.service()
        await opened.set_budget({"name": "daily", "limit": "10", "period": "day", "mode": "enforce"}, changed_by="test")
        await opened.set_budget({"name": "tokens", "limit_tokens": 10, "period": "total"}, changed_by="test")
        questions: list[tuple[str, dict[str, Any]]] = [
            ("get_task_cost", {"task_id": "nothing"}),
            ("get_cost_report", {}),
            ("record_call", CALL),
            ("record_call", CALL),
            ("record_call", {"model": "never-heard-of", "input_tokens": 5, "task_id": "T-1"}),
            ("record_call", {"model": "x", "provider": "ollama", "input_tokens": 5}),
            ("get_task_cost", {"task_id": "T-1"}),
            ("get_cost_report", {"period": "total", "group_by": ["day", "model"], "limit": 1, "agent": "coder"}),
            ("get_cost_report", {"group_by": ["hour", "task_id", "session_id"], "limit": 1}),
            ("get_budget_status", {}),
            ("get_budget_status", {"estimated_cost_usd": "11", "task_id": "T-1"}),
            ("get_budget_status", {"model": "gpt-5", "input_tokens": 9_000_000, "max_output_tokens": 100}),
            ("estimate_cost", {"model": "gpt-5", "text": PROMPT, "max_output_tokens": 100}),
            ("estimate_cost", {"model": "gpt-5", "input_tokens": 5, "output_tokens": 5, "max_output_tokens": 100}),
            ("estimate_cost", {"model": "never-heard-of", "input_tokens": 5}),
            ("reserve_budget", {"amount_usd": "11"}),
            ("reserve_budget", {"model": "gpt-5", "input_tokens": 9_000_000, "max_output_tokens": 100}),
            ("reserve_budget", {"model": "gpt-5", "input_tokens": 5, "max_output_tokens": 5, "idempotency_key": "k"}),
            ("reserve_budget", {"model": "gpt-5", "input_tokens": 5, "max_output_tokens": 5, "idempotency_key": "k"}),
        ]
        for tool, arguments in questions:
            _, structure = await called(client, tool, arguments)
            published = schemas[tool]
            assert published is not None
            jsonschema.validate(structure, published)
            known = {*published["properties"], *SAID_BY_THEMSELVES}
            assert {name for name in structure if name not in known and not name.endswith("_tokens")} == set()
            assert "null" not in json.dumps(structure)


async def test_an_unpriced_call_is_a_lower_bound_everywhere(backing: Callable[..., Backing]):
    async with backing() as service, Client(build_server(service)) as client:
        opened = await service.service()
        await opened.set_budget({"name": "daily", "limit": "10", "period": "day"}, changed_by="test")
        text, receipt = await called(client, "record_call", {**CALL, "model": "never-heard-of-it", "provider": "openai"})
        assert (receipt["priced"], "cost_usd" in receipt) == ("unpriced", False)
        assert "lower bound" in text
        assert receipt["warnings"]
        for tool, arguments in (
            ("get_task_cost", {"task_id": "T-1"}),
            ("get_cost_report", {"group_by": ["model"]}),
            ("get_budget_status", {}),
        ):
            text, structure = await called(client, tool, arguments)
            assert "ower bound" in text
            assert '"lower_bound": true' in json.dumps(structure)


async def test_an_agent_cannot_talk_a_budget_under_its_limit_with_a_model_nobody_prices(backing: Callable[..., Backing]):
    cheap = {"model": "nobody-sells-this", "cost_usd": "0.000001", "task_id": "T-1", "input_tokens": 5_000_000}
    async with backing() as service, Client(build_server(service)) as client:
        opened = await service.service()
        await opened.set_budget({"name": "daily", "limit": "1", "period": "day", "mode": "enforce"}, changed_by="test")
        text, receipt = await called(client, "record_call", {**cheap, "call_id": "c-1"})
        assert (receipt["priced"], receipt["cost_usd"], receipt["lower_bound"]) == ("stated", "0.000001", True)
        assert (receipt["budgets"][0]["unpriced_calls"], receipt["budgets"][0]["lower_bound"]) == (1, True)
        assert "≥ $0.000001 (stated)" in text
        assert "An agent stated this cost" in text
        for tool, arguments in (("get_task_cost", {"task_id": "T-1"}), ("get_cost_report", {}), ("get_budget_status", {})):
            text, structure = await called(client, tool, arguments)
            assert "≥ $0.000001" in text
            assert '"lower_bound": true' in json.dumps(structure)
        text, held = await called(client, "reserve_budget", {"amount_usd": "0.01"})
        assert (held["decision"], "unpriced" in held["why"]) == ("deny", True)
        stored = await opened.explain("c-1")
    assert stored.priced.pricing.partial


async def test_a_name_without_any_known_cost_stands_in_no_map_of_costs(backing: Callable[..., Backing]):
    unknown = {"model": "nobody-sells-this", "input_tokens": 5, "task_id": "T-1"}
    async with backing() as service, Client(build_server(service)) as client:
        _, receipt = await called(client, "record_call", CALL)
        await called(client, "record_call", {**unknown, "agent": "tester"})
        await called(client, "record_call", {**unknown, "agent": "coder"})
        answers = [
            await called(client, "get_task_cost", {"task_id": "T-1"}),
            await called(client, "get_cost_report", {"group_by": ["agent"]}),
        ]
    for text, structure in answers:
        assert structure["by_model"] == {"claude-sonnet-4-5": receipt["cost_usd"]}
        assert structure["by_agent"] == {"coder": receipt["cost_usd"]}, "a lower bound of something known stays"
        assert (structure["unpriced"]["by_model"], structure["unpriced"]["by_agent"]) == (["nobody-sells-this"], ["tester"])
        assert "nobody-sells-this unpriced" in text
        assert "tester unpriced" in text


async def test_a_decision_is_answered_before_the_money_is_spent(backing: Callable[..., Backing]):
    async with backing() as service, Client(build_server(service)) as client:
        opened = await service.service()
        await opened.set_budget({"name": "daily", "limit": "1", "period": "day", "mode": "enforce"}, changed_by="test")
        for estimate, decision in (("0.10", "allow"), ("0.90", "warn"), ("1.01", "deny")):
            text, structure = await called(client, "get_budget_status", {"estimated_cost_usd": estimate})
            assert (structure["decision"], structure["decided_by"]) == (decision, "daily")
            assert text.startswith(f"Decision: {decision}. {structure['why']}")


async def test_asking_and_reserving_name_the_same_that_would_fit(backing: Callable[..., Backing]):
    call = {"model": "claude-opus-4-6", "input_tokens": 20_000, "max_output_tokens": 4_000}
    async with backing() as service, Client(build_server(service)) as client:
        opened = await service.service()
        await opened.set_budget({"name": "daily", "limit": "0.15", "period": "day", "mode": "enforce"}, changed_by="test")
        text, asked = await called(client, "get_budget_status", call)
        _, denied = await called(client, "reserve_budget", call)
    assert asked["decision"] == "deny"
    assert asked["max_output_tokens"] == denied["max_output_tokens"] == 2_000
    assert asked["alternatives"] == denied["alternatives"]
    assert asked["alternatives"][0]["model"] in text
    assert "With max_output_tokens 2000 it would fit." in text


async def test_a_budget_that_looks_at_the_model_is_not_passed_over_where_none_is_named(backing: Callable[..., Backing]):
    sentence = "Budget opus looks at the model: name the model this is for."
    opus = {"name": "opus", "limit": "1", "period": "day", "mode": "enforce", "scope": {"model": "claude-opus-*"}}
    async with backing() as service, Client(build_server(service)) as client:
        opened = await service.service()
        await opened.set_budget(opus, changed_by="test")
        text, asked = await called(client, "get_budget_status", {"estimated_cost_usd": "0.1"})
        assert (asked["decision"], asked["why"], asked["decided_by"]) == ("deny", sentence, "opus")
        assert text.startswith(f"Decision: deny. {sentence}")
        text, looked = await called(client, "get_budget_status", {"agent": "coder"})
        assert (looked["notes"], "decision" in looked) == ([sentence], False)
        assert f"Note: {sentence}" in text


async def test_reserve_act_record_settles_what_was_held(backing: Callable[..., Backing]):
    async with backing() as service, Client(build_server(service)) as client:
        opened = await service.service()
        await opened.set_budget({"name": "daily", "limit": "1", "period": "day", "mode": "enforce"}, changed_by="test")
        order = {"model": "claude-sonnet-4-5", "input_tokens": 6000, "max_output_tokens": 1000, "task_id": "T-1"}
        text, held = await called(client, "reserve_budget", order)
        assert (held["decision"], held["reserved_usd"], held["reserved_tokens"]) == ("allow", "0.033", 7000)
        assert all(held[name] in text for name in ("why", "reservation_id", "reserved_usd"))
        assert held["budgets"][0]["reserved_usd"] == "0.033"
        _, later = await called(client, "extend_reservation", {"reservation_id": held["reservation_id"], "ttl_seconds": 5000})
        assert (later["state"], later["expires_at"] > held["expires_at"]) == ("held", True)
        text, receipt = await called(client, "record_call", {**CALL, "reservation_id": held["reservation_id"]})
        assert (receipt["reservation"]["state"], receipt["reservation"]["excess_usd"]) == ("settled", "0")
        assert "is settled by msg_1" in text
        (standing,) = receipt["budgets"]
        assert (standing["spent_usd"], standing["reserved_usd"]) == (receipt["cost_usd"], "0")


async def test_a_denial_is_an_answer_and_a_call_made_anyway_is_marked(backing: Callable[..., Backing]):
    async with backing() as service, Client(build_server(service)) as client:
        opened = await service.service()
        await opened.set_budget({"name": "daily", "limit": "0.001", "period": "day", "mode": "enforce"}, changed_by="test")
        text, denied = await called(client, "reserve_budget", {"amount_usd": "0.5"})
        assert (denied["decision"], denied["denied_by"], denied["remaining_usd"]) == ("deny", "daily", "0.001")
        assert denied["resets_at"] == denied["budgets"][0]["window_end"]
        assert "reservation_id" not in denied
        assert text.startswith(f"Decision: deny. {denied['why']}\nNothing is reserved.")
        text, receipt = await called(client, "record_call", CALL)
        assert receipt["unadmitted"] is True
        assert "Unadmitted" in text


async def test_what_is_given_back_is_given_back_once(backing: Callable[..., Backing]):
    async with backing() as service, Client(build_server(service)) as client:
        _, held = await called(client, "reserve_budget", {"amount_usd": "0.5"})
        _, first = await called(client, "release_reservation", {"reservation_id": held["reservation_id"]})
        text, again = await called(client, "release_reservation", {"reservation_id": held["reservation_id"]})
        assert first == again
        assert (first["state"], "is released" in text) == ("released", True)


async def test_nulls_are_what_agents_send_for_what_they_leave_out(backing: Callable[..., Backing]):
    async with backing() as service, Client(build_server(service)) as client:
        _, structure = await called(client, "record_call", {**CALL, "feature": None, "tags": None, "occurred_at": None})
        assert structure["outcome"] == "created"
        await called(client, "get_task_cost", {"task_id": "T-1"})


async def refused(client: Client, tool: str, arguments: dict[str, Any]) -> str:
    answer = await client.call_tool(tool, arguments)
    (content,) = answer.content
    assert isinstance(content, TextContent)
    assert answer.is_error, content.text
    assert answer.structured_content is None
    return content.text


@pytest.mark.parametrize(
    ("tool", "unknown", "nearest"),
    [
        ("record_call", "modle", "model"),
        ("record_call", "input_token", "input_tokens"),
        ("get_task_cost", "taskid", "task_id"),
        ("get_cost_report", "groupby", "group_by"),
        ("get_budget_status", "estimated_cost", "estimated_cost_usd"),
        ("estimate_cost", "max_tokens", "max_output_tokens"),
        ("reserve_budget", "amount", "amount_usd"),
        ("extend_reservation", "ttl_second", "ttl_seconds"),
        ("release_reservation", "reservation", "reservation_id"),
    ],
)
async def test_an_unknown_argument_is_refused_with_the_nearest_name(
    backing: Callable[..., Backing], tool: str, unknown: str, nearest: str
):
    async with backing() as service, Client(build_server(service)) as client:
        assert await refused(client, tool, {unknown: "x"}) == f"{tool} does not take {unknown}. Did you mean {nearest}?"


async def test_a_bound_context_is_used_and_cannot_be_contradicted(backing: Callable[..., Backing]):
    async with backing(task_id="T-9", bound=frozenset({"task_id"})) as service, Client(build_server(service)) as client:
        await called(client, "record_call", {**CALL, "task_id": "T-9"})
        _, task = await called(client, "get_task_cost", {})
        assert (task["task_id"], task["calls"]) == ("T-9", 1)
        assert (await refused(client, "record_call", CALL)).startswith("task_id differs")


DEEP = "[" * 900 + "]" * 900
WRONG = [
    json.dumps(PROMPT),
    "[]",
    "[1, 2]",
    '["' + PROMPT + '"]',
    "17",
    "true",
    "-0.5",
    "NaN",
    "1e999",
    "9" * 5000,
    '{"' + PROMPT + '": 1}',
    '{"usage": ' + json.dumps(PROMPT) + "}",
    '{"model": {"a": "' + PROMPT + '"}, "input_tokens": 1}',
    '{"model": "m", "input_tokens": "' + PROMPT + '"}',
    '{"model": "m", "input_tokens": 1e400}',
    '{"model": "m", "input_tokens": ' + "9" * 5000 + "}",
    '{"model": "m", "usage": {"input_tokens": "' + PROMPT + '"}}',
    '{"model": "m", "usage": ' + DEEP + "}",
    '{"model": "m", "input_tokens": 1, "metadata": [' + DEEP + "]}",
    '{"model": "m", "input_tokens": 1, "tags": ["' + PROMPT + '"]}',
    '{"model": "\\ud800", "input_tokens": 1}',
    '{"model": "m", "input_tokens": 1, "occurred_at": "' + PROMPT + '"}',
    '{"model": "m", "input_tokens": 1, "cost_usd": "' + PROMPT + '"}',
    '{"model": "m", "input_tokens": 1, "task_id": ["' + PROMPT + '"]}',
    '{"task_id": {"a": "' + PROMPT + '"}}',
    '{"period": "' + PROMPT + '"}',
    '{"group_by": {"a": 1}}',
    '{"group_by": ["' + PROMPT + '"]}',
    '{"limit": "' + PROMPT + '"}',
    '{"cursor": "' + PROMPT + '"}',
    '{"timezone": "' + PROMPT + '"}',
    '{"estimated_cost_usd": "' + PROMPT + '"}',
    '{"budget": 5}',
]


@pytest.mark.parametrize("tool", TOOLS)
def test_whatever_arguments_are_they_get_an_answer_a_model_can_act_on(spoken: Spoken, tool: str):
    """Any JSON at all, straight onto the wire: refused in our words, not quoted, and the server goes on serving."""
    for arguments in WRONG:
        spoken.send(
            f'{{"jsonrpc": "2.0", "id": "x", "method": "tools/call", "params": {{"name": "{tool}", "arguments": {arguments}}}}}\n'.encode()
        )
        answer = spoken.read()
        assert answer["id"] == "x"
        result = answer["result"]
        (content,) = result["content"]
        assert result.get("isError"), (tool, arguments[:60], content["text"])
        assert PROMPT not in json.dumps(answer)
        assert "unexpected" not in content["text"], (tool, arguments[:60])
        assert len(content["text"].split(". ")) >= 2, content["text"]
    assert spoken.ask("ping")["result"] == {}


def test_no_prompt_text_reaches_stderr(speak: Speak):
    spoken = speak()
    spoken.handshake()
    for tool in TOOLS:
        for arguments in WRONG:
            spoken.send(
                f'{{"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {{"name": "{tool}", "arguments": {arguments}}}}}\n'.encode()
            )
            spoken.read()
    for method, params in (
        ("tools/call", {"name": PROMPT}),
        ("tools/call", {"name": [PROMPT]}),
        ("resources/read", {"uri": f"cost://{PROMPT}"}),
        ("resources/read", {"uri": f"cost://report/{PROMPT}"}),
        ("prompts/get", {"name": PROMPT}),
        ("prompts/get", {"name": "review_spend", "arguments": {PROMPT: PROMPT}}),
        ("tools/list", {"cursor": [PROMPT]}),
    ):
        assert PROMPT not in json.dumps(spoken.ask(method, params))
    spoken.tell("notifications/progress", {"progressToken": [PROMPT]})
    assert spoken.finish() == 0
    assert PROMPT not in spoken.error()


def test_a_text_that_is_counted_is_kept_nowhere(speak: Speak, env: dict[str, str]):
    spoken = speak()
    spoken.handshake()
    answer = spoken.call("estimate_cost", {"model": "gpt-5", "text": PROMPT, "max_output_tokens": 100})
    assert answer["structuredContent"]["counted_by"] in ("heuristic", "tiktoken")
    assert PROMPT not in json.dumps(answer)
    assert spoken.finish() == 0
    assert PROMPT not in spoken.error()
    folder = Path(env["COST_MCP_DB"]).parent
    assert not any(PROMPT.encode() in file.read_bytes() for file in folder.iterdir() if file.is_file())
