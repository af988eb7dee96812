"""The groups that a page shows, found among all without summing up anything but their cost."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace

from cost_mcp.ledger.arm import LISTS, Arm, Asked, arms, call_column, of_call
from cost_mcp.ledger.plan import Plan, Row

_RANKS = "ranks (label, rank) AS MATERIALIZED (SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]') FROM json_each(:ranks))"
_NAMES = "SELECT number, name FROM names WHERE number IN (SELECT value FROM json_each(?))"


@dataclass(frozen=True, slots=True, kw_only=True)
class Leader:
    """One of the groups in front: ``names`` in the order of ``Asked.columns``, and the numbers behind those of calls."""

    label: int
    cost: int
    names: tuple[str | None, ...]
    numbers: tuple[int | str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaders:
    """Every group that can be among the first ones, and how many groups there are in all."""

    groups: tuple[Leader, ...]
    count: int


def leaders(asked: Asked, first: int, ranks: Sequence[int] | None) -> Plan[Leaders]:
    """The groups by labels and columns that can be among the ``first``: by rank of their label if ranks are given, then by cost.

    In no order, and more of them where some cost the same as the last one. ``ranks`` are of the labels, by their number.
    """
    found, values = yield from arms(asked)
    values |= {"last": first - 1, "ranks": json.dumps([*enumerate(ranks or ())])}
    keys = ", ".join(("label", *(f"c{n}" for n, _ in enumerate(asked.columns))))
    selects = " UNION ALL ".join(_narrow(asked, arm) for arm in found)
    known = f"SELECT {keys}, SUM(cost_nanos) AS cost FROM ({selects}) GROUP BY {keys} HAVING SUM(calls) <> 0"
    # Labels follow each other in time: only where several times are asked for is their own order not that of the first one.
    ranked, rank = "", "0" if ranks is None else "g.label"
    if ranks is not None and [*ranks] != [*range(len(ranks))]:
        ranked, rank = " JOIN ranks ON ranks.label = g.label", "ranks.rank"
    last = f"(SELECT {rank}, -g.cost FROM g{ranked} ORDER BY 1, 2 LIMIT 1 OFFSET :last)"
    rows = yield (
        (
            f"{LISTS}, {_RANKS}, g AS MATERIALIZED ({known}) SELECT (SELECT COUNT(*) FROM g), g.cost, {', '.join(f'g.{k}' for k in keys.split(', '))} "
            f"FROM g{ranked} WHERE ({rank}, -g.cost) <= {last} OR (SELECT COUNT(*) FROM g) <= :last"
        ),
        values,
    )
    return Leaders(groups=(yield from _named(asked, rows)), count=rows[0][0] if rows else 0)


def only_these(asked: Asked, chosen: Sequence[Leader]) -> Plan[Asked]:
    """The question narrowed to some groups: no more stretches, series, tasks and sessions than they need."""
    labels = {leader.label for leader in chosen}
    only: dict[str, Sequence[int | str]] = {
        column: [*{leader.numbers[n] for leader in chosen}] for n, column in enumerate(asked.of_calls())
    }
    of_series = [c for c in asked.columns if not of_call(c)]
    if of_series:
        wanted = {
            tuple(n or "" for c, n in zip(asked.columns, leader.names, strict=True) if c in of_series) for leader in chosen
        }
        row = ", ".join(f"json_extract(value, '$[{n}]')" for n, _ in enumerate(of_series))
        sql = f"SELECT series_id FROM series WHERE tenant = ? AND ({', '.join(of_series)}) IN (SELECT {row} FROM json_each(?))"
        only["series_id"] = [number for (number,) in (yield sql, (asked.tenant, json.dumps(sorted(wanted))))]
    return replace(asked, stretches=[s for s in asked.stretches if s.label in labels], only=only)


def _narrow(asked: Asked, arm: Arm) -> str:
    columns = [call_column(asked, arm, c) if of_call(c) else f"s.{c}" for c in asked.columns]
    of_series = any(not of_call(c) for c in asked.columns)
    join = f"CROSS JOIN series s ON s.series_id = {arm.row}.series_id" if of_series else ""
    selected = ["x.label AS label", *(f"{column} AS c{n}" for n, column in enumerate(columns))]
    return arm.select(selected, ("calls", "cost_nanos"), join)


def _named(asked: Asked, rows: Sequence[Row]) -> Plan[tuple[Leader, ...]]:
    called = [n for n, c in enumerate(asked.columns) if of_call(c)]
    numbers = {row[3 + n] for row in rows for n in called if isinstance(row[3 + n], int)}
    texts: dict[int | str, str] = {}
    if numbers:
        texts = {row[0]: row[1] for row in (yield _NAMES, (json.dumps(sorted(numbers)),))}
    found: list[Leader] = []
    for _, cost, label, *parts in rows:
        names = [texts.get(part) if isinstance(part, int) else part or None for part in parts]
        found.append(Leader(label=label, cost=cost, names=tuple(names), numbers=tuple(parts[n] for n in called)))
    return tuple(found)
