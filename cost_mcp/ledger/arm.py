"""Where sums come from: kept ones for whole buckets, single rows for the rest, each as one arm of a UNION."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cost_mcp.ledger.bucket import ENTRY_SUMS, ROLLUP_SUMS
from cost_mcp.ledger.cover import Span, Stretch, cover, cover_hours
from cost_mcp.ledger.plan import Plan
from cost_mcp.model.charge import STATED, UNPRICED
from cost_mcp.model.name import EMPTY_TAGS
from cost_mcp.model.report import TAG

CALL_COLUMNS = ("task_id", "session_id", "tags")
"""Columns only single rows have, tags whole; ``efforts`` know the first two by number."""

LABEL = 1 << 32
"""Label and series share one number to group by: SQLite groups by one whole number more than twice as fast as by names."""

LISTS = (
    "WITH "
    + ",\n".join(
        f"{name} (label, grain, first, after) AS MATERIALIZED (SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]'), "
        f"json_extract(value, '$[2]'), json_extract(value, '$[3]') FROM json_each(:{name}))"
        for name in ("spans", "excess")
    )
    + ",\n"
    + ",\n".join(
        f"{name} (label, start, until) AS MATERIALIZED (SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]'), "
        f"json_extract(value, '$[2]') FROM json_each(:{name}))"
        for name in ("edges", "taken", "recent", "later")
    )
)
"""The stretches that arms name, as tables."""

_WATERMARK = (
    "SELECT w.value, MIN(e.occurred_at), MAX(e.occurred_at) FROM state w "
    "LEFT JOIN entries e NOT INDEXED ON e.seq > w.value AND e.tenant = ? WHERE w.name = ?"
)
_LATER = "SELECT MIN(occurred_at), MAX(occurred_at) FROM entries NOT INDEXED WHERE seq > ? AND tenant = ?"
_NUMBERS = "SELECT number, name FROM names WHERE tenant = ? AND name IN (SELECT value FROM json_each(?))"
_KEPT = "FROM {} x CROSS JOIN {} k ON k.tenant = :tenant AND k.grain = x.grain AND k.bucket >= x.first AND k.bucket < x.after"
_AT = "e.tenant = :tenant AND e.occurred_at >= x.start AND e.occurred_at < x.until AND e.counted = 1"
_BY_TIME = "FROM {} x CROSS JOIN entries e INDEXED BY entries_by_time ON " + _AT
_LACKS_PRICE = f"e.unpriced_calls <> 0 AND e.priced IN ('{UNPRICED}', '{STATED}')"
_FROM_UNPRICED = f"FROM edges x CROSS JOIN entries e INDEXED BY entries_unpriced ON {_LACKS_PRICE} AND {_AT}"
_ABOVE = "FROM entries e NOT INDEXED CROSS JOIN {} x ON e.seq > :{} AND " + _AT
_FROM_TASK = f"FROM entries e INDEXED BY entries_by_task CROSS JOIN edges x ON e.task_id = :filter_task_id AND {_AT}"
_FROM_SESSION = (
    f"FROM entries e INDEXED BY entries_by_session CROSS JOIN edges x ON e.session_id = :filter_session_id AND {_AT}"
)
_NUMBERED = {"task_id": "task", "session_id": "session"}
_AMOUNTS: dict[str, str] = dict(zip(ROLLUP_SUMS, ENTRY_SUMS, strict=True))


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Which sums: of one tenant, per label of ``stretches`` and per value of ``columns`` (of series and calls, ``tag:NAME``).

    ``raw`` leaves all kept sums aside; ``efforts`` takes those kept by task and session. ``unpriced`` sums only the calls whose
    tokens have no known price. ``as_of`` is the last row that counts: what was entered later, rows that reverse earlier ones
    among it, is taken off again. ``since`` is the last row that does not count. ``only`` lists the values that are wanted:
    of ``series_id`` by number, of tasks and sessions by the number they are kept under, or by name where they have none.
    """

    tenant: str
    stretches: Sequence[Stretch]
    columns: tuple[str, ...]
    filters: Mapping[str, str] = field(default_factory=lambda: EMPTY_TAGS)
    raw: bool = False
    efforts: bool = False
    unpriced: bool = False
    as_of: int | None = None
    since: int | None = None
    only: Mapping[str, Sequence[int | str]] = field(default_factory=dict[str, "Sequence[int | str]"])

    def of_series_filters(self) -> dict[str, str]:
        """The filters that a series answers."""
        return {name: value for name, value in self.filters.items() if not of_call(name)}

    def of_calls(self) -> tuple[str, ...]:
        """The columns that only single rows have; the tags whole."""
        names = ("tags" if c.startswith(TAG) else c for c in self.columns)
        return tuple(dict.fromkeys(c for c in names if c in CALL_COLUMNS))

    def reads_calls(self) -> bool:
        """Whether no kept sums can answer."""
        if self.efforts:
            return False
        return self.raw or self.unpriced or self.since is not None or any(of_call(c) for c in (*self.columns, *self.filters))


