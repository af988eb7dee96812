"""What a provider bills beside the counts is kept with the call: priced where its price is known, else as a lower bound."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from cost_mcp.model.call import Rank
from cost_mcp.model.receipt import Receipt
from cost_mcp.service.service import Service

if TYPE_CHECKING:
    from tests.service.conftest import Opener

CLAUDE: dict[str, Any] = {
    "input_tokens": 100,
    "output_tokens": 200,
    "cache_read_input_tokens": 1000,
    "cache_creation_input_tokens": 30,
    "cache_creation": {"ephemeral_5m_input_tokens": 10, "ephemeral_1h_input_tokens": 20},
}
ADVISED: dict[str, Any] = {
    "input_tokens": 100,
    "output_tokens": 200,
    "iterations": [
        {"type": "message", "input_tokens": 100, "output_tokens": 200},
        {"type": "advisor_message", "model": "claude-opus-4-6", "input_tokens": 40, "output_tokens": 2},
    ],
}
GROK: dict[str, Any] = {"prompt_tokens": 1000, "completion_tokens": 100, "total_tokens": 1100, "num_sources_used": 4}
SPOKEN: dict[str, Any] = {
    "prompt_tokens": 1000,
    "completion_tokens": 100,
    "total_tokens": 1100,
    "prompt_audio_seconds": 60,
}
SONAR: dict[str, Any] = {"prompt_tokens": 100, "completion_tokens": 10, "total_tokens": 110, "num_search_queries": 3}


async def told(service: Service, model: str, usage: dict[str, Any], source: str = "python", **fields: object) -> Receipt:
    rank = Rank.AGENT if source == "mcp" else Rank.RESPONSE
    return await service.record({"model": model, "usage": usage, **fields}, source=source, rank=rank)


async def test_claude_bound_to_the_us_costs_a_tenth_more_for_every_token(opened: Opener):
    searched = {**CLAUDE, "inference_geo": "us", "server_tool_use": {"web_search_requests": 2}}
    async with opened() as service:
        receipt = await told(service, "claude-opus-4-6", searched, call_id="c-1", metadata={"route": 7})
        stored = await service.explain("c-1")
    # Per million: 100 × 5.5 + 1,000 × 0.55 + 10 × 6.875 + 20 × 11 + 200 × 27.5; two searches at a cent each, as everywhere.
    assert receipt.cost_usd == Decimal("0.00688875") + Decimal("0.02")
    assert dict(stored.priced.call.metadata) == {"route": 7, "inference_geo": "us"}
    assert not stored.priced.pricing.lacks_price
    entry = stored.priced.pricing.entry
    assert entry is not None
    assert "1.1 x" in (entry.note or "")
    assert "us-only-inference" in entry.source
    assert entry.unit_prices["input"] == Decimal("0.0000055")


@pytest.mark.parametrize(
    ("model", "geo", "tier", "times"),
    [
        ("claude-opus-4-6", "global", "standard", "1"),
        ("claude-opus-4-6", "not_available", "standard", "1"),
        ("claude-opus-4-6", "us", "standard", "1.1"),
        ("claude-opus-4-6", "us", "batch", "1.1"),
        ("claude-sonnet-4-6", "us", "standard", "1.1"),
        ("claude-opus-5", "us", "standard", "1.1"),
        ("claude-haiku-4-5-20251001", "us", "standard", "1"),  # before Opus 4.6: at the standard price everywhere
        ("claude-opus-4-1", "us", "standard", "1"),
    ],
)
async def test_what_the_place_changes_is_the_price_of_the_newer_models_only(
    opened: Opener, model: str, geo: str, tier: str, times: str
):
    usage = {"input_tokens": 1000, "output_tokens": 100, "service_tier": tier, "cache_read_input_tokens": 0}
    async with opened() as service:
        plain = await told(service, model, usage)
        placed = await told(service, model, {**usage, "inference_geo": geo})
    assert plain.cost_usd is not None
    assert placed.cost_usd == plain.cost_usd * Decimal(times)
    assert not placed.pricing.lacks_price


@pytest.mark.parametrize(
    ("model", "usage", "said"),
    [
        ("claude-sonnet-4-6", ADVISED, "another model"),
        ("grok-4", GROK, "Live Search"),
        ("mistral-large-latest", SPOKEN, "by the second"),
        ("perplexity/sonar", SONAR, "searches are not in the figures"),
        ("anthropic.claude-opus-4-6-v1", {**CLAUDE, "inference_geo": "us"}, "not known: the cost is a lower bound"),
    ],
)
async def test_what_is_billed_and_in_no_count_makes_every_sum_a_lower_bound(
    opened: Opener, model: str, usage: dict[str, Any], said: str
):
    async with opened() as service:
        await service.set_budget({"name": "daily", "limit": "10", "period": "day"}, changed_by="test")
        receipt = await told(service, model, usage, call_id="c-1", task_id="T-1")
        stored = await service.explain("c-1")
        task = await service.task_cost("T-1")
    assert receipt.pricing.priced == "list"
    assert receipt.cost_usd
    assert [said in warning for warning in receipt.warnings].count(True) == 1
    assert any(said in warning for warning in stored.priced.pricing.warnings)
    assert stored.priced.pricing.partial
    assert (task.task.totals.unpriced_calls, task.standings[0].unpriced_calls) == (1, 1)


@pytest.mark.parametrize(("source", "partial"), [("python", False), ("cli", False), ("mcp", True)])
async def test_a_cost_that_the_provider_states_holds_everything_unless_only_an_agent_says_so(
    opened: Opener, source: str, *, partial: bool
):
    async with opened() as service:
        receipt = await told(service, "grok-4", {**GROK, "cost_in_usd_ticks": 10_000_000_000}, source)
    assert (receipt.pricing.priced, receipt.cost_usd, receipt.pricing.partial) == ("stated", Decimal(1), partial)
    assert receipt.pricing.list_cost_usd is None, "what is listed is not the whole of it"


async def test_other_remarks_are_kept_without_a_mark(opened: Opener):
    async with opened() as service:
        await told(service, "gpt-5", {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 20}, call_id="c-1")
        stored = await service.explain("c-1")
    assert any("counted as output" in warning for warning in stored.priced.pricing.warnings)
    assert not stored.priced.pricing.partial


async def test_no_remark_holds_what_the_provider_answered(opened: Opener):
    response = {"model": "grok-4", "usage": GROK, "choices": [{"message": {"content": "a secret answer"}}]}
    async with opened() as service:
        receipt = await service.record({"usage": response}, source="python", rank=Rank.RESPONSE)
    assert "secret" not in json.dumps(receipt.warnings)
