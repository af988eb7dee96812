"""The genai-prices tables as our entries; the library is imported when the first table is opened, not before."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, time
from decimal import Decimal
from typing import TYPE_CHECKING

from cost_mcp.pricing.rate import ALWAYS, CALL_METERS, FREE, PER_MILLION, Card, Entry, Origin, Rate, TierCard, Window
from cost_mcp.pricing.spelling import exact_spellings, folded, same_stem, shorter_spellings

if TYPE_CHECKING:
    from genai_prices.types import (
        ConditionalPrice,
        MatchLogic,
        ModelInfo,
        ModelPrice,
        PriceVariant,
        Provider,
        StartDateConstraint,
        TieredPrices,
        TimeOfDateConstraint,
    )

BOOK = "genai-prices"
LINK = "https://github.com/pydantic/genai-prices"

_METERS: Mapping[str, str] = {
    "input_mtok": "input",
    "output_mtok": "output",
    "cache_read_mtok": "cache_read",
    "cache_write_mtok": "cache_write_5m",
    "cache_write_5m_mtok": "cache_write_5m",
    "cache_write_1h_mtok": "cache_write_1h",
    "input_audio_mtok": "input_audio",
    "output_audio_mtok": "output_audio",
    "cache_audio_read_mtok": "cache_read_audio",
    "input_image_mtok": "input_image",
    "output_image_mtok": "output_image",
    "output_reasoning_mtok": "reasoning",
    "web_searches_kcount": "web_search",
    "requests_kcount": "request",
}
"""The library's price keys for what a call of ours can use. Its other keys count pages, hours, pixels or video.

Source: genai_prices/data_units.py 0.2.3: prices per million tokens, per thousand searches and requests. Read 2026-11-22.
"""

_TIERS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "batch": (("processing", "batch"),),
    "flex": (("service_tier", "flex"),),
    "priority": (("service_tier", "priority"),),
    "fast": (("speed", "fast"), ("service_tier", "fast")),
}
"""Our service tiers in the words of the library's price context."""

MAKERS = ("anthropic", "openai", "google", "mistral", "deepseek", "x-ai")
"""Makers whose models are offered as alternatives to another's."""

SMALLEST_CONTEXT = 100_000
"""A model with less is of another time than the agents that would be sent to it."""

_OTHER_WORK = re.compile(
    r"embed|tts|audio|realtime|image|transcribe|whisper|moderation|ocr|live|search|robotics|guard|translate|^ft:|research"
    r"|computer-use|voice|vision|cyber|rosalind|:free$|instruct|nano-banana|omni|voxtral"
)
"""Words in the names of models that do other work than any text."""

_FIREWORKS = "accounts/fireworks/models/"


class Library:
    """One set of genai-prices tables: the packaged ones, or newer ones a user has fetched.

    Args:
        providers: the tables; left out, the installed library's.
        version: of the tables; left out, the installed library's.
    """

    def __init__(self, providers: Sequence[Provider] | None = None, version: str | None = None) -> None:
        if providers is None:
            from genai_prices.data import providers
        if version is None:
            from genai_prices import __version__ as version
        self.version = version
        self._providers = {folded(provider.id): provider for provider in providers}
        self._named: dict[str, dict[str, ModelInfo]] = {}
        self._holders: dict[str, list[str]] = {}

    @property
    def providers(self) -> tuple[str, ...]:
        """The ids of all providers."""
        return tuple(provider.id for provider in self._providers.values())

    def find(self, provider: str, name: str, *, shorten: bool) -> Entry | None:
        """What the tables say about a model under the name a provider's caller gave it, or None.

        ``shorten`` takes dates, versions and regions off the name; without it only the name as given is looked for. A
        provider that resells another's models (Azure, Vertex AI) is asked first, then the makers; their service tiers are
        not the reseller's and are left out.
        """
        own = self._providers.get(folded(provider))
        if own is None:
            return None
        if (model := self._find(own, name, shorten=shorten)) is not None:
            return self._entry(own.id, model, tiers=True)
        for maker in own.fallback_model_providers or ():
            made = self._providers.get(folded(maker))
            if made is not None and (model := self._find(made, name, shorten=shorten)) is not None:
                return self._entry(own.id, model, tiers=False)
        return None

    def owner(self, name: str) -> str | None:
        """The provider whose family a bare model name belongs to, as genai-prices sees it."""
        for provider in self._providers.values():
            if provider.model_match is not None and provider.model_match.is_match(name.lower()):
                return provider.id
        return None

    def holders(self, name: str) -> tuple[str, ...]:
        """The providers that list a model under exactly this name."""
        if not self._holders:
            for provider in self._providers.values():
                for spelled in self._names(provider):
                    self._holders.setdefault(spelled, []).append(provider.id)
        return next((tuple(self._holders[s]) for s in exact_spellings(name) if s in self._holders), ())

    def models(self, provider: str) -> tuple[str, ...]:
        """The ids of a provider's models; empty for a provider the tables do not have."""
        own = self._providers.get(folded(provider))
        return () if own is None else tuple(model.id for model in own.models)

    def rivals(self, provider: str, tokens: int) -> tuple[tuple[str, str], ...]:
        """The (provider, model) pairs that may do the work of a text call of so many tokens: the provider's, other makers'.

        Left out are models marked as deprecated, those whose stated context is too small (or that state none), those named
        for other work than text, and makers' models that another provider resells.
        """
        found: list[tuple[str, str]] = []
        for name in dict.fromkeys((folded(provider), *MAKERS)):
            seller = self._providers.get(name)
            if seller is not None:
                able = [model.id for model in seller.models if _does_text(model, tokens)]
                own = name == folded(provider)
                found += [(seller.id, model) for model in able if own or self.owner(model) in (None, seller.id)]
        return tuple(found)

    def _names(self, provider: Provider) -> dict[str, ModelInfo]:
        if provider.id not in self._named:
            named: dict[str, ModelInfo] = {}
            for model in provider.models:
                for kind, text in _fragments(model.match):
                    if kind == "equals":
                        named.setdefault(text, model)
            for model in provider.models:
                named.setdefault(model.id.lower(), model)
            for name in [name for name in named if name.startswith(_FIREWORKS)]:
                named.setdefault(name.removeprefix(_FIREWORKS), named[name])
            self._named[provider.id] = named
        return self._named[provider.id]

    def _find(self, provider: Provider, name: str, *, shorten: bool) -> ModelInfo | None:
        named = self._names(provider)
        spellings = tuple(dict.fromkeys(shorter_spellings(name))) if shorten else exact_spellings(name)
        for spelled in spellings:
            if spelled in named:
                return named[spelled]
        for spelled in spellings:
            for model in provider.models:
                if _accepts(model, spelled):
                    return model
        return None

    def _entry(self, provider: str, model: ModelInfo, *, tiers: bool) -> Entry:
        origin = Origin(book=BOOK, source=LINK, version=self.version)
        cards = tuple(_cards(model, origin))
        if not cards and model.id.endswith(":free"):  # listed without prices, and free by its name
            cards = (Card(rates={"input": FREE, "output": FREE}, origin=origin),)
        return Entry(
            provider=provider,
            model=model.id,
            cards=cards,
            tiers=tuple(_tiers(model, origin)) if tiers else (),
        )


