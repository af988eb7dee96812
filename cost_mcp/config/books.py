"""The prices the user gave: a fetched table and book, their own book, and a trusted project's."""

from __future__ import annotations

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
    return read_bytes(file, _MAX_TABLE_BYTES) if file.exists() else None


def price_books(settings: Settings) -> tuple[GivenBook, ...]:
    """Every book that applies, in order: a later one wins.

    Raises:
        ConfigError: a book that is named cannot be read, or the project's changed since it was trusted.
    """
    files = [(fetched_book(), "user")] if fetched_book().is_file() else []
    if settings.price_book is not None:
        files.append((settings.price_book, "user"))
    books = [GivenBook(text=decoded(file, read_bytes(file)), file=file, layer=layer) for file, layer in files]
    if settings.project_price_book is not None:
        books.append(_project_book(settings.project_price_book))
    return tuple(books)


def _project_book(file: Path) -> GivenBook:
    # Trust is checked on the bytes that are used: the file may have changed since the settings were read.
    content = read_bytes(file)
    if not is_trusted(file, content):
        raise ConfigError(
            f"{file} changed since it was trusted.", field="price_book", hint="Read it, then run `cost-mcp trust` again."
        )
    return GivenBook(text=decoded(file, content), file=file, layer="project")
