"""What of the given prices cannot be read, and which calls are told so."""

from __future__ import annotations

from collections.abc import Callable

from cost_mcp.errors import ConfigError
from cost_mcp.pricing.book import LAYERS
from cost_mcp.pricing.library import Library
from cost_mcp.pricing.rule import Rule


class Damage:
    """The problems of the given books, and of the given tables once they have been opened.

    A broken book stops nothing: an agent that only learns of it from an error would have lost its call. It is told in every
    unpriced call, where the broken entry may be the very price that is missing, and once in a process otherwise.

    Args:
        books: why books, or entries of them, do not count.
        tables: gives the first tables; where it raises ``ConfigError``, the installed ones are opened instead.
    """

    def __init__(self, books: tuple[ConfigError, ...], tables: Callable[[], Library]) -> None:
        self._books = books
        self._give_tables = tables
        self._tables: ConfigError | None = None
        self._told = False

    @property
    def problems(self) -> tuple[ConfigError, ...]:
        """Every problem known so far."""
        return self._books if self._tables is None else (*self._books, self._tables)

    def open_tables(self) -> Library:
        """The first tables: the given ones, else the installed ones."""
        try:
            return self._give_tables()
        except ConfigError as error:
            # Damaged tables are not refused: every call would be lost for good, and totals would be wrong with nothing to show
            # for it. The installed prices are list prices too, only older, and every call charged by them says so.
            self._tables = error
            return Library()

    def told(self, rule: Rule | None) -> tuple[str, ...]:
        """What a call has to be told: one charged by this rule, or one without a price."""
        if rule is None:
            return self.sentences()
        if rule.override:
            return ()
        first, self._told = not self._told, True
        return (*(self._of_books() if first else ()), *(self._of_tables() if rule.book not in LAYERS else ()))

    def sentences(self) -> tuple[str, ...]:
        """Everything, in at most two sentences."""
        return (*self._of_books(), *self._of_tables())

    def _of_books(self) -> tuple[str, ...]:
        first = next(iter(self._books), None)
        if first is None:
            return ()
        more = f" There are {len(self._books):,} problems." if len(self._books) > 1 else ""
        return (f"A price book does not count in full: {first.sentence}{more} `cost-mcp doctor` says what to do.",)

    def _of_tables(self) -> tuple[str, ...]:
        if self._tables is None:
            return ()
        return (f"{self._tables.sentence} The packaged prices, which may be older, count instead. {self._tables.hint or ''}",)
