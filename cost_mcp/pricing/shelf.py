"""The books and tables in their order, searched for a model by the names agents give it."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from cost_mcp.model.provider import canonical_provider
from cost_mcp.pricing.book import Book
from cost_mcp.pricing.library import Library
from cost_mcp.pricing.rate import Entry
from cost_mcp.pricing.spelling import exact_spellings, folded, looks_bedrock, looks_vertex, unlisted_place
from cost_mcp.pricing.supplement import Supplement

_RESELLERS = frozenset({"aws", "azure", "google"})
"""Providers whose own callers write the maker before a model's name: vertex_ai with anthropic/claude-…."""

_ROUTERS = frozenset({"litellm"})
"""Not providers but libraries that name the provider in the model's prefix."""

_OPENAI = re.compile(r"^(?:ft:)?(?:chatgpt-|codex-mini|computer-use-|omni-moderation-|text-embedding-(?:3-|ada-)|o\d(?:-|$))")
"""Names only OpenAI gives its models that genai-prices' own pattern leaves out; Azure lists some of them too."""

MAX_NEAREST = 3
NEAR, NEAR_ELSEWHERE = 0.6, 0.75
"""How alike names have to be (difflib's ratio): among one provider's own, and among thousands of everybody's, where half of
any name is somewhere."""

MAX_COMPARED = 100
"""A longer name is not compared with others: no model's is, and comparing takes time with its length."""

