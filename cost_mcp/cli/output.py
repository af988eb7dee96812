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
    with writing():
        if sys.stdout.isatty():
            from cost_mcp.views.terminal_color import show

            show(page, sys.stdout)
        else:
            from cost_mcp.views.terminal_layout import plain
            from cost_mcp.views.terminal_picture import spelled

            sys.stdout.write(spelled(plain(page), sys.stdout.encoding))


def to_people() -> bool:
    """Whether standard output is a terminal, where pictures are shown."""
    return sys.stdout.isatty()


def put_json_line(shape: Mapping[str, object]) -> None:
    """Print one JSON object in a line of its own, at once.

    Raises:
        Unwritten: standard output does not take it.
    """
    with writing():
        print(json.dumps(shape, ensure_ascii=False))


def put_json(shape: Mapping[str, object]) -> None:
    """Print one JSON object.

    Raises:
        Unwritten: standard output does not take it.
    """
    with writing():
        print(json.dumps(shape, indent=2, ensure_ascii=False))


@contextmanager
def writing() -> Generator[None]:
    """What the block prints reaches standard output before it ends.

    Raises:
        Unwritten: standard output does not take it.
    """
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        raise  # a reader that has seen enough
    except OSError as error:
        raise Unwritten(error.strerror or "no reason given") from error