@dataclass(frozen=True, slots=True)
class Arm:
    """One SELECT: ``source`` joins stretches ``x`` with kept sums ``k`` or single rows ``e``; ``sign`` -1 takes off again."""

    source: str
    row: str = "e"
    sign: int = 1
    where: tuple[str, ...] = ()

    def select(self, columns: Iterable[str], amounts: Iterable[str], join: str = "") -> str:
        """The arm as SQL: these columns, then these sums under their own names."""
        added = (f"{self._amount(name)} AS {name}" for name in amounts)
        return f"SELECT {', '.join([*columns, *added])} {self.source} {join} WHERE {' AND '.join(self.where) or 'true'}"

    def _amount(self, name: str) -> str:
        amount = f"k.{name}" if self.row == "k" else _AMOUNTS[name]
        return amount if self.sign > 0 else f"-({amount})"


def of_call(name: str) -> bool:
    """Whether a column or filter is one that only single rows have."""
    return name in CALL_COLUMNS or name.startswith(TAG)


def row_filters(filters: Mapping[str, str]) -> tuple[list[str], dict[str, str]]:
    """Conditions on a single row ``e`` and its series ``s``, one for each filter, and the values they name."""
    conditions: list[str] = []
    values: dict[str, str] = {}
    for number, (name, value) in enumerate(filters.items()):
        if name.startswith(TAG):
            conditions.append(
                f"EXISTS (SELECT 1 FROM json_each(COALESCE(e.tags, '{{}}')) t WHERE t.key = :key_{number} AND t.value = :value_{number})"
            )
            values |= {f"key_{number}": name.removeprefix(TAG), f"value_{number}": value}
        else:
            conditions.append(f"{'e' if name in CALL_COLUMNS else 's'}.{name} = :filter_{name}")
            values[f"filter_{name}"] = value
    return conditions, values


def call_column(asked: Asked, arm: Arm, column: str) -> str:
    """What an arm's row has in one of ``Asked.of_calls``: with ``efforts`` a number, or the name where there is no number yet."""
    if not asked.efforts:
        return f"e.{column}"
    if arm.row == "k":
        return f"k.{_NUMBERED[column]}"
    return f"COALESCE((SELECT n.number FROM names n WHERE n.tenant = e.tenant AND n.name = e.{column}), e.{column}, 0)"


def arms(asked: Asked) -> Plan[tuple[list[Arm], dict[str, Any]]]:
    """The arms whose rows sum to what is asked for, and the parameters they name."""
    values: dict[str, Any] = {"tenant": asked.tenant, "as_of": asked.as_of, "since": asked.since}
    values |= dict.fromkeys(("spans", "excess", "edges", "taken", "recent", "later"), "[]")
    values |= {f"only_{name}": json.dumps([*wanted]) for name, wanted in asked.only.items()}
    values |= row_filters({name: value for name, value in asked.filters.items() if of_call(name)})[1]
    if asked.of_series_filters():
        values["series"] = yield from _series(asked)
    if asked.reads_calls():
        values["edges"] = _pieces(asked.stretches)
        bound = () if asked.as_of is None else ("e.seq <= :as_of",)
        found = [Arm(_rows_of(asked), where=bound)]
    elif asked.efforts:
        found = yield from _effort_arms(asked, values)
    else:
        found = yield from _rollup_arms(asked, values)
    return [Arm(arm.source, arm.row, arm.sign, (*arm.where, *_wanted(asked, arm))) for arm in found], values


