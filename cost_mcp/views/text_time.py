"""Times in words that a person and an agent read alike."""

from __future__ import annotations

from datetime import UTC, datetime, time
from functools import lru_cache

from cost_mcp.model.moment import zone
from cost_mcp.model.period import FOREVER, Period


@lru_cache(maxsize=1024)  # the same few windows are named in every answer
def instant_words(instant: datetime) -> str:
    """An instant to the minute in UTC: ``2026-11-22 10:05Z``."""
    return f"{instant.astimezone(UTC):%Y-%m-%d %H:%M}Z"


def period_words(period: Period) -> str:
    """A period by its name, its bounds in its own zone (days where it is made of whole days), and the zone."""
    if period.end >= FOREVER:
        return "All time"
    tz = zone(period.timezone)
    start, end = period.start.astimezone(tz), period.end.astimezone(tz)
    form = "%Y-%m-%d" if start.time() == end.time() == time.min else "%Y-%m-%d %H:%M"
    return f"{period.name.replace('_', ' ').capitalize()} ({start:{form}} to {end:{form}}, {period.timezone})"
