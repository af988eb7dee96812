"""From rows to what they say of calls: every cell read by its column's meaning, every row given an id."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from zoneinfo import ZoneInfo

from cost_mcp.capture.tables.cell import count, dollars, json_object, moment, name
from cost_mcp.capture.tables.columns import COUNTS, OBJECTS, TAG, UNCACHED_INPUT, WRITTEN_5M, Columns, choose, plain_name
from cost_mcp.capture.tables.identity import Ordinals, content_digest, row_id
from cost_mcp.capture.tables.json_rows import value_at
from cost_mcp.capture.tables.row import Row, RowCall, RowProblem, refused
from cost_mcp.errors import CostError, InvalidInput
from cost_mcp.model.moment import zone


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """How a person wants a table read.

    ``said`` is field → column, ``constants`` field → text for every row; ``timezone`` is that of times without an offset,
    None where there should be none.
    """

    said: Mapping[str, str]
    constants: Mapping[str, str]
    timezone: str | None = None


def csv_columns(columns: Sequence[str], wish: Wish) -> Columns:
    """What the columns of a delimited table mean.

    Raises:
        InvalidInput: a column that was said is not there, or nothing says the model, the time or the usage of a call.
    """
    chosen = choose(columns, wish.said, leave=(*wish.constants, *OBJECTS))
    _check_whole({*chosen.of, *wish.constants})
    return chosen


def csv_calls(rows: Iterable[Row | RowProblem], columns: Columns, wish: Wish) -> Generator[RowCall | RowProblem]:
    """What each row of a delimited table says of a call."""
    read = _Reading(wish)
    for row in rows:
        yield row if isinstance(row, RowProblem) else read.call(row, columns.of, row.cells.get)


def json_calls(rows: Iterable[Row | RowProblem], wish: Wish) -> Generator[RowCall | RowProblem]:
    """What each object says of a call; objects may have different keys, and a path of keys leads into nested ones."""
    read = _Reading(wish)
    counted = frozenset({*COUNTS, "usage"})

    @lru_cache(maxsize=256)
    def meaning(keys: tuple[str, ...], *, whole: bool) -> Mapping[str, str]:
        leave = (*wish.constants, *wish.said, *(() if whole else ("usage",)), "metadata")
        found = dict(choose(keys, {}, leave=leave).of)
        if whole and "usage" in found and "call_id" not in found and "id" in keys:
            found["call_id"] = "id"  # beside a usage object stands the id of the provider's response
        return {**found, **wish.said}

    for row in rows:
        if isinstance(row, RowProblem):
            yield row
            continue
        whole = isinstance(row.cells.get("usage"), dict) and counted.isdisjoint(wish.said)
        columns = meaning(tuple(row.cells), whole=whole)
        cells = row.cells
        yield read.call(row, columns, lambda path, cells=cells: value_at(cells, path))


class _Reading:
    """Reads rows of one table, one after the other: equal ones are told apart by their order."""

    def __init__(self, wish: Wish) -> None:
        self._zone = None if wish.timezone is None else zone(wish.timezone)
        self._constants = {field: _cell(field, text, self._zone) for field, text in wish.constants.items()}
        self._ordinals = Ordinals()

    def call(self, row: Row, columns: Mapping[str, str], at: Callable[[str], object]) -> RowCall | RowProblem:
        """The call a row tells of; ``at`` gives the value of a column."""
        fields: dict[str, object] = {field: value for field, value in self._constants.items() if value is not None}
        tags: dict[str, str] = {}
        try:
            for field, column in columns.items():
                value = _cell(field, at(column), self._zone_of(column) if field == "occurred_at" else None)
                if value is not None:
                    fields[field] = value
            for field in [field for field in fields if field.startswith(TAG)]:
                tags[field.removeprefix(TAG)] = str(fields.pop(field))
            _add_parts(fields)
            _check_time(fields)
        except CostError as error:
            return refused(row.number, columns, error)
        if tags:
            fields["tags"] = tags
        made = "call_id" not in fields
        if made:
            digest = content_digest(fields)
            fields["call_id"] = row_id(digest, self._ordinals.next(digest))
        return RowCall(row=row.number, fields=fields, columns=columns, made_id=made)

    def _zone_of(self, column: str) -> ZoneInfo | None:
        if self._zone is None and plain_name(column).endswith("_utc"):
            return zone("UTC")  # a column may say its zone in its name
        return self._zone


def _cell(field: str, value: object, tz: ZoneInfo | None) -> object:
    if field == "occurred_at":
        return moment(value, field, tz)
    if field in COUNTS:
        return count(value, field)
    if field == "cost_usd":
        return dollars(value, field)
    if field in OBJECTS:
        return json_object(value, field)
    return name(value, field)


def _add_parts(fields: dict[str, object]) -> None:
    written = fields.pop(WRITTEN_5M, None)
    if isinstance(written, int):
        fields["cache_creation_input_tokens"] = written + _number(fields, "cache_creation_1h_input_tokens")
    uncached = fields.pop(UNCACHED_INPUT, None)
    if isinstance(uncached, int):
        cached = _number(fields, "cache_read_input_tokens") + _number(fields, "cache_creation_input_tokens")
        fields["input_tokens"] = uncached + cached


def _number(fields: Mapping[str, object], field: str) -> int:
    value = fields.get(field, 0)
    assert isinstance(value, int)
    return value


def _check_time(fields: Mapping[str, object]) -> None:
    if "occurred_at" not in fields:
        raise InvalidInput(
            "occurred_at is missing: nothing says when the call was made.",
            field="occurred_at",
            hint="Name the column of its time: --map occurred_at=COLUMN.",
        )


def _check_whole(fields: set[str]) -> None:
    for field, what in (("model", "the model"), ("occurred_at", "the time")):
        if field not in fields and not (field == "model" and "usage" in fields):
            raise InvalidInput(
                f"no column tells {what} of a call.",
                field=field,
                hint=f"Name it: --map {field}=COLUMN. The table's first row has to name the columns.",
            )
    if not fields & {*COUNTS, "usage", "cost_usd"}:
        raise InvalidInput(
            "no column tells tokens or a cost.",
            field="input_tokens",
            hint="Name them: --map input_tokens=COLUMN,output_tokens=COLUMN, or cost_usd=COLUMN.",
        )
