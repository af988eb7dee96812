"""The plan behind ``report``: totals, breakdowns and groups of a period, at one moment."""

from __future__ import annotations

import json
from collections.abc import Sequence
from types import MappingProxyType
from typing import Any

from cost_mcp.errors import InvalidInput
from cost_mcp.ledger.cover import Stretch, TimeTable, time_table
from cost_mcp.ledger.fold import QUARTER
from cost_mcp.ledger.plan import Plan, Row
from cost_mcp.ledger.sums import Asked, sums
from cost_mcp.ledger.tally import Tally
from cost_mcp.model.moment import from_micros, micros
from cost_mcp.model.report import CALL_DIMENSIONS, SERIES_DIMENSIONS, TIME_DIMENSIONS, CostReport, Group, ReportQuery

BREAKDOWNS = ("agent", "task_type", "provider", "purpose", "model", "project", "feature")
_DAY = 96 * QUARTER
_EXTENT = (
    "SELECT (SELECT MIN(occurred_at) FROM entries WHERE tenant = :tenant), "
    "(SELECT MAX(occurred_at) FROM entries WHERE tenant = :tenant)"
)
_RECORDED = "SELECT COALESCE(MAX(seq), 0) FROM entries"
_SERIES = (
    f"SELECT series_id, {', '.join(SERIES_DIMENSIONS)} FROM series WHERE series_id IN (SELECT value FROM json_each(:numbers))"
)


class BySeries:
    """Sums per series of a whole stretch, and the names each series stands for."""

    def __init__(self, rows: Sequence[Row], series: Sequence[Row]) -> None:
        self._names: dict[int, dict[str, str]] = {
            row[0]: {n: str(v) for n, v in zip(SERIES_DIMENSIONS, row[1:], strict=True)} for row in series
        }
        self._rows = rows

    def tally(self, dimensions: Sequence[str]) -> Tally:
        """The sums by the names in ``dimensions``."""
        tally = Tally()
        for row in self._rows:
            names = self._names[row[1]]
            tally.add(tuple(names[d] for d in dimensions), names["billing"], row[2:])
        return tally


def by_series(asked: Asked) -> Plan[BySeries]:
    """The sums asked for, per series; ``asked.columns`` is ``("series_id",)``."""
    rows = yield from sums(asked)
    series = yield _SERIES, {"numbers": json.dumps(sorted({row[1] for row in rows}))}
    return BySeries(rows, series)


def report(query: ReportQuery) -> Plan[CostReport]:
    """The answer to a report query; its ``Totals`` carry no first and last call.

    Raises:
        InvalidInput: a mark of another kind of ledger.
    """
    period = query.period
    ((recorded,),) = yield _RECORDED, ()
    as_of = None if query.as_of is None else _as_of(query.as_of)
    found = yield from by_series(
        Asked(
            tenant=query.tenant,
            stretches=(Stretch(0, micros(period.start), micros(period.end)),),
            columns=("series_id",),
            filters=query.filters,
            as_of=as_of,
        )
    )
    if any(name in (*TIME_DIMENSIONS, *CALL_DIMENSIONS) for name in query.group_by):
        groups = yield from _cut_groups(query, as_of)
    elif query.group_by:
        groups = tuple(Group(key=_key(key), totals=sums) for key, sums in found.tally(query.group_by).largest_first())
    else:
        groups = ()
    return CostReport(
        query=query,
        as_of=str(recorded) if query.as_of is None else query.as_of,
        totals=found.tally(()).totals(()),
        groups=groups,
        breakdowns=MappingProxyType({f"by_{name}": found.tally((name,)).named() for name in BREAKDOWNS}),
    )


def _as_of(mark: str) -> int:
    if not mark.isdecimal() or len(mark) > 18:
        raise InvalidInput("cursor is not one of ours.", field="cursor", hint="Give next_cursor as it was answered.")
    return int(mark)


def _key(key: tuple[Any, ...]) -> tuple[str | None, ...]:
    return tuple(part or None for part in key)


def _cut_groups(query: ReportQuery, as_of: int | None) -> Plan[tuple[Group, ...]]:
    """Groups with a time, a task or a session among their dimensions."""
    ((first, last),) = yield _EXTENT, {"tenant": query.tenant}
    if first is None:
        return ()
    table = _table(query, first, last)
    names = tuple(dict.fromkeys(name for name in query.group_by if name not in TIME_DIMENSIONS))
    columns = (*names, *(() if "billing" in names else ("billing",)))
    rows = yield from sums(
        Asked(tenant=query.tenant, stretches=table.stretches, columns=columns, filters=query.filters, as_of=as_of)
    )
    tally = Tally()
    times: list[str] = [name for name in query.group_by if name in TIME_DIMENSIONS]
    for row in rows:
        values: dict[str, Any] = dict(zip(columns, row[1:], strict=False))
        label: int = row[0]
        values.update(zip(times, table.labels[label], strict=True))
        tally.add(tuple(values[name] for name in query.group_by), values["billing"], row[1 + len(columns) :])
    groups = tuple(Group(key=_key(key), totals=sums) for key, sums in tally.largest_first())
    if query.group_by[0] not in TIME_DIMENSIONS:
        return groups
    order = {texts[0]: number for number, texts in reversed(list(enumerate(table.labels)))}
    return tuple(sorted(groups, key=lambda group: order[group.key[0] or ""]))


def _table(query: ReportQuery, first: int, last: int) -> TimeTable:
    # Cut only where there are calls, at whole days: a period may reach from 2020 to 2200.
    start = max(micros(query.period.start), first // _DAY * _DAY)
    end = min(micros(query.period.end), (last // _DAY + 1) * _DAY)
    times: list[str] = [name for name in query.group_by if name in TIME_DIMENSIONS]
    return time_table(from_micros(start), from_micros(end), times, query.period.timezone, query.week_start)
