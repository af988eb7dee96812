"""Models the first tables do not know, from one JSON file that is read only on a miss."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from cost_mcp.pricing.rate import CALL_METERS, PER_MILLION, Card, Entry, Origin, Rate, TierCard
from cost_mcp.pricing.spelling import exact_spellings, folded, shorter_spellings

BOOK = "litellm"
_FIREWORKS = "accounts/fireworks/models/"
"""Fireworks' own ids begin with this; agents leave it out."""


class Supplement:
    """The packaged table of further models; ``read`` gives its text and is called on the first question.

    The text is an object with ``source``, ``version``, ``read`` and ``providers``: provider → model → meters. A meter is a
    price as text in dollars per million tokens, or per request, or ``[base, [above, price], …]``; ``tiers`` holds the same
    per service tier.
    """

    def __init__(self, read: Callable[[], str]) -> None:
        self._read = read
        self._table: dict[str, dict[str, dict[str, Any]]] | None = None
        self._ids: dict[str, str] = {}
        self._holders: dict[str, list[str]] = {}
        self._origin = Origin(book=BOOK, source="", version="")

    @property
    def providers(self) -> tuple[str, ...]:
        """The ids of its providers."""
        self._open()
        return tuple(self._ids.values())

    def find(self, provider: str, name: str, *, shorten: bool) -> Entry | None:
        """What it says about a model under exactly this name, or with dates, versions and regions taken off."""
        models = self._open().get(folded(provider), {})
        spellings = shorter_spellings(name) if shorten else exact_spellings(name)
        forms = ((spelled, _FIREWORKS + spelled) if provider == "fireworks" else (spelled,) for spelled in spellings)
        found = next((form for pair in forms for form in pair if form in models), None)
        return None if found is None else self._entry(provider, found, models[found])

    def holders(self, name: str) -> tuple[str, ...]:
        """The providers that list a model under exactly this name."""
        table = self._open()
        if not self._holders:
            for provider, models in table.items():
                for model in models:
                    self._holders.setdefault(model, []).append(self._ids[provider])
        return next((tuple(self._holders[s]) for s in exact_spellings(name) if s in self._holders), ())

    def models(self, provider: str) -> tuple[str, ...]:
        """The names it lists of a provider."""
        return tuple(self._open().get(folded(provider), {}))

    def _open(self) -> Mapping[str, dict[str, dict[str, Any]]]:
        if self._table is None:
            whole = json.loads(self._read())
            self._ids = {folded(provider): provider for provider in whole["providers"]}
            note = f"read {whole['read']}"
            self._origin = Origin(book=BOOK, source=whole["source"], version=whole["version"], note=note)
            self._table = {folded(provider): models for provider, models in whole["providers"].items()}
        return self._table

    def _entry(self, provider: str, model: str, row: Mapping[str, Any]) -> Entry:
        return Entry(
            provider=self._ids[folded(provider)],
            model=model,
            cards=(Card(rates=_rates(row), origin=self._origin),),
            tiers=tuple(
                TierCard(tier=tier, origin=self._origin, rates=_rates(rates)) for tier, rates in row.get("tiers", {}).items()
            ),
        )


def _rates(row: Mapping[str, Any]) -> dict[str, Rate]:
    return {meter: _rate(value, 0 if meter in CALL_METERS else PER_MILLION) for meter, value in row.items() if meter != "tiers"}


def _rate(value: Any, exponent: int) -> Rate:
    if isinstance(value, str):
        return Rate(Decimal(value).scaleb(-exponent))
    base, *steps = value
    return Rate(Decimal(base).scaleb(-exponent), tuple((above, Decimal(price).scaleb(-exponent)) for above, price in steps))
