from __future__ import annotations

from decimal import Decimal
from typing import Any


def test_every_token_above_the_step_is_held_against_the_price_below_it(calls: Any):
    # Twice 300,000 × ($10 − $5)/M + 1,000 × ($37.5 − $25)/M.
    calls.add(0, input_tokens=300_000, price="long").add(60, input_tokens=300_000, price="long", session="t")
    calls.add(120, input_tokens=150_000)  # below the step: nothing to save
    (found,) = calls.suggested("long-context")
    assert (found.saved_usd, found.calls, found.confidence) == (Decimal("3.025"), 2, "medium")
    assert found.spent_usd == Decimal("6.075")
    assert "within 200,000 tokens" in found.advice


def test_cached_tokens_carry_the_surcharge_too(calls: Any):
    calls.add(0, input_tokens=300_000, read=250_000, written=40_000, hour=10_000, output_tokens=0, price="long")
    (found,) = calls.suggested("long-context")
    # 10,000 × $5/M + 250,000 × $0.5/M + 30,000 × $6.25/M + 10,000 × $10/M.
    assert found.saved_usd == Decimal("0.4625")


def test_without_a_step_nothing_is_said(calls: Any):
    calls.add(0)
    assert calls.suggested("long-context") == []
