"""Properties of charging: nothing is paid twice, nothing is dropped, more never costs less."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cost_mcp.model.usage import USAGE_FIELDS, Usage
from cost_mcp.pricing.catalog import Catalog
from cost_mcp.pricing.charging import charges, quantities
from cost_mcp.pricing.rule import Rule

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
TOKENS = st.integers(0, 3_000_000)
MODELS = [
    ("claude-opus-5", "standard"),
    ("claude-sonnet-4-5", "batch"),
    ("claude-haiku-5-5", "standard"),
    ("gpt-6-sol", "priority"),
    ("gpt-realtime", "standard"),
    ("gpt-4", "standard"),
    ("gemini-2.5-pro", "standard"),
    ("gemini-2.5-flash", "batch"),
    ("grok-4.20-reasoning", "standard"),
    ("deepseek-flash", "standard"),
    ("perplexity/sonar-deep-research", "standard"),
    ("ollama/llama3", "standard"),
]
INPUT_METERS = {"input", "cache_read", "cache_write_5m", "cache_write_1h", "input_audio", "cache_read_audio", "input_image"}
OUTPUT_METERS = {"output", "reasoning", "output_audio", "output_image"}


@st.composite
def usages(draw: st.DrawFn) -> Usage:
    """Any usage whose parts fit their wholes."""
    whole, out = draw(TOKENS), draw(TOKENS)
    read = draw(st.integers(0, whole))
    written = draw(st.integers(0, whole - read))
    audio = draw(st.integers(0, whole))
    spoken = draw(st.integers(0, out))
    return Usage(
        input_tokens=whole,
        output_tokens=out,
        cache_read_input_tokens=read,
        cache_creation_input_tokens=written,
        cache_creation_1h_input_tokens=draw(st.integers(0, written)),
        reasoning_output_tokens=draw(st.integers(0, out)),
        input_audio_tokens=audio,
        cache_read_input_audio_tokens=draw(st.integers(0, min(audio, read))),
        input_image_tokens=draw(st.integers(0, whole - audio)),
        output_audio_tokens=spoken,
        output_image_tokens=draw(st.integers(0, out - spoken)),
        web_search_requests=draw(st.integers(0, 20)),
    )


def rule_of(catalog: Catalog, model: str, tier: str) -> Rule:
    rule = catalog.resolve(None, model, tier, NOON)
    assert isinstance(rule, Rule)
    return rule


@given(usages())
def test_every_token_is_in_exactly_one_meter(usage: Usage):
    found = quantities(usage)
    assert all(quantity >= 0 for quantity in found.values())
    assert sum(found[meter] for meter in INPUT_METERS) == usage.input_tokens
    assert sum(found[meter] for meter in OUTPUT_METERS) == usage.output_tokens


@pytest.mark.parametrize(("model", "tier"), MODELS)
@given(usage=usages())
def test_charges_add_up_in_tokens_and_in_money(catalog: Catalog, model: str, tier: str, usage: Usage):
    charged = charges(usage, rule_of(catalog, model, tier))
    assert charged.missing == ()
    tokens = sum(charge.quantity for charge in charged.charges if charge.meter in INPUT_METERS | OUTPUT_METERS)
    assert tokens == usage.total_tokens
    assert charged.cost_usd == sum((charge.cost_usd for charge in charged.charges), Decimal(0))
    for charge in charged.charges:
        assert abs(charge.quantity * charge.unit_price_usd - charge.cost_usd) <= Decimal("5e-10")


@pytest.mark.parametrize(("model", "tier"), MODELS)
@given(
    usage=usages(), more=st.integers(1, 50_000), field=st.sampled_from(["input_tokens", "output_tokens", "web_search_requests"])
)
def test_more_never_costs_less_within_one_context_step(
    catalog: Catalog, model: str, tier: str, usage: Usage, more: int, field: str
):
    rule = rule_of(catalog, model, tier)
    larger = replace(usage, **{field: getattr(usage, field) + more})
    if rule.context_above(usage.input_tokens) == rule.context_above(larger.input_tokens):
        assert charges(larger, rule).cost_usd >= charges(usage, rule).cost_usd


@pytest.mark.parametrize(("model", "tier"), MODELS)
def test_no_usage_costs_nothing_beyond_the_price_per_request(catalog: Catalog, model: str, tier: str):
    rule = rule_of(catalog, model, tier)
    charged = charges(Usage(), rule)
    assert {charge.meter for charge in charged.charges} <= {"request"}
    assert charged.cost_usd == (rule.rates["request"].base if "request" in rule.rates else 0)


def test_every_field_of_usage_reaches_a_meter():
    # A field added to Usage without a meter here would be used and never paid.
    base = Usage(
        input_tokens=1_000_000,
        output_tokens=1_000_000,
        cache_read_input_tokens=1_000,
        cache_creation_input_tokens=1_000,
        input_audio_tokens=1_000,
    )
    for name in USAGE_FIELDS:
        assert quantities(replace(base, **{name: getattr(base, name) + 7})) != quantities(base), name
