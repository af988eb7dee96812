"""Cheaper models for the same tokens: which candidates, priced by the same catalog, in an order that is explained."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from decimal import Decimal
from typing import Protocol

from cost_mcp.model.call import Call
from cost_mcp.model.charge import FREE, Pricing
from cost_mcp.model.fitting import Alternative
from cost_mcp.model.usage import Usage

OWN_MAX, OTHER_MAX = 3, 2
"""How many of the same provider and of other makers are shown."""

CONSIDERED = (
    "Candidates: text models in the price tables of the same provider, then of other large makers, whose stated context holds "
    "the call. Of each price the newest name; the dearest of the cheaper ones first, since price is the only sign of ability "
    "a price book has. Whether a model is good enough, or still sold, it cannot tell."
)

PriceOf = Callable[[Call], Pricing]
Rivals = Callable[[str, int], tuple[tuple[str, str], ...]]


class Priced(Protocol):
    """What is asked of a catalog to price a call and what could be called instead."""

    def price(self, call: Call) -> Pricing:
        """What a call costs."""
        ...

    def rivals(self, provider: str, tokens: int) -> tuple[tuple[str, str], ...]:
        """The models that may do the work of a text call of so many tokens."""
        ...


def cheaper_models(call: Call, pricing: Pricing, price_of: PriceOf, rivals: Rivals) -> tuple[Alternative, ...]:
    """Every candidate that costs less for the same tokens: the provider's own, then other makers', each the dearest first.

    A candidate without a known price for all of the tokens, or one that is free, is none: an unknown price is not $0, and a
    free model is not somebody's to offer. Of several at one cost the newest name stands for all. Empty when the call itself
    has no price, or no provider.
    """
    if pricing.cost_usd is None or pricing.provider is None:
        return ()
    own: dict[Decimal, Alternative] = {}
    others: dict[tuple[str, Decimal], Alternative] = {}
    for provider, model in rivals(pricing.provider, call.usage.total_tokens):
        cost = _cost(call, provider, model, price_of)
        if cost is None or cost >= pricing.cost_usd:
            continue
        found = Alternative(provider=provider, model=model, cost_usd=cost)
        if provider == pricing.provider:
            own[cost] = _newer(own.get(cost), found)
        else:
            others[provider, cost] = _newer(others.get((provider, cost)), found)
    return (*_dearest_first(own.values()), *_dearest_first(others.values()))


def shown(alternatives: Iterable[Alternative], provider: str | None, *, most: int | None = None) -> tuple[Alternative, ...]:
    """The few that are shown: up to three of the same provider, and up to two other makers' with one model each.

    Args:
        alternatives: in their order.
        provider: whose own models come first.
        most: so many of each instead.
    """
    own: list[Alternative] = []
    others: dict[str, Alternative] = {}
    for found in alternatives:
        if found.provider == provider:
            own.append(found)
        else:
            others.setdefault(found.provider, found)
    return (*own[: most or OWN_MAX], *list(others.values())[: most or OTHER_MAX])


def _cost(call: Call, provider: str, model: str, price_of: PriceOf) -> Decimal | None:
    pricing = price_of(replace(call, provider=provider, model=model, response_model=None, stated_cost_usd=None))
    # A tier the model has no price of its own in is charged as another, and says so: no honest comparison.
    return None if pricing.priced == FREE or (call.service_tier != "standard" and pricing.warnings) else pricing.cost_usd


def _newer(known: Alternative | None, found: Alternative) -> Alternative:
    return found if known is None or _version(found.model) > _version(known.model) else known


def _version(model: str) -> tuple[tuple[int, ...], int]:
    """The numbers in a name in their order, dates left out; of equal ones the shortest name is the highest."""
    numbers = re.findall(r"\d+", re.sub(r"\d{4}-\d{2}-\d{2}|\d{4,}", "", model))
    return tuple(int(number) for number in numbers), -len(model)


def _dearest_first(found: Iterable[Alternative]) -> list[Alternative]:
    return sorted(found, key=lambda alternative: (-alternative.cost_usd, alternative.provider, alternative.model))


def without_output(usage: Usage) -> Usage:
    """The same call before it has answered anything."""
    return replace(usage, output_tokens=0, reasoning_output_tokens=0, output_audio_tokens=0, output_image_tokens=0)
