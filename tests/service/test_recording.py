"""Recording a call through the verb every face uses."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from cost_mcp.errors import Conflict, ContextBound, CostError, InvalidInput, UnknownName
from cost_mcp.model.call import Rank
from cost_mcp.service.service import Service

if TYPE_CHECKING:
    from tests.service.conftest import MovedClock, Opener

CALL: dict[str, Any] = {"model": "claude-opus-4-6", "input_tokens": 1000, "output_tokens": 100}
RESPONSE: dict[str, Any] = {
    "id": "msg_01ABC",
    "type": "message",
    "role": "assistant",
    "model": "claude-opus-4-6",
    "content": [{"type": "text", "text": "a secret answer"}],
    "usage": {
        "input_tokens": 10,
        "output_tokens": 200,
        "cache_read_input_tokens": 50_000,
        "cache_creation_input_tokens": 1000,
        "cache_creation": {"ephemeral_5m_input_tokens": 400, "ephemeral_1h_input_tokens": 600},
    },
}


async def told(service: Service, **fields: object):
    return await service.record(CALL | fields, source="mcp", rank=Rank.AGENT)


async def test_a_call_costs_its_tokens_at_list_price(opened: Opener):
    async with opened() as service:
        receipt = await told(service)
    assert receipt.outcome == "created"
    assert receipt.cost_usd == Decimal("0.0075")  # 1,000 × $5/M + 100 × $25/M
    assert {c.meter: c.cost_usd for c in receipt.pricing.charges} == {"input": Decimal("0.005"), "output": Decimal("0.0025")}
    assert receipt.call_id.startswith("call_")


async def test_a_providers_response_is_recorded_as_it_is(opened: Opener):
    async with opened() as service:
        receipt = await service.record({"usage": RESPONSE}, source="python", rank=Rank.RESPONSE)
    assert receipt.call_id == "msg_01ABC"
    # 10 × 5 + 50,000 × 0.5 + 400 × 6.25 + 600 × 10 + 200 × 25 dollars per million
    assert receipt.cost_usd == Decimal("0.03855")
    assert receipt.recorded.call.usage.input_tokens == 51_010


async def test_the_same_call_told_twice_counts_once(opened: Opener):
    async with opened() as service:
        first = await told(service, call_id="c-1")
        second = await told(service, call_id="c-1")
        report = await service.cost_report({"period": "today"})
    assert (first.outcome, second.outcome) == ("created", "exists")
    assert second.cost_usd == first.cost_usd
    assert report.report.totals.calls == 1


async def test_the_same_id_with_other_contents_is_a_conflict_and_changes_nothing(opened: Opener):
    async with opened() as service:
        await told(service, call_id="c-1")
        with pytest.raises(Conflict) as refused:
            await told(service, call_id="c-1", output_tokens=101)
        task = await service.cost_report({"period": "today"})
    assert refused.value.hint
    assert task.report.totals.output_tokens == 100


async def test_the_providers_own_response_corrects_what_the_agent_told(opened: Opener):
    async with opened() as service:
        await told(service, call_id="msg_01ABC", task_id="T-1")
        better = await service.record({"usage": RESPONSE, "task_id": "T-1"}, source="python", rank=Rank.RESPONSE)
        worse = await told(service, call_id="msg_01ABC", task_id="T-1")
        stored = await service.explain("msg_01ABC")
        task = await service.task_cost("T-1")
    assert (better.outcome, worse.outcome) == ("corrected", "exists")
    assert stored.revision == 2
    assert [earlier.call.usage.output_tokens for earlier in stored.earlier] == [100]
    assert task.task.totals.calls == 1
    assert task.task.totals.cost_usd == Decimal("0.03855")


async def test_a_correction_keeps_what_the_better_source_does_not_say(opened: Opener, clock: MovedClock):
    told_first = {"task_id": "T-1", "agent": "coder", "project": "p", "tags": {"branch": "main"}, "service_tier": "batch"}
    async with opened(billing="subscription") as service:
        first = await told(service, call_id="c-1", billing="subscription", metadata={"route": 7}, **told_first)
    async with opened() as service:
        clock.move(days=1)
        better = await service.record(CALL | {"call_id": "c-1", "output_tokens": 200}, source="python", rank=Rank.RESPONSE)
        task = await service.task_cost("T-1")
    call = better.recorded.call
    assert better.outcome == "corrected"
    assert (call.context, call.service_tier, call.billing) == (first.recorded.call.context, "batch", "subscription")
    assert (call.occurred_at, dict(call.metadata)) == (first.recorded.call.occurred_at, {"route": 7})
    assert better.cost_usd == Decimal("0.005")  # half of 1,000 × $5/M + 200 × $25/M
    assert (task.task.totals.calls, task.task.totals.output_tokens) == (1, 200)


async def test_a_cost_that_was_stated_stays_while_no_better_source_knows_one(opened: Opener):
    unknown = {"model": "nobody-sells-this", "input_tokens": 5, "output_tokens": 5, "call_id": "c-1"}
    async with opened() as service:
        await service.record(unknown | {"cost_usd": "0.5"}, source="mcp", rank=Rank.AGENT)
        better = await service.record(unknown | {"output_tokens": 6}, source="python", rank=Rank.LOG)
        best = await service.record(unknown | {"output_tokens": 7}, source="cli", rank=Rank.RESPONSE)
        true = await service.record(unknown | {"call_id": "c-2", "cost_usd": "0.5"}, source="cli", rank=Rank.RESPONSE)
    assert (better.outcome, better.cost_usd) == ("corrected", Decimal("0.5"))
    # The tokens are better known now; the cost is still only the agent's word.
    assert [told.pricing.lacks_price for told in (better, best, true)] == [True, True, False]


async def test_an_unknown_model_is_unpriced_and_never_free(opened: Opener):
    async with opened() as service:
        receipt = await told(service, model="claude-opus-4-6-turbo", provider="anthropic", task_id="T-1")
        task = await service.task_cost("T-1")
        budget = await service.set_budget({"name": "all", "limit": "1", "period": "day"}, changed_by="test")
        (standing,) = (await service.budget_status({})).standings
    assert receipt.pricing.priced == "unpriced"
    assert receipt.cost_usd is None
    assert any("has no price" in warning for warning in receipt.warnings)
    assert any("claude-opus-4" in near for near in receipt.pricing.nearest)
    assert (task.task.totals.cost_usd, task.task.totals.unpriced_calls) == (Decimal(0), 1)
    assert (standing.budget.budget_id, standing.unpriced_calls) == (budget.budget_id, 1)


async def test_a_local_model_is_free_and_says_so(opened: Opener):
    async with opened() as service:
        receipt = await told(service, model="llama3.2:3b", provider="ollama")
    assert receipt.pricing.priced == "free"
    assert receipt.cost_usd == 0


async def test_an_agent_cannot_talk_the_price_down(opened: Opener):
    async with opened() as service:
        told_less = await told(service, cost_usd="0.000001")
        told_more = await told(service, cost_usd="0.01")
    assert told_less.cost_usd == Decimal("0.0075")
    assert told_less.recorded.call.stated_cost_usd == Decimal("0.000001")
    assert any("list" in warning for warning in told_less.warnings)
    assert (told_more.pricing.priced, told_more.cost_usd) == ("stated", Decimal("0.01"))


async def test_a_program_that_knows_the_true_cost_is_believed(opened: Opener):
    async with opened() as service:
        receipt = await service.record(CALL | {"cost_usd": "0.001"}, source="python", rank=Rank.RESPONSE)
    assert (receipt.pricing.priced, receipt.cost_usd) == ("stated", Decimal("0.001"))
    assert receipt.pricing.list_cost_usd == Decimal("0.0075")


async def test_a_cost_alone_is_a_call_too(opened: Opener):
    async with opened() as service:
        receipt = await service.record({"model": "dall-e-9", "cost_usd": "0.04"}, source="cli", rank=Rank.AGENT)
    assert (receipt.pricing.priced, receipt.cost_usd) == ("stated", Decimal("0.04"))


async def test_other_words_for_tokens_mean_the_same(opened: Opener):
    async with opened() as service:
        receipt = await service.record(
            {"model": "claude-opus-4-6", "prompt_tokens": 1000, "completion_tokens": 100, "cached_tokens": 400},
            source="mcp",
            rank=Rank.AGENT,
        )
    assert receipt.cost_usd == Decimal("0.0057")  # 600 × 5 + 400 × 0.5 + 100 × 25 dollars per million


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"input_tokens": -1}, "input_tokens"),
        ({"input_tokens": 1.5}, "input_tokens"),
        ({"input_tokens": 2**63}, "input_tokens"),
        ({"input_tokens": "1000"}, "input_tokens"),
        ({"cache_read_input_tokens": 1001}, "cache_read_input_tokens"),
        ({"prompt_tokens": 999}, "prompt_tokens"),
        ({"usage": {"input_tokens": 1, "output_tokens": 1}}, "input_tokens"),
        ({"cost_usd": "NaN"}, "cost_usd"),
        ({"cost_usd": "Infinity"}, "cost_usd"),
        ({"cost_usd": "-0.01"}, "cost_usd"),
        ({"cost_usd": 1e300}, "cost_usd"),
        ({"occurred_at": "2026-11-22T10:00:00"}, "occurred_at"),
        ({"occurred_at": "2019-11-22T10:00:00Z"}, "occurred_at"),
        ({"occurred_at": "2026-11-22T12:05:01Z"}, "occurred_at"),
        ({"occurred_at": "2026-11-21T11:59:59Z"}, "occurred_at"),
        ({"task_id": ""}, "task_id"),
        ({"task_id": "x" * 257}, "task_id"),
        ({"agent": "a\x00b"}, "agent"),
        ({"model": ""}, "model"),
        ({"call_id": " "}, "call_id"),
        ({"service_tier": "turbo"}, "service_tier"),
        ({"billing": "barter"}, "billing"),
        ({"tags": ["a"]}, "tags"),
        ({"metadata": "x"}, "metadata"),
        ({"provisional": "yes"}, "provisional"),
        ({"modle": "x"}, "modle"),
    ],
)
async def test_bad_input_is_refused_by_name_and_nothing_is_written(opened: Opener, fields: dict[str, object], field: str):
    async with opened() as service:
        with pytest.raises(CostError) as refused:
            await told(service, **fields)
        answer = await service.cost_report({"period": "total"})
    assert refused.value.field == field
    assert refused.value.hint
    assert answer.report.totals.calls == 0


async def test_a_misspelt_field_is_answered_with_the_right_one(opened: Opener):
    async with opened() as service:
        with pytest.raises(UnknownName, match="Did you mean task_id"):
            await told(service, taskid="T")


async def test_usage_must_be_given_somehow(opened: Opener):
    async with opened() as service:
        with pytest.raises(InvalidInput, match="no usage") as refused:
            await service.record({"model": "gpt-5.4"}, source="mcp", rank=Rank.AGENT)
    assert refused.value.field == "usage"


async def test_older_calls_come_in_through_the_command_line(opened: Opener):
    async with opened() as service:
        old = CALL | {"occurred_at": "2026-01-05T10:00:00+01:00"}
        receipt = await service.record(old, source="cli", rank=Rank.AGENT)
        january = await service.cost_report({"period": "2026-01"})
    assert receipt.outcome == "created"
    assert january.report.totals.calls == 1


async def test_what_the_environment_binds_is_used_and_holds(opened: Opener):
    async with opened(project="site", task_id="T-9", bound=frozenset({"project", "task_id"})) as service:
        receipt = await told(service)
        with pytest.raises(ContextBound, match="task_id"):
            await told(service, task_id="T-1")
        with pytest.raises(ContextBound, match="project"):
            await service.cost_report({"project": "other"})
        task = await service.task_cost()
    assert (receipt.recorded.call.context.project, receipt.recorded.call.context.task_id) == ("site", "T-9")
    assert task.task.totals.calls == 1


async def test_a_default_from_a_file_fills_gaps_and_gives_way(opened: Opener):
    async with opened(project="site") as service:
        filled = await told(service)
        named = await told(service, project="other")
    assert filled.recorded.call.context.project == "site"
    assert named.recorded.call.context.project == "other"


async def test_tracking_switched_off_records_nothing_and_says_so(opened: Opener):
    async with opened(enabled=False) as service:
        receipt = await told(service)
        answer = await service.cost_report({"period": "total"})
    assert receipt.outcome == "skipped"
    assert answer.report.totals.calls == 0
    assert any("off" in warning for warning in receipt.warnings)


async def test_a_clock_that_steps_back_loses_nothing(opened: Opener, clock: MovedClock):
    async with opened() as service:
        await told(service, call_id="c-1")
        clock.move(hours=-2)
        await told(service, call_id="c-2")
        answer = await service.cost_report({"period": "today"})
        assert (await service.verify()).differences == ()
    assert answer.report.totals.calls == 2


async def test_tenants_do_not_see_each_other(opened: Opener):
    async with opened(tenant="a") as service:
        await told(service, call_id="c-1", task_id="T-1")
        await service.set_budget({"name": "mine", "limit": "5", "period": "day"}, changed_by="test")
    async with opened(tenant="b") as service:
        same_id = await told(service, call_id="c-1", output_tokens=7)
        other = await service.task_cost("T-1")
        status = await service.budget_status({})
        with pytest.raises(CostError):
            await service.remove_budget("mine", changed_by="test")
    assert same_id.outcome == "created"
    assert not other.task.known
    assert other.task.nearest == ()
    assert status.standings == ()


@pytest.mark.parametrize(
    ("first", "again", "named"),
    [
        ({}, {"cost_usd": "0.5"}, "cost_usd"),
        ({}, {"service_tier": "batch"}, "service_tier"),
        ({"cost_usd": "0.5"}, {"service_tier": "flex"}, "service_tier"),
        ({}, {"occurred_at": "2026-11-22T11:00:00Z"}, "occurred_at"),
        ({}, {"cost_usd": "0.5", "service_tier": "batch", "agent": "other"}, "agent, service_tier, cost_usd"),
    ],
)
async def test_what_a_repeat_says_for_the_first_time_is_told_not_to_count(
    opened: Opener, first: dict[str, object], again: dict[str, object], named: str
):
    async with opened() as service:
        told_first = await told(service, call_id="c-1", **first)
        repeated = await told(service, call_id="c-1", **first, **again)
    assert (repeated.outcome, repeated.cost_usd) == ("exists", told_first.cost_usd)
    assert any(f"a different {named};" in warning for warning in repeated.warnings)


async def test_a_repeat_that_says_what_stands_gets_no_warning(opened: Opener):
    async with opened() as service:
        await told(service, call_id="c-1")
        repeated = await told(service, call_id="c-1", service_tier="standard", occurred_at="2026-11-22T12:00:00Z")
    assert repeated.warnings == ()
