"""The formats calls are exported in: their names, and how the names of their files end."""

from __future__ import annotations

from pathlib import PurePath

from cost_mcp.errors import UnknownName

CSV, JSON, JSONL, FOCUS, PARQUET = "csv", "json", "jsonl", "focus", "parquet"
SUFFIXES = {FOCUS: ".focus.csv", CSV: ".csv", JSON: ".json", JSONL: ".jsonl", PARQUET: ".parquet"}
"""Format → the ending of its files; a longer one before one it ends in."""

FORMATS = (CSV, JSON, JSONL, FOCUS, PARQUET)


def read_format(name: str | None, output: PurePath | None) -> str:
    """The format of this name; without one, what the output's name ends in says it, else CSV.

    Raises:
        UnknownName: no such format.
    """
    if name is not None and name.lower() not in FORMATS:
        hint = f"Use one of: {', '.join(FORMATS)}."
        raise UnknownName("format is not one that calls are exported in.", field="format", hint=hint)
    if name is not None or output is None:
        return CSV if name is None else name.lower()
    return next((found for found, suffix in SUFFIXES.items() if output.name.lower().endswith(suffix)), CSV)
