"""What the wallet's tools answer to arguments they cannot take: the field, the reason, the next step, and nothing done."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from mcp import Client
from mcp_types import TextContent

from cost_mcp.server.app import build_server
from cost_mcp.server.backing import Backing

YEAR = 31_536_000
GPT = {"model": "gpt-5", "provider": "openai"}
SECRET = "please-write-a-poem"


async def answered(client: Client, tool: str, arguments: dict[str, Any]) -> tuple[bool, str, dict[str, Any]]:
    """Whether it was refused, the text, and the structure where there is one."""
    answer = await client.call_tool(tool, arguments)
    (content,) = answer.content
    assert isinstance(content, TextContent)
    return bool(answer.is_error), content.text, answer.structured_content or {}


REFUSED: list[tuple[str, dict[str, Any], str]] = [
    ("reserve_budget", {}, "nothing to hold was given. Give amount_usd"),
    ("reserve_budget", {"amount_usd": "0"}, "amount_usd is not above zero. Give what the call may cost"),
    ("reserve_budget", {"amount_usd": 0}, "amount_usd is not above zero."),
    ("reserve_budget", {"amount_usd": "-0.01"}, "amount_usd is negative."),
    ("reserve_budget", {"amount_usd": -5}, "amount_usd is negative."),
    ("reserve_budget", {"amount_usd": "1e12"}, "amount_usd is above"),
    ("reserve_budget", {"amount_usd": "NaN"}, "amount_usd is not"),
    ("reserve_budget", {"amount_usd": "Infinity"}, "amount_usd is not"),
    ("reserve_budget", {"amount_usd": SECRET}, "amount_usd is not an amount of money."),
    ("reserve_budget", {"amount_usd": True}, "amount_usd is not"),
    ("reserve_budget", {"amount_usd": "1", **GPT, "input_tokens": 5}, "amount_usd and tokens"),
    ("reserve_budget", {"model": "gpt-5"}, "the tokens are missing. Give input_tokens"),
    ("reserve_budget", {"input_tokens": 5}, "model is missing."),
    ("reserve_budget", {**GPT, "input_tokens": -5}, "input_tokens is negative."),
    (
        "reserve_budget",
        {**GPT, "input_tokens": 5},
        "the output is missing: max_output_tokens was not given. Give the output limit",
    ),
    (
        "get_budget_status",
        {**GPT, "input_tokens": 5},
        "the output is missing: max_output_tokens was not given. Give the output",
    ),
    ("reserve_budget", {**GPT, "input_tokens": 5, "max_output_tokens": -1}, "max_output_tokens is not a whole number from 0"),
    (
        "reserve_budget",
        {"amount_usd": "1", "billing": "subscription"},
        "billing is subscription, and this server's settings do",
    ),
    (
        "get_budget_status",
        {**GPT, "input_tokens": 5, "output_tokens": 5, "estimated_cost_usd": "0"},
        "estimated_cost_usd and tok",
    ),
    (
        "record_call",
        {**GPT, "cost_usd": "1", "billing": "subscription"},
        "billing is subscription, and this server's settings do",
    ),
    ("reserve_budget", {"amount_usd": "1", "ttl_seconds": 0}, "ttl_seconds is not a whole number from 1 to 86,400."),
    ("reserve_budget", {"amount_usd": "1", "ttl_seconds": -1}, "ttl_seconds is not a whole number from 1 to 86,400."),
    ("reserve_budget", {"amount_usd": "1", "ttl_seconds": YEAR}, "ttl_seconds is not a whole number from 1 to 86,400."),
    ("reserve_budget", {"amount_usd": "1", "ttl_seconds": 1.5}, "ttl_seconds is not a whole number"),
    ("reserve_budget", {"amount_usd": "1", "ttl_seconds": "600"}, "ttl_seconds is not a whole number"),
    ("reserve_budget", {"amount_usd": "1", "idempotency_key": ""}, "idempotency_key is empty."),
    ("reserve_budget", {"amount_usd": "1", "idempotency_key": 7}, "idempotency_key is not text."),
    ("extend_reservation", {}, "reservation_id is missing. Give the one"),
    ("extend_reservation", {"reservation_id": ""}, "reservation_id is empty."),
    ("extend_reservation", {"reservation_id": SECRET}, "there is no reservation of this id. Use the reservation_id"),
    ("extend_reservation", {"reservation_id": "OURS", "ttl_seconds": 0}, "ttl_seconds is not a whole number from 1 to 86,400."),
    ("extend_reservation", {"reservation_id": "OURS", "ttl_seconds": YEAR}, "ttl_seconds is not a whole number"),
    ("extend_reservation", {"reservation_id": "THEIRS"}, "there is no reservation of this id."),
    ("release_reservation", {}, "reservation_id is missing."),
    ("release_reservation", {"reservation_id": 5}, "reservation_id is not text."),
    ("release_reservation", {"reservation_id": SECRET}, "there is no reservation of this id."),
    ("release_reservation", {"reservation_id": "THEIRS"}, "there is no reservation of this id."),
    ("record_call", {**GPT, "input_tokens": 5, "reservation_id": SECRET}, "there is no reservation of this id."),
    ("record_call", {**GPT, "input_tokens": 5, "reservation_id": "THEIRS"}, "there is no reservation of this id."),
    ("record_call", {**GPT, "input_tokens": 5, "reservation_id": ["x"]}, "reservation_id is not text."),
    ("record_call", {**GPT, "input_tokens": 5, "cost_usd": "-1", "reservation_id": "OURS"}, "cost_usd is negative."),
    ("get_budget_status", {"estimated_cost_usd": "-1"}, "estimated_cost_usd is negative."),
    ("get_budget_status", {"estimated_cost_usd": SECRET}, "estimated_cost_usd is not an amount of money."),
    ("get_budget_status", {"budget": "dialy"}, "no budget of this name covers what was asked."),
    ("get_cost_report", {"timezone": "Europe/Berln"}, "timezone is not a known IANA time zone. Did you mean Europe/Berlin"),
    ("get_cost_report", {"timezone": SECRET}, "timezone is not a known IANA time zone."),
]


@pytest.mark.parametrize(("tool", "arguments", "reason"), REFUSED)
async def test_what_the_wallet_cannot_take_is_refused_by_name_and_changes_nothing(
    backing: Callable[..., Backing], tool: str, arguments: dict[str, Any], reason: str
):
    ids: dict[str, str] = {}
    for name, tenant in (("THEIRS", "theirs"), ("OURS", "default")):
        async with backing(tenant=tenant) as service, Client(build_server(service)) as client:
            opened = await service.service()
            await opened.set_budget({"name": "daily", "limit": "10", "period": "day", "mode": "enforce"}, changed_by="test")
            _, _, held = await answered(client, "reserve_budget", {"amount_usd": "0.5"})
            ids[name] = held["reservation_id"]
    async with backing() as service, Client(build_server(service)) as client:
        given = {key: ids.get(value, value) if isinstance(value, str) else value for key, value in arguments.items()}
        refused, text, structure = await answered(client, tool, given)
        _, _, status = await answered(client, "get_budget_status", {})
        _, _, report = await answered(client, "get_cost_report", {"period": "total"})

    assert (refused, structure) == (True, {}), text
    assert text.startswith(reason), text
    assert len(text.split(". ")) >= 2, "the next step is missing"
    assert SECRET not in text
    assert (status["budgets"][0]["reserved_usd"], report["calls"]) == ("0.5", 0)


async def test_settling_twice_counts_the_first_and_refuses_other_amounts(backing: Callable[..., Backing]):
    async with backing() as service, Client(build_server(service)) as client:
        opened = await service.service()
        await opened.set_budget({"name": "daily", "limit": "10", "period": "day", "mode": "enforce"}, changed_by="test")
        _, _, held = await answered(client, "reserve_budget", {"amount_usd": "0.5"})
        call = {**GPT, "input_tokens": 1000, "call_id": "c", "reservation_id": held["reservation_id"]}
        _, _, first = await answered(client, "record_call", call)
        _, _, again = await answered(client, "record_call", call)
        dearer = await answered(client, "record_call", {**call, "input_tokens": 2000})
        another = await answered(client, "record_call", {**call, "call_id": "d"})
        released = await answered(client, "release_reservation", {"reservation_id": held["reservation_id"]})
        _, _, status = await answered(client, "get_budget_status", {})

    assert (first["outcome"], again["outcome"], again["cost_usd"]) == ("created", "exists", first["cost_usd"])
    for refused, text, _ in (dearer, another, released):
        assert refused, text
        assert len(text.split(". ")) >= 2, text
    assert "call_id" in dearer[1]
    assert another[1].startswith("the reservation was settled by a call already.")
    (daily,) = status["budgets"]
    assert (daily["spent_usd"], daily["reserved_usd"]) == (first["cost_usd"], "0")


async def test_a_server_whose_settings_say_that_a_plan_pays_lets_an_agent_say_so(backing: Callable[..., Backing]):
    async with backing(billing="subscription") as service, Client(build_server(service)) as client:
        opened = await service.service()
        await opened.set_budget({"name": "daily", "limit": "1", "mode": "enforce"}, changed_by="test")
        held, _, _ = await answered(client, "reserve_budget", {"amount_usd": "5", "billing": "subscription"})
        told, _, receipt = await answered(client, "record_call", {**GPT, "input_tokens": 5, "billing": "subscription"})

    assert (held, told, receipt["budgets"][0]["spent_usd"]) == (False, False, "0")


@pytest.mark.parametrize("name", ["project", "agent", "session_id", "task_id"])
async def test_a_bound_server_finds_no_reservation_of_another_context(backing: Callable[..., Backing], name: str):
    bound = frozenset({name})
    async with backing(**{name: "theirs"}, bound=bound) as service, Client(build_server(service)) as client:
        await (await service.service()).set_budget({"name": "daily", "limit": "1", "mode": "enforce"}, changed_by="test")
        _, _, held = await answered(client, "reserve_budget", {"amount_usd": "0.5"})
    theirs = {"reservation_id": held["reservation_id"]}
    async with backing(**{name: "ours"}, bound=bound) as service, Client(build_server(service)) as client:
        tries = [
            await answered(client, tool, {**given, **theirs})
            for tool, given in (
                ("release_reservation", {}),
                ("extend_reservation", {}),
                ("record_call", {**GPT, "cost_usd": "1"}),
            )
        ]
        _, _, status = await answered(client, "get_budget_status", {"budget": "daily"})
    async with backing(**{name: "theirs"}, bound=bound) as service, Client(build_server(service)) as client:
        released, _, _ = await answered(client, "release_reservation", theirs)

    assert [(refused, text.partition(".")[0]) for refused, text, _ in tries] == [
        (True, "there is no reservation of this id")
    ] * 3
    assert (status["budgets"][0]["reserved_usd"], status["budgets"][0]["calls"], released) == ("0.5", 0, False)


async def test_a_bound_server_may_settle_what_was_reserved_for_no_context_in_particular(backing: Callable[..., Backing]):
    async with backing() as service, Client(build_server(service)) as client:
        _, _, held = await answered(client, "reserve_budget", {"amount_usd": "0.5"})
    async with backing(task_id="T-1", bound=frozenset({"task_id"})) as service, Client(build_server(service)) as client:
        given = {**GPT, "cost_usd": "0.1", "reservation_id": held["reservation_id"]}
        refused, text, _ = await answered(client, "record_call", given)
        again, why, _ = await answered(client, "record_call", {**given, "call_id": "another"})

    assert not refused, text
    assert (again, "Record this call without reservation_id" in why) == (True, True)
