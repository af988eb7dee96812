"""The plan behind the groups of a report: which kept sums answer it soonest, and which of the groups are wanted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from cost_mcp.ledger.arm import Asked, of_call
from cost_mcp.ledger.bucket import QUARTER
from cost_mcp.ledger.cover import TimeTable, time_table
from cost_mcp.ledger.facet import by_facet
from cost_mcp.ledger.leader import Leader, leaders, only_these
from cost_mcp.ledger.plan import Plan, Row
from cost_mcp.ledger.summing import FACETS
from cost_mcp.ledger.sums import sums
from cost_mcp.ledger.tally import Key, Tally
from cost_mcp.model.moment import from_micros, micros
from cost_mcp.model.report import CALL_DIMENSIONS, TAG, TIME_DIMENSIONS, Group, ReportQuery

_DAY = 96 * QUARTER
_EXTENT = (
    "SELECT (SELECT MIN(occurred_at) FROM entries WHERE tenant = :tenant), "
    "(SELECT MAX(occurred_at) FROM entries WHERE tenant = :tenant)"
)
_INDEXED = "SELECT COUNT(*) FROM (SELECT 1 FROM entries INDEXED BY entries_by_{0} WHERE tenant = ? AND {0}_id = ? LIMIT ?)"
_FEW_STEPS = 100_000
"""Single rows of a task or session times stretches of time up to which they are read one by one."""

_FEWEST = "provider"
"""The dimension with the fewest values: what has to be read where none is asked for."""

Found = tuple[tuple[Group, ...], int]
"""The groups of the page, and how many there are in all."""


def groups(query: ReportQuery, as_of: int | None, *, kept: bool) -> Plan[Found]:
    """The groups a query asks for; ``kept`` says whether the sums behind ``summed_seq`` are worth using."""
    if not query.group_by:
        return (), 0
    ((first, last),) = yield _EXTENT, {"tenant": query.tenant}
    if first is None:
        return (), 0
    table = _table(query, first, last)
    columns = tuple(name for name in query.group_by if name not in TIME_DIMENSIONS and name != "tenant")
    asked = Asked(tenant=query.tenant, stretches=table.stretches, columns=columns, filters=query.filters, as_of=as_of)
    reading = _Reading(query, table, columns)
    by_billing = query.filters.keys() <= {"billing"}
    if kept and by_billing and "hour" not in query.group_by and columns in ((), *((name,) for name in FACETS)):
        return (yield from _of_facets(reading, asked))
    names = (*columns, *query.filters)
    tagged = any(name.startswith(TAG) for name in names)
    if kept and not tagged and any(of_call(name) for name in names) and not (yield from _few_rows(asked)):
        asked = replace(asked, efforts=True)
    if query.limit is None or asked.reads_calls():
        return reading.groups((yield from _summed(reading, asked)))
    return (yield from _of_leaders(reading, asked, query.offset + query.limit))


class _Reading:
    """How the numbers and names of a statement become the keys of groups."""

    def __init__(self, query: ReportQuery, table: TimeTable, columns: tuple[str, ...]) -> None:
        self.query = query
        self.labels = table.labels
        self._times = [name for name in query.group_by if name in TIME_DIMENSIONS]
        self._columns = columns
        self.ranks: list[int] | None = None
        if query.group_by[0] in TIME_DIMENSIONS:
            order: dict[str, int] = {}
            self.ranks = [order.setdefault(texts[0], len(order)) for texts in table.labels]

    def key(self, label: int, names: Sequence[str | None]) -> Key:
        """The key of a group, its parts in the order they were asked in; '' or None for what is absent."""
        if self.query.group_by == self._columns:
            return tuple(names)
        values = dict(zip(self._columns, names, strict=True)) | dict(zip(self._times, self.labels[label], strict=True))
        return tuple(self.query.tenant if name == "tenant" else values[name] for name in self.query.group_by)

    def groups(self, tally: Tally) -> Found:
        """The page of everything that was summed up."""
        found = tuple(Group(key=tuple(part or None for part in key), totals=sums) for key, sums in tally.largest_first())
        if self.ranks is not None:
            order = {texts[0]: rank for texts, rank in zip(self.labels, self.ranks, strict=True)}
            found = tuple(sorted(found, key=lambda group: order[group.key[0] or ""]))
        end = None if self.query.limit is None else self.query.offset + self.query.limit
        return found[self.query.offset : end], len(found)

    def place(self, leader: Leader) -> tuple[int, int, tuple[str, ...]]:
        """Where a group stands among the others."""
        rank = 0 if self.ranks is None else self.ranks[leader.label]
        return rank, -leader.cost, tuple(part or "" for part in self.key(leader.label, leader.names))


def _of_facets(reading: _Reading, asked: Asked) -> Plan[Found]:
    name = asked.columns[0] if asked.columns else _FEWEST
    found = yield from by_facet(asked.tenant, asked.stretches, (name,), asked.as_of, billing=asked.filters.get("billing"))
    tally = found.tally(name, lambda label, value: reading.key(label, (value,) if asked.columns else ()))
    return reading.groups(tally)


def _of_leaders(reading: _Reading, asked: Asked, until: int) -> Plan[Found]:
    """The groups of the page found first, and only those summed up."""
    found = yield from leaders(asked, until, reading.ranks)
    offset = reading.query.offset
    page = sorted(found.groups, key=reading.place)[offset:until]
    if not page:
        return (), found.count
    narrowed = yield from only_these(asked, page)
    tally = yield from _summed(reading, narrowed)
    keys = [reading.key(leader.label, leader.names) for leader in page]
    return tuple(Group(key=tuple(p or None for p in key), totals=tally.totals(_kept_key(key))) for key in keys), found.count


def _kept_key(key: Key) -> Key:
    return tuple(part or "" for part in key)


def _summed(reading: _Reading, asked: Asked) -> Plan[Tally]:
    columns = asked.columns
    with_billing = asked if "billing" in columns else replace(asked, columns=(*columns, "billing"))
    rows: list[Row] = yield from sums(with_billing)
    tally = Tally()
    width, billing = len(columns), 1 + with_billing.columns.index("billing")
    after = 1 + len(with_billing.columns)
    for row in rows:
        tally.add(_kept_key(reading.key(row[0], row[1 : 1 + width])), row[billing], row[after:])
    return tally


def _few_rows(asked: Asked) -> Plan[bool]:
    """Whether a task or session has so few rows that its index is the shortest way."""
    for name in CALL_DIMENSIONS:
        if name in asked.filters:
            most = max(1, _FEW_STEPS // max(1, len(asked.stretches)))
            sql = _INDEXED.format(name.removesuffix("_id"))
            ((rows,),) = yield sql, (asked.tenant, asked.filters[name], most)
            return rows < most
    return False


def _table(query: ReportQuery, first: int, last: int) -> TimeTable:
    # Cut only where there are calls, at whole days: a period may reach from 2020 to 2200.
    start = max(micros(query.period.start), first // _DAY * _DAY)
    end = min(micros(query.period.end), (last // _DAY + 1) * _DAY)
    times: list[str] = [name for name in query.group_by if name in TIME_DIMENSIONS]
    return time_table(from_micros(start), from_micros(end), times, query.period.timezone, query.week_start)
