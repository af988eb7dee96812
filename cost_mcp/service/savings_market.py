"""What calls would have been charged otherwise: prices of the catalog, for the rules that propose another model, tier or size."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from cost_mcp.errors import InvalidInput
from cost_mcp.model.call import Call, Rank
from cost_mcp.model.charge import Pricing
from cost_mcp.model.usage import Usage
from cost_mcp.reports.savings.rule import Instead, Sample
from cost_mcp.reports.savings.unit_prices import UnitPrices
from cost_mcp.service.cheaper import Priced, cheaper_models

BATCH = "batch"


@dataclass(slots=True)
class Market:
    """The prices of a catalog; it is loaded only once a rule asks, and asked once about calls that are alike."""

    open_prices: Callable[[], Priced]
    _prices: Priced | None = None
    _known: dict[tuple[object, ...], Instead | None] = field(default_factory=dict[tuple[object, ...], "Instead | None"])

    def smaller(self, sample: Sample) -> Instead | None:
        """The dearest of the provider's own models that cost less for such a call, as the price books sort them."""
        return self._once(("smaller", sample), lambda: self._smaller(sample))

    def batch(self, sample: Sample) -> Instead | None:
        """The same model in the batch tier; None where it has no price of its own there."""
        pricing = self._price(replace(_call(sample), service_tier=BATCH))
        if pricing is None or pricing.entry is None or pricing.entry.service_tier != BATCH:
            return None
        return _instead(f"{sample.model} in the batch tier", pricing)

    def short(self, sample: Sample, context_above: int) -> Instead | None:
        """The same model at the price of a call that just does not exceed a step."""
        fitting = replace(sample, input_tokens=min(sample.input_tokens, context_above), read_tokens=0, written_tokens=0)
        pricing = self._price(_call(fitting))
        if pricing is None or pricing.entry is None or (pricing.entry.context_above or 0) >= context_above:
            return None
        return _instead(sample.model, pricing)

    @property
    def prices(self) -> Priced:
        """The catalog, opened when the first rule asks: that takes longer than most rules do."""
        if self._prices is None:
            self._prices = self.open_prices()
        return self._prices

    def _smaller(self, sample: Sample) -> Instead | None:
        call = _call(sample)
        pricing = self._price(call)
        if pricing is None:
            return None
        for found in cheaper_models(call, pricing, self.prices.price, self.prices.rivals):
            if found.provider == pricing.provider:
                cheaper = self._price(replace(call, provider=found.provider, model=found.model))
                return None if cheaper is None else _instead(found.model, cheaper)
        return None

    def _price(self, call: Call) -> Pricing | None:
        """What the catalog makes of a call; None where it knows no price for all of it."""
        try:
            pricing = self.prices.price(call)
        except InvalidInput:  # more than any one call may cost: no typical call
            return None
        return None if pricing.lacks_price else pricing

    def _once(self, key: tuple[object, ...], ask: Callable[[], Instead | None]) -> Instead | None:
        if key not in self._known:
            self._known[key] = ask()
        return self._known[key]


def _instead(name: str, pricing: Pricing) -> Instead | None:
    return None if pricing.entry is None else Instead(name=name, prices=UnitPrices(pricing.entry.unit_prices))


def _call(sample: Sample) -> Call:
    return Call(
        call_id="sample",
        occurred_at=sample.at,
        model=sample.model,
        provider=sample.provider,
        service_tier=sample.service_tier,
        source="savings",
        rank=Rank.AGENT,
        usage=Usage(
            input_tokens=sample.input_tokens,
            cache_read_input_tokens=sample.read_tokens,
            cache_creation_input_tokens=sample.written_tokens,
            output_tokens=sample.output_tokens,
            reasoning_output_tokens=sample.reasoning_tokens,
        ),
    )
