"""LiteLLM's table as a supplement: what is taken over, what is left out, and the packaged result."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from cost_mcp.errors import InvalidInput
from cost_mcp.model.charge import Pricing
from cost_mcp.pricing.litellm import Import, import_litellm, place
from cost_mcp.pricing.rate import Rate
from cost_mcp.pricing.supplement import Supplement

READ = date(2026, 11, 22)
CHAT = {"mode": "chat", "input_cost_per_token": 1e-06, "output_cost_per_token": 2e-06}
Price = Callable[..., Pricing]
D = Decimal


def imported(**rows: dict[str, Any]) -> Import:
    return import_litellm(json.dumps(rows), version="1.0", read_on=READ)


def models(made: Import) -> dict[str, dict[str, Any]]:
    return json.loads(made.supplement_text)["providers"]


def rates(made: Import, provider: str, model: str, tier: str | None = None) -> dict[str, Rate]:
    entry = Supplement(lambda: made.supplement_text).find(provider, model, shorten=False)
    assert entry is not None
    return dict(entry.cards[0].rates if tier is None else next(card.rates for card in entry.tiers if card.tier == tier))


def test_a_model_the_tables_do_not_know_is_added_with_its_source():
    made = imported(**{"newhost/m1": {**CHAT, "litellm_provider": "newhost"}})
    whole = json.loads(made.supplement_text)
    assert (whole["version"], whole["read"]) == ("litellm 1.0", "2026-11-22")
    assert whole["source"].startswith("https://")
    assert models(made) == {"newhost": {"m1": {"input": "1", "output": "2"}}}
    assert (made.added, made.known, made.conflicting) == (1, 0, 0)


def test_a_model_both_know_is_left_out_and_a_difference_is_listed():
    # gpt-4o costs 2.5 and 10 in the tables.
    same = {"mode": "chat", "litellm_provider": "openai", "input_cost_per_token": 2.5e-06, "output_cost_per_token": 1e-05}
    made = imported(**{"gpt-4o": same})
    assert (made.added, made.known, made.conflicting, models(made)) == (0, 1, 0, {})
    made = imported(**{"gpt-4o": {**same, "output_cost_per_token": 1.5e-05}})
    assert made.conflicting == 1
    assert "| openai | gpt-4o | output | 10 | 15 |" in made.conflicts_text


def test_meters_steps_and_tiers_are_taken_over():
    row = {
        **CHAT,
        "litellm_provider": "newhost",
        "input_cost_per_token_above_200k_tokens": 3e-06,
        "cache_read_input_token_cost": 1e-07,
        "cache_creation_input_token_cost": 1.25e-06,
        "cache_creation_input_token_cost_above_1hr": 2e-06,
        "cache_creation_input_token_cost_above_1hr_above_200k_tokens": 6e-06,
        "output_cost_per_reasoning_token": 4e-06,
        "input_cost_per_audio_token": 5e-06,
        "output_cost_per_audio_token": 6e-06,
        "search_context_cost_per_query": {"search_context_size_low": 0.03, "search_context_size_medium": 0.035},
        "input_cost_per_token_batches": 5e-07,
        "output_cost_per_token_batches": 1e-06,
        "input_cost_per_token_flex": 6e-07,
        "input_cost_per_token_priority": 1.8e-06,
        "input_cost_per_token_above_200k_tokens_priority": 5.4e-06,
        "cache_creation_input_token_cost_above_12hr": 9e-06,
    }
    made = imported(m1=row)
    found = rates(made, "newhost", "m1")
    assert found == {
        "input": Rate(D("0.000001"), ((200_000, D("0.000003")),)),
        "output": Rate(D("0.000002")),
        "cache_read": Rate(D("1E-7")),
        "cache_write_5m": Rate(D("0.00000125")),
        "cache_write_1h": Rate(D("0.000002"), ((200_000, D("0.000006")),)),
        "reasoning": Rate(D("0.000004")),
        "input_audio": Rate(D("0.000005")),
        "output_audio": Rate(D("0.000006")),
        "web_search": Rate(D("0.035")),
    }
    assert rates(made, "newhost", "m1", "batch") == {"input": Rate(D("5E-7")), "output": Rate(D("0.000001"))}
    assert rates(made, "newhost", "m1", "flex") == {"input": Rate(D("6E-7"))}
    assert rates(made, "newhost", "m1", "priority") == {"input": Rate(D("0.0000018"), ((200_000, D("0.0000054")),))}


def test_ranges_become_steps():
    ranges = [
        {"range": [0, 32000.0], "input_cost_per_token": 1e-06, "output_cost_per_token": 2e-06},
        {"range": [32000.0, 128000.0], "input_cost_per_token": 3e-06, "output_cost_per_token": 4e-06},
    ]
    made = imported(m1={"mode": "chat", "litellm_provider": "newhost", "tiered_pricing": ranges})
    assert rates(made, "newhost", "m1")["input"] == Rate(D("0.000001"), ((32_000, D("0.000003")),))


def test_noise_of_floats_is_rounded_away():
    made = imported(m1={**CHAT, "litellm_provider": "newhost", "input_cost_per_token": 3.0000000000000004e-07})
    assert models(made)["newhost"]["m1"]["input"] == "0.3"


@pytest.mark.parametrize(
    "row",
    [
        {**CHAT, "mode": "image_generation"},
        {**CHAT, "input_cost_per_token": 0},
        {**CHAT, "output_cost_per_token": 0.0},
        {"mode": "chat", "input_cost_per_second": 0.1},
        {**CHAT, "input_cost_per_token": -1e-06},
        {**CHAT, "input_cost_per_token": "cheap"},
    ],
)
def test_a_row_that_does_not_price_tokens_is_left_out_and_counted(row: dict[str, Any]):
    made = imported(m1={**row, "litellm_provider": "newhost"})
    assert (made.added, models(made), sum(made.skipped.values())) == (0, {}, 1)


@pytest.mark.parametrize(
    ("key", "host", "expected"),
    [
        ("claude-mythos-5", "anthropic", ("anthropic", "claude-mythos-5")),
        ("xai/grok-4.20", "xai", ("x-ai", "grok-4.20")),
        ("vertex_ai/claude-opus-4@20250514", "vertex_ai-anthropic_models", ("google", "claude-opus-4@20250514")),
        ("gemini/gemini-x", "gemini", ("google", "gemini-x")),
        ("azure/eu/gpt-4o", "azure", ("azure", "eu/gpt-4o")),
        ("azure/gpt-35-turbo-instruct", "azure_text", ("azure", "gpt-35-turbo-instruct")),
        ("bedrock/us-east-1/anthropic.claude-v2", "bedrock", ("aws", "us-east-1/anthropic.claude-v2")),
        ("us.amazon.nova-x", "bedrock_converse", ("aws", "us.amazon.nova-x")),
        ("fireworks_ai/accounts/fireworks/models/M", "fireworks_ai", ("fireworks", "accounts/fireworks/models/m")),
        ("perplexity/xai/grok-x", "perplexity", ("perplexity", "xai/grok-x")),
        ("chatgpt/gpt-5", "chatgpt", ("chatgpt-plan", "gpt-5")),
    ],
)
def test_a_row_is_placed_under_our_providers_name(key: str, host: str, expected: tuple[str, str]):
    assert place(key, {"litellm_provider": host}) == expected


def test_an_endpoint_that_prices_a_model_otherwise_keeps_its_price_under_its_prefix(price: Price):
    rows = {"azure/m1": {**CHAT, "litellm_provider": "azure"}, "azure_ai/m1": {**CHAT, "litellm_provider": "azure_ai"}}
    assert models(imported(**rows)) == {"azure": {"m1": {"input": "1", "output": "2"}}}
    rows["azure_ai/m1"]["input_cost_per_token"] = 5e-07
    assert models(imported(**rows))["azure"]["azure_ai/m1"] == {"input": "0.5", "output": "2"}
    # In the packaged table: azure 8 and 24, azure_ai 2 and 6.
    for name, provider, cost in [
        ("azure_ai/mistral-large-latest", None, 8),
        ("azure_ai/mistral-large-latest", "azure_ai", 8),
        ("azure/mistral-large-latest", None, 32),
    ]:
        assert price(name, provider, input_tokens=1_000_000, output_tokens=1_000_000).cost_usd == cost


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"a": 1}', '{"sample_spec": {"litellm_provider": "x"}}'])
def test_another_file_is_refused(text: str):
    with pytest.raises(InvalidInput) as caught:
        import_litellm(text, version="1", read_on=READ)
    assert caught.value.field == "file"


@pytest.mark.parametrize(
    ("name", "provider", "cost"),
    [
        ("claude-mythos-5", "anthropic", "60"),
        ("azure_text/gpt-35-turbo-instruct", "azure", "3.85"),
        ("grok-4.20-reasoning", "x-ai", "7.5"),  # above 200,000 tokens: 2.5 + 5
        ("mistral-large-3", "mistral", "2"),
        ("devstral-latest", "mistral", "2.4"),
        ("accounts/fireworks/models/deepseek-r1", "fireworks", "11"),
        ("ft:gpt-4.1-2025-04-14:acme::x", "openai", "15"),
    ],
)
def test_the_packaged_supplement_prices_what_the_tables_lack(price: Price, name: str, provider: str, cost: str):
    for asked in (None, provider):
        found = price(name, asked, input_tokens=1_000_000, output_tokens=1_000_000)
        assert (found.priced, found.provider, found.cost_usd) == ("list", provider, D(cost))
        assert found.entry is not None
        assert (found.entry.book, found.entry.version) == ("litellm", "litellm 1.109.1")
        assert (found.entry.note or "").startswith("read 2026-11-22")


def test_a_batch_has_its_price_in_the_supplement_too(price: Price):
    found = price("claude-mythos-5", service_tier="batch", input_tokens=1_000_000, output_tokens=1_000_000)
    assert (found.cost_usd, found.warnings) == (D(30), ())
