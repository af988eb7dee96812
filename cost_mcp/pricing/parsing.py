"""A price book in YAML as entries: what could be read, and each place that could not, by line."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import partial

import yaml

from cost_mcp.errors import CostError, PriceBookError
from cost_mcp.model.call import SERVICE_TIERS
from cost_mcp.model.charge import METERS
from cost_mcp.model.name import clean_name
from cost_mcp.model.provider import canonical_provider
from cost_mcp.pricing.composing import compose
from cost_mcp.pricing.node import (
    MAX_ITEMS,
    Pair,
    Refused,
    day_of,
    entries,
    hours_of,
    instant_of,
    items,
    known,
    line_of,
    number_of,
    pairs,
    plain,
    single,
    text_of,
    tidy,
)
from cost_mcp.pricing.rate import CALL_METERS, Card, Entry, Origin, Rate, TierCard, Window
from cost_mcp.pricing.spelling import folded

_PRICED = tuple(meter for meter in METERS if meter != "stated")
_ALIASES = {"cache_write": "cache_write_5m", "cached_input": "cache_read"}
_PRICE_KEYS = (*_PRICED, *_ALIASES)
_TIER_NAMES = tuple(tier for tier in SERVICE_TIERS if tier != "standard")
_TOP_KEYS = ("source", "read", "version", "note", "prices", "providers")
_ENTRY_KEYS = (
    "provider", "model", "models", "names", "per", *_PRICE_KEYS, "above", "tiers", "from", "until", "hours", "days", "not_on",
    "extends", "source", "read", "version", "note",
)  # fmt: skip
_PLAIN_KEYS = tuple(key for key in _ENTRY_KEYS if key not in {"provider", "model", "models", "per"})
_PER = {"1M": 6, "1K": 3, "1": 0}
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_MAX_PER_UNIT = Decimal(1)
"""A dollar per token is ten thousand times the dearest price ever listed: a unit was mistaken."""


_MAX_FACTOR = 100
_MAX_STEPS = 20
_TOKENS = re.compile(r"[0-9][0-9_]{0,14}")

MAX_PROBLEMS = 100

MAX_ENTRIES = 20_000
"""How many prices one book may hold: every one of them is kept in memory."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parsed:
    """What one book says: entries in the order of the file, the places refused, and what is worth a look."""

    entries: tuple[Entry, ...]
    problems: tuple[PriceBookError, ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Stated:
    entry: Entry
    node: yaml.Node


def parse_book(text: str, file: str, *, layer: str) -> Parsed:
    """The entries of a price book. One broken entry is refused alone; the rest of the book still counts.

    Both forms may stand in one file: ``prices``, a list of entries per million tokens, and ``providers``, the plain nested
    form per thousand tokens. The format is described in ``pricing/README.md``.
    """
    try:
        root = compose(text, file)
    except PriceBookError as error:
        return Parsed(entries=(), problems=(error,))
    if root is None:
        return Parsed(entries=())
    return _Reader(file, layer).read(root)


class _Reader:
    def __init__(self, file: str, layer: str) -> None:
        self._file = file
        self._layer = layer
        self._origin = Origin(book=layer, source=file, version="undated")
        self._problems: list[PriceBookError] = []
        self._warnings: list[str] = []
        self._stated: dict[tuple[object, ...], _Stated] = {}
        self._refused: set[tuple[object, ...]] = set()

    def read(self, root: yaml.Node) -> Parsed:
        try:
            top = single(pairs(root, "the book"), "the book", self._warnings, self._file)
            known(top, _TOP_KEYS, "a price book")
            self._origin = self._read_origin(top, self._origin)
            listed = entries(top["prices"].value, "prices") if "prices" in top else []
            nested = pairs(top["providers"].value, "providers") if "providers" in top else []
        except Refused as refused:
            return Parsed(entries=(), problems=(refused.told(self._file),))
        for node in listed:
            self._guarded(node, partial(self._read_listed, node))
        for provider in self._distinct(nested, "providers"):
            self._guarded(provider.value, partial(self._read_plain, provider))
        return Parsed(
            entries=tuple(_merged([stated.entry for stated in self._stated.values()])),
            problems=self._told(),
            warnings=tuple(self._warnings),
        )

    def _told(self) -> tuple[PriceBookError, ...]:
        """The problems by line, the first hundred and how many more there are."""
        ordered = sorted(self._problems, key=lambda problem: problem.line)
        more = ordered[MAX_PROBLEMS:]
        if not more:
            return tuple(ordered)
        rest = PriceBookError(f"from here on there are {len(more):,} more problems.", file=self._file, line=more[0].line)
        return (*ordered[:MAX_PROBLEMS], rest)

    def _guarded(self, node: yaml.Node, read: Callable[[], None]) -> None:
        try:
            read()
        except Refused as refused:
            self._problems.append(refused.told(self._file))
        except CostError as error:
            told = PriceBookError(error.sentence, file=self._file, line=line_of(node), hint=error.hint)
            self._problems.append(told)

    def _distinct(self, found: list[Pair], what: str) -> list[Pair]:
        """The pairs whose key stands once, or more than once with one value; a key with several values is refused."""
        grouped: dict[str, list[Pair]] = {}
        for pair in found:
            grouped.setdefault(pair.key, []).append(pair)
        kept: list[Pair] = []
        for same in grouped.values():
            try:
                single(same, what, self._warnings, self._file)
            except Refused as refused:
                self._problems.append(refused.told(self._file))
            else:
                kept.append(same[0])
        return kept

    def _read_listed(self, node: yaml.Node) -> None:
        found = single(pairs(node, "a price"), "a price", self._warnings, self._file)
        known(found, _ENTRY_KEYS, "a price")
        if "provider" not in found:
            raise Refused(node, "a price names no provider.", "Add provider: and model:.")
        if ("model" in found) == ("models" in found):
            raise Refused(node, "a price names no model, or two ways at once.", 'Give model:, or models: [a, b], or "*".')
        per = text_of(found["per"].value, "per") if "per" in found else "1M"
        if per not in _PER:
            raise Refused(found["per"].value, "per is not a known unit.", "Use 1M, 1K or 1 (tokens).")
        named = found["models"] if "models" in found else found["model"]
        providers = [text_of(provider, "provider") for provider in items(found["provider"].value, "provider")]
        models = [text_of(model, "model") for model in items(named.value, named.key)]
        if len(providers) * len(models) > MAX_ITEMS:
            raise Refused(node, f"a price stands for more than {MAX_ITEMS:,} models.", "Split it.")
        priced = self._entry(found, node, _PER[per])
        for provider in providers:
            for model in models:
                self._add(provider, model, priced, node)

    def _read_plain(self, provider: Pair) -> None:
        for model in self._distinct(pairs(provider.value, "a provider"), "a provider"):
            self._guarded(model.value, partial(self._read_model, provider.key, model))

    def _read_model(self, provider: str, model: Pair) -> None:
        found = single(pairs(model.value, "a model"), "a model", self._warnings, self._file)
        known(found, _PLAIN_KEYS, "a model")
        self._add(provider, model.key, self._entry(found, model.value, _PER["1K"]), model.value)

    def _add(self, provider: str, model: str, priced: Entry, node: yaml.Node) -> None:
        """Take a price for one model; ``priced`` is the same for all the models it stands for."""
        if len(self._stated) >= MAX_ENTRIES:
            raise Refused(node, f"the book holds more than {MAX_ENTRIES:,} prices.", "Split it.")
        entry = replace(priced, provider=canonical_provider(provider), model=clean_name(model, "model"))
        window = entry.cards[0].window if entry.cards else entry.tiers[0].window
        key = (
            folded(entry.provider),
            entry.model.lower(),
            window,
            entry.extends,
            entry.fills,
            () if entry.cards else _tiers_of(entry),
        )
        first = self._stated.get(key)
        if first is None and key not in self._refused:
            self._stated[key] = _Stated(entry, node)
        elif first is not None and (first.node is node or plain(first.node) == plain(node)):
            self._warnings.append(f"{self._file}, line {line_of(node)}: this price stands twice.")
        else:
            self._refused.add(key)
            self._stated.pop(key, None)
            where = f" The other is on line {line_of(first.node)}." if first is not None else ""
            raise Refused(node, "this model has two different prices for the same time.", f"Remove one of them.{where}")

    def _entry(self, found: Mapping[str, Pair], node: yaml.Node, exponent: int) -> Entry:
        """What a price says, for a model that is not named yet."""
        rates = _rates(found, exponent)
        if "above" in found:
            rates = _stepped(rates, found["above"].value, exponent)
        window = _window(found)
        origin = self._read_origin(found, self._origin)
        tiers = self._tiers(found["tiers"].value, origin, window, exponent) if "tiers" in found else ()
        extends, fills = _extends(found["extends"].value) if "extends" in found else (False, False)
        if not rates and not (extends and tiers):
            raise Refused(node, "a price gives no price.", "Add input: and output:, in US dollars.")
        names = (
            tuple(clean_name(text_of(name, "names"), "names") for name in items(found["names"].value, "names"))
            if "names" in found
            else ()
        )
        cards = (Card(rates=rates, origin=origin, window=window),) if rates else ()
        return Entry(provider="", model="", cards=cards, tiers=tiers, names=names, extends=extends, fills=fills)

    def _read_origin(self, found: Mapping[str, Pair], default: Origin) -> Origin:
        read = day_of(found["read"].value, "read").isoformat() if "read" in found else None
        version = text_of(found["version"].value, "version") if "version" in found else None
        source = text_of(found["source"].value, "source") if "source" in found else default.source
        note = text_of(found["note"].value, "note") if "note" in found else default.note
        return Origin(book=self._layer, source=source, version=version or read or default.version, note=note)

    def _tiers(self, node: yaml.Node, origin: Origin, window: Window, exponent: int) -> tuple[TierCard, ...]:
        found = single(pairs(node, "tiers"), "tiers", self._warnings, self._file)
        known(found, _TIER_NAMES, "tiers")
        cards: list[TierCard] = []
        for tier, pair in found.items():
            inner = single(pairs(pair.value, tier), tier, self._warnings, self._file)
            known(inner, ("times", "above", *_PRICE_KEYS), tier)
            rates = _rates(inner, exponent)
            if "above" in inner:
                rates = _stepped(rates, inner["above"].value, exponent)
            times = _factor(inner["times"].value) if "times" in inner else None
            if (times is None) == (not rates):
                raise Refused(pair.value, f"{tier} gives no price, or both prices and times.", "Give one of the two.")
            cards.append(TierCard(tier=tier, origin=origin, rates=rates, times=times, window=window))
        return tuple(cards)


def _merged(entries: list[Entry]) -> list[Entry]:
    """One entry per model: its prices at different times as cards, in the order of the file."""
    merged: dict[tuple[str, str, bool, bool], Entry] = {}
    for entry in entries:
        key = (folded(entry.provider), entry.model.lower(), entry.extends, entry.fills)
        first = merged.get(key)
        merged[key] = entry if first is None else replace(
            first,
            cards=first.cards + entry.cards,
            tiers=first.tiers + entry.tiers,
            names=tuple(dict.fromkeys(first.names + entry.names)),
        )  # fmt: skip
    return list(merged.values())


def _tiers_of(entry: Entry) -> tuple[str, ...]:
    return tuple(card.tier for card in entry.tiers)


def _rates(found: Mapping[str, Pair], exponent: int) -> dict[str, Rate]:
    rates: dict[str, Rate] = {}
    for key in _PRICE_KEYS:
        if key in found:
            meter = _ALIASES.get(key, key)
            if meter in rates:
                raise Refused(found[key].at, f"{key} and {meter} are the same meter.", "Keep one of them.")
            rates[meter] = Rate(_price(found[key].value, key, 0 if meter in CALL_METERS else exponent))
    return rates


def _price(node: yaml.Node, key: str, exponent: int) -> Decimal:
    price = tidy(number_of(node, key).scaleb(-exponent))
    if price > _MAX_PER_UNIT:
        unit = "request" if not exponent else "token"
        raise Refused(node, f"{key} comes to more than 1 USD per {unit}.", "Check its unit.")
    return price


def _factor(node: yaml.Node) -> Decimal:
    times = number_of(node, "times")
    if times > _MAX_FACTOR:
        raise Refused(node, f"times is more than {_MAX_FACTOR}.", "A tier costs so many times the standard price: 0.5, or 2.")
    return times


def _stepped(rates: dict[str, Rate], node: yaml.Node, exponent: int) -> dict[str, Rate]:
    """The rates with the higher prices of larger contexts: ``above: {200000: {input: 6}}``."""
    steps: list[tuple[int, Pair]] = []
    for pair in pairs(node, "above"):
        if not _TOKENS.fullmatch(pair.key):
            raise Refused(pair.at, "above has a key that is no number of tokens.", "Write above: {200000: {input: 6}}.")
        steps.append((int(pair.key.replace("_", "")), pair))
    if len(steps) > _MAX_STEPS:
        raise Refused(node, f"above has more than {_MAX_STEPS} steps.", "Keep those of the provider's list.")
    stepped = dict(rates)
    for above, pair in sorted(steps, key=lambda step: step[0]):
        inner = single(pairs(pair.value, "above"), "above", [], "")
        known(inner, _PRICE_KEYS, "above")
        for meter, rate in _rates(inner, exponent).items():
            if meter not in stepped:
                raise Refused(pair.value, f"{meter} has a price above {above} tokens but none below.", "Add its base price.")
            stepped[meter] = Rate(stepped[meter].base, (*stepped[meter].steps, (above, rate.base)))
    return stepped


def _window(found: Mapping[str, Pair]) -> Window:
    start = instant_of(found["from"].value, "from") if "from" in found else None
    end = instant_of(found["until"].value, "until") if "until" in found else None
    if start is not None and end is not None and end <= start:
        raise Refused(found["until"].value, "until is not after from.", "until is the first moment the price no longer holds.")
    hours = tuple(hours_of(node, "hours") for node in items(found["hours"].value, "hours")) if "hours" in found else ()
    days = frozenset(_weekday(node) for node in items(found["days"].value, "days")) if "days" in found else frozenset[int]()
    off = [day_of(node, "not_on") for node in items(found["not_on"].value, "not_on")] if "not_on" in found else []
    return Window(start=start, end=end, hours=hours, days=days, not_on=frozenset(off))


def _weekday(node: yaml.Node) -> int:
    day = text_of(node, "days")[:3].lower()
    if day not in _DAYS:
        raise Refused(node, "days holds no weekday.", f"Use {', '.join(_DAYS)}.")
    return _DAYS.index(day)


def _extends(node: yaml.Node) -> tuple[bool, bool]:
    """Whether an entry adds to the books below, and whether only what they lack."""
    text = text_of(node, "extends").lower()
    if text not in {"true", "false", "missing"}:
        raise Refused(node, "extends is not true, false or missing.", "missing adds only the meters the books below lack.")
    return text != "false", text == "missing"
