"""Which cheaper models are named, on made-up prices, so that each rule shows."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from cost_mcp.model.call import Call, Rank
from cost_mcp.model.charge import FREE, LIST, UNPRICED, Pricing
from cost_mcp.model.fitting import Alternative
from cost_mcp.model.usage import Usage
from cost_mcp.service.cheaper import cheaper_models, shown, without_output

PRICES = {
    ("here", "asked"): "10",
    ("here", "big-4-5"): "8",
    ("here", "big-4-6"): "8",
    ("here", "big-4-6-20251101"): "8",
    ("here", "big-4-2025-12-01"): "8",
    ("here", "small-2"): "1",
    ("here", "huge"): "20",
    ("here", "same"): "10",
    ("here", "gift"): "0",
    ("here", "secret"): None,
    ("there", "mid"): "5",
    ("there", "tiny"): "0.5",
    ("beyond", "far"): "3",
}
CALL = Call(
    call_id="c",
    occurred_at=datetime(2026, 11, 22, tzinfo=UTC),
    model="asked",
    provider="here",
    usage=Usage(input_tokens=10, output_tokens=5, reasoning_output_tokens=5),
    source="test",
    rank=Rank.AGENT,
)


def price(call: Call) -> Pricing:
    assert call.provider is not None
    cost = PRICES[call.provider, call.model]
    state = UNPRICED if cost is None else FREE if cost == "0" else LIST
    return Pricing(priced=state, cost_usd=None if cost is None else Decimal(cost), provider=call.provider, model=call.model)


def rivals(_provider: str, tokens: int) -> tuple[tuple[str, str], ...]:
    assert tokens == 15
    return tuple(PRICES)


def names(found: tuple[Alternative, ...]) -> list[str]:
    return [alternative.model for alternative in found]


def test_the_dearest_of_the_cheaper_ones_come_first_the_own_provider_s_before_others():
    assert names(cheaper_models(CALL, price(CALL), price, rivals)) == ["big-4-6", "small-2", "mid", "far", "tiny"]


def test_of_other_makers_one_model_each_is_shown():
    assert names(shown(cheaper_models(CALL, price(CALL), price, rivals), "here")) == ["big-4-6", "small-2", "mid", "far"]


@pytest.mark.parametrize("pricing", [Pricing(priced=UNPRICED, cost_usd=None), Pricing(priced=LIST, cost_usd=Decimal(10))])
def test_nothing_is_cheaper_than_what_has_no_price_or_no_provider(pricing: Pricing):
    assert cheaper_models(CALL, pricing, price, rivals) == ()


def test_a_call_that_has_not_answered_has_its_input_left():
    assert without_output(CALL.usage) == Usage(input_tokens=10)
