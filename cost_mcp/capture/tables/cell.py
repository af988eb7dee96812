"""Cells as people and spreadsheets write them: counts, dollars, times. What may mean two things is refused, never guessed."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import cast
from zoneinfo import ZoneInfo

from cost_mcp.errors import InvalidInput

NOTHING = frozenset({"", "-", "–", "—", "null", "none", "nan", "n/a", "na", "nil"})
"""What stands in a cell of a number or time that has none; a name is absent only where the cell is empty."""

_COUNT = re.compile(r"\d{1,15}(?:\.0*)?|\d{1,3}(?:,\d{3}){1,4}(?:\.0*)?", re.ASCII)
_GROUPED_BY_POINTS = re.compile(r"\d{1,3}(?:\.\d{3})+", re.ASCII)
_MONEY = re.compile(r"\d+(?:\.\d*)?(?:e[+-]?\d{1,3})?|\.\d+(?:e[+-]?\d{1,3})?", re.ASCII | re.IGNORECASE)
_GROUPED_MONEY = re.compile(r"\d{1,3}(?:,\d{3})+\.\d*|\d{1,3}(?:,\d{3}){2,}", re.ASCII)
_NUMBER = re.compile(r"\d{10,19}|\d{10}\.\d{1,9}", re.ASCII)
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TICKS = {10: 1_000_000, 13: 1_000, 16: 1}
"""Digits of a whole number since 1970 → microseconds of its unit: seconds, milliseconds, microseconds; these years have so many."""


def count(value: object, field: str) -> int | None:
    """A whole number; ``1,234`` is 1234, ``59200.0`` is 59200, an empty cell None.

    Raises:
        InvalidInput: anything else. ``1.234`` too: it may be 1234 or a fraction.
    """
    if isinstance(value, bool):
        raise _not_a_count(field)
    if isinstance(value, int):
        return value
    if isinstance(value, float) and value.is_integer():
        return int(value)
    text = _text(value)
    if text is None:
        raise _not_a_count(field)
    if text.casefold() in NOTHING:
        return None
    if _GROUPED_BY_POINTS.fullmatch(text):
        raise InvalidInput(
            f"{field} has a point before three digits, which may group them or begin a fraction.",
            field=field,
            hint="Write whole numbers without a point: 1234.",
        )
    if not _COUNT.fullmatch(text):
        raise _not_a_count(field)
    return int(text.partition(".")[0].replace(",", ""))


def dollars(value: object, field: str) -> Decimal | None:
    """US dollars; ``$1,234.50``, ``1.5 USD`` and ``2E-05`` are read, an empty cell is None.

    Raises:
        InvalidInput: anything else: another currency, a decimal comma, ``1,234``, which may be either.
    """
    if isinstance(value, bool):
        raise _not_money(field)
    if isinstance(value, int | float):
        value = repr(value)
    text = _text(value)
    if text is None:
        raise _not_money(field)
    if text.casefold() in NOTHING:
        return None
    bare = re.sub(r"^(?:US)?\$\s*|^USD\s*|\s*USD$|\s*\$$", "", text, count=1, flags=re.IGNORECASE)
    if _GROUPED_MONEY.fullmatch(bare):
        bare = bare.replace(",", "")
    if "," in bare and re.fullmatch(r"[\d.,]+", bare, re.ASCII):
        raise InvalidInput(
            f"{field} has a comma that may group digits or begin the cents.", field=field, hint="Write dollars as 1234.56."
        )
    if not _MONEY.fullmatch(bare):
        raise _not_money(field)
    return Decimal(bare)


def moment(value: object, field: str, tz: ZoneInfo | None) -> datetime | None:
    """An instant in UTC: ISO 8601, or a number of seconds, milliseconds or microseconds since 1970.

    A time or day without an offset is one of ``tz``, a day its first moment; of an hour that the clock has twice, the first.

    Raises:
        InvalidInput: no time, one without an offset where ``tz`` is None, or one that the zone's clock skips.
    """
    if isinstance(value, bool):
        raise _not_a_time(field)
    if isinstance(value, int | float):
        value = repr(value)
    text = _text(value)
    if text is None:
        raise _not_a_time(field)
    if text.casefold() in NOTHING:
        return None
    if _NUMBER.fullmatch(text):
        return _since_1970(text, field)
    try:
        found = datetime.fromisoformat(re.sub(r"\s*(?:UTC|GMT|Z)$", "+00:00", text))
    except ValueError:
        raise _not_a_time(field) from None
    if found.utcoffset() is None:
        return _local(found, field, tz, day=bool(_DAY.fullmatch(text)))
    try:
        return found.astimezone(UTC)
    except OverflowError:
        raise _not_a_time(field) from None


def name(value: object, field: str) -> str | None:
    """Text without blanks around it, a whole number as its digits; an empty cell is None.

    Raises:
        InvalidInput: a fraction, true or false, a list, an object.
    """
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    text = _text(value)
    if text is None:
        raise InvalidInput(f"{field} is not text.", field=field, hint="Map a column of text to it.")
    return text or None


def json_object(value: object, field: str) -> dict[str, object] | None:
    """A JSON object, as one or as its text; an empty cell is None.

    Raises:
        InvalidInput: anything else.
    """
    if isinstance(value, str):
        if value.strip().casefold() in NOTHING:
            return None
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            value = ""
    if value is None:
        return None
    if isinstance(value, dict):
        return cast("dict[str, object]", value)
    raise InvalidInput(f"{field} is not a JSON object.", field=field, hint="Map a column that holds one, or none.")


def _text(value: object) -> str | None:
    if value is None:
        return ""
    return value.strip() if isinstance(value, str) else None


def _since_1970(text: str, field: str) -> datetime:
    whole, _, rest = text.partition(".")
    unit = _TICKS.get(len(whole))
    if unit is None:
        raise _not_a_time(field)
    micros = int(whole) * unit + (int(rest[:6].ljust(6, "0")) if rest else 0)
    return _EPOCH + timedelta(microseconds=micros)


def _local(found: datetime, field: str, tz: ZoneInfo | None, *, day: bool) -> datetime:
    if tz is None:
        raise InvalidInput(
            f"{field} has no offset from UTC.", field=field, hint="Say its zone: --timezone UTC, Europe/Berlin …"
        )
    try:
        instant = found.replace(tzinfo=tz).astimezone(UTC)
        skipped = instant.astimezone(tz).replace(tzinfo=None) != found
    except OverflowError:
        raise _not_a_time(field) from None
    if skipped and not day:  # a day whose midnight is skipped begins with what comes after it
        raise InvalidInput(
            f"{field} is a time that the clock of its zone skips.", field=field, hint="Check --timezone: perhaps it is UTC."
        )
    return instant


def _not_a_count(field: str) -> InvalidInput:
    return InvalidInput(f"{field} is not a whole number.", field=field, hint="Write it as 1234, or leave the cell empty.")


def _not_money(field: str) -> InvalidInput:
    return InvalidInput(
        f"{field} is not an amount of US dollars.", field=field, hint="Write it as 1234.56, or leave the cell empty."
    )


def _not_a_time(field: str) -> InvalidInput:
    return InvalidInput(
        f"{field} is not a time that can be read without guessing.", field=field, hint="Write it as 2026-11-22T10:00:00Z."
    )
