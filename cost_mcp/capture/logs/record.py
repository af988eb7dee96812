"""One JSON record of a log, decoded without trusting it: bad bytes and bad instants are None, never an error."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import cast

from cost_mcp.model.moment import EARLIEST, LATEST, micros

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST_MS, _LAST_MS = micros(EARLIEST) // 1000, micros(LATEST) // 1000


def decode(line: bytes) -> Mapping[str, object] | None:
    """The JSON object in these bytes, its fractions as exact decimals; None when there is no object."""
    try:
        found: object = json.loads(line, parse_float=Decimal)
    except (ValueError, RecursionError):  # not UTF-8, not JSON, a number of thousands of digits, nested without end
        return None
    return cast("Mapping[str, object]", found) if isinstance(found, dict) else None


def instant_of_text(value: object) -> datetime | None:
    """An ISO 8601 text with its offset as an instant in UTC; None for anything else, and for a time when no calls are made."""
    if not isinstance(value, str):
        return None
    try:
        found = datetime.fromisoformat(value)
        instant = None if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return instant if instant is not None and EARLIEST <= instant <= LATEST else None


def instant_of_millis(value: object) -> datetime | None:
    """Milliseconds since 1970 as an instant in UTC; None for anything else, and for a time when no calls are made."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return None
    return _after(value, 0)


def instant_of_hrtime(value: object) -> datetime | None:
    """A ``[seconds, nanoseconds]`` pair since 1970, as OpenTelemetry for JavaScript writes it; None for anything else.

    Source: https://github.com/open-telemetry/opentelemetry-js/blob/main/api/src/common/Time.ts (HrTime), read 2026-11-22.
    """
    pair = cast("list[object]", value) if isinstance(value, list) else []
    if len(pair) != 2 or not all(type(part) is int for part in pair):
        return None
    seconds, nanoseconds = cast("list[int]", pair)
    return _after(seconds * 1000, nanoseconds // 1000)


def _after(milliseconds: int | Decimal, microseconds: int) -> datetime | None:
    if not _FIRST_MS <= milliseconds < _LAST_MS:  # a decimal may stand for more digits than there is memory
        return None
    return _EPOCH + timedelta(milliseconds=int(milliseconds), microseconds=microseconds)
