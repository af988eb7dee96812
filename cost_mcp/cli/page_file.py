"""A page as Markdown or HTML, on standard output or in a file, for those who are not at this terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar, cast

import click

from cost_mcp.cli.new_file import new_file
from cost_mcp.cli.output import put_page, writing
from cost_mcp.errors import UnknownName
from cost_mcp.views.terminal_page import Page

MARKDOWN, HTML = "markdown", "html"
SUFFIXES = {".md": MARKDOWN, ".markdown": MARKDOWN, ".html": HTML, ".htm": HTML}

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True, kw_only=True)
class PageTo:
    """Where a page goes and as what; ``kind`` None: as text to standard output."""

    kind: str | None = None
    output: str | None = None
    force: bool = False

    def check(self, others: list[str]) -> None:
        """Nothing, when the page is not asked for beside something else that is no page.

        Raises:
            click.UsageError: it is.
        """
        if others and (self.kind is not None or self.output is not None):
            raise click.UsageError(f"--format and --output do not go with {' and '.join(others)}.")

    def put(self, page: Page, folder: Path) -> None:
        """Print the page, or write it to its file; a relative one is in ``folder``.

        Raises:
            InvalidInput: the file cannot be written, or is there already.
        """
        if self.kind is None:
            put_page(page)
            return
        content = _drawn(page, self.kind)
        if self.output is None:
            with writing():
                sys.stdout.write(content)
            return
        with new_file(folder / self.output, force=self.force) as out:
            out.write(content.encode())


def to_page(command: F) -> F:
    """Add the options, and give the command a ``PageTo`` as ``to``."""

    @click.option("--format", "page_format", metavar="[markdown|html]", help="The same page for others to read.")
    @click.option("--output", "page_output", metavar="FILE", help="Where to (.md or .html); a file only you can read.")
    @click.option("--force", "page_force", is_flag=True, help="Replace the file that is there.")
    @wraps(command)
    def asked(*given: Any, page_format: str | None, page_output: str | None, page_force: bool, **fields: Any) -> Any:
        return command(*given, to=_read(page_format, page_output, force=page_force), **fields)

    return cast("F", asked)  # click takes what is wrapped for the command itself


def _read(kind: str | None, output: str | None, *, force: bool) -> PageTo:
    word = kind.lower() if kind is not None else None
    if word is None and output is not None:
        word = SUFFIXES.get(Path(output).suffix.lower())
        if word is None:
            raise click.UsageError("--output tells no format by its ending: add --format markdown or --format html.")
    if word not in (None, MARKDOWN, HTML):
        raise UnknownName("format is not one that pages are written in.", field="format", hint="Use markdown or html.")
    if force and output is None:
        raise click.UsageError("--force is about a file: give --output.")
    return PageTo(kind=word, output=output, force=force)


def _drawn(page: Page, kind: str) -> str:
    if kind == HTML:
        from cost_mcp.views.html_report import html_text

        return html_text(page)
    from cost_mcp.views.markdown_report import markdown_text

    return markdown_text(page)
