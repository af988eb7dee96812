"""Text as a cell of a CSV file that a spreadsheet opens without running anything.

A cell that begins with a character spreadsheets take for a formula gets an apostrophe before it, the sign by which they take it for
text. So does one that begins with apostrophes before such a character; taking one apostrophe off every such cell (``bare_cell``)
therefore gives back exactly what was recorded.

Source: OWASP, CSV Injection (https://owasp.org/www-community/attacks/CSV_Injection), and ASVS 5.0, requirement 1.2.10; quotes by
RFC 4180. Read 2026-11-22.
"""

from __future__ import annotations

import re
from functools import lru_cache

TRIGGERS = "=+-@\t\r\n\0＝＋－＠"
"""What spreadsheets take for the beginning of a formula; the wide ones where East Asian text is typed."""

_FORMULA = re.compile(f"'*[{re.escape(TRIGGERS)}]")
_plain = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.:/ -]*").fullmatch
_needs_quotes = re.compile(r'[",\r\n]').search


def safe_cell(text: str) -> str:
    """The text as a cell that is no formula, before it is quoted."""
    return f"'{text}" if _FORMULA.match(text) else text


def bare_cell(cell: str) -> str:
    """What ``safe_cell`` was given."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell


def written_cell(text: str | None) -> str:
    """The text as it stands between two commas; nothing for None."""
    if not text:
        return ""
    if _plain(text):
        return text
    safe = safe_cell(text)
    return '"{}"'.format(safe.replace('"', '""')) if _needs_quotes(safe) else safe


known_cell = lru_cache(maxsize=4096)(written_cell)
"""``written_cell`` for texts that come again and again."""
