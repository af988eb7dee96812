"""The plan behind ``read_usage``: the usage of single calls, handed on in portions, however many there are."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from cost_mcp.ledger.arm import of_call, row_filters
from cost_mcp.ledger.plan import Plan, Row
from cost_mcp.model.call import INFERENCE_GEO
from cost_mcp.model.moment import micros
from cost_mcp.model.name import EMPTY_TAGS
from cost_mcp.model.usage import USAGE_FIELDS

PORTION = 8_192
"""How many rows are in memory at once."""

ROW_FACTS = ("series_id", "service_tier", "place", "sign", "occurred_at", "cost_nanos", "unpriced_calls")
"""What a row says before the counts of ``USAGE_FIELDS``; ``place`` is where its inference was bound to, or None."""

_NAMES = ("provider", "model", "response_model", "catalog_model", "billing")
_SELECT = (
    "SELECT e.seq, e.series_id, e.service_tier, CASE WHEN e.metadata IS NULL THEN NULL ELSE "
    f"json_extract(e.metadata, '$.{INFERENCE_GEO}') END, e.sign, e.occurred_at, e.cost_nanos, e.unpriced_calls, "
    f"{', '.join(f'e.{name}' for name in USAGE_FIELDS)} FROM entries e INDEXED BY entries_by_time "
    "WHERE e.tenant = :tenant AND e.occurred_at >= :at AND e.occurred_at < :end AND (e.occurred_at > :at OR e.seq > :seq) "
    "AND e.counted = 1 AND e.series_id IN (SELECT value FROM json_each(:series))"
)
_ORDER = " ORDER BY e.occurred_at, e.seq LIMIT :portion"
_AT = 1 + ROW_FACTS.index("occurred_at")


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageAsked:
    """Whose calls, of when, and which of them."""

    tenant: str
    start: datetime
    end: datetime
    filters: Mapping[str, str] = field(default_factory=lambda: EMPTY_TAGS)


class UsageReader(Protocol):
    """Whoever takes the rows."""

    def wants(self, series_id: int, names: Mapping[str, str]) -> bool:
        """Told of every series that the filters let through, before any row: provider, model, response_model, catalog_model and
        billing, '' for what it lacks. Whether its calls are wanted.
        """
        ...

    def take(self, rows: Sequence[Row]) -> None:
        """Some rows, oldest first: ``ROW_FACTS``, then counts. A row of sign -1 takes back one of sign 1: every amount is negative."""
        ...


def read_usage(asked: UsageAsked, reader: UsageReader) -> Plan[None]:
    """Hand every row that counts, and those that reverse one, to the reader."""
    named = {name: value for name, value in asked.filters.items() if not of_call(name)}
    where = " AND ".join(["tenant = ?", *(f"{name} = ?" for name in named)])
    series = yield f"SELECT series_id, {', '.join(_NAMES)} FROM series WHERE {where}", (asked.tenant, *named.values())
    wanted = [row[0] for row in series if reader.wants(row[0], dict(zip(_NAMES, row[1:], strict=True)))]
    if not wanted:
        return
    of_calls = {name: value for name, value in asked.filters.items() if name not in named}
    conditions, named_values = row_filters(of_calls)
    select = "".join((_SELECT, *(f" AND {condition}" for condition in conditions), _ORDER))
    values: dict[str, object] = {**named_values}
    values |= {"tenant": asked.tenant, "end": micros(asked.end), "series": json.dumps(wanted), "portion": PORTION}
    at, seq = micros(asked.start), -1
    while True:
        rows = yield select, {**values, "at": at, "seq": seq}
        reader.take([row[1:] for row in rows])
        if len(rows) < PORTION:
            return
        seq, at = rows[-1][0], rows[-1][_AT]
