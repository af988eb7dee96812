from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from cost_mcp.pricing.listing import ListedPrice, Listing
from cost_mcp.views.shape_listing import listing_shape
from cost_mcp.views.terminal_layout import plain
from cost_mcp.views.terminal_listing import listing_page

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
STEPPED = ListedPrice(
    book="genai-prices",
    source="https://example.com/prices",
    version="1",
    service_tier="standard",
    unit_prices={"input": Decimal("0.000003"), "output": Decimal("0.000015"), "web_search": Decimal("0.01")},
    steps=((200_000, {"input": Decimal("0.000006"), "output": Decimal("0.0000225")}),),
    undated=True,
    applies=True,
)
HALVED = ListedPrice(
    book="packaged",
    source="https://example.com/batch",
    version="2026-11-22",
    service_tier="batch",
    unit_prices={},
    times=Decimal("0.5"),
    valid_from=datetime(2024, 10, 8, tzinfo=UTC),
    extends=True,
    note="half of standard",
)
KNOWN = Listing(asked_model="m", asked_provider=None, at=NOON, provider="acme", model="m", prices=(HALVED, STEPPED))


def test_every_price_is_a_row_and_every_step_one_below_it():
    assert plain(listing_page(KNOWN)) == (
        "acme/m  ·  dollars per million tokens\n"
        "\n"
        "   Tier             Above  input  output  Holds            Book\n"
        "   batch (× 0.5)                          from 2024-10-08  packaged 2026-11-22\n"
        "●  standard                    3    15    undated          genai-prices 1\n"
        "                  200,000      6    22.5\n"
        "\n"
        "web search: $0.01 each\n"
        "\n"
        "packaged: https://example.com/batch (half of standard)\n"
        "genai-prices: https://example.com/prices\n"
    )


def test_the_shape_says_the_same_without_nulls():
    shape = listing_shape(KNOWN)

    assert shape["prices"] == [
        {
            "book": "packaged",
            "source": "https://example.com/batch",
            "version": "2026-11-22",
            "service_tier": "batch",
            "applies": False,
            "unit_prices_usd": {},
            "times_standard": "0.5",
            "valid_from": "2024-10-08T00:00:00Z",
            "extends": True,
            "undated": False,
            "note": "half of standard",
        },
        {
            "book": "genai-prices",
            "source": "https://example.com/prices",
            "version": "1",
            "service_tier": "standard",
            "applies": True,
            "unit_prices_usd": {"input": "0.000003", "output": "0.000015", "web_search": "0.01"},
            "steps": [{"above_input_tokens": 200_000, "unit_prices_usd": {"input": "0.000006", "output": "0.0000225"}}],
            "extends": False,
            "undated": True,
        },
    ]
    assert "in_force" not in shape