def _wanted(asked: Asked, arm: Arm) -> list[str]:
    """What the filters and ``only`` let through of an arm's rows."""
    of_calls = {name: value for name, value in asked.filters.items() if of_call(name)}
    if arm.row == "k" and asked.efforts:
        wanted = [f"k.{_NUMBERED[name]} = :number_{name}" for name in of_calls]
    else:
        wanted = row_filters(of_calls)[0]
    if asked.of_series_filters():
        wanted.append(f"{arm.row}.series_id IN (SELECT value FROM json_each(:series))")
    for name in asked.only:
        column = f"{arm.row}.series_id" if name == "series_id" else call_column(asked, arm, name)
        wanted.append(f"{column} IN (SELECT value FROM json_each(:only_{name}))")
    return wanted


def _rows_of(asked: Asked) -> str:
    if asked.since is not None:
        since = _ABOVE.format("edges", "since")
        return f"{since} AND {_LACKS_PRICE}" if asked.unpriced else since
    if asked.unpriced:
        return _FROM_UNPRICED
    if "task_id" in asked.filters:
        return _FROM_TASK
    return _FROM_SESSION if "session_id" in asked.filters else _BY_TIME.format("edges")


def _series(asked: Asked) -> Plan[str]:
    """The series that the filters let through, as a JSON list."""
    filters = asked.of_series_filters()
    wanted = " AND ".join(["tenant = ?", *(f"{name} = ?" for name in filters)])
    rows = yield f"SELECT series_id FROM series WHERE {wanted}", (asked.tenant, *filters.values())
    return json.dumps([row[0] for row in rows])


def _rollup_arms(asked: Asked, values: dict[str, Any]) -> Plan[list[Arm]]:
    ((values["folded"], oldest, newest),) = yield _WATERMARK, (asked.tenant, "folded_seq")
    parts = cover(asked.stretches)
    values["edges"] = _pieces(parts.edges)
    found = _kept_arms("rollups", parts.spans, parts.excess, values)
    if parts.edges:
        found.append(Arm(_BY_TIME.format("edges"), where=("e.seq <= :folded",)))
    # Few rows wait above the watermark, or came since: name only the stretches they can fall into.
    recent = _between(asked.stretches, oldest, newest)
    values["recent"] = _pieces(recent)
    if recent:
        found.append(Arm(_ABOVE.format("recent", "folded")))
    return found + (yield from _later_arms(asked, values))


def _effort_arms(asked: Asked, values: dict[str, Any]) -> Plan[list[Arm]]:
    ((values["summed"], oldest, newest),) = yield _WATERMARK, (asked.tenant, "summed_seq")
    numbers = {name: asked.filters[name] for name in _NUMBERED if name in asked.filters}
    rows = yield _NUMBERS, (asked.tenant, json.dumps([*numbers.values()]))
    known = {name: number for number, name in rows}
    values |= {f"number_{name}": known.get(value, -1) for name, value in numbers.items()}
    parts = cover_hours(asked.stretches)
    values["edges"], values["taken"] = _pieces(parts.added), _pieces(parts.taken)
    found = _kept_arms("efforts", parts.spans, parts.excess, values)
    if parts.added:
        found.append(Arm(_BY_TIME.format("edges")))
    if parts.taken:
        found.append(Arm(_BY_TIME.format("taken"), sign=-1))
    recent = _between(parts.whole, oldest, newest)
    values["recent"] = _pieces(recent)
    if recent:
        found.append(Arm(_ABOVE.format("recent", "summed")))
    return found + (yield from _later_arms(asked, values))


def _kept_arms(table: str, spans: Sequence[Span], excess: Sequence[Span], values: dict[str, Any]) -> list[Arm]:
    values["spans"], values["excess"] = json.dumps(spans), json.dumps(excess)
    found = [Arm(_KEPT.format("spans", table), "k")]
    return [*found, Arm(_KEPT.format("excess", table), "k", -1)] if excess else found


def _later_arms(asked: Asked, values: dict[str, Any]) -> Plan[list[Arm]]:
    if asked.as_of is None:
        return []
    ((oldest, newest),) = yield _LATER, (asked.as_of, asked.tenant)
    later = _between(asked.stretches, oldest, newest)
    values["later"] = _pieces(later)
    return [Arm(_ABOVE.format("later", "as_of"), sign=-1)] if later else []


def _between(stretches: Iterable[Stretch], oldest: int | None, newest: int | None) -> list[Stretch]:
    if oldest is None or newest is None:
        return []
    return [s for s in stretches if s.start <= newest and s.end > oldest]


def _pieces(stretches: Iterable[Stretch]) -> str:
    return json.dumps([(s.label, s.start, s.end) for s in stretches])
