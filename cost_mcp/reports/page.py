"""Long results in pages: a cursor belongs to the question it came from."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import TypeVar

from cost_mcp.errors import InvalidInput

MAX_LIMIT = 1000
T = TypeVar("T")


def page(rows: Sequence[T], limit: int, cursor: object, question: Mapping[str, object]) -> tuple[tuple[T, ...], str | None]:
    """The rows at a cursor (None: the first ones) and the cursor of the next page, None on the last.

    Raises:
        InvalidInput: a cursor that is none, or comes from another question.
    """
    mark = hashlib.sha256(json.dumps(question, sort_keys=True, default=str).encode()).hexdigest()[:12]
    start = 0 if cursor is None else _offset(cursor, mark)
    chosen = tuple(rows[start : start + limit])
    after = start + len(chosen)
    return chosen, _cursor(mark, after) if after < len(rows) else None


def _cursor(mark: str, offset: int) -> str:
    return base64.urlsafe_b64encode(f"{mark}:{offset}".encode()).decode().rstrip("=")


def _offset(cursor: object, mark: str) -> int:
    text = cursor if isinstance(cursor, str) else ""
    try:
        origin, _, offset = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode("ascii").partition(":")
        number = int(offset)
    except (binascii.Error, ValueError):
        raise InvalidInput("cursor is not one of ours.", field="cursor", hint="Give next_cursor as it was answered.") from None
    if origin != mark or number < 0:
        raise InvalidInput(
            "cursor belongs to another question.", field="cursor", hint="Repeat the call it came from, or leave it out."
        )
    return number
