"""Our charges against the library's own arithmetic, for every model it has."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from genai_prices import Usage as LibraryUsage
from genai_prices.data import providers
from genai_prices.types import ModelInfo, ModelPrice, Provider

from cost_mcp.model.charge import Pricing
from cost_mcp.pricing.catalog import Catalog
from cost_mcp.pricing.rule import Rule

Price = Callable[..., Pricing]
FRIDAY = datetime(2026, 11, 20, 12, tzinfo=UTC)
HALF_A_NANO_PER_CHARGE = Decimal("5e-9")

CORRECTED = {"typesafe"}
"""Providers for which a packaged correction adds what the library leaves out."""


def theirs(model: ModelInfo, provider: Provider, usage: dict[str, int], context: dict[str, str] | None = None) -> Decimal:
    asked = LibraryUsage(
        input_tokens=usage["input_tokens"],
        output_tokens=usage["output_tokens"],
        cache_read_tokens=usage["cache_read_input_tokens"],
        cache_write_tokens=usage["cache_creation_input_tokens"],
        output_reasoning_tokens=usage["reasoning_output_tokens"],
        web_searches=usage["web_search_requests"],
    )
    return model.calc_price(asked, provider, genai_request_timestamp=FRIDAY, price_context=context).total_price


def ours(found: Pricing, model: ModelInfo) -> Decimal:
    """Our cost, without search fees that a packaged correction knows and the library does not."""
    known = "web_searches_kcount" in priced_keys(model)
    return sum((charge.cost_usd for charge in found.charges if known or charge.meter != "web_search"), Decimal(0))


def priced_keys(model: ModelInfo) -> set[str]:
    prices = [model.prices] if isinstance(model.prices, ModelPrice) else [item.prices for item in model.prices]
    return {key for price in prices for key, value in vars(price).items() if value is not None}


@pytest.mark.parametrize("input_tokens", [40_000, 600_000])
@pytest.mark.parametrize("provider", providers, ids=lambda provider: str(provider.id))
def test_every_model_costs_what_the_library_says(price: Price, provider: Provider, input_tokens: int):
    usage = {
        "input_tokens": input_tokens,
        "output_tokens": 7_001,
        "cache_read_input_tokens": 9_003,
        "cache_creation_input_tokens": 1_007,
        "reasoning_output_tokens": 211,
        "web_search_requests": 3,
    }
    differing: list[tuple[str, object, object]] = []
    for model in provider.models:
        found = price(model.id, provider.id, occurred_at=FRIDAY, **usage)
        meant = provider.find_model(model.id, all_providers=providers) or model
        if found.cost_usd is None:
            if {"input_mtok", "output_mtok"} <= priced_keys(meant):
                differing.append((model.id, "unpriced", found.warnings))
        elif found.priced != "free" and provider.id not in CORRECTED:
            expected = theirs(meant, provider, usage)
            if abs(ours(found, meant) - expected) > HALF_A_NANO_PER_CHARGE:
                differing.append((model.id, expected, found.cost_usd))
    assert differing == []


@pytest.mark.parametrize(
    ("tier", "context"),
    [
        ("batch", {"processing": "batch"}),
        ("flex", {"service_tier": "flex"}),
        ("priority", {"service_tier": "priority"}),
    ],
)
def test_every_tier_costs_what_the_library_says(price: Price, tier: str, context: dict[str, str]):
    usage = {
        "input_tokens": 90_000,
        "output_tokens": 7_001,
        "cache_read_input_tokens": 9_003,
        "cache_creation_input_tokens": 1_007,
        "reasoning_output_tokens": 211,
        "web_search_requests": 3,
    }
    compared = 0
    for provider in providers:
        for model in provider.models:
            if not any(variant.when == context for variant in model.price_variants or ()):
                continue
            found = price(model.id, provider.id, service_tier=tier, occurred_at=FRIDAY, **usage)
            if found.cost_usd is not None:
                compared += 1
                assert abs(ours(found, model) - theirs(model, provider, usage, context)) <= HALF_A_NANO_PER_CHARGE, model.id
    assert compared >= 5


def test_a_free_price_is_only_one_the_library_names_or_a_book_states(price: Price):
    # Without prices and without :free in its name, a model is unpriced, not free.
    assert price("gemma-3", "google", input_tokens=1_000).priced == "unpriced"
    assert price("gemini/gemma-4-31b-it", "google", input_tokens=1_000).priced == "free"
    assert price("gpt-4o", "github-copilot", input_tokens=1_000).priced == "unpriced"


def test_prices_per_page_or_hour_do_not_price_tokens(price: Price):
    found = price("whisper-1", "openai", input_tokens=1_000)
    assert found.priced == "unpriced"
    assert found.warnings


def test_a_resellers_tier_is_not_taken_from_the_maker(catalog: Catalog):
    rule = catalog.resolve("azure", "gpt-4.1", "batch", FRIDAY)
    assert isinstance(rule, Rule)
    assert (rule.service_tier, len(rule.warnings)) == ("standard", 1)
