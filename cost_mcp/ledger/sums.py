"""Exact sums over stretches of time, by names: from kept sums where whole buckets fit, from single rows everywhere else."""

from __future__ import annotations

from typing import Any

from cost_mcp.ledger.arm import CALL_COLUMNS, LABEL, LISTS, Asked, arms, call_column
from cost_mcp.ledger.bucket import ROLLUP_SUMS
from cost_mcp.ledger.plan import Plan, Row
from cost_mcp.model.report import TAG

__all__ = ["CALL_COLUMNS", "Asked", "sums"]


def sums(asked: Asked) -> Plan[list[Row]]:
    """Rows of (label, the columns' values, the sums in the order of ``ROLLUP_SUMS``); rows of nothing but zeros left out."""
    found, values = yield from arms(asked)
    of_calls = asked.of_calls()
    selects: list[str] = []
    for arm in found:
        columns = [f"x.label * {LABEL} + {arm.row}.series_id AS slot"]
        columns += [f"{call_column(asked, arm, c)} AS {c}" for c in of_calls]
        selects.append(arm.select(columns, ROLLUP_SUMS))
    totals = ", ".join(f"SUM({c}) AS {c}" for c in ROLLUP_SUMS)
    slots = ", ".join(("slot", *of_calls))
    names = ", ".join(("label", *(f"{_named(asked, c, n, values)} AS c{n}" for n, c in enumerate(asked.columns))))
    groups = ", ".join(("label", *(f"c{n}" for n, _ in enumerate(asked.columns))))
    statement = (
        f"{LISTS} SELECT q.slot / {LABEL} AS {names}, {totals} FROM "
        f"(SELECT {slots}, {totals} FROM ({' UNION ALL '.join(selects)}) GROUP BY {slots}) q "
        f"CROSS JOIN series s ON s.series_id = q.slot % {LABEL} GROUP BY {groups}"
    )
    rows = yield statement, values
    return [row for row in rows if any(row[-len(ROLLUP_SUMS) :])]


def _named(asked: Asked, column: str, number: int, values: dict[str, Any]) -> str:
    if column.startswith(TAG):
        values[f"tag_{number}"] = column.removeprefix(TAG)
        return f"(SELECT t.value FROM json_each(q.tags) t WHERE t.key = :tag_{number})"
    if column not in CALL_COLUMNS:
        return f"s.{column}"
    if not asked.efforts:
        return f"q.{column}"
    known = f"(SELECT n.name FROM names n WHERE n.number = q.{column})"
    return f"CASE typeof(q.{column}) WHEN 'integer' THEN {known} ELSE q.{column} END"
