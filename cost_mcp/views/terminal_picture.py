"""Bars and sparklines: what a sum is part of, and how it went. They fill the room there is, and never stand alone for a figure.

No picture tells anything by its colour only: what is spent, held and free have forms of their own, and a state is a word beside.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from itertools import pairwise

from cost_mcp.model.totals import ZERO
from cost_mcp.views.terminal_page import Line, Picture, Span, line

SPENT, HELD, FREE, LIMIT = "█", "▒", "░", "│"
COVERED = "▒"
_EIGHTHS = " ▏▎▍▌▋▊▉"
_HEIGHTS = "▁▂▃▄▅▆▇█"
NOTHING = "·"
"""A time without any spend, in a sparkline: lower than the least spend."""

_PLAIN = str.maketrans({
    SPENT: "#", HELD: "%", FREE: ".", LIMIT: "|", NOTHING: ".", "─": "-", "…": "~", "≥": ">", "≈": "~", "–": "-", "×": "x", "→": ">",
    "↑": "^", "↓": "v", "▉": "#", "▊": "=", "▋": "=", "▌": "=", "▍": "-", "▎": "-", "▏": "-",
    "▁": "_", "▂": ",", "▃": "-", "▄": "=", "▅": "+", "▆": "*", "▇": "%",
})  # fmt: skip

BAR = (8, 24)
"""How few and how many cells a bar takes; where there is not even room for the fewest, there is none."""


def share_bar(part: Decimal, whole: Decimal, style: str = "picture", *, covered: Decimal = ZERO) -> Picture | Line:
    """How much ``part`` and, in a form of its own behind it, what a plan ``covered`` are of ``whole``.

    To an eighth of a cell; the smallest share above nothing is still seen.

    Returns:
        An empty line for nothing.
    """
    if part + covered <= 0 or whole <= 0:
        return ()

    def draw(width: int) -> Line:
        if covered <= 0:
            full, rest = divmod(max(1, min(width * 8, int(part * width * 8 / whole))), 8)
            return (Span(SPENT * full + (_EIGHTHS[rest] if rest else ""), style),)
        together = _cells(part + covered, whole, width)
        full = min(_cells(part, whole, width), together - 1)
        return line(Span(SPENT * full, style), Span(COVERED * (together - full), style))

    return draw


def budget_bar(spent: Decimal, held: Decimal, limit: Decimal, style: str) -> Picture:
    """What of a limit is spent, what is held for calls to come, what is free, each in a form of its own.

    A little is never hidden, and what is not all used up never looks so. Where more is spent and held than the limit, the bar
    is all of that, with the limit marked in it.
    """

    def draw(width: int) -> Line:
        used = spent + held
        over = used > limit
        room = width - 1 if over else width
        scale = used if over else limit
        full = _cells(spent, scale, room)
        taken = min(_cells(held, scale, room), room - full) if held > 0 else 0
        if held > 0 and not taken:
            full, taken = full - 1, 1
        if over:
            taken = room - full if held > 0 else taken
            full = room - taken
            return _with_limit(full, taken, min(room, int(limit * room / scale)), style)
        if used < limit and full + taken == room and room > 1:
            full, taken = (full - 1, taken) if full > 1 else (full, taken - 1)
        return line(Span(SPENT * full, style), Span(HELD * taken, style), Span(FREE * (room - full - taken), "dim"))

    return draw


def sparkline(values: Sequence[Decimal], style: str = "picture") -> Picture:
    """How values went, one cell each, or several in one cell (their sum) where there are more than cells; nothing is a dot."""

    def draw(width: int) -> Line:
        shown = _gathered(values, width)
        most = max(shown, default=ZERO)
        spans: list[Span] = []
        for value in shown:
            # The highest cell is the largest value's alone, and the lowest any spend's.
            cell = NOTHING if value <= 0 else _HEIGHTS[min(7, int(value * 7 / most))]
            look = "dim" if cell == NOTHING else style
            if spans and spans[-1].style == look:
                spans[-1] = Span(spans[-1].text + cell, look)
            else:
                spans.append(Span(cell, look))
        return tuple(spans)

    return draw


def spelled(text: str, encoding: str | None) -> str:
    """The text in characters that an encoding has: pictures and signs as ASCII ones of the same width where it lacks them."""
    try:
        text.encode(encoding or "utf-8")
    except (UnicodeEncodeError, LookupError):
        return "".join(c if _has(encoding, c) else c.translate(_PLAIN) for c in text)
    return text


def _has(encoding: str | None, character: str) -> bool:
    try:
        character.encode(encoding or "utf-8")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def _cells(amount: Decimal, scale: Decimal, room: int) -> int:
    return 0 if amount <= 0 else max(1, min(room, int(amount * room / scale)))


def _with_limit(full: int, taken: int, at: int, style: str) -> Line:
    cells = SPENT * full + HELD * taken
    return line(Span(cells[:at], style), Span(LIMIT, "strong"), Span(cells[at:], style))


def _gathered(values: Sequence[Decimal], width: int) -> list[Decimal]:
    if len(values) <= width:
        return list(values)
    bounds = [number * len(values) // width for number in range(width + 1)]
    return [sum(values[start:end], ZERO) for start, end in pairwise(bounds)]
