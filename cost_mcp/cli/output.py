"""Where answers go: a page in colours to a terminal, plain text to a pipe, one JSON object where it was asked for."""

from __future__ import annotations

import json
import sys
from collections.abc import Generator, Mapping
from contextlib import contextmanager

from cost_mcp.views.terminal_page import Page


class Unwritten(Exception):
    """An answer that standard output did not take: a full disk, for instance. What the command does was done before."""


def put_page(page: Page) -> None:
    """Print a page for people.

    Raises:
        Unwritten: standard output does not take it.
    """
    with _writing():
        if sys.stdout.isatty():
            from cost_mcp.views.terminal_color import show

            show(page, sys.stdout)
        else:
            from cost_mcp.views.terminal_layout import plain

            sys.stdout.write(plain(page))


def put_json(shape: Mapping[str, object]) -> None:
    """Print one JSON object.

    Raises:
        Unwritten: standard output does not take it.
    """
    with _writing():
        print(json.dumps(shape, indent=2, ensure_ascii=False))


@contextmanager
def _writing() -> Generator[None]:
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        raise  # a reader that has seen enough
    except OSError as error:
        raise Unwritten(error.strerror or "no reason given") from error
