"""Exact sums over stretches of time: from rollups where whole buckets fit, from single rows everywhere else."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cost_mcp.ledger.cover import Cover, Stretch, cover
from cost_mcp.ledger.fold import ENTRY_SUMS, ROLLUP_SUMS
from cost_mcp.ledger.plan import Plan, Row
from cost_mcp.model.charge import STATED, UNPRICED
from cost_mcp.model.name import EMPTY_TAGS

CALL_COLUMNS = ("task_id", "session_id", "tags")
"""Columns only single rows have; summing or filtering by one leaves the rollups aside."""

_WATERMARK = (
    "SELECT w.value, MIN(e.occurred_at), MAX(e.occurred_at) FROM state w "
    "LEFT JOIN entries e NOT INDEXED ON e.seq > w.value AND e.tenant = ? WHERE w.name = 'folded_seq'"
)
_LISTS = """
WITH spans (label, grain, first, after) AS MATERIALIZED (
    SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]'), json_extract(value, '$[2]'), json_extract(value, '$[3]')
    FROM json_each(:spans)),
excess (label, grain, first, after) AS MATERIALIZED (
    SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]'), json_extract(value, '$[2]'), json_extract(value, '$[3]')
    FROM json_each(:excess)),
edges (label, start, until) AS MATERIALIZED (
    SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]'), json_extract(value, '$[2]') FROM json_each(:edges)),
recent (label, start, until) AS MATERIALIZED (
    SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]'), json_extract(value, '$[2]') FROM json_each(:recent)),
later (label, start, until) AS MATERIALIZED (
    SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]'), json_extract(value, '$[2]') FROM json_each(:later))
