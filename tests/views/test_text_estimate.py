from __future__ import annotations

from datetime import UTC, datetime

from cost_mcp.pricing.catalog import open_catalog
from cost_mcp.service.estimating import estimate
from cost_mcp.views.shape_estimate import estimate_shape
from cost_mcp.views.text_estimate import estimate_text

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
CATALOG = open_catalog()
CALL = {"model": "claude-opus-4-6", "input_tokens": 20_000, "output_tokens": 1000, "max_output_tokens": 4000}


def test_text_and_shape_of_an_estimate_both_tell_everything():
    found = estimate(CALL, CATALOG, NOW)
    shape, text = estimate_shape(found), estimate_text(found)
    assert (shape["cost_usd"], shape["max_cost_usd"], shape["confidence"]) == ("0.125", "0.2", "high")
    assert "$0.125 (list) for 20,000 input and 1,000 output tokens" in text
    assert "At most $0.2" in text
    assert str(shape["method"]) in text
    assert str(shape["considered"]) in text
    rows = shape["alternatives"]
    assert isinstance(rows, list)
    for row in found.alternatives:
        assert f"{row.provider}/{row.model} $" in text


def test_an_unpriced_estimate_says_unknown_and_never_nothing():
    found = estimate({"model": "claude-opus-4-66x", "input_tokens": 5}, CATALOG, NOW)
    shape, text = estimate_shape(found), estimate_text(found)
    assert "cost_usd" not in shape
    assert shape["nearest"]
    assert "unknown, not zero" in text
