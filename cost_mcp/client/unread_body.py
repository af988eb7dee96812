"""A response's body, seen in passing while the program reads it: for ``with_streaming_response`` and raw streams."""

from __future__ import annotations

import json
import weakref
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any, cast

MOST_BYTES = 64 * 1024 * 1024
"""A body above this is not looked at; no model's response comes near it."""


class UnreadBody:
    """Hears the decoded bytes that ``iter_bytes`` and ``aiter_bytes`` of an httpx response give the program.

    All other ways of reading (``read``, ``iter_lines``, the SDKs' streams) go through those two. Of a stream, each event is told
    and forgotten; of anything else, the body when it is whole.
    """

    def __init__(self, see: Callable[[object], object] | None, told: Callable[[bytes | None], None]) -> None:
        """A body that nobody has read yet.

        Args:
            see: Hears a stream's events; None when the body is one JSON object.
            told: Hears the body when it has been read whole; None after a stream.
        """
        self._see = see
        self._told = told
        self._left = bytearray()
        self._given_up = False

    def observe(self, response: Any) -> None:
        """Listen in; by a weak reference, so that a dropped response is let go of at once."""
        there, kind = weakref.ref(response), cast("Any", type(response))

        def iter_bytes(chunk_size: int | None = None) -> Iterator[bytes]:
            for chunk in kind.iter_bytes(there(), chunk_size):
                self._take(chunk)
                yield chunk
            self._end()

        async def aiter_bytes(chunk_size: int | None = None) -> AsyncIterator[bytes]:
            async for chunk in kind.aiter_bytes(there(), chunk_size):
                self._take(chunk)
                yield chunk
            self._end()

        kept = cast("dict[str, object]", vars(response))
        kept.setdefault("iter_bytes", iter_bytes)
        kept.setdefault("aiter_bytes", aiter_bytes)

    def _take(self, chunk: bytes) -> None:
        if self._given_up:
            return
        self._left += chunk
        if self._see is not None and b"\n" in chunk:
            *lines, rest = self._left.split(b"\n")
            self._left = bytearray(rest)
            for line in lines:
                self._take_line(bytes(line), self._see)
        if len(self._left) > MOST_BYTES:
            self._given_up = True
            self._left.clear()

    def _take_line(self, line: bytes, see: Callable[[object], object]) -> None:
        if not line.startswith(b"data:"):
            return
        try:
            event: object = json.loads(line[5:])
        except (ValueError, RecursionError):
            return  # [DONE], or an event of several lines, which no provider sends
        see(event)

    def _end(self) -> None:
        if self._see is not None:
            self._told(None)
        elif not self._given_up:
            self._told(bytes(self._left))
        self._left.clear()
