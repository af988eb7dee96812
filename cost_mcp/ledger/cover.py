"""Which rollup buckets and which single rows make up a stretch of time, and how a report's time columns cut it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from cost_mcp.errors import InvalidInput
from cost_mcp.ledger.bucket import HOUR, QUARTER
from cost_mcp.model.moment import micros, zone
from cost_mcp.model.period import calendar_span, day_start, hour_span

MAX_STRETCHES = 100_000


@dataclass(frozen=True, slots=True)
class Stretch:
    """``[start, end)`` in stored microseconds, and the number of the label its sums go under."""

    label: int
    start: int
    end: int


Span = tuple[int, int, int, int]
"""Whole buckets: (label, grain, first bucket, bucket after the last)."""


@dataclass(frozen=True, slots=True)
class Cover:
    """Stretches taken apart: the buckets of ``spans`` without those of ``excess``, and the ragged ``edges`` no bucket fits."""

    spans: tuple[Span, ...]
    excess: tuple[Span, ...]
    edges: tuple[Stretch, ...]


def cover(stretches: Sequence[Stretch]) -> Cover:
    """The fewest buckets that make up each stretch, and what is left over at its ends."""
    spans: list[Span] = []
    excess: list[Span] = []
    edges: list[Stretch] = []
    for stretch in stretches:
        label, first, after = stretch.label, -(-stretch.start // QUARTER), stretch.end // QUARTER
        if first >= after:
            edges.append(stretch)
            continue
        if stretch.start < first * QUARTER:
            edges.append(Stretch(label, stretch.start, first * QUARTER))
        if after * QUARTER < stretch.end:
            edges.append(Stretch(label, after * QUARTER, stretch.end))
        for added, *span in _spans(first, after, ((4, 1), (96, 4))):
            (spans if added else excess).append((label, span[0], span[1], span[2]))
    return Cover(tuple(spans), tuple(excess), tuple(edges))


@dataclass(frozen=True, slots=True)
class HourCover:
    """Stretches taken apart where nothing finer than hours is kept.

    ``whole`` are the stretches moved to the nearest hours, made up by ``spans`` without ``excess``; what that left out is
    ``added``, what it took in too much is ``taken``, each less than an hour.
    """

    whole: tuple[Stretch, ...]
    spans: tuple[Span, ...]
    excess: tuple[Span, ...]
    added: tuple[Stretch, ...]
    taken: tuple[Stretch, ...]


def cover_hours(stretches: Sequence[Stretch]) -> HourCover:
    """The fewest hours and days that come near each stretch, and what is between them and its ends."""
    whole: list[Stretch] = []
    spans: list[Span] = []
    excess: list[Span] = []
    added: list[Stretch] = []
    taken: list[Stretch] = []
    for stretch in stretches:
        label = stretch.label
        first, after = (stretch.start + HOUR // 2) // HOUR, (stretch.end + HOUR // 2) // HOUR
        if first >= after:
            added.append(stretch)
            continue
        start, end = first * HOUR, after * HOUR
        whole.append(Stretch(label, start, end))
        for at, until, into in ((stretch.start, start, added), (start, stretch.start, taken)):
            if at < until:
                into.append(Stretch(label, at, until))
        for at, until, into in ((end, stretch.end, added), (stretch.end, end, taken)):
            if at < until:
                into.append(Stretch(label, at, until))
        for is_added, *span in _spans(first * 4, after * 4, ((96, 4),)):
            (spans if is_added else excess).append((label, span[0], span[1], span[2]))
    return HourCover(tuple(whole), tuple(spans), tuple(excess), tuple(added), tuple(taken))


def _spans(first: int, after: int, steps: Sequence[tuple[int, int]]) -> Iterator[tuple[bool, int, int, int]]:
    """(added or taken off, grain, first bucket, bucket after the last) for whole buckets of the first step's finer grain.

    Both ends go to the nearest bound of the coarser bucket; what that adds or leaves out is made good by finer ones. A day in
    New York is a day in UTC, five hours taken off before it and five added behind: 11 buckets instead of 24.
    """
    for coarser, grain in steps:
        start, end = (first + coarser // 2) // coarser * coarser, (after + coarser // 2) // coarser * coarser
        if start >= end or abs(start - first) + abs(after - end) >= after - first:
            # An hour at noon is nearer to the whole day than to none of it, but is not read by taking off the other hours.
            yield True, grain, first, after
            return
        if start != first:
            yield first < start, grain, min(first, start), max(first, start)
        if end != after:
            yield end < after, grain, min(after, end), max(after, end)
        first, after = start, end
    yield True, 96, first, after


@dataclass(frozen=True, slots=True)
class TimeTable:
    """How the time columns of a report cut its period: the stretches, and for each label the texts of those columns."""

    stretches: tuple[Stretch, ...]
    labels: tuple[tuple[str, ...], ...]


def time_table(start: datetime, end: datetime, columns: Sequence[str], timezone: str, week_start: int) -> TimeTable:
    """The stretches of ``[start, end)`` in which every one of the time ``columns`` has one value.

    Raises:
        InvalidInput: so fine a grouping over so long a period that nobody could read it.
    """
    if not columns:
        return TimeTable((Stretch(0, micros(start), micros(end)),), ((),))
    tz = zone(timezone)
    finest = next(c for c in ("hour", "day", "week", "month") if c in columns)
    # Weeks and months do not nest: days are what both are made of.
    step = "day" if {"week", "month"} <= set(columns) and finest == "week" else finest
    numbers: dict[tuple[str, ...], int] = {}
    stretches: list[Stretch] = []
    at = start
    while at < end:
        first, after = _unit(step, at, tz, week_start)
        texts = tuple(_text(column, at, first, tz, week_start) for column in columns)
        until = min(after, end)
        stretches.append(Stretch(numbers.setdefault(texts, len(numbers)), micros(at), micros(until)))
        if len(stretches) > MAX_STRETCHES:
            raise InvalidInput(
                f"grouping this period by {step} makes more than {MAX_STRETCHES:,} groups.",
                field="group_by",
                hint="Group by a longer time, or ask about a shorter period.",
            )
        at = until
    return TimeTable(tuple(stretches), tuple(numbers))


def _unit(step: str, at: datetime, tz: ZoneInfo, week_start: int) -> tuple[datetime, datetime]:
    if step == "hour":
        return hour_span(at, tz)
    first, after = calendar_span(step, at.astimezone(tz).date(), week_start)
    return day_start(first, tz), day_start(after, tz)


def _text(column: str, at: datetime, first: datetime, tz: ZoneInfo, week_start: int) -> str:
    if column == "hour":
        return first.astimezone(tz).isoformat(timespec="minutes")
    day = calendar_span(column, at.astimezone(tz).date(), week_start)[0]
    return day.isoformat()[:7] if column == "month" else day.isoformat()
