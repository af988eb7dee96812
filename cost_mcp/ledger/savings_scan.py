"""The plans behind savings: every call of a period handed over once, in the order in which they happened, and single ones named."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from cost_mcp.ledger.plan import Plan
from cost_mcp.ledger.stored import price_entry
from cost_mcp.model.charge import LIST, OVERRIDE
from cost_mcp.model.moment import from_micros, micros
from cost_mcp.model.money import usd
from cost_mcp.model.saving import CELL, TASK_MARK, CallBehind, CallSink, ScanQuery, SeriesNames

PAGE = 500
"""Calls read at once: a few hundred kilobytes, which the processor still holds when they are looked at. Eight times as many take a
quarter longer."""

_SERIES = f"SELECT series_id, {', '.join(SeriesNames._fields)}, {{wanted}} FROM series WHERE tenant = ?"
_PRICES = "SELECT price_id, contents FROM price_entries WHERE tenant = ?"
# What a reversal outweighs is found from the few reversals; both happened at the same moment.
_OUTWEIGHED = (
    "SELECT e.seq FROM entries r INDEXED BY entries_reversed CROSS JOIN entries e ON e.tenant = r.tenant AND e.call_id = r.call_id "
    "AND e.revision = r.revision AND e.sign = 1 WHERE r.tenant = ? AND r.sign = -1 AND r.occurred_at >= ? AND r.occurred_at < ?"
)
_IN_PARTS = "e.input_audio_tokens + e.output_audio_tokens + e.input_image_tokens + e.output_image_tokens"
_SCANNED = (
    f"SELECT e.seq, e.occurred_at, e.series_id * {CELL} + CASE WHEN e.priced IN ('{LIST}', '{OVERRIDE}') AND {_IN_PARTS} = 0 "
    f"THEN COALESCE(e.price_id, 0) ELSE 0 END, COALESCE(e.session_id, '{TASK_MARK}' || e.task_id), e.input_tokens, e.output_tokens, "
    "e.cache_read_input_tokens, e.cache_creation_input_tokens, e.cache_creation_1h_input_tokens, e.reasoning_output_tokens, "
    "e.cost_nanos FROM entries e INDEXED BY {index} WHERE e.tenant = :tenant AND e.occurred_at >= :at AND e.occurred_at < :end "
    "AND (e.occurred_at > :at OR e.seq > :after) AND e.sign = 1 AND e.counted = 1{narrowed} "
    "ORDER BY e.occurred_at, e.seq LIMIT :most"
)
_OF_SERIES = " AND e.series_id IN (SELECT value FROM json_each(:series))"
_BEHIND = (
    "SELECT e.call_id, e.occurred_at, s.model, e.cost_nanos, s.agent, e.task_id, e.session_id FROM entries e "
    "CROSS JOIN series s ON s.series_id = e.series_id WHERE e.seq IN (SELECT value FROM json_each(?)) AND e.tenant = ? "
    "ORDER BY e.occurred_at, e.seq"
)
_CALL_FILTERS = {"task_id": "entries_by_task", "session_id": "entries_by_session"}


def scan(query: ScanQuery, sink: CallSink) -> Plan[None]:
    """Hand every call that counts to ``sink``: one billing mode, as corrected, each once."""
    of_series = {name: value for name, value in query.filters.items() if name not in _CALL_FILTERS}
    wanted = " AND ".join(["billing = ?", *(f"{name} = ?" for name in of_series)])
    rows = yield _SERIES.format(wanted=wanted), (query.billing, *of_series.values(), query.tenant)
    names = {row[0]: SeriesNames(*row[1:-1]) for row in rows if row[-1]}
    prices = yield _PRICES, (query.tenant,)
    sink.begin(names, {number: price_entry(contents) for number, contents in prices})
    if not names:
        return
    index, narrowed = "entries_by_time", "" if len(names) == len(rows) else _OF_SERIES
    values: dict[str, Any] = {"tenant": query.tenant, "series": json.dumps(list(names)), "most": PAGE}
    for name, by in _CALL_FILTERS.items():
        if name in query.filters:
            index, narrowed = by, f"{narrowed} AND e.{name} = :{name}"
            values[name] = query.filters[name]
    values |= {"at": micros(query.start), "end": micros(query.end), "after": 0}
    outweighed = yield _OUTWEIGHED, (query.tenant, values["at"], values["end"])
    gone = {row[0] for row in outweighed}
    statement = _SCANNED.format(index=index, narrowed=narrowed)
    while True:
        page: Sequence[Any] = yield statement, values
        sink.take([row for row in page if row[0] not in gone] if gone else page)
        if len(page) < PAGE:
            return
        values |= {"at": page[-1][1], "after": page[-1][0]}


def calls_behind(tenant: str, seqs: Sequence[int]) -> Plan[tuple[CallBehind, ...]]:
    """The calls in these rows, oldest first."""
    rows = yield _BEHIND, (json.dumps(list(seqs)), tenant)
    return tuple(
        CallBehind(
            call_id=call_id,
            occurred_at=from_micros(at),
            model=model,
            cost_usd=usd(nanos),
            agent=agent or None,
            task_id=task_id,
            session_id=session_id,
        )
        for call_id, at, model, nanos, agent, task_id, session_id in rows
    )
