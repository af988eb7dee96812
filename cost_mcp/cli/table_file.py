"""A table's text from a file or standard input, line by line."""

from __future__ import annotations

import codecs
import io
import sys
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO, cast

from cost_mcp.errors import InvalidInput

MOST_LINE_CHARACTERS = 32_000_000
_WORKBOOK = b"PK\x03\x04"


@contextmanager
def open_table(place: str) -> Generator[Iterator[str]]:
    """The lines of a text with their ends; UTF-8, or UTF-16 as spreadsheets mark it. ``-`` is standard input.

    What is no text in a cell comes as half a surrogate pair, which no name may hold: only that row is refused.

    Raises:
        InvalidInput: it cannot be read, is a workbook, or one line of it is longer than any of a table.
    """
    binary = _opened(place)
    try:
        head = _peeked(binary)
        if head == _WORKBOOK:
            raise InvalidInput("the file is a workbook, not text.", field="file", hint="Save the sheet as CSV (UTF-8).")
        wide = head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
        text = io.TextIOWrapper(
            binary,
            encoding="utf-16" if wide else "utf-8-sig",
            errors="replace" if wide else "surrogateescape",
            newline="",
        )
        try:
            yield _lines(text)
        finally:
            text.detach()
    finally:
        if place != "-":
            binary.close()


def _opened(place: str) -> io.BufferedReader:
    if place == "-":
        return cast("io.BufferedReader", sys.stdin.buffer)
    try:
        return Path(place).open("rb")
    except OSError as error:
        raise _unreadable(error) from None


def _peeked(binary: io.BufferedReader) -> bytes:
    try:
        return binary.peek(4)[:4]
    except OSError as error:  # a folder opens and cannot be read
        raise _unreadable(error) from None


def _lines(text: TextIO) -> Iterator[str]:
    while line := _line(text):
        if len(line) > MOST_LINE_CHARACTERS:
            raise InvalidInput(
                f"a line is longer than {MOST_LINE_CHARACTERS:,} characters.", field="file", hint="Check that it is a table."
            )
        yield line


def _line(text: TextIO) -> str:
    try:
        return text.readline(MOST_LINE_CHARACTERS + 1)
    except OSError as error:
        raise _unreadable(error) from None


def _unreadable(error: OSError) -> InvalidInput:
    return InvalidInput(f"the file cannot be read ({error.strerror}).", field="file", hint="Check its path and rights.")
