"""A page as Markdown: for pull requests, wikis and chats. Pictures are left out, every figure stands in words.

Source: CommonMark 0.31.2 (a backslash before punctuation) and GitHub's tables (https://github.github.com/gfm/), read 2026-11-22.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from cost_mcp.views.terminal_page import Cell, Drawing, Line, Page, Span, Table

_MEANS = re.compile(r"([\\`*_{}\[\]<>|~&#])")


def markdown_text(page: Page) -> str:
    """The page as Markdown: its first line a heading, tables as tables, every other line a paragraph."""
    blocks: list[str] = []
    for block in page:
        if isinstance(block, Table):
            blocks.append(_table(block))
        elif isinstance(block, Drawing):
            blocks.append(_line((*block.before, *block.behind)))
        else:
            blocks.append(_line(block) if blocks else f"## {_words(block)}")
    return "\n\n".join(block for block in blocks if block) + "\n"


def _table(table: Table) -> str:
    places = [place for place, column in enumerate(table.columns) if column.draws is None]
    columns = [table.columns[place] for place in places]
    rows = [[_cell(row[place]) for place in places] for row in table.rows]
    if table.total is not None:
        rows.append([f"**{text}**" if (text := _cell(table.total[place])) else "" for place in places])
    marks = ["---" if column.align == "left" else "---:" for column in columns]
    return "\n".join(_row(cells) for cells in ([_escaped(column.title) for column in columns], marks, *rows))


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(cell: Cell) -> str:
    return "" if callable(cell) else _words(cell)


def _line(line: Line) -> str:
    """A line of its own: what it begins with must not make it a list, a heading or a number."""
    text = "".join(_span(span) for span in line).strip()
    return re.sub(r"^(\d+)([.)])|^([-+=])", r"\1\\\2\3", text)


def _span(span: Span) -> str:
    text = _escaped(span.text)
    if span.style != "strong" or not text.strip():
        return text
    return f"{text[: len(text) - len(text.lstrip())]}**{text.strip()}**{text[len(text.rstrip()) :]}"


def _words(line: Line) -> str:
    return _escaped("".join(span.text for span in line)).strip()


def _escaped(text: str) -> str:
    # What turns text around or hides it would lie about what stands there.
    return _MEANS.sub(r"\\\1", "".join(c if c.isprintable() else "�" for c in text))
