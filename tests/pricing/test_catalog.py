"""What calls cost, worked out by hand beside each expectation; prices in the comments are per million tokens."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cost_mcp.errors import InvalidInput
from cost_mcp.model.charge import Pricing
from cost_mcp.pricing.catalog import Catalog, Unknown, open_catalog
from cost_mcp.pricing.rule import Rule

Price = Callable[..., Pricing]
Meters = Callable[..., dict[str, tuple[int, Decimal]]]
D = Decimal


def day(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_a_cached_token_is_not_paid_for_twice(meters: Meters):
    # Opus 5: input 5, cache read 0.5, 5 minute write 6.25, 1 hour write 10, output 25.
    found = meters(
        "claude-opus-5",
        input_tokens=10_000,
        cache_read_input_tokens=6_000,
        cache_creation_input_tokens=3_000,
        cache_creation_1h_input_tokens=1_000,
        output_tokens=500,
    )
    assert found == {
        "input": (1_000, D("0.005")),
        "cache_read": (6_000, D("0.003")),
        "cache_write_5m": (2_000, D("0.0125")),
        "cache_write_1h": (1_000, D("0.01")),
        "output": (500, D("0.0125")),
    }


def test_reasoning_is_paid_once_as_output_where_it_has_no_price_of_its_own(meters: Meters):
    # gpt-5: output 10.
    assert meters("gpt-5", output_tokens=1_000, reasoning_output_tokens=800) == {"output": (1_000, D("0.01"))}


def test_reasoning_with_a_price_of_its_own_is_charged_apart(meters: Meters):
    # Perplexity sonar-deep-research: input 2, output 8, reasoning 3; searches 5 per thousand.
    found = meters("sonar-deep-research", "perplexity", output_tokens=1_000, reasoning_output_tokens=800)
    assert found["output"] == (200, D("0.0016"))
    assert found["reasoning"] == (800, D("0.0024"))


@pytest.mark.parametrize(("input_tokens", "cost"), [(200_000, "0.6"), (200_001, "1.200006")])
def test_a_context_step_is_a_cliff_above_the_threshold(price: Price, input_tokens: int, cost: str):
    # Sonnet 4.5: input 3 up to and including 200,000 tokens, 6 for all of them above.
    assert price("claude-sonnet-4-5", input_tokens=input_tokens).cost_usd == D(cost)


def test_cached_tokens_count_towards_the_context_step_and_output_is_stepped_too(price: Price):
    # Sonnet 4.5 above 200,000: input 6, cache read 0.6, output 22.5.
    found = price("claude-sonnet-4-5", input_tokens=250_000, cache_read_input_tokens=240_000, output_tokens=1_000)
    assert found.cost_usd == D("0.06") + D("0.144") + D("0.0225")
    assert found.entry is not None
    assert found.entry.context_above == 200_000


@pytest.mark.parametrize(
    ("model", "tier", "cost"),
    [
        ("claude-opus-5", "batch", "15"),  # 2.5 + 12.5
        ("claude-opus-5", "fast", "60"),  # 10 + 50
        ("gpt-4.1", "priority", "17.5"),  # 3.5 + 14
        ("gpt-4.1", "fast", "17.5"),
        ("gpt-4.1", "batch", "5"),  # 1 + 4
    ],
)
def test_a_service_tier_has_its_own_prices(price: Price, model: str, tier: str, cost: str):
    # Counted in two halves of a million, so that no context step is crossed.
    one = price(model, service_tier=tier, input_tokens=100_000, output_tokens=100_000)
    assert one.cost_usd == D(cost) / 10
    assert one.entry is not None
    assert one.entry.service_tier == tier
    assert one.warnings == ()


def test_flex_is_half_of_standard_and_above_272k_of_its_own_step(price: Price):
    # gpt-6-sol: standard 2 / 10, flex 1 / 5, above 272,000 flex 2 / 7.5.
    assert price("gpt-6-sol", service_tier="flex", input_tokens=272_000, output_tokens=1_000).cost_usd == D("0.277")
    assert price("gpt-6-sol", service_tier="flex", input_tokens=272_001, output_tokens=1_000).cost_usd == D("0.551502")


def test_web_searches_keep_their_price_in_a_batch(meters: Meters):
    found = meters("claude-opus-5", service_tier="batch", input_tokens=1_000, web_search_requests=3)
    assert found["web_search"] == (3, D("0.03"))


def test_a_tier_without_a_price_is_charged_at_standard_and_said(price: Price):
    found = price("claude-sonnet-4-5", service_tier="flex", input_tokens=1_000)
    assert found.cost_usd == D("0.003")
    assert found.entry is not None
    assert found.entry.service_tier == "standard"
    assert any("no flex price" in warning for warning in found.warnings)


def test_audio_is_charged_apart_from_text_in_and_out(meters: Meters):
    # gpt-realtime: text 4 / 16, cached text 0.4, audio 32 / 64, cached audio 0.4.
    found = meters(
        "gpt-realtime",
        input_tokens=1_000,
        cache_read_input_tokens=300,
        input_audio_tokens=600,
        cache_read_input_audio_tokens=200,
        output_tokens=500,
        output_audio_tokens=400,
    )
    assert found == {
        "input": (300, D("0.0012")),
        "cache_read": (100, D("0.00004")),
        "input_audio": (400, D("0.0128")),
        "cache_read_audio": (200, D("0.00008")),
        "output": (100, D("0.0016")),
        "output_audio": (400, D("0.0256")),
    }


def test_cached_tokens_without_a_cache_price_are_charged_as_input_and_said(price: Price):
    # gpt-4: 30 / 60, no cache price.
    found = price("gpt-4", input_tokens=1_000, cache_read_input_tokens=400)
    assert found.cost_usd == D("0.03")
    assert [(charge.meter, charge.quantity) for charge in found.charges] == [("input", 1_000)]
    assert any("cache_read" in warning for warning in found.warnings)


def test_an_hour_of_cache_on_a_claude_model_without_that_price_is_twice_input_and_said(price: Price):
    # Copilot's claude-opus-5 lists 5 input and 6.25 cache write, no hour: 2 x 5.
    found = price(
        "claude-opus-5",
        "github-copilot",
        input_tokens=1_000,
        cache_creation_input_tokens=1_000,
        cache_creation_1h_input_tokens=1_000,
    )
    assert found.cost_usd == D("0.01")
    assert any("cache_write_1h is not listed" in warning for warning in found.warnings)


def test_an_hour_of_cache_elsewhere_is_charged_as_a_cache_write(meters: Meters):
    # gpt-6-sol: cache write 2.5, no hour price.
    found = meters("gpt-6-sol", input_tokens=1_000, cache_creation_input_tokens=1_000, cache_creation_1h_input_tokens=400)
    assert found == {"cache_write_5m": (1_000, D("0.0025"))}


def test_searches_without_a_price_make_the_cost_a_lower_bound_never_silently_nothing(price: Price):
    found = price("gpt-4", input_tokens=1_000, web_search_requests=2)
    assert found.priced == "list"
    assert (found.cost_usd, found.partial) == (D("0.03"), True)
    assert not price("gpt-4", input_tokens=1_000).partial
    assert any("lower bound" in warning for warning in found.warnings)


def test_output_without_a_price_leaves_the_call_unpriced(price: Price):
    found = price("text-embedding-3-small", input_tokens=1_000, output_tokens=1)
    assert (found.priced, found.cost_usd, found.charges) == ("unpriced", None, ())
    assert (found.provider, found.model) == ("openai", "text-embedding-3-small")
    assert price("text-embedding-3-small", input_tokens=1_000).cost_usd == D("0.00002")


def test_a_price_of_the_day_of_the_call_counts(price: Price):
    # gpt-5.6-sol: 5 / 30 until 2026-08-21, then 4 / 20.
    before = price("gpt-5.6-sol", input_tokens=100_000, occurred_at=day("2026-08-20T23:59:59"))
    after = price("gpt-5.6-sol", input_tokens=100_000, occurred_at=day("2026-08-21"))
    assert (before.cost_usd, after.cost_usd) == (D("0.5"), D("0.4"))
    assert before.entry is not None
    assert after.entry is not None
    assert before.entry.undated
    assert str(before.entry.valid_to) == str(after.entry.valid_from) == "2026-08-21"
    assert before.entry.entry_id != after.entry.entry_id


def test_each_charge_is_rounded_once_half_to_even_and_they_add_up(price: Price):
    # deepseek-flash off-peak: cache read 0.003 -> 3e-9 per token, input 0.15 -> 1.5e-7.
    found = price("deepseek-flash", input_tokens=3, cache_read_input_tokens=1, output_tokens=1)
    assert [charge.cost_usd for charge in found.charges] == [D("3E-7"), D("3E-9"), D("6E-7")]
    assert found.cost_usd == sum(charge.cost_usd for charge in found.charges)


def test_the_entry_says_where_the_price_is_from(price: Price):
    found = price("claude-opus-5", input_tokens=1)
    assert found.entry is not None
    assert (found.entry.book, found.entry.provider, found.entry.model) == ("genai-prices", "anthropic", "claude-opus-5")
    assert found.entry.source.startswith("https://")
    assert found.entry.version
    assert found.entry.unit_prices["input"] == D("0.000005")


def test_equal_prices_are_one_entry_whatever_the_size_of_the_call(price: Price):
    small, large = price("claude-opus-5", input_tokens=1), price("claude-opus-5", input_tokens=900_000)
    assert small.entry == large.entry


def test_local_models_are_free_whatever_their_name(price: Price):
    found = price("qwen3:30b-a3b", "ollama", input_tokens=1_000, output_tokens=1_000)
    assert (found.priced, found.cost_usd, found.model) == ("free", D(0), "qwen3:30b-a3b")
    assert price("anything", "cli_bridge", output_tokens=5).priced == "free"


def test_a_stated_cost_counts_and_list_is_kept_beside_it(price: Price):
    found = price("gpt-4o", input_tokens=1_000, stated_cost_usd=D("0.001"))
    assert (found.priced, found.cost_usd, found.list_cost_usd) == ("stated", D("0.001"), D("0.0025"))
    assert [charge.meter for charge in found.charges] == ["stated"]


def test_an_agents_statement_below_list_does_not_count(price: Price):
    found = price("gpt-4o", input_tokens=1_000, stated_cost_usd=D("0.001"), source="mcp")
    assert (found.priced, found.cost_usd, found.list_cost_usd) == ("list", D("0.0025"), D("0.0025"))
    assert any("below list" in warning for warning in found.warnings)


def test_an_agents_statement_above_list_counts(price: Price):
    found = price("gpt-4o", input_tokens=1_000, stated_cost_usd=D("0.5"), source="mcp")
    assert (found.priced, found.cost_usd) == ("stated", D("0.5"))


def test_a_stated_cost_prices_a_model_no_book_knows(price: Price):
    found = price("no-such-model", input_tokens=1_000, stated_cost_usd=D("0.02"))
    assert (found.priced, found.cost_usd, found.list_cost_usd, found.warnings) == ("stated", D("0.02"), None, ())
    assert not found.lacks_price


@pytest.mark.parametrize(
    ("model", "searches", "stated", "unchecked"),
    [
        ("no-such-model", 0, "0.000001", True),
        ("no-such-model", 0, "0", True),
        ("gpt-4", 2, "0.05", True),  # its tokens are listed, its searches are not
        ("gpt-4", 0, "0.05", False),
        ("gpt-4", 0, "0.03", False),  # exactly the list price
    ],
)
def test_an_agents_word_is_a_lower_bound_where_no_whole_list_price_checks_it(
    price: Price, model: str, searches: int, stated: str, *, unchecked: bool
):
    found = price(model, input_tokens=1_000, web_search_requests=searches, stated_cost_usd=D(stated), source="mcp")
    assert (found.priced, found.cost_usd, found.lacks_price) == ("stated", D(stated), unchecked)
    assert any("An agent stated" in warning for warning in found.warnings) is unchecked


def test_a_stated_cost_is_no_lower_bound_where_searches_have_no_list_price(price: Price):
    # gpt-4: 30 per million; its searches have no price.
    found = price("gpt-4", input_tokens=1_000, web_search_requests=2, stated_cost_usd=D("0.05"))
    assert (found.priced, found.cost_usd, found.list_cost_usd, found.warnings) == ("stated", D("0.05"), None, ())
    assert found.entry is not None
    assert not found.partial


def test_an_agents_statement_below_what_is_listed_in_part_does_not_count(price: Price):
    found = price("gpt-4", input_tokens=1_000, web_search_requests=2, stated_cost_usd=D("0.02"), source="mcp")
    assert (found.priced, found.cost_usd) == ("list", D("0.03"))
    assert any("lower bound" in warning for warning in found.warnings)


def test_what_the_list_cost_beside_a_stated_one_was_charged_as_is_said_of_the_list_cost(price: Price):
    found = price("gpt-4", input_tokens=1_000, cache_read_input_tokens=400, stated_cost_usd=D("0.05"))
    assert found.list_cost_usd == D("0.03")
    assert [warning.startswith("List cost: ") for warning in found.warnings] == [True]


def test_the_response_names_the_model_where_the_deployment_does_not(price: Price):
    found = price("our-deployment", "azure", response_model="gpt-4o-2024-08-06", input_tokens=1_000)
    assert (found.priced, found.model) == ("list", "gpt-4o")


def test_a_call_that_would_cost_more_than_any_can_is_refused(price: Price):
    with pytest.raises(InvalidInput) as caught:
        price("claude-opus-5", input_tokens=10**12)
    assert caught.value.field == "usage"


def test_a_rule_is_remembered_until_its_price_changes(catalog: Catalog):
    before = catalog.resolve("openai", "gpt-5.6-sol", "standard", day("2026-08-20"))
    assert isinstance(before, Rule)
    assert catalog.resolve("openai", "gpt-5.6-sol", "standard", day("2026-08-20T23:00:00")) is before
    after = catalog.resolve("openai", "gpt-5.6-sol", "standard", day("2026-08-21"))
    assert isinstance(after, Rule)
    assert after.rates != before.rates


@pytest.mark.parametrize(
    ("model", "tier"),
    [("claude-sonnet-4-5", "batch"), ("deepseek-v4-pro", "standard"), ("gpt-6-sol", "flex"), ("gpt-4", "fast")],
)
def test_a_rule_survives_as_text(catalog: Catalog, model: str, tier: str):
    rule = catalog.resolve(None, model, tier, day("2026-11-20T02:00:00"))
    assert isinstance(rule, Rule)
    assert Rule.from_text(rule.to_text()) == rule
    assert Rule.from_text(rule.to_text()).entry(300_000).entry_id == rule.entry(300_000).entry_id


def test_an_unknown_model_says_why_and_names_the_nearest(catalog: Catalog):
    found = catalog.resolve("openai", "gpt-4.1-minny", "standard", day("2026-11-20"))
    assert isinstance(found, Unknown)
    assert "gpt-4.1-mini" in found.nearest
    assert len(found.nearest) <= 3


def test_the_catalog_loads_nothing_heavy_before_it_is_asked():
    code = """
