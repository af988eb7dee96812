"""The JSON shape of what the price books say about one model."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING

from cost_mcp.model.moment import instant_text
from cost_mcp.model.money import usd_text
from cost_mcp.views.shape_call import present, price_shape

if TYPE_CHECKING:
    from cost_mcp.pricing.listing import ListedPrice, Listing


def listing_shape(listing: Listing) -> dict[str, object]:
    """Every price known for a model, the one that wins first, and the entry a standard call is charged by.

    ``known`` is false, and ``in_force`` absent, where nothing applies; ``nearest`` then names models to try instead.
    ``in_force_by_tier`` says what each service tier with prices of its own is charged, every meter included.
    """
    shape = present(
        {
            "asked": listing.asked_model,
            "known": listing.entry is not None,
            "provider": listing.provider,
            "model": listing.model,
            "at": instant_text(listing.at),
            "in_force": None if listing.entry is None else price_shape(listing.entry),
        }
    )
    shape["in_force_by_tier"] = [
        present(
            {
                "service_tier": tier.price.service_tier,
                "unit_prices_usd": _prices(tier.unit_prices),
                "steps": _steps(tier.steps),
                "book": tier.price.book,
                "version": tier.price.version,
            }
        )
        for tier in listing.in_force
    ]
    shape["prices"] = [_price_shape(price) for price in listing.prices]
    shape["nearest"] = list(listing.nearest)
    shape["warnings"] = list(listing.warnings)
    return shape


def _price_shape(price: ListedPrice) -> dict[str, object]:
    return present(
        {
            "book": price.book,
            "source": price.source,
            "version": price.version,
            "service_tier": price.service_tier,
            "applies": price.applies,
            "unit_prices_usd": _prices(price.unit_prices),
            "steps": _steps(price.steps),
            "times_standard": None if price.times is None else format(price.times.normalize(), "f"),
            "valid_from": None if price.valid_from is None else instant_text(price.valid_from),
            "valid_to": None if price.valid_to is None else instant_text(price.valid_to),
            "hours_utc": price.hours or None,
            "days": price.days or None,
            "extends": price.extends,
            "undated": price.undated,
            "overruled": price.overruled,
            "note": price.note,
        }
    )


def _steps(steps: tuple[tuple[int, Mapping[str, Decimal]], ...]) -> list[dict[str, object]] | None:
    return [{"above_input_tokens": above, "unit_prices_usd": _prices(prices)} for above, prices in steps] or None


def _prices(prices: Mapping[str, Decimal]) -> dict[str, str]:
    return {meter: usd_text(price) for meter, price in prices.items()}
