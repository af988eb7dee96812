"""What a provider says it charged."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from cost_mcp.capture.usage import read_usage

CHAT = {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120}
CLAUDE = {"input_tokens": 10, "output_tokens": 5, "cache_read_input_tokens": 80, "cache_creation_input_tokens": 10}


@pytest.mark.parametrize(
    ("cost", "expected"),
    [
        ({"cost": 0.25, "cost_details": {"upstream_inference_cost": 0.25}, "is_byok": False}, "0.25"),
        ({"cost": 1e-7, "is_byok": False}, "1E-7"),
        ({"cost": 0.01, "cost_details": {"upstream_inference_cost": 0.2}, "is_byok": True}, "0.21"),
        ({"cost": 0.01, "is_byok": True}, None),
        ({"cost": 0, "cost_details": {"upstream_inference_cost": 0.2}}, "0.2"),
        ({"cost": 0.95, "cost_details": {"upstream_inference_cost": 19}}, "19.95"),
        ({"cost": 0.25, "cost_details": {"upstream_inference_cost": 0.25}}, "0.25"),
        ({"cost": 0, "cost_details": {"upstream_inference_cost": 0.2}, "is_byok": False}, "0"),
        ({"cost": 0, "cost_details": {"upstream_inference_cost": 0}}, "0"),
        ({"cost": 0, "cost_details": {"upstream_inference_cost": None}}, "0"),
        ({"cost": {"input_tokens_cost": 0.001, "request_cost": 0.006, "total_cost": 0.0086}}, "0.0086"),
        ({"cost": {"input_cost": 0.001, "total_cost": 0.01, "currency": "USD"}}, "0.01"),
        ({"cost": {"input_cost": 0.001, "total_cost": 0.01, "currency": "EUR"}}, None),
        ({"cost": {"input_tokens_cost": 0, "output_tokens_cost": 0, "total_cost": 0}}, None),
        ({"cost": {"input_tokens_cost": 0.1}}, None),
        ({"cost_in_usd_ticks": 37756000}, "0.0037756"),
        ({"cost": 0.25}, None),
    ],
)
def test_a_stated_cost_is_taken_only_in_a_known_unit(cost: dict[str, Any], expected: str | None):
    stated = read_usage({**CHAT, **cost}).stated_cost_usd
    assert stated == (None if expected is None else Decimal(expected))


def test_an_upstream_bill_without_a_charge_is_taken_with_a_note_where_is_byok_does_not_settle_it():
    """Source: https://github.com/tailcallhq/forgecode/issues/1641, read 2026-11-22."""
    raw = {**CHAT, "cost": 0, "cost_details": {"upstream_inference_cost": 0.0360795}}
    assert any("is_byok is absent" in note for note in read_usage(raw).notes)
    assert read_usage({**raw, "is_byok": False}).notes == ()


def test_perplexitys_searches_without_a_total_are_named_as_not_counted():
    """Source: https://docs.perplexity.ai/getting-started/pricing (searches, requests, citations beside tokens), read 2026-11-22."""
    raw = {**CHAT, "citation_tokens": 50, "num_search_queries": 3}
    notes = read_usage(raw).notes
    assert [any(name in note for note in notes) for name in ("citation_tokens", "num_search_queries")] == [True, True]
    told = read_usage({**raw, "cost": {"input_tokens_cost": 0.1, "request_cost": 0.2, "total_cost": 0.5}})
    assert (told.stated_cost_usd, told.provisional) == (Decimal("0.5"), False)
    assert not any("num_search_queries" in note for note in told.notes)


def test_openrouters_cost_counts_in_any_shape_it_serves():
    assert read_usage({**CLAUDE, "cost": 0.5}, "openrouter").stated_cost_usd == Decimal("0.5")
