"""From a page to lines that fit a width: columns aligned, the dispensable dropped, long names shortened in the middle."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence

from cost_mcp.views.terminal_page import Cell, Column, Drawing, Line, Page, Span, Table

GAP = 2
COMFORTABLE, SHORTEST = 20, 8
"""A name keeps so many cells before columns give way to it, and so many after; less says nothing."""


def laid_out(page: Page, width: int | None = None) -> list[Line]:
    """The page as lines of at most ``width`` cells where that is possible; None: as wide as it needs, and without pictures."""
    lines: list[Line] = []
    for block in page:
        if isinstance(block, Drawing):
            lines += _drawing(block, width)
        else:
            lines += _table(block, width) if isinstance(block, Table) else _wrapped(block, width)
    return lines


def plain(page: Page, width: int | None = None) -> str:
    """The page as text without colour, each line ended, none with trailing blanks."""
    return "".join("".join(span.text for span in line).rstrip() + "\n" for line in laid_out(page, width))


def cells(text: str) -> int:
    """How many cells of a terminal the text takes; wide East Asian characters and emoji take two."""
    if text.isascii():
        return len(text)
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def shortened(text: str, width: int) -> str:
    """The text in at most ``width`` cells, with ``…`` for its middle: both ends of a name tell."""
    if cells(text) <= width:
        return text
    if width <= 1:
        return "…"[:width]
    front, back = "", ""
    for left, right in zip(text, reversed(text), strict=True):
        if cells(front + left + back) > width - 1:
            break
        front += left
        if cells(front + right + back) > width - 1:
            break
        back = right + back
    return f"{front}…{back}"


def _visible(span: Span) -> Span:
    # Names may hold characters that turn text around or hide it; in a terminal they would lie about what stands there.
    if span.text.isprintable():
        return span
    return Span("".join(c if c.isprintable() else "�" for c in span.text), span.style)


def _line_cells(line: Line) -> int:
    return sum(cells(span.text) for span in line)


def _wrapped(line: Line, width: int | None) -> Iterator[Line]:
    shown = tuple(_visible(span) for span in line)
    if width is None or _line_cells(shown) <= width:
        yield shown
        return
    # What an indented line says stays under its beginning.
    indent = [shown[0]] if shown[0].text.isspace() and _line_cells(shown[:1]) < width // 2 else []
    current: list[Span] = [*indent]
    used = start = _line_cells(tuple(indent))
    for span in shown[len(indent) :]:
        for word in re.findall(r"\S+\s*|\s+", span.text):
            if used > start and used + cells(word.rstrip()) > width:
                yield _ended(current)
                current, used = [*indent], start
                word = word.lstrip()  # noqa: PLW2901 (a new line does not begin with a blank)
            current.append(Span(word, span.style))
            used += cells(word)
    if used > start:
        yield _ended(current)


def _ended(spans: list[Span]) -> Line:
    """The line without the blanks it was broken at, which would wrap it once more."""
    return (*spans[:-1], Span(spans[-1].text.rstrip(), spans[-1].style))


def _drawing(drawing: Drawing, width: int | None) -> Iterator[Line]:
    if width is None:
        return
    fewest, most = drawing.cells
    for behind in (drawing.behind, ()):
        room = width - _line_cells(drawing.before) - _line_cells(behind)
        if room >= fewest:
            yield (*drawing.before, *drawing.picture(min(room, most)), *behind)
            return


def _table(table: Table, width: int | None) -> Iterator[Line]:
    places = [place for place, column in enumerate(table.columns) if width is not None or column.draws is None]
    columns = [table.columns[place] for place in places]
    head: tuple[Cell, ...] = tuple((Span(column.title, "dim"),) for column in table.columns)
    headed = any(column.title for column in columns)
    rows = [*([head] if headed else []), *table.rows, *([] if table.total is None else [table.total])]
    words = [[_words(row[place]) for place in places] for row in rows]
    _set_points(columns, words)
    kept, widths = _fitted(columns, words, width)
    for number, line in enumerate(words):
        if table.total is not None and number == len(words) - 1:
            yield (Span("─" * (sum(widths) + GAP * (len(widths) - 1)), "dim"),)
        cells = [_drawn(rows[number][places[place]], line[place], room) for place, room in zip(kept, widths, strict=True)]
        yield _row([columns[place] for place in kept], cells, widths)
    if table.key and any(columns[place].draws for place in kept):
        yield from _wrapped(table.key, width)


def _words(cell: Cell) -> Line:
    return () if callable(cell) else tuple(_visible(span) for span in cell)


def _drawn(cell: Cell, words: Line, room: int) -> Line:
    return cell(room) if callable(cell) else words


def _set_points(columns: Sequence[Column], grid: list[list[Line]]) -> None:
    for place, column in enumerate(columns):
        if column.align != "point":
            continue
        texts = [_text(row[place]) for row in grid]
        # From the point on; a whole number has none, words are no numbers.
        behind = [len(text) - text.index(".") if "." in text else 0 for text in texts]
        most = max(behind, default=0)
        for row, text, length in zip(grid, texts, behind, strict=True):
            if length or text[-1:].isdigit():
                row[place] = (*row[place], Span(" " * (most - length)))


def _fitted(columns: Sequence[Column], grid: list[list[Line]], width: int | None) -> tuple[list[int], list[int]]:
    natural = [
        max((_line_cells(row[place]) for row in grid), default=0) if column.draws is None else column.draws[0]
        for place, column in enumerate(columns)
    ]
    kept = list(range(len(columns)))
    if width is None:
        return kept, natural
    needed = [min(n, COMFORTABLE) if c.shortens else n for n, c in zip(natural, columns, strict=True)]
    while sum(needed[place] for place in kept) + GAP * (len(kept) - 1) > width:
        going = max(kept, key=lambda place: columns[place].yields)
        if columns[going].yields == 0:
            break
        kept.remove(going)
    widths = {place: natural[place] for place in kept}
    over = sum(widths.values()) + GAP * (len(kept) - 1) - width
    while over > 0:
        widest = max((p for p in kept if columns[p].shortens and widths[p] > SHORTEST), key=lambda p: widths[p], default=None)
        if widest is None:
            break
        widths[widest] -= 1
        over -= 1
    for place in kept:
        draws = columns[place].draws
        if draws is not None and over < 0:  # a picture takes the room that words leave
            more = min(draws[1] - draws[0], -over)
            widths[place] += more
            over += more
    return kept, [widths[place] for place in kept]


def _row(columns: Sequence[Column], row: Sequence[Line], widths: Sequence[int]) -> Line:
    spans: list[Span] = []
    for place, (column, cell, width) in enumerate(zip(columns, row, widths, strict=True)):
        shown = cell if _line_cells(cell) <= width else _cut(cell, width)
        padding = Span(" " * (width - _line_cells(shown)))
        spans += [Span(" " * GAP)] if place else []
        spans += [*shown, padding] if column.align == "left" else [padding, *shown]
    return tuple(span for span in spans if span.text)


def _cut(cell: Line, width: int) -> Line:
    style = cell[0].style if cell else ""
    return (Span(shortened(_text(cell), width), style),)


def _text(cell: Line) -> str:
    return "".join(span.text for span in cell)
