from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from mcp import Client, MCPError
from mcp_types import TextResourceContents

from cost_mcp.server.app import build_server
from cost_mcp.server.backing import Backing

CALL = {"model": "gpt-5-mini", "provider": "openai", "input_tokens": 1000, "output_tokens": 10, "task_id": "web/T 1"}


async def read(client: Client, uri: str) -> dict[str, Any]:
    (contents,) = (await client.read_resource(uri)).contents
    assert isinstance(contents, TextResourceContents)
    assert (contents.uri, contents.mime_type) == (uri, "application/json")
    return json.loads(contents.text)


@pytest.mark.parametrize(
    ("uri", "tool", "arguments"),
    [
        ("cost://budgets", "get_budget_status", {}),
        ("cost://report/today", "get_cost_report", {"period": "today"}),
        ("cost://task/web%2FT%201", "get_task_cost", {"task_id": "web/T 1"}),
        ("cost://task/web/T%201", "get_task_cost", {"task_id": "web/T 1"}),
    ],
)
async def test_a_resource_holds_what_the_tool_answers(
    backing: Callable[..., Backing], uri: str, tool: str, arguments: dict[str, str]
):
    async with backing() as service, Client(build_server(service)) as client:
        assert not (await client.call_tool("record_call", CALL)).is_error
        assert await read(client, uri) == (await client.call_tool(tool, arguments)).structured_content


@pytest.mark.parametrize(
    ("uri", "model"),
    [
        ("cost://pricing/openai/gpt-5-mini", "gpt-5-mini"),
        ("cost://pricing/openrouter/openai%2Fgpt-5-mini", "openai/gpt-5-mini"),
        ("cost://pricing/openrouter/openai/gpt-5-mini", "openai/gpt-5-mini"),
    ],
)
async def test_prices_are_found_under_names_with_slashes(backing: Callable[..., Backing], uri: str, model: str):
    async with backing() as service, Client(build_server(service)) as client:
        prices = await read(client, uri)
    assert (prices["asked"], prices["known"]) == (model, True)
    assert set(prices["in_force"]["unit_prices_usd"]) >= {"input", "output"}


async def test_an_unknown_model_has_no_prices_rather_than_none_at_all(backing: Callable[..., Backing]):
    async with backing() as service, Client(build_server(service)) as client:
        prices = await read(client, "cost://pricing/openai/gpt-5-minx")
    assert (prices["known"], "in_force" in prices) == (False, False)
    assert prices["nearest"]


@pytest.mark.parametrize(
    "uri", ["cost://", "cost://nothing", "cost://budgets/x", "cost://report", "cost://report/a/b", "cost://task", "file:///etc"]
)
async def test_an_unknown_address_is_refused_with_those_there_are(backing: Callable[..., Backing], uri: str):
    async with backing() as service, Client(build_server(service)) as client:
        with pytest.raises(MCPError, match="cost://budgets") as refused:
            await client.read_resource(uri)
    assert refused.value.error.code == -32602


@pytest.mark.parametrize(
    ("uri", "words"),
    [("cost://report/the%20prompt", "period is not a known name"), ("cost://task/%ff", "uri is not percent-encoded UTF-8")],
)
async def test_a_part_that_cannot_be_taken_is_named_and_not_quoted(backing: Callable[..., Backing], uri: str, words: str):
    async with backing() as service, Client(build_server(service)) as client:
        with pytest.raises(MCPError, match=words) as refused:
            await client.read_resource(uri)
    assert "the prompt" not in refused.value.error.message
