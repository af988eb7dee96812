"""Logs that their agent has packed: Codex packs a session's file a week after it was last written, and removes the plain one."""

from __future__ import annotations

import errno
import sys
from collections.abc import Iterator
from typing import BinaryIO

PACKED = ".jsonl.zst"
"""How the name of a packed log ends."""


def is_packed(path: str) -> bool:
    """Whether a file is a packed log, by its name."""
    return path.endswith(PACKED)


def unpacked_lines(opened: BinaryIO, most: int) -> Iterator[tuple[int, bytes | None]]:
    """The lines of an open packed log without their line breaks, each with its number from 1; None for one above ``most`` bytes.

    Bounded memory however large the log. The last line may have no line break: packed logs are written to their end.

    Raises:
        OSError: it is no whole packed file.

    Source: codex-rs/rollout/src/compression.rs (github.com/openai/codex) and its pull request 25089; read 2026-11-22.
    """
    if sys.version_info >= (3, 14):
        from compression import zstd
    else:
        from backports import zstd
    number, too_long = 1, False
    try:
        with zstd.open(opened, "rb") as unpacked:
            while part := unpacked.readline(most):
                ended = part.endswith(b"\n")
                if not ended and len(part) == most:
                    too_long = True
                    continue
                yield number, None if too_long else part.rstrip(b"\n")
                number, too_long = number + 1, False
    except (zstd.ZstdError, EOFError):
        raise OSError(errno.EIO, "it is packed, and damaged or cut short") from None
    if too_long:
        yield number, None
