"""Prices: every one known for a model, and the models that have none."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from cost_mcp.model.money import usd_text
from cost_mcp.views.html.rendering import rendered

if TYPE_CHECKING:
    from cost_mcp.model.totals import Totals
    from cost_mcp.pricing.listing import Listing
    from cost_mcp.views.html.frame import Frame


def prices_page(frame: Frame, *, model: str, listing: Listing | None, unpriced: Sequence[tuple[str, Totals]]) -> str:
    """The search and what it found (None before one); ``unpriced`` are the period's models without a known price."""
    return rendered("prices.html.j2", frame=frame, model=model, listing=listing, unpriced=unpriced, price=_price)


def _price(meter: str, price: Decimal) -> str:
    """A unit price as price lists say it: per million tokens, per thousand searches or requests."""
    per, size = (" per 1,000", 1_000) if meter in ("web_search", "request") else ("", 1_000_000)
    whole, _, part = usd_text(price * size).partition(".")
    return f"${int(whole):,}.{part.ljust(2, '0')}{per}"
