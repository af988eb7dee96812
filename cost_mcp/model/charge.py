"""What a call cost, meter by meter, and the price entry that says why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from cost_mcp.model.call import Call

METERS: tuple[str, ...] = (
    "input",
    "cache_read",
    "cache_write_5m",
    "cache_write_1h",
    "input_audio",
    "cache_read_audio",
    "input_image",
    "output",
    "reasoning",
    "output_audio",
    "output_image",
    "web_search",
    "request",
    "stated",
)
"""Every meter a charge can have. ``request`` is a flat price per call; ``stated`` is a cost told instead of computed."""

LIST, OVERRIDE, STATED, FREE, UNPRICED = "list", "override", "stated", "free", "unpriced"
PRICED_STATES = (LIST, OVERRIDE, STATED, FREE, UNPRICED)

AGENTS = "mcp"
"""The source whose word about its own costs is held against the list price."""

UNCHECKED = (
    "An agent stated this cost and there is no whole list price to check it by: it counts as a lower bound. Add the model to a "
    "price book, or let a program or a log report the call."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """One meter's share of a cost: ``quantity`` x ``unit_price_usd``, rounded half-even once to nano-dollars."""

    meter: str
    quantity: int
    unit_price_usd: Decimal
    cost_usd: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceEntry:
    """The unit prices one call was priced with, and where they come from; stored once, named by every call that used it.

    ``unit_prices`` is meter → US dollars per token or request, at the tier and context size that applied. ``entry_id`` is a
    hash of everything else, so equal contents are one entry and no entry ever changes. ``undated`` means that the source
    gives no start: the price is taken for all earlier times.
    """

    entry_id: str
    provider: str
    model: str
    service_tier: str
    unit_prices: Mapping[str, Decimal]
    book: str
    source: str
    version: str
    context_above: int | None = None
    valid_from: date | None = None
    valid_to: date | None = None
    undated: bool = False
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pricing:
    """What a catalog made of one call.

    ``cost_usd`` is what counts, None when unpriced; it equals the sum of ``charges``. ``list_cost_usd`` is what the price
    entry gives, kept even when a stated cost counts, if it is whole. ``model`` and ``provider`` are the catalog's ids of what
    it matched. ``partial`` says that the cost is a lower bound: something the call used has no price, or its cost is an
    agent's word that nothing could be held against.
    """

    priced: str
    cost_usd: Decimal | None
    charges: tuple[Charge, ...] = ()
    entry: PriceEntry | None = None
    partial: bool = False
    list_cost_usd: Decimal | None = None
    provider: str | None = None
    model: str | None = None
    warnings: tuple[str, ...] = ()
    nearest: tuple[str, ...] = ()

    @property
    def lacks_price(self) -> bool:
        """Whether the cost is not known, or not wholly."""
        return self.cost_usd is None or self.partial

    @property
    def lacks_token_price(self) -> bool:
        """Whether no price book priced the tokens: nobody knows the cost, or an agent's word is all there is."""
        return self.cost_usd is None or (self.partial and self.priced == STATED)

    def unchecked(self) -> Pricing:
        """The same cost as a lower bound, since only an agent's word says so."""
        return replace(self, partial=True, warnings=tuple(dict.fromkeys((*self.warnings, UNCHECKED))))

    def remarked(self, notes: Sequence[str], uncounted: Sequence[str], *, agents: bool) -> Pricing:
        """The same with what a reader of the provider's usage remarked, to be kept with the call.

        Args:
            notes: everything that was remarked.
            uncounted: the notes that tell of a cost which is in no count: the list price is then a lower bound.
            agents: an agent reports: a cost it states is no more than its word.
        """
        warned = replace(self, warnings=tuple(dict.fromkeys((*self.warnings, *notes))))
        if not uncounted or self.cost_usd is None:
            return warned
        if self.priced != STATED:
            return replace(warned, partial=True)
        return replace(warned, list_cost_usd=None, partial=self.partial or agents)


@dataclass(frozen=True, slots=True, kw_only=True)
class PricedCall:
    """A call together with what it cost: the one thing the ledger records."""

    call: Call
    pricing: Pricing

    @property
    def provider(self) -> str | None:
        """The provider as reported, else as the catalog resolved it."""
        return self.call.provider or self.pricing.provider
