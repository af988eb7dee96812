"""Rows of a JSONL text: one JSON object a line, its keys the columns."""

from __future__ import annotations

import json
from collections.abc import Generator, Iterable, Mapping
from typing import cast

from cost_mcp.capture.tables.row import Row, RowProblem


def json_rows(lines: Iterable[str]) -> Generator[Row | RowProblem]:
    """The objects of a text, by line; empty lines are passed over."""
    for number, line in enumerate(lines, start=1):
        text = line.removeprefix("\ufeff") if number == 1 else line
        if not text.strip():
            continue
        found = _object(text)
        if found is None:
            yield RowProblem(
                row=number,
                column=None,
                reason="the line is not a JSON object.",
                hint="JSONL has one object on each line; a last line that is cut short was not written to its end.",
            )
        else:
            yield Row(number=number, cells=found)


def value_at(cells: Mapping[str, object], path: str) -> object:
    """The value of a key, or of a path of keys through nested objects (``usage.prompt_tokens``); None where there is none."""
    if path in cells or "." not in path:
        return cells.get(path)
    inside = cells
    *way, last = path.split(".")
    for key in way:
        found = inside.get(key)
        inside = cast("dict[str, object]", found) if isinstance(found, dict) else {}
    return inside.get(last)


def _object(text: str) -> dict[str, object] | None:
    try:
        found: object = json.loads(text)
    except (ValueError, RecursionError):  # a number of more digits than Python reads is a ValueError too
        return None
    return cast("dict[str, object]", found) if isinstance(found, dict) else None
