from __future__ import annotations

from collections.abc import Callable

import pytest
from mcp import Client, MCPError
from mcp_types import TextContent

from cost_mcp.server.app import build_server
from cost_mcp.server.backing import Backing


@pytest.mark.parametrize(
    ("name", "arguments", "words"),
    [
        ("review_spend", {}, ["get_cost_report", "'month'", "get_budget_status"]),
        ("review_spend", {"period": "7d", "project": "web"}, ["'7d'", "'web'"]),
        ("plan_within_budget", {"goal": "Rewrite the docs."}, ["Rewrite the docs.", "estimated_cost_usd"]),
        ("plan_within_budget", {"goal": "x", "task_id": "T-1"}, ["with task_id 'T-1'"]),
    ],
)
async def test_a_prompt_names_the_tools_to_use(
    backing: Callable[..., Backing], name: str, arguments: dict[str, str], words: list[str]
):
    async with backing() as service, Client(build_server(service)) as client:
        prompt = await client.get_prompt(name, arguments)
    assert prompt.description
    content = prompt.messages[0].content
    assert isinstance(content, TextContent)
    assert all(word in content.text for word in words)


@pytest.mark.parametrize(
    ("name", "arguments", "sentence"),
    [
        ("nothing", {}, "No such prompt. There are: review_spend, plan_within_budget."),
        ("review_spend", {"perod": "7d"}, "review_spend takes: period, project."),
        ("plan_within_budget", {}, "goal is missing. plan_within_budget takes: goal, task_id."),
        ("plan_within_budget", {"goal": "  "}, "goal is missing. plan_within_budget takes: goal, task_id."),
    ],
)
async def test_a_prompt_that_cannot_be_made_says_what_it_takes(
    backing: Callable[..., Backing], name: str, arguments: dict[str, str], sentence: str
):
    async with backing() as service, Client(build_server(service)) as client:
        with pytest.raises(MCPError) as refused:
            await client.get_prompt(name, arguments)
    assert refused.value.error.message == sentence