import sys
from datetime import UTC, datetime, timedelta
from cost_mcp.pricing.catalog import open_catalog
catalog = open_catalog()
heavy = {"genai_prices", "yaml", "pydantic", "asyncio"}
assert not heavy & set(sys.modules), heavy & set(sys.modules)
catalog.resolve("ollama", "llama3", "standard", datetime.now(UTC))
assert "genai_prices" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True)


@settings(max_examples=20)
@given(
    st.lists(st.integers(0, 24 * 320), min_size=2, max_size=12),
    st.sampled_from(["deepseek-v4-pro", "deepseek-v4-flash", "gpt-5.6-sol", "claude-opus-4-6"]),
    st.sampled_from(["standard", "batch", "fast"]),
)
def test_what_is_remembered_never_changes_an_answer(catalog: Catalog, hours: list[int], model: str, tier: str):
    moments = [day("2026-01-01") + timedelta(hours=hour) for hour in hours]
    for moment in (*moments, *reversed(moments)):
        remembered = catalog.resolve(None, model, tier, moment)
        fresh = open_catalog().resolve(None, model, tier, moment)
        assert isinstance(remembered, Rule)
        assert isinstance(fresh, Rule)
        assert remembered.entry(1_000) == fresh.entry(1_000)


def test_the_models_that_may_do_another_s_work_are_its_provider_s_first_and_hold_the_call(catalog: Catalog):
    small, large = catalog.rivals("anthropic", 1_000), catalog.rivals("anthropic", 900_000)
    assert {provider for provider, _ in small[:5]} == {"anthropic"}
    assert ("anthropic", "claude-haiku-4-5") in small
    assert ("anthropic", "claude-haiku-4-5") not in large, "its stated context is 200,000 tokens"
    assert ("anthropic", "claude-opus-4-6") in large
    assert not any("claude" in model for provider, model in small if provider != "anthropic"), "no other provider's copies"
    assert not any("embed" in model or "gpt-3.5" in model for _, model in small)
    assert ("google", "claude-opus-4-6") in catalog.rivals("google", 1_000), "what the same provider resells is its own"
