"""The plans behind lists of single calls: a period's, newest first; and those that were recorded since one looked."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from cost_mcp.errors import InvalidInput
from cost_mcp.ledger.plan import Plan, Row
from cost_mcp.ledger.sums import CALL_COLUMNS, Asked
from cost_mcp.model.activity import ListedCall, ListedCalls, ListQuery
from cost_mcp.model.charge import UNPRICED
from cost_mcp.model.moment import from_micros, micros
from cost_mcp.model.money import usd
from cost_mcp.model.report import TAG

AT_ONCE = 1000
"""So many newly recorded calls are read in one go."""

_TOKENS = ("input_tokens", "output_tokens", "cache_read_input_tokens", "cache_creation_input_tokens")
_NAMES = ("model", "source", "billing", "provider", "project", "agent", "purpose")
_OWN = (
    "seq", "call_id", "revision", "occurred_at", "recorded_at", "task_id", "session_id", "priced", "cost_nanos",
    "unpriced_calls", "provisional_calls", "counted", *_TOKENS,
)  # fmt: skip
_COLUMNS = (*(f"e.{name}" for name in _OWN), *(f"s.{name}" for name in _NAMES))
_SELECT = f"SELECT {', '.join(_COLUMNS)} FROM entries e {{how}} CROSS JOIN series s ON s.series_id = e.series_id WHERE "
STANDS = (
    "e.sign = 1 AND NOT EXISTS (SELECT 1 FROM entries r WHERE r.tenant = e.tenant AND r.call_id = e.call_id "
    "AND r.revision = e.revision AND r.sign = -1 AND r.seq <= :as_of)"
)
"""A report that was never reversed up to the row ``:as_of``."""

BELOW = "(e.occurred_at < :below OR (e.occurred_at = :below AND e.seq < :below_seq))"
"""Older than a position, whose parts are ``:below`` and ``:below_seq``."""

_PAGE = (
    "e.tenant = :tenant AND e.occurred_at >= :start AND e.occurred_at < :end AND e.seq <= :as_of AND {filters}"
    f"{BELOW} AND {STANDS} ORDER BY e.occurred_at DESC, e.seq DESC LIMIT :most"
)
_SINCE = f"e.seq > :since AND e.seq <= :as_of AND e.tenant = :tenant AND {{filters}}{STANDS} ORDER BY e.seq LIMIT :most"
_NEWEST = "SELECT COALESCE(MAX(seq), 0) FROM entries"
_INDEXES = {"task_id": "entries_by_task", "session_id": "entries_by_session"}


def newest_row(as_of: str | None) -> Plan[int]:
    """The row up to which a list is read: that of an earlier answer's mark, else the last there is.

    Raises:
        InvalidInput: a mark of another kind of ledger.
    """
    if as_of is None:
        ((newest,),) = yield _NEWEST, ()
        return newest
    if not as_of.isdecimal() or len(as_of) > 18:
        raise InvalidInput("cursor is not one of ours.", field="cursor", hint="Give next_cursor as it was answered.")
    return int(as_of)


def narrowed(query: ListQuery) -> Plan[tuple[str, dict[str, Any]]]:
    """The conditions of a list's filters, each followed by AND, and the values of all that a list asks by."""
    asked = Asked(tenant=query.tenant, stretches=(), columns=(), filters=query.filters)
    by_series = asked.of_series_filters()
    series: list[int] = []
    values: dict[str, Any] = {}
    conditions: list[str] = []
    for number, (name, value) in enumerate(query.filters.items()):
        if name.startswith(TAG):
            found = f"SELECT 1 FROM json_each(e.tags) t WHERE t.key = :key_{number} AND t.value = :value_{number}"
            conditions.append(f"e.tags IS NOT NULL AND EXISTS ({found})")
            values[f"key_{number}"] = name.removeprefix(TAG)
        elif name in CALL_COLUMNS:
            conditions.append(f"e.{name} = :value_{number}")
        values[f"value_{number}"] = value
    if by_series:
        series = yield from series_of(query.tenant, by_series)
        # Where no series is meant there is no call to look for, however many there are of others.
        conditions.append("e.series_id IN (SELECT value FROM json_each(:series))" if series else "false")
    end = micros(query.period.end)
    below, below_seq = (end, 0) if query.after is None else query.after
    as_of = yield from newest_row(query.as_of)
    values |= {
        "tenant": query.tenant,
        "start": micros(query.period.start),
        "end": min(end, below + 1),
        "below": below,
        "below_seq": below_seq,
        "as_of": as_of,
        "series": json.dumps(series),
    }
    return "".join(f"{condition} AND " for condition in conditions), values


def series_of(tenant: str, filters: Mapping[str, str]) -> Plan[list[int]]:
    """The numbers of the series that filters let through."""
    wanted = " AND ".join(f"{name} = ?" for name in filters)
    rows = yield f"SELECT series_id FROM series WHERE tenant = ? AND {wanted}", (tenant, *filters.values())
    return [row[0] for row in rows]


def call_list(query: ListQuery) -> Plan[ListedCalls]:
    """A page of a period's calls, newest first, also those that do not count.

    Raises:
        InvalidInput: a mark of another kind of ledger.
    """
    filters, values = yield from narrowed(query)
    index = next((name for column, name in _INDEXES.items() if column in query.filters), "entries_by_time")
    statement = _SELECT.format(how=f"INDEXED BY {index}") + _PAGE.format(filters=filters)
    rows = yield statement, {**values, "most": query.limit + 1}
    following = None
    if len(rows) > query.limit:
        last = rows[query.limit - 1]
        following = (last[_OWN.index("occurred_at")], last[0])
    return ListedCalls(calls=tuple(_call(row) for row in rows[: query.limit]), following=following, as_of=str(values["as_of"]))


def calls_since(query: ListQuery, since: str | None) -> Plan[tuple[tuple[ListedCall, ...], str]]:
    """The calls recorded after a mark (None: all), whenever they were made, in the order they came; and the mark to go on from.

    At most ``AT_ONCE``; where there are more, the mark stands before them.

    Raises:
        InvalidInput: a mark of another kind of ledger.
    """
    seen = 0 if since is None else (yield from newest_row(since))
    filters, values = yield from narrowed(query)
    statement = _SELECT.format(how="NOT INDEXED") + _SINCE.format(filters=filters)
    rows = yield statement, {**values, "since": seen, "most": AT_ONCE}
    reached = rows[-1][0] if len(rows) == AT_ONCE else values["as_of"]
    return tuple(_call(row) for row in rows), str(max(seen, reached))


def _call(row: Row) -> ListedCall:
    values: dict[str, Any] = dict(zip((*_OWN, *_NAMES), row, strict=True))
    return ListedCall(
        call_id=values["call_id"],
        occurred_at=from_micros(values["occurred_at"]),
        recorded_at=from_micros(values["recorded_at"]),
        model=values["model"],
        source=values["source"],
        billing=values["billing"],
        cost_usd=None if values["priced"] == UNPRICED else usd(values["cost_nanos"]),
        input_tokens=values["input_tokens"],
        output_tokens=values["output_tokens"],
        cache_read_input_tokens=values["cache_read_input_tokens"],
        cache_creation_input_tokens=values["cache_creation_input_tokens"],
        **{name: values[name] or None for name in ("provider", "project", "agent", "task_id", "session_id", "purpose")},
        partial=bool(values["unpriced_calls"]) and values["priced"] != UNPRICED,
        provisional=bool(values["provisional_calls"]),
        counted=bool(values["counted"]),
        revision=values["revision"],
    )
