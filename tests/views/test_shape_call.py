from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

from cost_mcp.ledger.contract import StoredCall, Verification
from cost_mcp.model.call import Call, Context, Rank
from cost_mcp.model.charge import Charge, PricedCall, PriceEntry, Pricing
from cost_mcp.model.usage import Usage
from cost_mcp.views.shape_call import call_shape, verification_shape

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
CALL = Call(
    call_id="msg_1",
    occurred_at=NOON,
    model="claude-x",
    usage=Usage(input_tokens=1000),
    source="mcp",
    rank=Rank.AGENT,
    context=Context(task_id="T-1", tags={"branch": "main"}),
    metadata={"route": "cheap"},
)
ENTRY = PriceEntry(
    entry_id="e1",
    provider="anthropic",
    model="claude-x",
    service_tier="standard",
    unit_prices={"input": Decimal("0.000003")},
    book="packaged",
    source="https://example.org/prices",
    version="1",
    valid_from=date(2026, 1, 1),
)
CHARGE = Charge(meter="input", quantity=1000, unit_price_usd=Decimal("0.000003"), cost_usd=Decimal("0.003"))
PRICED = PricedCall(
    call=CALL,
    pricing=Pricing(
        priced="list", cost_usd=Decimal("0.003"), charges=(CHARGE,), entry=ENTRY, provider="anthropic", model="claude-x"
    ),
)


def test_a_call_can_be_explained_down_to_its_price_entry():
    shape = call_shape(StoredCall(priced=PRICED, recorded_at=NOON))
    price = shape["price"]
    assert isinstance(price, dict)
    assert (price["entry_id"], price["source"], price["valid_from"]) == ("e1", "https://example.org/prices", "2026-01-01")
    assert price["unit_prices_usd"] == {"input": "0.000003"}
    assert (shape["provider"], shape["cost_usd"], shape["task_id"]) == ("anthropic", "0.003", "T-1")
    assert (shape["tags"], shape["metadata"], shape["usage"]) == (
        {"branch": "main"},
        {"route": "cheap"},
        {"input_tokens": 1000},
    )
    assert None not in shape.values()


def test_a_corrected_call_shows_what_it_was_corrected_from():
    before = PricedCall(call=CALL, pricing=Pricing(priced="unpriced", cost_usd=None, nearest=("claude-y",)))
    shape = call_shape(StoredCall(priced=PRICED, recorded_at=NOON, revision=2, earlier=(before,)))
    earlier = shape["earlier"]
    assert isinstance(earlier, list)
    assert shape["revision"] == 2
    assert (earlier[0]["priced"], earlier[0]["nearest"]) == ("unpriced", ["claude-y"])
    assert "cost_usd" not in earlier[0]


def test_a_ledger_is_sound_when_there_is_no_difference():
    assert verification_shape(Verification(calls=3, windows=2, rollups=1))["sound"] is True
    found = verification_shape(Verification(calls=3, windows=2, rollups=1, differences=("one",)))
    assert (found["sound"], found["differences"]) == (False, ["one"])
