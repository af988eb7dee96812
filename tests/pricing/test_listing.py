"""What ``prices show`` is answered: every book's prices of a model, and which of them apply."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from cost_mcp.pricing.book import BookText
from cost_mcp.pricing.catalog import Catalog, open_catalog

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def test_every_tier_and_date_of_a_model_is_listed_and_one_standard_price_applies(catalog: Catalog):
    found = catalog.listing("gpt-5.6-sol", None, NOON)
    assert (found.provider, found.model, found.asked_provider) == ("openai", "gpt-5.6-sol", None)
    standard = [price for price in found.prices if price.service_tier == "standard"]
    assert [(price.unit_prices["input"], price.applies) for price in standard] == [
        (Decimal("0.000005"), False),
        (Decimal("0.000004"), True),
    ]
    assert standard[0].undated
    assert standard[1].valid_from == datetime(2026, 8, 21, tzinfo=UTC)
    assert standard[1].steps[0][0] == 272_000
    assert {price.service_tier for price in found.prices} == {"standard", "batch", "flex", "priority", "fast"}
    assert found.entry is not None
    assert found.entry.unit_prices["input"] == Decimal("0.000004")


def test_all_layers_are_listed_with_the_one_that_wins_first():
    text = "prices:\n  - provider: openai\n    model: gpt-4o\n    input: 1\n    output: 2\n"
    found = open_catalog([BookText(text=text, file="mine.yaml")]).listing("gpt-4o", "openai", NOON)
    assert [(price.book, price.source == "mine.yaml", price.applies) for price in found.prices if price.service_tier == "standard"] == [
        ("user", True, True),
        ("genai-prices", False, False),
    ]  # fmt: skip


def test_a_multiple_applies_only_where_the_tier_has_no_price(catalog: Catalog):
    july, november = (
        {
            price.book: price.applies
            for price in catalog.listing("claude-opus-4-7", "anthropic", at).prices
            if price.service_tier == "batch"
        }
        for at in (datetime(2026, 7, 1, tzinfo=UTC), NOON)
    )
    assert july == {"packaged": True, "genai-prices": False}
    assert november == {"packaged": False, "genai-prices": True}


def test_hours_and_days_are_shown_as_text(catalog: Catalog):
    found = catalog.listing("deepseek-flash", "deepseek", datetime(2026, 11, 20, 2, tzinfo=UTC))
    peak = next(price for price in found.prices if price.applies)
    assert peak.hours == "01:00-04:00, 06:00-10:00"
    assert peak.days.startswith("mon-fri except 2026-09-25")


def test_an_unknown_model_lists_nothing_and_names_the_nearest(catalog: Catalog):
    found = catalog.listing("claude-opus-55", "anthropic", NOON)
    assert (found.provider, found.model, found.prices, found.entry) == (None, None, (), None)
    assert "claude-opus-5" in found.nearest
    assert found.warnings


def test_what_fills_a_gap_is_listed_where_there_is_one_and_left_out_where_there_is_none():
    text = "prices:\n  - {provider: openai, model: '*', extends: missing, cache_read: 1, web_search: 0.5}\n"
    catalog = open_catalog([BookText(text=text, file="mine.yaml")])
    filled, full = catalog.listing("gpt-4", "openai", NOON), catalog.listing("gpt-5.4", "openai", NOON)
    assert (filled.prices[0].book, filled.prices[0].applies) == ("user", True)
    assert {price.book for price in full.prices} == {"genai-prices"}


def test_every_tier_in_force_has_all_its_prices_whichever_book_they_are_from(catalog: Catalog):
    # Opus 4.6: input 5, cache read 0.5; batch is listed at half, fast is 6 x standard by a packaged correction.
    found = catalog.listing("claude-opus-4-6", None, NOON)
    assert [
        (tier.price.service_tier, tier.price.book, tier.unit_prices["input"] * 1_000_000, tier.unit_prices["cache_read"] * 1_000_000)
        for tier in found.in_force
    ] == [
        ("standard", "genai-prices", Decimal(5), Decimal("0.5")),
        ("batch", "genai-prices", Decimal("2.5"), Decimal("0.25")),
        ("fast", "packaged", Decimal(30), Decimal(3)),
    ]  # fmt: skip


def test_what_is_in_force_at_a_peak_hour_says_its_hours(catalog: Catalog):
    (standard,) = catalog.listing("deepseek-v4-pro", "deepseek", datetime(2026, 11, 20, 2, tzinfo=UTC)).in_force
    assert (standard.price.hours, standard.unit_prices["input"]) == ("01:00-04:00, 06:00-10:00", Decimal("0.00000132"))


def test_a_price_ends_where_a_later_one_of_its_book_begins(catalog: Catalog):
    standard = [price for price in catalog.listing("gpt-5.6-sol", None, NOON).prices if price.service_tier == "standard"]
    assert [price.valid_to for price in standard] == [datetime(2026, 8, 21, tzinfo=UTC), None]


def test_what_a_higher_book_says_overrules_the_tables(catalog: Catalog):
    prices = catalog.listing("deepseek-v4-pro", "deepseek", NOON).prices
    assert {(price.book, price.overruled) for price in prices} == {("packaged", False), ("genai-prices", True)}
