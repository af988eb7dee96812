"""The JSON shape of an estimate, and of models that would be cheaper."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import ROUND_FLOOR, Decimal
from typing import TYPE_CHECKING

from cost_mcp.model.fitting import Alternative, Fitting
from cost_mcp.model.money import usd_text
from cost_mcp.views.shape_call import charge_shape

if TYPE_CHECKING:
    from cost_mcp.service.estimating import Estimate


def estimate_shape(estimate: Estimate) -> dict[str, object]:
    """What a call would cost; ``cost_usd`` is absent where nobody knows the price, ``nearest`` then names models to try."""
    pricing, cost = estimate.pricing, estimate.pricing.cost_usd
    shape: dict[str, object] = {"model": estimate.model}
    if pricing.provider is not None:
        shape["provider"] = pricing.provider
    if cost is not None:
        shape["cost_usd"] = usd_text(cost)
    if estimate.most_usd is not None:
        shape["max_cost_usd"] = usd_text(estimate.most_usd)
    shape["priced"] = pricing.priced
    shape["charges"] = [charge_shape(charge) for charge in pricing.charges]
    shape |= estimate.usage.as_dict()
    shape["counted_by"] = estimate.counted_by
    shape["confidence"] = estimate.confidence
    shape["method"] = estimate.method
    shape["alternatives"] = alternative_shapes(estimate.alternatives, cost)
    shape["considered"] = estimate.considered
    if cost is None:
        shape["nearest"] = list(pricing.nearest)
    shape["warnings"] = list(estimate.warnings)
    return shape


def alternative_shapes(alternatives: Iterable[Alternative], cost: Decimal | None = None) -> list[dict[str, object]]:
    """Cheaper models with what the same tokens cost there, and how many percent less that is where the cost is known."""
    shapes: list[dict[str, object]] = []
    for found in alternatives:
        shape: dict[str, object] = {
            "provider": found.provider,
            "model": found.model,
            "cost_usd": usd_text(found.cost_usd),
        }
        if cost:
            shape["saves_percent"] = saved_percent(found, cost)
        shapes.append(shape)
    return shapes


def fitting_shape(fitting: Fitting | None) -> dict[str, object]:
    """What a denied call could be: ``max_output_tokens`` where less output would do, and the models that it fits with."""
    if fitting is None:
        return {}
    most = {} if fitting.max_output_tokens is None else {"max_output_tokens": fitting.max_output_tokens}
    return {**most, "alternatives": alternative_shapes(fitting.alternatives)}


def saved_percent(found: Alternative, cost: Decimal) -> int:
    """How much less an alternative costs, in whole percent, rounded down."""
    return int(((cost - found.cost_usd) * 100 / cost).to_integral_value(rounding=ROUND_FLOOR))
