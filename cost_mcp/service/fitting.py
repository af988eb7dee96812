"""What of a denied call would still fit: less output, or a cheaper model."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from cost_mcp.budgets.decision import DENY, Spend, decide
from cost_mcp.budgets.fitting import largest_output
from cost_mcp.ledger.contract import Ledger
from cost_mcp.ledger.coverage import covered_by
from cost_mcp.model.budget import Standing
from cost_mcp.model.call import Call
from cost_mcp.model.charge import PricedCall, Pricing
from cost_mcp.model.fitting import Alternative, Fitting
from cost_mcp.model.reservation import Admission
from cost_mcp.service.answer import covers
from cost_mcp.service.call_report import bind
from cost_mcp.service.cheaper import cheaper_models, shown, without_output
from cost_mcp.service.estimating import Priced, call_to_come
from cost_mcp.service.fields import Fields, context_of, present
from cost_mcp.service.reserving import largest_usage

if TYPE_CHECKING:
    from cost_mcp.config.settings import Settings

LOOKED_AT_MAX = 12
"""Cheaper models whose budgets are looked up for one denial."""


async def with_fitting(
    admission: Admission, fields: Fields, settings: Settings, prices: Priced, ledger: Ledger, now: datetime
) -> Admission:
    """A denied admission with what would fit instead; any other as it is.

    Nothing is said to fit where the denial has another reason than the amount: a model or price nobody knows, unpriced calls
    in the window, an amount without a model, a key whose reservation has ended.
    """
    if admission.decision != DENY or admission.denied_by is None:
        return admission
    given = present(fields)
    usage = largest_usage(given)
    if "model" not in given or usage is None or "amount_usd" in given:
        return admission
    call = call_to_come(given, usage, now, bind(context_of(given), settings))
    pricing = prices.price(call)
    enforcing = [standing for standing in admission.standings if standing.budget.mode == "enforce"]
    spend = Spend(usd=pricing.cost_usd, tokens=usage.total_tokens)
    if pricing.cost_usd is None or any(_unsure(standing) for standing in enforcing):
        return admission
    if decide(enforcing, spend).decision != DENY:
        return admission
    fitting = Fitting(
        max_output_tokens=_most_output(call, pricing, enforcing, prices),
        alternatives=await _that_fit(call, pricing, enforcing, settings.tenant, prices, ledger, now),
    )
    return replace(admission, fitting=fitting)


def _most_output(call: Call, pricing: Pricing, enforcing: list[Standing], prices: Priced) -> int | None:
    """Less output than was asked for; None where the call states none or its output is not text at one price."""
    price = next((charge.unit_price_usd for charge in pricing.charges if charge.meter == "output"), None)
    fixed = prices.price(replace(call, usage=without_output(call.usage))).cost_usd
    if price is None or fixed is None or call.usage.output_audio_tokens or call.usage.output_image_tokens:
        return None
    return largest_output(enforcing, fixed_usd=fixed, output_price_usd=price, input_tokens=call.usage.input_tokens)


async def _that_fit(
    call: Call, pricing: Pricing, enforcing: list[Standing], tenant: str, prices: Priced, ledger: Ledger, now: datetime
) -> tuple[Alternative, ...]:
    """The cheaper models that every budget covering *them* would admit now, the few that are shown."""
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
        standings = [s for s in await ledger.standings(tenant, covered, now) if covers(s, covered)]
        unsure = any(_unsure(standing) for standing in standings if standing.budget.mode == "enforce")
        spend = Spend(usd=found.cost_usd, tokens=call.usage.total_tokens)
        if not unsure and decide(standings, spend).decision != DENY:
            fitting.append(found)
    return shown(fitting, pricing.provider)


def _unsure(standing: Standing) -> bool:
    return standing.budget.unit == "usd" and standing.unpriced_calls > 0


def _looks_at_model(standing: Standing) -> bool:
    return standing.budget.each == "model" or any(name in ("model", "provider") for name, _ in standing.budget.scope.conditions)