MAX_REMEMBERED = 10_000
"""Names come from outside: what is remembered about them is bounded."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """A book's entry of the model asked for, with the layer it stands in (None for the tables below the books).

    ``place`` is the region that was asked for where the tables have no price for it, only another.
    """

    entry: Entry
    layer: str | None
    place: str | None = None


class Shelf:
    """Price books (the one that wins first) over the first tables, over the supplement.

    Args:
        books: highest layer first.
        open_library: gives the first tables; called on the first question no book answers.
        supplement: asked only for what the first tables do not have.
    """

    def __init__(self, books: Sequence[Book], open_library: Callable[[], Library], supplement: Supplement) -> None:
        self._books = tuple(books)
        self._open_library = open_library
        self._opened: Library | None = None
        self._supplement = supplement
        self._base: dict[tuple[str, str], Entry | None] = {}

    def sightings(self, provider: str | None, model: str) -> Iterator[Sighting]:
        """The entries of a model, the one that wins first; read lazily, so that lower tables are opened only when asked.

        All are of one reading of the name: the first under which a price is known, not merely an addition to one.
        """
        if provider in (None, "google") and model.lower().startswith("models/"):  # how the Gemini API writes a name
            model = f"gemini/{model.partition('/')[2]}"
        for reading in self._readings(provider, model):
            found = self._read(*reading)
            extending: list[Sighting] = []
            for sighting in found:
                if sighting.entry.extends:
                    extending.append(sighting)
                    continue
                yield from extending
                yield sighting
                yield from found
                return

    def nearest(self, provider: str | None, model: str) -> tuple[str, ...]:
        """Up to three names to try instead: who has exactly this model, else names spelled alike.

        The provider's names, or those of the family the name belongs to, are looked through first; all others where those
        give nothing. Names of another provider than the one asked for stand behind their provider's id.
        """
        if provider is not None and self._knows(provider):
            return self._alike(self._models(provider), model.lower()) or self._elsewhere(model)
        if holders := self._holders(model):
            maker = self._owner(model)
            ordered = sorted(holders, key=lambda holder: holder != maker)
            return tuple(f"{holder}/{model}" for holder in ordered[:MAX_NEAREST])
        first, slash, rest = model.partition("/")
        name = rest if slash and rest.strip() else model
        owner = canonical_provider(first) if slash and first.strip() else self._owner(model)
        names = self._alike(self._models(owner), name.lower()) if owner is not None else ()
        return tuple(f"{owner}/{found}" for found in names) or self._elsewhere(name)

    def rivals(self, provider: str, tokens: int) -> tuple[tuple[str, str], ...]:
        """The models of the first tables that may do the work of a text call of so many tokens; see ``Library.rivals``."""
        return self._library.rivals(provider, tokens)

    def _elsewhere(self, model: str) -> tuple[str, ...]:
        """The names of all providers spelled like a model's; of several that sell one, its maker where that is known."""
        if len(model) > MAX_COMPARED:
            return ()
        sellers: dict[str, list[str]] = {}
        for provider in self._providers():
            for name in self._models(provider):
                sellers.setdefault(name, []).append(provider)
        wanted = model.lower()
        near = (wanted,) if wanted in sellers else _holding(sellers, wanted) or self._alike(sellers, wanted, NEAR_ELSEWHERE)
        return tuple(f"{self._maker(name, sellers[name])}/{name}" for name in near)

    def _maker(self, name: str, sellers: Sequence[str]) -> str:
        owner = self._owner(name)
        return owner if owner is not None and owner in sellers else sellers[0]

    def _models(self, provider: str) -> dict[str, None]:
        """The names of a provider's models in lower case, in the order of the books."""
        names = dict.fromkeys(model.lower() for book in self._books for model in book.models(provider))
        names |= dict.fromkeys(model.lower() for model in self._library.models(provider))
        return names | dict.fromkeys(self._supplement.models(provider))

    def _providers(self) -> tuple[str, ...]:
        found = [provider for book in self._books for provider in book.providers]
        found += [*self._library.providers, *self._supplement.providers]
        return tuple({folded(provider): provider for provider in reversed(found)}.values())

    @staticmethod
    def _alike(names: Iterable[str], name: str, cutoff: float = NEAR) -> tuple[str, ...]:
        others = [other for other in names if other != name]
        return tuple(difflib.get_close_matches(name, others, n=MAX_NEAREST, cutoff=cutoff)) if len(name) <= MAX_COMPARED else ()

    @property
    def _library(self) -> Library:
        if self._opened is None:
            self._opened = self._open_library()
        return self._opened

    def _knows(self, provider: str) -> bool:
        wanted = folded(provider)
        return (
            any(book.has(provider) for book in self._books)
            or any(folded(known) == wanted for known in self._library.providers)
            or any(folded(known) == wanted for known in self._supplement.providers)
        )

    def _readings(self, provider: str | None, model: str) -> Iterator[tuple[str, str]]:
        """The (provider, name) pairs a model may be meant as, most literal first."""
        first, slash, rest = model.partition("/")
        prefix = canonical_provider(first) if slash and first.strip() and rest.strip() else None
        if provider is not None and provider not in _ROUTERS:
            yield provider, model
            if prefix is not None and (folded(prefix) == folded(provider) or provider in _RESELLERS):
                yield provider, rest
            return
        if prefix in _ROUTERS:
            yield from self._readings(None, rest)
            return
        if prefix is not None and self._knows(prefix):
            if first.lower() != prefix:
                yield prefix, model  # an endpoint of the provider, where it has prices of its own: azure_ai/…, gemini/…
            yield prefix, rest
        if looks_bedrock(model):
            yield "aws", model
            return
        if looks_vertex(model):
            yield "google", model
        owner = self._owner(model)
        if owner is not None:
            yield owner, model
        holders = self._holders(model)
        if len(holders) == 1:
            yield holders[0], model

    def _owner(self, model: str) -> str | None:
        """The provider whose family a bare name belongs to, or None."""
        bare = model.lower()
        return "openai" if _OPENAI.match(bare) else self._library.owner(bare.removeprefix("ft:"))

    def _holders(self, model: str) -> tuple[str, ...]:
        found = [holder for book in self._books for holder in book.holders(model)]
        found += [*self._library.holders(model), *self._supplement.holders(model)]
        return tuple({folded(holder): holder for holder in found}.values())

    def _read(self, provider: str, name: str) -> Iterator[Sighting]:
        for book in self._books:
            if book.has(provider):
                named = book.named(provider, name) or self._covering(book, provider, name)
                yield from (Sighting(entry, book.layer) for entry in named)
                # A price for any model is a price for this one: what is stored and shown is the model that was used.
                yield from (Sighting(replace(entry, model=name), book.layer) for entry in book.for_any(provider))
        base = self._below(provider, name)
        if base is not None:
            yield Sighting(base, None, unlisted_place(provider, name, base.model))

    def _covering(self, book: Book, provider: str, name: str) -> tuple[Entry, ...]:
        """The entries of a book for the model that the tables below know under this name, however the book spells it."""
        models = book.models(provider)
        if not models:
            return ()
        below = self._below(provider, name)
        if below is None:
            return book.shortened(provider, name)
        wanted = below.model.lower()
        for listed in models:
            meant = None if listed == wanted else self._below(provider, listed)
            if listed == wanted or (meant is not None and meant.model.lower() == wanted):
                return book.named(provider, listed)
        return ()

    def _below(self, provider: str, name: str) -> Entry | None:
        """What the tables below the books have: the name as given first, in either table, then shortened."""
        key = (folded(provider), exact_spellings(name)[0])
        if key not in self._base:
            if len(self._base) >= MAX_REMEMBERED:
                self._base.clear()
            self._base[key] = (
                self._library.find(provider, name, shorten=False)
                or self._supplement.find(provider, name, shorten=False)
                or self._library.find(provider, name, shorten=True)
                or self._supplement.find(provider, name, shorten=True)
            )
        return self._base[key]


def _holding(names: Iterable[str], name: str) -> tuple[str, ...]:
    """The shortest names that hold all of a name of several words, as claude-opus-4-6 holds opus-4-6."""
    if "-" not in name:
        return ()
    whole = re.compile(rf"(?<![a-z0-9]){re.escape(name)}(?![a-z0-9])")
    return tuple(sorted((other for other in names if whole.search(other)), key=lambda other: (len(other), other))[:MAX_NEAREST])
