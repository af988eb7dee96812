"""Rows of text under each other in columns, without lines or padding that a reader pays for."""

from __future__ import annotations

from collections.abc import Sequence


def columns(head: Sequence[str], rows: Sequence[Sequence[str]], *, right_from: int) -> str:
    """A table: a head and rows, two blanks between columns, those from ``right_from`` on aligned to the right.

    Returns:
        Lines without trailing blanks; the head alone when there are no rows.
    """
    lines = [head, *rows]
    widths = [max(len(line[place]) for line in lines) for place in range(len(head))]
    return "\n".join(_line(line, widths, right_from) for line in lines)


def _line(cells: Sequence[str], widths: Sequence[int], right_from: int) -> str:
    padded = [
        cell.rjust(width) if place >= right_from else cell.ljust(width)
        for place, (cell, width) in enumerate(zip(cells, widths, strict=True))
    ]
    return "  ".join(padded).rstrip()
