from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from mcp import Client
from mcp_types import TextContent

from cost_mcp.server.app import build_server
from cost_mcp.server.backing import Backing

REPEATED: dict[str, Any] = {"model": "claude-opus-4-6", "provider": "anthropic", "input_tokens": 100_000, "output_tokens": 100}


async def called(client: Client, tool: str, arguments: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    answer = await client.call_tool(tool, arguments)
    (content,) = answer.content
    assert isinstance(content, TextContent)
    assert not answer.is_error, content.text
    assert answer.structured_content is not None
    return content.text, answer.structured_content


async def test_savings_are_suggested_with_the_money_each_would_have_saved(backing: Callable[..., Backing]):
    async with backing() as service, Client(build_server(service)) as client:
        for n in range(12):
            await called(client, "record_call", {**REPEATED, "call_id": f"c{n}", "session_id": "S", "agent": "coder"})
        text, structure = await called(client, "suggest_savings", {"period": "today", "min_savings": "0.01"})
        _, none = await called(client, "suggest_savings", {"period": "today", "min_savings": "1000"})
        _, report = await called(client, "get_cost_report", {"period": "today"})
    assert structure["total_cost_usd"] == report["total_cost_usd"]
    caching = next(one for one in structure["suggestions"] if one["rule"] == "prompt-caching")
    assert 0 < float(caching["saved_usd"]) < float(structure["total_cost_usd"])
    assert caching["saving_id"] in text
    assert none["suggestions"] == []


async def test_a_report_compares_draws_and_forecasts_only_when_asked(backing: Callable[..., Backing]):
    async with backing() as service, Client(build_server(service)) as client:
        await called(client, "record_call", {**REPEATED, "call_id": "a"})
        _, plain = await called(client, "get_cost_report", {"period": "today"})
        text, full = await called(
            client, "get_cost_report", {"period": "today", "compare": True, "trend": True, "forecast": True}
        )
    assert not {"comparison", "trend", "forecast"} & plain.keys()
    assert full["comparison"]["previous_cost_usd"] == "0"
    assert full["forecast"]["method"]
    assert sum(float(point["cost_usd"]) for point in full["trend"]["points"]) == pytest.approx(float(full["total_cost_usd"]))
    assert "Today: " in text


@pytest.mark.parametrize("period", ["last_month", "7d", "total"])
async def test_a_period_that_is_not_running_has_no_forecast(backing: Callable[..., Backing], period: str):
    async with backing() as service, Client(build_server(service)) as client:
        answer = await client.call_tool("get_cost_report", {"period": period, "forecast": True})
    assert answer.is_error
    assert isinstance(answer.content[0], TextContent)
    assert "today, week, month" in answer.content[0].text


async def test_a_task_stands_beside_what_is_usual_for_its_type(backing: Callable[..., Backing]):
    async with backing() as service, Client(build_server(service)) as client:
        opened = await service.service()
        for n in range(6):
            await called(client, "record_call", {**REPEATED, "call_id": f"c{n}", "task_id": f"T-{n}", "task_type": "fix"})
            await opened.finish_task(f"T-{n}", outcome="merged", by="test")
        text, structure = await called(client, "get_task_cost", {"task_id": "T-5"})
    assert structure["efficiency"]["score"] == "1"
    assert "fix" in text
