"""Long results in pages: a cursor belongs to the question it came from, and to what was recorded when that was asked."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from cost_mcp.errors import InvalidInput
from cost_mcp.model.moment import from_micros, micros

MAX_LIMIT = 1000
T = TypeVar("T")

_WRITTEN = re.compile(r"([0-9a-f]{12}):(\d{1,12}):(-?\d{1,16}):(-?\d{1,16}):([\w.-]{1,80})", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """What the first page was answered from: the period's bounds in microseconds since 1970, and the ledger's own mark.

    Later pages are cut from the same rows, whatever is recorded meanwhile and however far ``today`` has moved on.
    """

    start: int
    end: int
    as_of: str


def with_moment(as_of: str, now: datetime) -> str:
    """A ledger's mark with the moment that a question was asked at, for pages that look at the clock too."""
    return f"{as_of}.{micros(now)}"


def snapshot_marks(snapshot: Snapshot) -> tuple[str, datetime]:
    """The ledger's mark of a snapshot, and the moment its question was asked at.

    Raises:
        InvalidInput: there is no moment in it.
    """
    as_of, _, moment = snapshot.as_of.rpartition(".")
    if not moment.isdecimal() or len(moment) > 16:
        raise InvalidInput("cursor is not one of ours.", field="cursor", hint="Give next_cursor as it was answered.")
    return as_of, from_micros(int(moment))


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the next page begins."""

    offset: int
    snapshot: Snapshot


def read_cursor(cursor: object, question: Mapping[str, object]) -> Place | None:
    """The place a cursor names; None for none.

    Raises:
        InvalidInput: a cursor that is none, or comes from another question.
    """
    if cursor is None:
        return None
    text = cursor if isinstance(cursor, str) else ""
    try:
        written = _WRITTEN.fullmatch(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode("ascii"))
    except (binascii.Error, ValueError):
        written = None
    if written is None:
        raise InvalidInput("cursor is not one of ours.", field="cursor", hint="Give next_cursor as it was answered.")
    if written[1] != _mark(question):
        raise InvalidInput(
            "cursor belongs to another question.", field="cursor", hint="Repeat the call it came from, or leave it out."
        )
    return Place(offset=int(written[2]), snapshot=Snapshot(start=int(written[3]), end=int(written[4]), as_of=written[5]))


def page(
    rows: Sequence[T], limit: int, place: Place | None, question: Mapping[str, object], snapshot: Snapshot
) -> tuple[tuple[T, ...], str | None]:
    """The rows at a place (None: the first ones) and the cursor of the next page, None on the last."""
    start = 0 if place is None else place.offset
    chosen = tuple(rows[start : start + limit])
    after = start + len(chosen)
    return chosen, write_cursor(question, after, snapshot) if after < len(rows) else None


def write_cursor(question: Mapping[str, object], offset: int, snapshot: Snapshot) -> str:
    """The cursor of a place in the answer to a question."""
    text = f"{_mark(question)}:{offset}:{snapshot.start}:{snapshot.end}:{snapshot.as_of}"
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _mark(question: Mapping[str, object]) -> str:
    return hashlib.sha256(json.dumps(question, sort_keys=True, default=str).encode()).hexdigest()[:12]
