"""The plan behind windows that begin with a call: where each begins is looked up, what it came to is summed as any report is."""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from cost_mcp.ledger.cover import Stretch
from cost_mcp.ledger.fold import QUARTER
from cost_mcp.ledger.plan import Plan, Row, Statement
from cost_mcp.ledger.sums import Asked, sums
from cost_mcp.ledger.tally import Tally
from cost_mcp.model.moment import from_micros, micros
from cost_mcp.model.totals import Totals

SpanOf = Callable[[str, datetime, "datetime | None"], "tuple[datetime, datetime]"]
"""The window of a source that begins with a call, given when the one before ended; handed in, as calendars are."""

PLAN_DIMENSIONS = ("source", "billing", "provider")
"""Filters that say which plan is meant; all others only narrow what is summed in its windows."""

_DAY = 96
_STANDS = (
    "e.sign = 1 AND e.counted = 1 AND NOT EXISTS (SELECT 1 FROM entries r WHERE r.tenant = e.tenant AND r.call_id = e.call_id "
    "AND r.revision = e.revision AND r.sign = -1)"
)
_SERIES_OF = "SELECT source, series_id FROM series WHERE tenant = :tenant{wanted}"
_IN_SERIES = "series_id IN (SELECT value FROM json_each(:series))"
_BUCKET = (
    "SELECT bucket FROM rollups WHERE tenant = :tenant AND grain = :grain AND bucket >= :first AND bucket < :after AND calls <> 0 "
    f"AND {_IN_SERIES} ORDER BY bucket LIMIT 1"
)
_CALL = (
    "SELECT e.occurred_at FROM entries e INDEXED BY entries_by_time WHERE e.tenant = :tenant AND e.occurred_at >= :start "
    f"AND e.occurred_at < :until AND e.{_IN_SERIES} AND {_STANDS} ORDER BY e.occurred_at LIMIT 1"
)
_RECENT = (
    "SELECT e.occurred_at FROM entries e NOT INDEXED WHERE e.seq > (SELECT value FROM state WHERE name = 'folded_seq') "
    f"AND e.tenant = :tenant AND e.occurred_at >= :start AND e.occurred_at < :until AND e.{_IN_SERIES} AND {_STANDS} "
    "ORDER BY e.occurred_at"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowSums:
    """One window of one source, when the one before it ended, and what its calls came to under the filters."""

    source: str
    start: datetime
    end: datetime
    first_call: datetime
    before: datetime | None
    totals: Totals


def plan_windows(
    tenant: str, filters: Mapping[str, str], reach: tuple[datetime, datetime, datetime], span_of: SpanOf
) -> Plan[tuple[WindowSums, ...]]:
    """Every window of a time, source by source, in their order; sums are those of reports.

    Args:
        tenant: Whose.
        filters: Which calls.
        reach: From when on calls begin windows, after which moment a window has to end, and before which one it has to begin.
        span_of: The window that begins with a call.
    """
    since, ending_after, until = reach
    plan = {name: value for name, value in filters.items() if name in PLAN_DIMENSIONS}
    wanted = "".join(f" AND {name} = :{name}" for name in plan)
    by_source: dict[str, list[int]] = {}
    for source, series_id in (yield _SERIES_OF.format(wanted=wanted), {"tenant": tenant, **plan}):
        by_source.setdefault(source, []).append(series_id)
    windows: list[WindowSums] = []
    for source in sorted(by_source):
        values = {"tenant": tenant, "series": json.dumps(by_source[source]), "start": micros(since), "until": micros(until)}
        begun = yield from _begun(source, values, span_of)
        shown = [each for each in begun if each.end > ending_after]
        windows += yield from _summed(tenant, {**filters, "source": source}, source, shown)
    return tuple(windows)


class _Begun(NamedTuple):
    start: datetime
    end: datetime
    first_call: datetime
    before: datetime | None


def _begun(source: str, values: dict[str, Any], span_of: SpanOf) -> Plan[list[_Begun]]:
    recent = [row[0] for row in (yield _RECENT, values)]
    begun: list[_Begun] = []
    at: int = values["start"]
    before: datetime | None = None
    while at < values["until"]:
        first = yield from _first_call({**values, "start": at})
        place = bisect_left(recent, at)
        if place < len(recent):
            first = recent[place] if first is None else min(first, recent[place])
        if first is None:
            break
        start, end = span_of(source, from_micros(first), before)
        begun.append(_Begun(start, end, from_micros(first), before))
        at, before = micros(end), end
    return begun


def _first_call(values: dict[str, Any]) -> Generator[Statement, list[Row], int | None]:
    """The first call at or after ``start``, of those the rollups know; found from day to quarter-hour to row."""
    at, until = values["start"], values["until"]
    whole = -(-at // QUARTER)
    if at < whole * QUARTER:
        rows = yield _CALL, {**values, "until": min(until, whole * QUARTER)}
        if rows:
            return rows[0][0]
    after = -(-until // QUARTER)
    while whole < after:
        next_day = whole // _DAY * _DAY + _DAY
        found = yield _BUCKET, {**values, "grain": 1, "first": whole, "after": min(next_day, after)}
        if not found:
            days = yield _BUCKET, {**values, "grain": _DAY, "first": next_day, "after": after}
            if not days:
                return None
            whole = days[0][0]
            found = yield _BUCKET, {**values, "grain": 1, "first": whole, "after": min(whole + _DAY, after)}
            if not found:
                whole += _DAY
                continue
        bucket = found[0][0]
        rows = yield _CALL, {**values, "start": bucket * QUARTER, "until": min(until, (bucket + 1) * QUARTER)}
        if rows:
            return rows[0][0]
        whole = bucket + 1  # corrected away since the rollups were made
    return None


def _summed(tenant: str, filters: Mapping[str, str], source: str, begun: list[_Begun]) -> Plan[list[WindowSums]]:
    if not begun:
        return []
    stretches = [Stretch(number, micros(each.start), micros(each.end)) for number, each in enumerate(begun)]
    rows = yield from sums(Asked(tenant=tenant, stretches=stretches, columns=("billing",), filters=filters))
    tally = Tally()
    for number, billing, *amounts in rows:
        tally.add((number,), billing, amounts)
    return [
        WindowSums(
            source=source,
            start=each.start,
            end=each.end,
            first_call=each.first_call,
            before=each.before,
            totals=tally.totals((number,)),
        )
        for number, each in enumerate(begun)
    ]
