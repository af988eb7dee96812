from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

from cost_mcp.pricing.listing import InForce, ListedPrice, Listing
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
PEAK = ListedPrice(
    book="packaged",
    source="https://example.com/prices",
    version="2026-11-22",
    service_tier="standard",
    unit_prices={"input": Decimal("0.000009"), "output": Decimal("0.00003")},
    valid_from=datetime(2026, 8, 16, 16, tzinfo=UTC),
    valid_to=datetime(2027, 1, 1, tzinfo=UTC),
    hours="01:00-04:00, 06:00-10:00",
    days="mon-fri except 2026-10-01, 2026-10-02",
)
BELOW = replace(STEPPED, book="litellm", version="2", steps=(), applies=False, overruled=True)
FAST = replace(HALVED, service_tier="fast", times=Decimal(6), applies=True, note="six times")
KNOWN = Listing(
    asked_model="m",
    asked_provider=None,
    at=NOON,
    provider="acme",
    model="m",
    prices=(HALVED, STEPPED),
    in_force=(
        InForce(price=STEPPED, unit_prices=STEPPED.unit_prices, steps=STEPPED.steps),
        InForce(price=FAST, unit_prices={"input": Decimal("0.000018"), "output": Decimal("0.00009")}),
    ),
)


def test_what_each_tier_is_charged_now_stands_first_and_other_times_below():
    assert plain(listing_page(KNOWN)) == (
        "acme/m  ·  dollars per million tokens\n"
        "\n"
        "In force at 2026-11-22 12:00 UTC\n"
        "  Tier          Above  input  output  Holds            Book\n"
        "  standard                 3    15    undated          genai-prices 1\n"
        "              200,000      6    22.5\n"
        "  fast (× 6)              18    90    from 2024-10-08  packaged 2026-11-22\n"
        "web search: $0.01 each\n"
        "\n"
        "At other times\n"
        "  Tier           input  output  Holds            Book\n"
        "  batch (× 0.5)  × 0.5   × 0.5  from 2024-10-08  packaged 2026-11-22\n"
        "\n"
        "packaged 2026-11-22: https://example.com/batch (half of standard)\n"
        "genai-prices 1: https://example.com/prices\n"
    )


def test_hours_and_days_stand_under_each_other_and_what_a_higher_book_overrules_apart():
    page = plain(listing_page(replace(KNOWN, prices=(STEPPED, PEAK, BELOW))), 110)

    assert page.endswith(
        "At other times\n"
        "  Tier      input  output  Holds                         Book\n"
        "  standard      9      30  from 2026-08-16 16:00         packaged 2026-11-22\n"
        "                           until 2027-01-01\n"
        "                           01:00-04:00, 06:00-10:00 UTC\n"
        "                           mon-fri\n"
        "                           except 2 days\n"
        "\n"
        "Overruled by the prices above\n"
        "  Tier      input  output  Holds    Book\n"
        "  standard      3      15  undated  litellm 2\n"
        "\n"
        "genai-prices 1: https://example.com/prices\n"
        "packaged 2026-11-22: https://example.com/prices\n"
        "litellm 2: https://example.com/prices\n"
    )


def test_a_narrow_page_keeps_the_prices_and_lets_the_book_go():
    page = plain(listing_page(KNOWN), 48)

    assert "Book" not in page.split("At other times")[0]
    assert "200,000      6    22.5" in page


def test_a_model_with_prices_at_other_times_only_is_shown_under_the_name_asked_for():
    page = plain(listing_page(Listing(asked_model="m", asked_provider=None, at=NOON, prices=(PEAK,), warnings=("not now",))))

    assert page.startswith("m  ·  dollars per million tokens\n\nAt other times\n")
    assert page.endswith("warning: not now\n")


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
            "overruled": False,
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
            "overruled": False,
        },
    ]
    assert shape["in_force_by_tier"] == [
        {
            "service_tier": "standard",
            "unit_prices_usd": {"input": "0.000003", "output": "0.000015", "web_search": "0.01"},
            "steps": [{"above_input_tokens": 200_000, "unit_prices_usd": {"input": "0.000006", "output": "0.0000225"}}],
            "book": "genai-prices",
            "version": "1",
        },
        {
            "service_tier": "fast",
            "unit_prices_usd": {"input": "0.000018", "output": "0.00009"},
            "book": "packaged",
            "version": "2026-11-22",
        },
    ]
    assert "in_force" not in shape