def _does_text(model: ModelInfo, tokens: int) -> bool:
    context = model.context_window or 0
    return not model.deprecated and context >= max(tokens, SMALLEST_CONTEXT) and not _OTHER_WORK.search(model.id.lower())


def _accepts(model: ModelInfo, spelled: str) -> bool:
    """Whether the library matches the name and nothing is left of it but dates, versions and regions."""
    if not model.is_match(spelled):
        return False
    for kind, text in _fragments(model.match):
        if kind == "regex":
            if text.startswith("^") and text.endswith("$") and "(?!" not in text and re.search(text, spelled):
                return True
        elif text in spelled and same_stem(spelled, text):
            return True
    return same_stem(spelled, model.id.lower())


def _fragments(match: MatchLogic) -> Iterator[tuple[str, str]]:
    """The (kind, text) pairs a match is made of; texts in lower case, regular expressions as they are."""
    from genai_prices import types

    if isinstance(match, types.ClauseOr | types.ClauseAnd):
        for part in match.or_ if isinstance(match, types.ClauseOr) else match.and_:
            yield from _fragments(part)
    elif isinstance(match, types.ClauseEquals):
        yield "equals", match.equals.lower()
    elif isinstance(match, types.ClauseStartsWith):
        yield "starts_with", match.starts_with.lower()
    elif isinstance(match, types.ClauseEndsWith):
        yield "ends_with", match.ends_with.lower()
    elif isinstance(match, types.ClauseContains):
        yield "contains", match.contains.lower()
    else:
        yield "regex", match.regex


def _cards(model: ModelInfo, origin: Origin) -> Iterator[Card]:
    if not isinstance(model.prices, list):
        if rates := _rates(model.prices):
            yield Card(rates=rates, origin=origin)
        return
    for position, conditional in enumerate(model.prices):
        # The library falls back to the first price when no condition holds: for us it holds always.
        window = ALWAYS if position == 0 else _window(conditional)
        if rates := _rates(conditional.prices):
            yield Card(rates=rates, origin=origin, window=window)


def _tiers(model: ModelInfo, origin: Origin) -> Iterator[TierCard]:
    for variant in model.price_variants or ():
        for tier, contexts in _TIERS.items():
            if len(variant.when) == 1 and next(iter(variant.when.items())) in contexts and (rates := _rates(variant.prices)):
                yield TierCard(tier=tier, origin=origin, rates=rates, window=_window(variant))


def _rates(prices: ModelPrice) -> dict[str, Rate]:
    rates: dict[str, Rate] = {}
    given: Mapping[str, Decimal | TieredPrices | None] = vars(prices)
    for key, value in given.items():
        meter = _METERS.get(key)
        if meter is not None and value is not None and (meter not in rates or key == "cache_write_5m_mtok"):
            rates[meter] = _rate(value, 3 if meter in CALL_METERS else PER_MILLION)
    return rates


def _rate(value: Decimal | TieredPrices, exponent: int) -> Rate:
    if isinstance(value, Decimal):
        return Rate(value.scaleb(-exponent))
    steps = tuple((tier.start, tier.price.scaleb(-exponent)) for tier in value.tiers)
    return Rate(value.base.scaleb(-exponent), steps)


def _window(conditional: ConditionalPrice | PriceVariant) -> Window:
    constraint: StartDateConstraint | TimeOfDateConstraint | None = conditional.constraint
    if constraint is None:
        return ALWAYS
    from genai_prices.types import StartDateConstraint

    if isinstance(constraint, StartDateConstraint):
        return Window(start=datetime.combine(constraint.start_date, time(), UTC))
    return Window(hours=((_minute(constraint.start_time), _minute(constraint.end_time)),))


def _minute(moment: time) -> int:
    """The minute of the UTC day; a time without a zone is UTC."""
    if moment.tzinfo is not None:
        moment = datetime.combine(datetime(1970, 1, 2, tzinfo=UTC), moment).astimezone(UTC).time()
    return moment.hour * 60 + moment.minute
