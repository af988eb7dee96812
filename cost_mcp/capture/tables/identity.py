"""Ids for rows that have none: the same rows get the same ids, in whichever file they stand."""

from __future__ import annotations

import hashlib
import json
from array import array
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from cost_mcp.model.moment import instant_text
from cost_mcp.model.money import usd_text

_ROOM = 1 << 12


def content_digest(fields: Mapping[str, object]) -> bytes:
    """Sixteen bytes that stand for what a row says; neither its place, its file nor the order of its columns."""
    text = json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=True, default=_plain)
    return hashlib.blake2b(text.encode(), digest_size=16).digest()


def row_id(digest: bytes, ordinal: int) -> str:
    """The id of a row that says this, for the so manieth time in its file."""
    return f"row_{digest.hex()}" if ordinal == 1 else f"row_{digest.hex()}_{ordinal}"


class Ordinals:
    """Which of several equal rows a row is, from 1.

    Every different row of a file has to be remembered for that: at most 36 bytes each, so that ten million fit where a set
    would take a gigabyte.
    """

    def __init__(self) -> None:
        self._keys = array("Q", bytes(8 * _ROOM))
        self._seen = array("I", bytes(array("I").itemsize * _ROOM))
        self._held = 0

    def next(self, digest: bytes) -> int:
        """The ordinal of this row."""
        key = int.from_bytes(digest[:8], "little") or 1  # 0 marks a free place
        place = self._place(key)
        if self._keys[place] != key:
            self._keys[place] = key
            self._held += 1
        self._seen[place] += 1
        ordinal = self._seen[place]
        if 3 * self._held > 2 * len(self._keys):
            self._make_room()
        return ordinal

    def _place(self, key: int) -> int:
        keys = self._keys
        last = len(keys) - 1
        place = key & last
        while keys[place] not in {0, key}:
            place = (place + 1) & last
        return place

    def _make_room(self) -> None:
        before = zip(self._keys, self._seen, strict=True)
        size = 2 * len(self._keys)
        self._keys = array("Q", bytes(8 * size))
        self._seen = array("I", bytes(self._seen.itemsize * size))
        for key, times in before:
            if key:
                place = self._place(key)
                self._keys[place], self._seen[place] = key, times


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return instant_text(value)
    assert isinstance(value, Decimal)
    return usd_text(value)
