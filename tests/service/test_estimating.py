from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from cost_mcp.errors import CostError
from cost_mcp.pricing.catalog import BookText, Catalog, open_catalog
from cost_mcp.service.estimating import Estimate, estimate

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
CATALOG = open_catalog()


def asked(catalog: Catalog = CATALOG, **fields: Any) -> Estimate:
    return estimate(fields, catalog, NOW)


# gpt-5 at list price: $1.25 and $10 per million tokens in and out, $0.125 read from a cache.
COSTS: list[Any] = [
    ({"input_tokens": 1_000_000, "output_tokens": 100_000}, "2.25", None),
    ({"input_tokens": 1_000_000, "cache_read_input_tokens": 1_000_000, "output_tokens": 1}, "0.12501", None),
    ({"prompt_tokens": 1_000_000, "max_output_tokens": 100_000}, "2.25", None),
    ({"input_tokens": 1_000_000, "output_tokens": 50_000, "max_output_tokens": 100_000}, "1.75", "2.25"),
]


@pytest.mark.parametrize(("tokens", "cost", "most"), COSTS)
def test_given_tokens_are_priced_surely_and_the_limit_shown_beside(tokens: Any, cost: str, most: str | None):
    found = asked(model="gpt-5", **tokens)
    assert found.pricing.cost_usd == Decimal(cost)
    assert found.most_usd == (None if most is None else Decimal(most))
    assert (found.counted_by, found.confidence) == ("tokens", "high")


def test_a_text_is_counted_and_never_kept():
    found = asked(model="claude-sonnet-4-5", text="Once upon a time " * 100, output_tokens=100)
    assert (found.counted_by, found.confidence) == ("heuristic", "medium")
    assert found.usage.input_tokens == 486
    assert "Once" not in repr(found)


def test_without_output_the_cost_is_of_the_input_and_unsure():
    found = asked(model="gpt-5", input_tokens=1000)
    assert found.confidence == "low"
    assert any("input alone" in warning for warning in found.warnings)


def test_an_unknown_model_has_no_cost_and_no_cheaper_one():
    found = asked(model="nobody-knows-this", input_tokens=1000, output_tokens=5)
    assert (found.pricing.cost_usd, found.alternatives, found.confidence) == (None, (), "low")


@pytest.mark.parametrize("model", ["claude-opus-4-6", "gpt-5.4", "gemini-2.5-pro", "claude-haiku-4-5"])
def test_alternatives_are_cheaper_of_the_same_provider_first_and_cost_what_their_own_estimate_says(model: str):
    tokens: Any = {"input_tokens": 20_000, "output_tokens": 1000}
    found = asked(model=model, **tokens)
    cost = found.pricing.cost_usd
    assert cost is not None
    assert 1 <= len(found.alternatives) <= 5
    own = [a.provider == found.pricing.provider for a in found.alternatives]
    assert own == sorted(own, reverse=True)
    for other in found.alternatives:
        assert 0 < other.cost_usd < cost
        assert asked(model=other.model, provider=other.provider, **tokens).pricing.cost_usd == other.cost_usd


def test_a_model_without_a_price_is_never_an_alternative_at_nothing():
    for model in ("claude-opus-4-6", "gpt-5", "mistral-large-2512", "grok-4-0709"):
        for other in asked(model=model, input_tokens=10, output_tokens=10).alternatives:
            assert other.cost_usd > 0
            assert not any(word in other.model for word in ("embed", "tts", "image", "audio", "realtime", ":free"))


def test_a_free_model_has_nothing_cheaper():
    found = asked(model="ollama/llama3", input_tokens=1000, output_tokens=5)
    assert (found.pricing.cost_usd, found.alternatives) == (0, ())


def test_an_own_price_book_prices_the_alternatives_too():
    book = "providers:\n  anthropic:\n    claude-sonnet-4-5: {input: 1, output: 1}\n"
    dear = asked(
        open_catalog([BookText(text=book, file="prices.yaml", layer="user")]), model="claude-sonnet-4-5", input_tokens=10
    )
    assert dear.pricing.priced == "override"
    assert all(other.cost_usd < (dear.pricing.cost_usd or 0) for other in dear.alternatives)


REFUSED: list[Any] = [
    ({}, "input_tokens"),
    ({"input_tokens": 5}, "model"),
    ({"model": "gpt-5"}, "input_tokens"),
    ({"model": "gpt-5", "text": "a", "input_tokens": 5}, "input_tokens"),
    ({"model": "gpt-5", "text": "a", "cached_tokens": 5}, "cached_tokens"),
    ({"model": "gpt-5", "text": 5}, "text"),
    ({"model": "gpt-5", "input_tokens": 5, "max_output_tokens": -1}, "max_output_tokens"),
    ({"model": "gpt-5", "output_tokens": 9, "max_output_tokens": 5}, "output_tokens"),
    ({"model": "gpt-5", "input_tokens": 5, "service_tier": "gold"}, "service_tier"),
    ({"model": "gpt-5", "inputtokens": 5}, "inputtokens"),
]


@pytest.mark.parametrize(("fields", "field"), REFUSED)
def test_bad_questions_name_the_field_and_the_next_step(fields: Any, field: str):
    with pytest.raises(CostError) as refused:
        asked(**fields)
    assert refused.value.field == field
    assert refused.value.hint
