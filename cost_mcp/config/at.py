"""A key of a settings file with the lines of everything below it, so that a refusal can say where."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from cost_mcp.config.written import Entry, shown_key
from cost_mcp.errors import ConfigError


@dataclass(frozen=True, slots=True)
class At:
    """One key of a file and what ``field`` a refusal is about."""

    file: Path
    entry: Entry
    field: str

    def place(self, *path: str | int) -> str:
        """The file and the line of what the path leads to, from the key on."""
        return f"{self.file}, line {self.entry.lines.get(path, self.entry.line)}"

    def refused(self, path: Sequence[str | int], reason: str, hint: str) -> ConfigError:
        """The error that names the place; neither reason nor hint may quote a value."""
        return ConfigError(f"{self.place(*path)}: {reason}", field=self.field, hint=hint)

    def refuse_unknown(self, path: tuple[str | int, ...], given: Iterable[str], known: Sequence[str], what: str) -> None:
        """Refuse the first key that is none of the known ones, with the nearest of them.

        Raises:
            ConfigError: there is one.
        """
        for key in given:
            if key not in known:
                near = difflib.get_close_matches(key.lower().replace("-", "_"), known, n=1, cutoff=0.6)
                hint = f"Did you mean {near[0]}?" if near else f"It takes: {', '.join(known)}."
                raise self.refused((*path, key), f"{shown_key(key)} is not {what}.", hint)