"""
_FROM_ROLLUPS = (
    "FROM {} x CROSS JOIN rollups r ON r.tenant = :tenant AND r.grain = x.grain AND r.bucket >= x.first AND r.bucket < x.after"
)
_AT = "e.occurred_at >= x.start AND e.occurred_at < x.until AND e.counted = 1"
_FROM_EDGES = f"FROM edges x CROSS JOIN entries e INDEXED BY entries_by_time ON e.tenant = :tenant AND {_AT}"
_LACKS_PRICE = f"e.unpriced_calls <> 0 AND e.priced IN ('{UNPRICED}', '{STATED}')"
_FROM_UNPRICED = (
    f"FROM edges x CROSS JOIN entries e INDEXED BY entries_unpriced ON e.tenant = :tenant AND {_LACKS_PRICE} AND {_AT}"
)
_FROM_RECENT = f"FROM entries e NOT INDEXED CROSS JOIN recent x ON e.seq > :folded AND e.tenant = :tenant AND {_AT}"
_FROM_LATER = f"FROM entries e NOT INDEXED CROSS JOIN later x ON e.seq > :as_of AND e.tenant = :tenant AND {_AT}"
_FROM_SINCE = f"FROM entries e NOT INDEXED CROSS JOIN edges x ON e.seq > :since AND e.tenant = :tenant AND {_AT}"
_LATER = "SELECT MIN(occurred_at), MAX(occurred_at) FROM entries NOT INDEXED WHERE seq > ? AND tenant = ?"
_FROM_TASK = f"FROM entries e INDEXED BY entries_by_task CROSS JOIN edges x ON e.tenant = :tenant AND e.task_id = :filter_task_id AND {_AT}"
_FROM_SESSION = (
    "FROM entries e INDEXED BY entries_by_session CROSS JOIN edges x ON e.tenant = :tenant AND e.session_id = :filter_session_id "
    f"AND {_AT}"
)
_LABEL = 1 << 32
"""Label and series share one number to group by first: SQLite groups by one whole number more than twice as fast as by names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Which sums: of one tenant, per label of ``stretches`` and per value of ``columns`` (series and call columns).

    ``raw`` leaves the rollups aside; ``unpriced`` sums only the calls whose tokens have no known price. ``as_of`` is the last
    row that counts: what was entered later, rows that reverse earlier ones among it, is taken off again. ``since`` is the last
    row that does not count.
    """

    tenant: str
    stretches: Sequence[Stretch]
    columns: tuple[str, ...]
    filters: Mapping[str, str] = field(default_factory=lambda: EMPTY_TAGS)
    raw: bool = False
    unpriced: bool = False
    as_of: int | None = None
    since: int | None = None

    def of_series_filters(self) -> dict[str, str]:
        """The filters that a series answers."""
        return {name: value for name, value in self.filters.items() if name not in CALL_COLUMNS}

    def of_calls(self) -> tuple[str, ...]:
        """The columns that only single rows have."""
        return tuple(c for c in self.columns if c in CALL_COLUMNS)

    def reads_calls(self) -> bool:
        """Whether rollups cannot answer."""
        by_row = self.raw or self.unpriced or self.since is not None
        return by_row or any(c in CALL_COLUMNS for c in (*self.columns, *self.filters))


def sums(asked: Asked) -> Plan[list[Row]]:
    """Rows of (label, the columns' values, the sums in the order of ``ROLLUP_SUMS``); rows of nothing but zeros left out."""
    values: dict[str, Any] = {"tenant": asked.tenant} | {
        f"filter_{k}": v for k, v in asked.filters.items() if k in CALL_COLUMNS
    }
    if asked.of_series_filters():
        values["series"] = yield from _series(asked)
    values["as_of"], values["later"] = asked.as_of, "[]"
    if asked.reads_calls():
        values["edges"] = _pieces(asked.stretches)
        values["spans"] = values["excess"] = values["recent"] = "[]"
        values["since"] = asked.since
        arms = [_arm(asked, _rows_of(asked), "e", ENTRY_SUMS)]
    else:
        arms = yield from _rollup_arms(asked, values)
    totals = ", ".join(f"SUM({c}) AS {c}" for c in ROLLUP_SUMS)
    slots = ", ".join(("slot", *asked.of_calls()))
    names = ", ".join(("label", *(f"q.{c}" if c in CALL_COLUMNS else f"s.{c}" for c in asked.columns)))
    statement = (
        f"{_LISTS} SELECT q.slot / {_LABEL} AS {names}, {totals} FROM "
        f"(SELECT {slots}, {totals} FROM ({' UNION ALL '.join(arms)}) GROUP BY {slots}) q "
        f"CROSS JOIN series s ON s.series_id = q.slot % {_LABEL} GROUP BY {names}"
    )
    rows = yield statement, values
    return [row for row in rows if any(row[-len(ROLLUP_SUMS) :])]


def _rows_of(asked: Asked) -> str:
    if asked.since is not None:
        return f"{_FROM_SINCE} AND {_LACKS_PRICE}" if asked.unpriced else _FROM_SINCE
    if asked.unpriced:
        return _FROM_UNPRICED
    if "task_id" in asked.filters:
        return _FROM_TASK
    return _FROM_SESSION if "session_id" in asked.filters else _FROM_EDGES


def _series(asked: Asked) -> Plan[str]:
    """The series that the filters let through, as a JSON list."""
    filters = asked.of_series_filters()
    wanted = " AND ".join(["tenant = ?", *(f"{name} = ?" for name in filters)])
    rows = yield f"SELECT series_id FROM series WHERE {wanted}", (asked.tenant, *filters.values())
    return json.dumps([row[0] for row in rows])


def _rollup_arms(asked: Asked, values: dict[str, Any]) -> Plan[list[str]]:
    ((values["folded"], oldest, newest),) = yield _WATERMARK, (asked.tenant,)
    parts: Cover = cover(asked.stretches)
    values["spans"] = json.dumps(parts.spans)
    values["excess"] = json.dumps(parts.excess)
    values["edges"] = _pieces(parts.edges)
    # Few rows wait above the watermark, or came since: name only the stretches they can fall into.
    recent = _between(asked.stretches, oldest, newest)
    values["recent"] = _pieces(recent)
    arms = [_arm(asked, _FROM_ROLLUPS.format("spans"), "r", tuple(f"r.{c}" for c in ROLLUP_SUMS))]
    if parts.excess:
        arms.append(_arm(asked, _FROM_ROLLUPS.format("excess"), "r", tuple(f"-r.{c}" for c in ROLLUP_SUMS)))
    if parts.edges:
        arms.append(f"{_arm(asked, _FROM_EDGES, 'e', ENTRY_SUMS)} AND e.seq <= :folded")
    if recent:
        arms.append(_arm(asked, _FROM_RECENT, "e", ENTRY_SUMS))
    if asked.as_of is not None:
        ((oldest, newest),) = yield _LATER, (asked.as_of, asked.tenant)
        later = _between(asked.stretches, oldest, newest)
        values["later"] = _pieces(later)
        if later:
            arms.append(_arm(asked, _FROM_LATER, "e", tuple(f"-({amount})" for amount in ENTRY_SUMS)))
    return arms


def _between(stretches: Iterable[Stretch], oldest: int | None, newest: int | None) -> list[Stretch]:
    if oldest is None or newest is None:
        return []
    return [s for s in stretches if s.start <= newest and s.end > oldest]


def _arm(asked: Asked, source: str, table: str, amounts: Iterable[str]) -> str:
    columns = [f"x.label * {_LABEL} + {table}.series_id AS slot", *(f"e.{c} AS {c}" for c in asked.of_calls())]
    added = [f"{amount} AS {name}" for amount, name in zip(amounts, ROLLUP_SUMS, strict=True)]
    filters = [f"e.{c} = :filter_{c}" for c in asked.filters if c in CALL_COLUMNS]
    if asked.as_of is not None and asked.reads_calls():
        filters.append("e.seq <= :as_of")
    if asked.of_series_filters():
        filters.append(f"{table}.series_id IN (SELECT value FROM json_each(:series))")
    return f"SELECT {', '.join([*columns, *added])} {source} WHERE {' AND '.join(filters) or 'true'}"


def _pieces(stretches: Iterable[Stretch]) -> str:
    return json.dumps([(s.label, s.start, s.end) for s in stretches])
