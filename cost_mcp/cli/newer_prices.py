"""Newer prices taken into use, or forgotten again: what was replaced, and what counts from then on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from cost_mcp.cli.price_file import TABLE, PriceFile, read_price_file
from cost_mcp.config.books import fetched_book, fetched_table
from cost_mcp.config.folders import replace_file
from cost_mcp.errors import ConfigError
from cost_mcp.views.terminal_page import Line, Page, Span, line

if TYPE_CHECKING:
    from cost_mcp.pricing.library import Library

_SERVERS = line(Span("Servers that are running follow when they next start.", "dim"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What became of the prices in force; ``kept`` is False where they stay as they were."""

    kept: bool
    page: Page
    shape: Mapping[str, object]


def take(text: str, on: date) -> Change:
    """Put a fetched table or book in the place of the one before it, if all of it can be read.

    Raises:
        InvalidInput: it is a table that cannot be read; the one in force stays.
        ConfigError: the data folder cannot be written.
    """
    given = read_price_file(text, "the fetched book", on)
    file = fetched_table() if given.kind == TABLE else fetched_book()
    if given.problems or given.empty:
        not_kept = line(Span("Not kept; the prices in force stay as they were.", "warning"))
        return Change(kept=False, page=(*given.page, not_kept), shape={"kept": False, "file": str(file), **given.shape})
    replaced, lines, facts = _table_before(given) if given.kind == TABLE else _book_before()
    replace_file(file, given.stored.encode())
    said = (line("It replaces ", replaced, "."), *lines, line("It counts from now on: ", Span(str(file), "name")), _SERVERS)
    shape = {"kept": True, "file": str(file), "replaced": replaced, **facts, **given.shape}
    return Change(kept=True, page=(*given.page, *said), shape=shape)


def forget() -> Change:
    """Remove the fetched table and the fetched book, so that the packaged prices count again.

    Raises:
        ConfigError: a file cannot be removed.
    """
    from cost_mcp.pricing.library import BOOK, Library

    removed = [file for file in (fetched_table(), fetched_book()) if file.exists()]
    for file in removed:
        try:
            file.unlink()
        except OSError as error:
            hint = "Check the folder's rights."
            raise ConfigError(f"{file} cannot be removed ({error.strerror}).", field="file", hint=hint) from error
    packaged = f"{BOOK} {Library().version}"
    said = [line("Removed ", Span(str(file), "name")) for file in removed] or [line("Nothing had been fetched.")]
    return Change(
        kept=True,
        page=(*said, line(f"The packaged prices count: {packaged}."), *([_SERVERS] if removed else [])),
        shape={"reset": True, "removed": [str(file) for file in removed], "version": packaged},
    )


def _table_before(given: PriceFile) -> tuple[str, tuple[Line, ...], Mapping[str, object]]:
    """The table in force so far by name, and which models come and go with the new one."""
    from cost_mcp.pricing.library import BOOK
    from cost_mcp.pricing.tables import listed_models, open_tables

    before = _in_force()
    if before is None:
        return "an unreadable table", (), {}
    old, new = listed_models(before), listed_models(open_tables(given.stored))
    come, gone = len(new - old), len(old - new)
    style = "warning" if gone else ""
    return (
        f"{BOOK} {before.version}",
        (line(f"{come:,} models are new in it, ", Span(f"{gone:,} are no longer listed", style), "."),),
        {"models_added": come, "models_gone": gone},
    )


def _in_force() -> Library | None:
    from cost_mcp.service.opening import load_tables

    try:
        return load_tables()
    except ConfigError:
        return None  # a new table is how a damaged one is mended; what is replaced is said


def _book_before() -> tuple[str, tuple[Line, ...], Mapping[str, object]]:
    file = fetched_book()
    return (f"the book fetched on {_day(file)}" if file.exists() else "no earlier book"), (), {}


def _day(file: Path) -> str:
    return datetime.fromtimestamp(file.stat().st_mtime, UTC).date().isoformat()
