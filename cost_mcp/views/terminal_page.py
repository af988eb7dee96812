"""A page for people: lines and tables of styled text, before anyone knows how wide the terminal is or whether it has colours."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

STYLES = ("", "strong", "dim", "name", "money", "picture", "ok", "info", "warning", "critical", "exceeded")
"""What a piece of text means; how that looks is decided where it is printed."""


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of one line, and what it means."""

    text: str
    style: str = ""


Line = tuple[Span, ...]
BLANK: Line = ()
Picture = Callable[[int], Line]
"""Draws at most so many cells. It is shown on terminals only: what stands in a pipe is read by programs."""

Cell = Line | Picture


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """How a table's column is set. ``align`` is left, right, or point (right, with decimal points under each other).

    Where a page is narrower than its table, columns with the highest ``yields`` go first (0: never); then those that
    ``shortens`` lose the middle of their texts. A column that ``draws`` holds pictures: the fewest and the most cells for one.
    """

    title: str
    align: str = "left"
    yields: int = 0
    shortens: bool = False
    draws: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows under a head; ``total`` is a last row set off from the others. A cell is a line of spans, or a picture.

    ``key`` says what the forms in the pictures mean; it stands below where they are drawn.
    """

    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    total: tuple[Cell, ...] | None = None
    key: Line = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """A picture in a line of its own, between words; ``behind`` is left out where it is too narrow for both."""

    before: Line
    picture: Picture
    behind: Line = ()
    cells: tuple[int, int]


Page = tuple[Line | Table | Drawing, ...]


def line(*parts: str | Span) -> Line:
    """A line from plain texts and spans."""
    return tuple(part if isinstance(part, Span) else Span(part) for part in parts if part not in ("", Span("")))
