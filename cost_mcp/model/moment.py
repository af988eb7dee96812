"""Instants: always UTC, whole microseconds in storage, RFC 3339 text at the edges; time zones by IANA name."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cost_mcp.errors import InvalidInput, UnknownName

EARLIEST = datetime(2020, 1, 1, tzinfo=UTC)
"""No model of any catalog was sold by the token before; an earlier time is a mistaken unit or a dead clock."""

LATEST = datetime(2200, 1, 1, tzinfo=UTC)
"""The end of all time here: no instant lies after it, and a period without an end ends at it."""

MAX_AHEAD = timedelta(minutes=5)
"""How far ahead of this clock a call may say it happened; clocks differ by less."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def micros(instant: datetime) -> int:
    """Microseconds since 1970-01-01T00:00Z, the form in which instants are stored."""
    return (instant - _EPOCH) // _MICROSECOND


def from_micros(value: int) -> datetime:
    """The instant for stored microseconds, in UTC."""
    return _EPOCH + timedelta(microseconds=value)


def instant_text(instant: datetime) -> str:
    """RFC 3339 in UTC with ``Z``; fractions only when there are some."""
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")


def second_text(second: int) -> str:
    """``instant_text`` for whole seconds since 1970: for rows by the million."""
    minute, rest = divmod(second, 60)
    return f"{_minute_text(minute)}:{rest:02}Z"


def micros_text(value: int) -> str:
    """``instant_text`` for stored microseconds: for rows by the million."""
    minute, rest = divmod(value, 60_000_000)
    second, fraction = divmod(rest, 1_000_000)
    return f"{_minute_text(minute)}:{second:02}.{fraction:06}Z" if fraction else f"{_minute_text(minute)}:{second:02}Z"


@lru_cache(maxsize=4096)
def _minute_text(minute: int) -> str:
    return f"{_EPOCH + timedelta(minutes=minute):%Y-%m-%dT%H:%M}"


def parse_instant(value: object, field: str) -> datetime:
    """An instant from RFC 3339 text or an aware ``datetime``, in UTC.

    Raises:
        InvalidInput: not a time, without an offset, before 2020 or after 2199.
    """
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value.strip())
        except ValueError:
            raise _not_a_time(field) from None
    if not isinstance(value, datetime):
        raise _not_a_time(field)
    if value.utcoffset() is None:
        raise InvalidInput(f"{field} has no offset from UTC.", field=field, hint="Add Z or +02:00 to the time.")
    try:
        instant = value.astimezone(UTC)
    except OverflowError:  # the first or last day of the calendar: the years on either side have no name
        raise out_of_range(field, value.year) from None
    if not EARLIEST <= instant <= LATEST:
        raise out_of_range(field, instant.year)
    return instant


def out_of_range(field: str, year: int) -> InvalidInput:
    """The refusal of a time whose year is not one of those in which calls are made."""
    when = f"before {EARLIEST.year}" if year < EARLIEST.year else f"after {LATEST.year - 1}"
    return InvalidInput(f"{field} is {when}.", field=field, hint="Check its unit and clock: years run from 2020 to 2199.")


def _not_a_time(field: str) -> InvalidInput:
    return InvalidInput(f"{field} is not a time.", field=field, hint="Give RFC 3339 text: 2026-11-22T10:00:00Z.")


@lru_cache(maxsize=64)
def zone(name: str, field: str = "timezone") -> ZoneInfo:
    """The IANA time zone of this name.

    Raises:
        UnknownName: no such zone; the hint gives the nearest names.
    """
    try:
        # ZoneInfo reads files by name: keep names inside the zone tree, and out of its folders.
        if name.strip() == name and name and not name.startswith(("/", ".")):
            return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        pass
    raise UnknownName(f"{field} is not a known IANA time zone.", field=field, hint=_nearest_zones(name))


def _nearest_zones(name: str) -> str:
    import difflib
    from zoneinfo import available_timezones  # walks the zone tree: 20 ms, only to name a mistake

    folded = {z.lower(): z for z in available_timezones()}
    near = difflib.get_close_matches(name.lower(), folded, n=3, cutoff=0.6)
    near += [z for z in sorted(folded) if z.rpartition("/")[2] == name.lower().replace(" ", "_")][:3]
    names = list(dict.fromkeys(folded[z] for z in near))
    return f"Did you mean {', '.join(names[:3])}?" if names else "Give a name such as Europe/Berlin or UTC."
