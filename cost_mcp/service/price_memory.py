"""Prices as they were resolved before: a command that prices a few calls need not load the tables again."""

from __future__ import annotations

import importlib.util
import json
import os
from collections.abc import Iterable
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING

from cost_mcp.pricing.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cost_mcp.config.settings import Settings
    from cost_mcp.pricing.catalog import Asked, Catalog

_LIBRARY = "genai_prices"


def books_mark(settings: Settings) -> str:
    """A word for everything that prices are resolved from, as it now is; another word, and nothing resolved before counts.

    Files are told by size and time, which costs no reading: the tables, the packaged books, the user's and the project's, and
    the code that resolves them.
    """
    from cost_mcp.config.books import fetched_book, fetched_table

    told = blake2b(digest_size=12)
    given = (settings.price_book, settings.project_price_book, fetched_book(), fetched_table())
    for path in (*_shipped(), *(path for path in given if path is not None)):
        told.update(f"{path}:{_look(path)}\n".encode())
    return told.hexdigest()


def _shipped() -> Iterator[Path]:
    library = importlib.util.find_spec(_LIBRARY)  # finds it without importing it
    if library is not None and library.origin is not None:
        yield from _files(Path(library.origin).parent)
    code = Path(__file__).parents[1] / "pricing"
    yield from _files(code)
    packaged = code / "data"
    yield from _files(packaged if packaged.is_dir() else code.parents[1] / "pricing")


def _files(folder: Path) -> list[Path]:
    with os.scandir(folder) as listing:
        return sorted(Path(entry.path) for entry in listing if entry.is_file())


def _look(path: Path) -> str:
    try:
        found = path.stat()
    except OSError:
        return "-"
    return f"{found.st_size}:{found.st_mtime_ns}"


def remind(catalog: Catalog, kept: Iterable[tuple[str, str]]) -> int:
    """Give a catalog the rules kept by ``to_keep``; how many those were."""
    count = 0
    for asked, text in kept:
        provider, model, tier, _ = json.loads(asked)
        catalog.remember((provider, model, tier), Rule.from_text(text))
        count += 1
    return count


def to_keep(rules: Iterable[tuple[Asked, Rule]]) -> Iterator[tuple[str, str]]:
    """Resolved rules as texts: what was asked, with the time the rule holds from, and the rule."""
    for (provider, model, tier), rule in rules:
        since = None if rule.holds_from is None else rule.holds_from.isoformat()
        yield json.dumps([provider, model, tier, since]), rule.to_text()
