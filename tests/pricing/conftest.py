"""What every pricing test asks: a catalog of the packaged prices, and calls that need only say what matters."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from cost_mcp.model.call import Call, Rank
from cost_mcp.model.charge import Pricing
from cost_mcp.model.usage import Usage
from cost_mcp.pricing.catalog import Catalog, open_catalog

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """A catalog that is asked for a price by model and usage."""

    catalog: Catalog

    def __call__(self, model: str, provider: str | None = None, **fields: Any) -> Pricing:
        """The pricing of a call; usage fields and call fields by name."""
        usage = {name: fields.pop(name) for name in list(fields) if name.endswith(("_tokens", "_requests"))}
        told: dict[str, Any] = {"occurred_at": NOON, "source": "cli", "rank": Rank.AGENT, **fields}
        return self.catalog.price(Call(call_id="c1", model=model, provider=provider, usage=Usage(**usage), **told))

    def meters(self, model: str, provider: str | None = None, **fields: Any) -> dict[str, tuple[int, Decimal]]:
        """Meter → (quantity, cost) of a call."""
        return {charge.meter: (charge.quantity, charge.cost_usd) for charge in self(model, provider, **fields).charges}


@pytest.fixture(scope="session")
def catalog() -> Catalog:
    return open_catalog()


@pytest.fixture(scope="session")
def price(catalog: Catalog) -> Callable[..., Pricing]:
    """Price a call: ``price("gpt-4o", input_tokens=1000)``."""
    return Asking(catalog=catalog)


@pytest.fixture(scope="session")
def meters(catalog: Catalog) -> Callable[..., dict[str, tuple[int, Decimal]]]:
    """Meter → (quantity, cost) of a call."""
    return Asking(catalog=catalog).meters
