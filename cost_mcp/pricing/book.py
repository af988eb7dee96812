"""One price book, indexed: the entries of a file by provider and model."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property

from cost_mcp.pricing.rate import Entry
from cost_mcp.pricing.spelling import exact_spellings, folded, shorter_spellings

PACKAGED, USER, PROJECT = "packaged", "user", "project"
LAYERS = (PACKAGED, USER, PROJECT)
"""The layers of price books over the tables, lowest first: a later one wins."""

ANY_MODEL = "*"


@dataclass(frozen=True, slots=True, kw_only=True)
class BookText:
    """A price book as read from its file: the YAML text, the file's name for messages, and its layer."""

    text: str
    file: str
    layer: str = USER


class Book:
    """The entries of one layer. Several entries of one model are kept in the order of the file; the later wins.

    Args:
        layer: where it stands.
        read: gives the entries; called on the first question.
    """

    def __init__(self, layer: str, read: Callable[[], Iterable[Entry]]) -> None:
        self.layer = layer
        self._read = read

    @cached_property
    def _entries(self) -> dict[str, dict[str, list[Entry]]]:
        """Provider → name → entries, the later of the file first; all names in lower case."""
        found: dict[str, dict[str, list[Entry]]] = {}
        for entry in self._read():
            models = found.setdefault(folded(entry.provider), {})
            for name in dict.fromkeys(name.lower() for name in (entry.model, *entry.names)):
                models.setdefault(name, []).insert(0, entry)
        return found

    @property
    def providers(self) -> tuple[str, ...]:
        """The ids of the providers it has any entry of, in lower case with hyphens."""
        return tuple(self._entries)

    def has(self, provider: str) -> bool:
        """Whether it has any entry of a provider."""
        return folded(provider) in self._entries

    def named(self, provider: str, name: str) -> tuple[Entry, ...]:
        """The entries under exactly this name, the later of the file first."""
        models = self._entries.get(folded(provider), {})
        return next((tuple(models[s]) for s in exact_spellings(name) if s in models), ())

    def shortened(self, provider: str, name: str) -> tuple[Entry, ...]:
        """The entries under the name with dates, versions and regions taken off."""
        models = self._entries.get(folded(provider), {})
        return next((tuple(models[s]) for s in shorter_spellings(name) if s in models), ())

    def for_any(self, provider: str) -> tuple[Entry, ...]:
        """The entries for every model of a provider."""
        return tuple(self._entries.get(folded(provider), {}).get(ANY_MODEL, ()))

    def models(self, provider: str) -> tuple[str, ...]:
        """The names it lists of a provider, without ``*``."""
        return tuple(name for name in self._entries.get(folded(provider), {}) if name != ANY_MODEL)

    def holders(self, name: str) -> tuple[str, ...]:
        """The providers it lists a model of exactly this name for."""
        return tuple(entries[0].provider for provider in self._entries if (entries := self.named(provider, name)))
