"""A new file on a path somebody named: there whole, or not at all, and readable by its owner only."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from stat import S_ISREG
from typing import BinaryIO

from cost_mcp.errors import InvalidInput

_BUFFER = 1 << 18


def check_free(path: Path, *, force: bool) -> Path:
    """Where the file itself will be, whatever links lead there; asked before anything is read for it.

    Raises:
        InvalidInput: something is there that may not be replaced, or its folder is not there.
    """
    try:
        place = path.resolve()
        mode = _mode(place)
        if mode is None and not place.parent.is_dir():
            raise InvalidInput(
                "the folder of the output file is not there.", field="output", hint="Make it first, or name another."
            )
    except (OSError, RuntimeError) as error:
        raise _unwritable(error) from None
    if mode is None:
        return place
    if not S_ISREG(mode):
        raise InvalidInput(
            "the output is no file.", field="output", hint="Name a file, or leave output out and redirect standard output."
        )
    if not force:
        raise _taken()
    return place


@contextmanager
def new_file(path: Path, *, force: bool) -> Generator[BinaryIO]:
    """Write a file beside its place (0600), and put it there when the block ends; when the block fails nothing is left.

    Args:
        path: where it is to be.
        force: whether what is there may be replaced.

    Raises:
        InvalidInput: it cannot be written there, or something is there that may not be replaced.
    """
    place = check_free(path, force=force)
    try:
        handle, name = tempfile.mkstemp(dir=place.parent, prefix=f".{place.name[:100]}.", suffix=".part")
    except OSError as error:
        raise _unwritable(error) from None
    try:
        with os.fdopen(handle, "wb", buffering=_BUFFER) as out:
            yield out
            out.flush()
            os.fsync(out.fileno())
        _put(Path(name), place, force=force)
    except OSError as error:
        raise _unwritable(error) from None
    finally:
        Path(name).unlink(missing_ok=True)


def _mode(place: Path) -> int | None:
    try:
        return place.stat().st_mode
    except FileNotFoundError:
        return None


def _put(made: Path, place: Path, *, force: bool) -> None:
    if force:
        made.replace(place)
        return
    try:
        os.link(made, place)  # fails where somebody was faster
    except FileExistsError:
        raise _taken() from None
    except OSError:  # a file system without links
        if place.exists():
            raise _taken() from None
        made.replace(place)


def _taken() -> InvalidInput:
    return InvalidInput("the output file exists.", field="output", hint="Name another, or add --force to replace it.")


def _unwritable(error: OSError | RuntimeError) -> InvalidInput:
    reason = error.strerror if isinstance(error, OSError) and error.strerror else "no way leads there"
    return InvalidInput(
        f"the output file cannot be written ({reason}).", field="output", hint="Check its place, rights and space."
    )
