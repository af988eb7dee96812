"""The prices the user gave: a fetched table and book, their own book, and a trusted project's."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from cost_mcp.config.folders import data_folder
from cost_mcp.config.settings import Settings
from cost_mcp.config.trust import PRICES_NAME, is_trusted
from cost_mcp.config.written import decoded, read_bytes
from cost_mcp.errors import ConfigError

_TABLE_NAME = "prices-table.json"
_MAX_TABLE_BYTES = 8_000_000
"""Ten times what the table of 2026 takes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenBook:
    """A price book's text, the file it stands in, and its layer: ``user`` or ``project``."""

    text: str
    file: Path
    layer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenBooks:
    """The books that could be read, in order, and why others could not; each problem names its file."""

    books: tuple[GivenBook, ...]
    problems: tuple[ConfigError, ...] = ()


def fetched_book() -> Path:
    """Where ``prices update`` keeps the book it fetched; it may not exist."""
    return data_folder() / PRICES_NAME


def fetched_table() -> Path:
    """Where ``prices update`` keeps the price table that takes the packaged one's place; it may not exist."""
    return data_folder() / _TABLE_NAME


def fetched_table_bytes() -> bytes | None:
    """What ``prices update`` stored of a price table; None when there is none.

    Raises:
        ConfigError: it is there and cannot be read.
    """
    file = fetched_table()
    return read_bytes(file, _MAX_TABLE_BYTES) if _is_there(file) else None


def price_books(settings: Settings) -> GivenBooks:
    """Every book that applies, in order: a later one wins. One that cannot be read is a problem and stops no other."""
    named = [(fetched_book(), "user")] if _is_there(fetched_book()) else []
    named += [(settings.price_book, "user")] if settings.price_book is not None else []
    named += [(settings.project_price_book, "project")] if settings.project_price_book is not None else []
    books: list[GivenBook] = []
    problems: list[ConfigError] = []
    for file, layer in named:
        try:
            books.append(_book(file, layer))
        except ConfigError as error:
            problems.append(error)
    return GivenBooks(books=tuple(books), problems=tuple(problems))


def _book(file: Path, layer: str) -> GivenBook:
    content = read_bytes(file)
    # Trust is checked on the bytes that are used: the file may have changed since the settings were read.
    if layer == "project" and not is_trusted(file, content):
        raise ConfigError(
            f"{file} changed since it was trusted.", field="price_book", hint="Read it, then run `cost-mcp trust` again."
        )
    return GivenBook(text=decoded(file, content), file=file, layer=layer)


def _is_there(file: Path) -> bool:
    """Whether anything has this name, even what cannot be read as a file."""
    return os.path.lexists(file)
