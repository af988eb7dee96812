"""The packaged data: each gap of the tables it covers, and that all of it can be read."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from cost_mcp.model.charge import Pricing
from cost_mcp.pricing.packaged import data_folder, packaged_books
from cost_mcp.pricing.parsing import parse_book

Price = Callable[..., Pricing]
D = Decimal


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("model", "at", "cost"),
    [
        # deepseek-v4-pro, input per million: flat 0.435; from 2026-08-16T16:00Z 0.66, at peak 1.32.
        ("deepseek-v4-pro", "2026-08-03T02:00", "0.435"),  # a peak hour before there was peak pricing
        ("deepseek-v4-pro", "2026-08-16T15:59", "0.435"),
        ("deepseek-v4-pro", "2026-08-16T16:00", "0.66"),
        ("deepseek-v4-pro", "2026-08-17T00:59", "0.66"),
        ("deepseek-v4-pro", "2026-08-17T01:00", "1.32"),
        ("deepseek-v4-pro", "2026-08-17T04:00", "0.66"),
        ("deepseek-v4-pro", "2026-08-17T06:00", "1.32"),
        ("deepseek-v4-pro", "2026-08-17T10:00", "0.66"),
        ("deepseek-v4-pro", "2026-08-22T02:00", "1.32"),  # a Saturday before weekends were off-peak
        ("deepseek-v4-pro", "2026-08-23T02:00", "0.66"),  # the first Sunday after
        ("deepseek-v4-pro", "2026-08-24T02:00", "1.32"),  # Monday
        ("deepseek-v4-pro", "2026-11-21T02:00", "0.66"),  # Saturday
        ("deepseek-v4-pro", "2026-10-01T02:00", "0.66"),  # a Thursday, and a public holiday
        ("deepseek-v4-pro", "2026-10-08T02:00", "1.32"),  # the Thursday after
        # deepseek-v4-flash: flat 0.14; 0.22 / 0.44; from 2026-09-10T04:00Z billed as deepseek-flash, 0.15 / 0.3.
        ("deepseek-v4-flash", "2026-08-03T02:00", "0.14"),
        ("deepseek-v4-flash", "2026-08-18T02:00", "0.44"),
        ("deepseek-v4-flash", "2026-08-30T02:00", "0.22"),
        ("deepseek-v4-flash", "2026-09-10T03:59", "0.44"),
        ("deepseek-v4-flash", "2026-09-10T04:00", "0.15"),
        ("deepseek-v4-flash", "2026-09-10T06:00", "0.3"),
        ("deepseek-v4-flash-vision-exp", "2026-09-11T02:00", "0.3"),
        ("deepseek-flash", "2026-11-20T02:00", "0.3"),
        ("deepseek-flash", "2026-11-22T02:00", "0.15"),
    ],
)
def test_deepseek_is_billed_by_its_own_clock(price: Price, model: str, at: str, cost: str):
    found = price(model, "deepseek", input_tokens=1_000_000, occurred_at=moment(at))
    assert found.cost_usd == D(cost)
    assert found.entry is not None
    assert found.entry.book == "packaged"


@pytest.mark.parametrize(
    ("model", "at", "cost"),
    [
        ("claude-opus-4-6", "2026-04-01", "1.8"),  # 10,000 x 30 and 10,000 x 150 per million
        ("claude-opus-4-7", "2026-07-01", "1.8"),
        ("claude-opus-4-8", "2026-11-01", "0.6"),  # 10 and 50: listed
        ("claude-opus-5", "2026-11-01", "0.6"),
        ("claude-opus-5-5", "2026-11-01", "0.48"),  # 8 and 40: listed
    ],
)
def test_fast_mode_of_every_opus_has_its_price(price: Price, model: str, at: str, cost: str):
    found = price(model, service_tier="fast", input_tokens=10_000, output_tokens=10_000, occurred_at=moment(at))
    assert (found.cost_usd, found.warnings) == (D(cost), ())
    assert found.entry is not None
    assert found.entry.service_tier == "fast"


def test_fast_mode_multiplies_cache_prices_and_context_steps_but_no_searches(price: Price):
    # Opus 4.6 before 2026-03-13, above 200,000: input 10, cache read 1, each x 6; searches 10 per thousand.
    found = price(
        "claude-opus-4-6", service_tier="fast", input_tokens=300_000, cache_read_input_tokens=100_000, web_search_requests=1,
        occurred_at=moment("2026-03-01"),
    )  # fmt: skip
    assert found.cost_usd == D("12") + D("0.6") + D("0.01")


def test_batches_were_half_price_before_the_tables_say_so(price: Price):
    # Opus 4.7: 5 and 25, halved; the tables list batch prices from 2026-10-14 on, and both agree.
    before = price("claude-opus-4-7", service_tier="batch", input_tokens=100_000, occurred_at=moment("2026-07-01"))
    after = price("claude-opus-4-7", service_tier="batch", input_tokens=100_000, occurred_at=moment("2026-11-01"))
    assert before.cost_usd == after.cost_usd == D("0.25")


@pytest.mark.parametrize(
    ("model", "provider", "fee"),
    [
        ("grok-4.7", "x-ai", "0.01"),  # 2 x 5 per thousand
        ("grok-4.20-reasoning", "xai", "0.01"),  # of the supplement
        ("gpt-5.3-codex", "openai", "0.02"),  # 2 x 10 per thousand
        ("gpt-5.4", "openai", "0.02"),  # listed
        ("gemini-3.5-flash", "google", "0.028"),  # listed: 2 x 14 per thousand
    ],
)
def test_searches_cost_their_fee_whether_the_tables_list_it_or_not(price: Price, model: str, provider: str, fee: str):
    found = price(model, provider, input_tokens=1_000, web_search_requests=2)
    assert {charge.meter: charge.cost_usd for charge in found.charges}["web_search"] == D(fee)
    assert found.warnings == ()


@pytest.mark.parametrize(
    ("name", "provider", "priced"),
    [
        ("gemini/gemma-4-26b-a4b-it", None, "free"),
        ("gemini/gemma-4-26b-a4b-it", "gemini", "free"),
        ("models/gemma-4-26b-a4b-it", None, "free"),
        ("models/gemma-4-26b-a4b-it", "google", "free"),
        ("vertex_ai/gemma-4-26b-a4b-it", None, "unpriced"),
        ("vertex_ai/gemma-4-26b-a4b-it", "vertex_ai", "unpriced"),
        ("gemma-4-26b-a4b-it", "vertex_ai", "unpriced"),
        ("gemma-4-26b-a4b-it", "google-vertex", "unpriced"),
        ("gemma-4-26b-a4b-it", "google", "unpriced"),  # either of the two
        ("publishers/google/models/gemma-4-26b-a4b-it", None, "unpriced"),
        ("vertex_ai/gemma-4-26b-a4b-it-maas", None, "list"),
    ],
)
def test_what_is_free_on_the_gemini_api_is_not_free_on_vertex(price: Price, name: str, provider: str | None, priced: str):
    assert price(name, provider, input_tokens=1_000, output_tokens=1_000).priced == priced


def test_a_fee_names_its_source_where_it_was_added_and_only_there(price: Price):
    added, listed = price("grok-4.7", "x-ai", input_tokens=1).entry, price("gpt-5.4", "openai", input_tokens=1).entry
    assert added is not None
    assert listed is not None
    assert "https://docs.x.ai/developers/pricing" in added.source
    assert "community.openai.com" not in listed.source


def test_a_correction_names_its_source_beside_that_of_the_table(price: Price):
    found = price("claude-opus-4-7", service_tier="fast", input_tokens=1, occurred_at=moment("2026-07-01"))
    assert found.entry is not None
    assert "openrouter.ai" in found.entry.source
    assert "genai-prices" in found.entry.source
    assert found.entry.note


def test_every_packaged_entry_names_its_source_and_the_day_it_was_read():
    for entry in packaged_books():
        for card in (*entry.cards, *entry.tiers):
            assert card.origin.source.startswith("https://") or entry.model == "*", entry.model
            assert card.origin.version.startswith("20"), entry.model


def test_every_packaged_book_can_be_read_without_a_word():
    files = [file for file in data_folder().iterdir() if file.name.endswith(".yaml")]
    assert {file.name for file in files} >= {"corrections.yaml", "local.yaml"}
    for file in files:
        parsed = parse_book(file.read_text(encoding="utf-8"), file.name, layer="packaged")
        assert (parsed.problems, parsed.warnings) == ((), ())


def test_the_example_of_the_format_parses_as_it_says():
    text = (data_folder() / "README.md").read_text(encoding="utf-8")
    examples = [block.split("```")[0] for block in text.split("```yaml\n")[1:]]
    assert len(examples) >= 2
    for example in examples:
        parsed = parse_book(example, "README.md", layer="user")
        assert parsed.problems == ()
        assert parsed.entries
