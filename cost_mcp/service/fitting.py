"""What of a denied call would still fit: less output, or a cheaper model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from cost_mcp.budgets.fitting import largest_output
from cost_mcp.ledger.coverage import covered_by
from cost_mcp.model.budget import Standing
from cost_mcp.model.charge import PricedCall
from cost_mcp.model.decision import DENY, Spend, decide
from cost_mcp.model.fitting import Alternative, Fitting
from cost_mcp.service.answer import covering_of
from cost_mcp.service.call_to_come import spend_on
from cost_mcp.service.cheaper import Priced, cheaper_models, shown, without_output
from cost_mcp.service.search import Search

LOOKED_AT_MAX = 12
"""Cheaper models whose budgets are looked up for one denial."""


def what_fits(denied: PricedCall, standings: Sequence[Standing], prices: Priced) -> Search[Fitting | None]:
    """What the denied call could be instead, by the ``standings`` of every budget that covers it.

    None where the denial has another reason than want of room: a price nobody knows, unpriced calls in the window.
    """
    lacks_room = decide(standings, spend_on(denied), holding=True).lacks_room
    if not lacks_room or denied.pricing.lacks_price:
        return None
    enforcing = [standing for standing in standings if standing.budget.mode == "enforce"]
    alternatives = yield from _that_fit(denied, enforcing, prices)
    return Fitting(max_output_tokens=_most_output(denied, enforcing, prices), alternatives=alternatives)


def _most_output(denied: PricedCall, enforcing: Sequence[Standing], prices: Priced) -> int | None:
    """Less output than was asked for; None where the call states none or its output is not text at one price."""
    usage = denied.call.usage
    price = next((charge.unit_price_usd for charge in denied.pricing.charges if charge.meter == "output"), None)
    fixed = prices.price(replace(denied.call, usage=without_output(usage))).cost_usd
    if price is None or fixed is None or usage.output_audio_tokens or usage.output_image_tokens:
        return None
    return largest_output(enforcing, fixed_usd=fixed, output_price_usd=price, input_tokens=usage.input_tokens)


def _that_fit(denied: PricedCall, enforcing: Sequence[Standing], prices: Priced) -> Search[tuple[Alternative, ...]]:
    """The cheaper models that every budget covering *them* would admit now, the few that are shown."""
    call, pricing = denied.call, denied.pricing
    ceilings = [s.remaining for s in enforcing if s.budget.unit == "usd" and not _looks_at_model(s)]
    possible = [
        found
        for found in cheaper_models(call, pricing, prices.price, prices.rivals)
        if all(found.cost_usd <= ceiling for ceiling in ceilings)
    ]
    fitting: list[Alternative] = []
    for found in shown(possible, pricing.provider, most=LOOKED_AT_MAX):
        other = replace(call, provider=found.provider, model=found.model)
        covered = covered_by(PricedCall(call=other, pricing=prices.price(other)))
        standings = yield covered
        spend = Spend(usd=found.cost_usd, tokens=call.usage.total_tokens)
        if decide(covering_of(standings, covered), spend, holding=True).decision != DENY:
            fitting.append(found)
    return shown(fitting, pricing.provider)


def _looks_at_model(standing: Standing) -> bool:
    return standing.budget.each == "model" or any(name in ("model", "provider") for name, _ in standing.budget.scope.conditions)
