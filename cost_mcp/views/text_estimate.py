"""Plain text of an estimate, and of models that would be cheaper."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from cost_mcp.model.fitting import Alternative, Fitting
from cost_mcp.model.money import usd_text
from cost_mcp.views.shape_estimate import saved_percent

if TYPE_CHECKING:
    from cost_mcp.service.estimating import Estimate


def estimate_text(estimate: Estimate) -> str:
    """What a call would cost meter by meter, how that is known, and what would be cheaper."""
    pricing, usage = estimate.pricing, estimate.usage
    tokens = f"{usage.input_tokens:,} input and {usage.output_tokens:,} output tokens"
    named = estimate.model if pricing.provider is None else f"{estimate.model} ({pricing.provider})"
    if pricing.cost_usd is None:
        lines = [f"{named}: unpriced. The cost of {tokens} is unknown, not zero."]
    else:
        meters = "; ".join(
            f"{charge.meter} {charge.quantity:,} × ${usd_text(charge.unit_price_usd)} = ${usd_text(charge.cost_usd)}"
            for charge in pricing.charges
        )
        most = "" if estimate.most_usd is None else f" At most ${usd_text(estimate.most_usd)} with the full output limit."
        lines = [f"{named}: ${usd_text(pricing.cost_usd)} ({pricing.priced}) for {tokens}. {meters}.{most}"]
    lines.append(f"Confidence: {estimate.confidence}. {estimate.method}")
    if estimate.alternatives and pricing.cost_usd:
        cost = pricing.cost_usd
        said = [f"{_named(found)}, {saved_percent(found, cost)} % less" for found in estimate.alternatives]
        lines += [f"Cheaper for the same tokens: {'; '.join(said)}.", estimate.considered]
    elif pricing.cost_usd is not None:
        lines.append(f"Nothing cheaper was found. {estimate.considered}")
    lines += [f"Warning: {warning}" for warning in estimate.warnings]
    return "\n".join(lines)


def alternatives_text(alternatives: Iterable[Alternative]) -> str:
    """Models and what they cost, in one line."""
    return "; ".join(_named(found) for found in alternatives)


def fitting_text(fitting: Fitting) -> str:
    """What a denied call could be, in one line."""
    most, others = fitting.max_output_tokens, fitting.alternatives
    if most is None and not others:
        return "Neither less output nor a cheaper known model would fit."
    less = "No output would fit with this model." if most is None else f"With max_output_tokens {most} it would fit."
    return f"{less} Would fit as it is: {alternatives_text(others)}." if others else less


def _named(found: Alternative) -> str:
    return f"{found.provider}/{found.model} ${usd_text(found.cost_usd)}"
