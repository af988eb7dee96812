"""The price data shipped with the package: books in YAML, the supplement in JSON."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from cost_mcp.pricing.rate import Entry

_SUPPLEMENT = "litellm.json"


def data_folder() -> Traversable:
    """Where the price data is: inside an installed package, or the checkout's ``pricing/`` when installed editable."""
    packaged = files("cost_mcp.pricing") / "data"
    if packaged.is_dir():
        return packaged
    return Path(__file__).resolve().parents[2] / "pricing"


@cache
def packaged_books() -> tuple[Entry, ...]:
    """The entries of every packaged book, files in the order of their names.

    Raises:
        PriceBookError: a packaged book is damaged; there is nothing a user could do without.
    """
    from cost_mcp.pricing.parsing import parse_book

    entries: list[Entry] = []
    for file in sorted(data_folder().iterdir(), key=lambda item: item.name):
        if file.name.endswith(".yaml"):
            parsed = parse_book(file.read_text(encoding="utf-8"), f"pricing/{file.name}", layer="packaged")
            if parsed.problems:
                raise parsed.problems[0]
            entries += parsed.entries
    return tuple(entries)


@cache
def read_supplement() -> str:
    """The text of the packaged supplement."""
    return (data_folder() / _SUPPLEMENT).read_text(encoding="utf-8")
