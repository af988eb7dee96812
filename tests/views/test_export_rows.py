"""What the formats put together piece by piece is what their columns say."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from cost_mcp.model.call_row import CallRow, PriceMark, SeriesNames
from cost_mcp.model.charge import PRICED_STATES
from cost_mcp.model.moment import EARLIEST, LATEST, from_micros, instant_text, micros
from cost_mcp.model.money import usd, usd_text
from cost_mcp.model.usage import USAGE_FIELDS
from cost_mcp.reports import focus_columns
from cost_mcp.reports.focus import focus_rows
from cost_mcp.views.export_cell import bare_cell, safe_cell
from cost_mcp.views.export_columns import COLUMNS, COUNT, FLAG, INSTANT, MONEY, OBJECT, TEXT, cells_of
from cost_mcp.views.export_csv import CallsCsv
from cost_mcp.views.export_focus import FocusCsv
from cost_mcp.views.export_json import CallsJsonl, charge_shapes

TEXTS = st.text(st.one_of(st.characters(codec="utf-8"), st.sampled_from("=+-@'\",\n\r %s{}")), min_size=1, max_size=12)
COUNTS = st.integers(-(10**12), 10**12)
NANOS = st.integers(-(10**15), 10**15)
INSTANTS = st.integers(micros(EARLIEST), micros(LATEST) - 1)
OBJECTS = st.none() | st.dictionaries(TEXTS, TEXTS, min_size=1, max_size=3).map(
    lambda tags: json.dumps(tags, ensure_ascii=False)
)
CHARGES = st.lists(
    st.tuples(
        st.sampled_from(["input", "output", "web_search", "stated"]),
        st.integers(0, 10**9),
        st.sampled_from(["0.000003", "1E-8", "0"]),
        st.integers(0, 10**12),
    ),
    max_size=3,
).map(json.dumps)


NUMBERED: dict[SeriesNames, int] = {}
"""The same names have the same number, others another: as in a ledger."""


@st.composite
def series(draw: st.DrawFn) -> SeriesNames:
    billing = draw(st.sampled_from(["api", "subscription"]))
    names: list[Any] = [draw(st.just("") | TEXTS) for _ in SeriesNames._fields[3:]]
    made = SeriesNames(0, "default", billing, *names)._replace(source=draw(TEXTS), model=draw(TEXTS))
    return made._replace(series_id=NUMBERED.setdefault(made, len(NUMBERED)))


@st.composite
def rows(draw: st.DrawFn) -> CallRow:
    def count() -> int:
        return draw(st.just(0) | COUNTS)

    def name() -> str | None:
        return draw(st.none() | TEXTS)

    fields: dict[str, Any] = {name: count() for name in USAGE_FIELDS}
    return CallRow(
        names=draw(series()),
        price=PriceMark(name(), draw(st.none() | st.just(200_000))),
        seq=1,
        call_id=draw(TEXTS),
        revision=draw(st.integers(1, 9)),
        sign=draw(st.sampled_from([1, -1])),
        occurred_at=draw(INSTANTS),
        recorded_at=draw(INSTANTS),
        task_id=name(),
        task_title=name(),
        session_id=name(),
        service_tier=draw(st.sampled_from(["standard", "batch"])),
        priced=draw(st.sampled_from(PRICED_STATES)),
        cost_nanos=draw(NANOS),
        list_cost_nanos=draw(st.none() | NANOS),
        stated_cost_nanos=draw(st.none() | NANOS),
        unpriced_calls=draw(st.sampled_from([0, 1, -1])),
        provisional_calls=draw(st.sampled_from([0, 1, -1])),
        reservation_id=name(),
        charges=draw(CHARGES),
        tags=draw(OBJECTS),
        metadata=draw(OBJECTS),
        inference_geo=name(),
        **fields,
    )


def told(kind: str, value: str | int | None) -> str:
    """A cell of a CSV file by what its column holds."""
    if value is None:
        return ""
    if kind in (TEXT, OBJECT):
        return safe_cell(str(value))
    number = int(value)
    if kind == INSTANT:
        return instant_text(from_micros(number))
    return usd_text(usd(number)) if kind == MONEY else {FLAG: "true", COUNT: str(number)}[kind]


@given(st.lists(rows(), max_size=3))
def test_a_csv_line_is_what_the_columns_say(given_rows: list[CallRow]):
    out = io.BytesIO()
    writer = CallsCsv(out)
    writer.put(given_rows)
    writer.close()

    head, *lines = csv.reader(io.StringIO(out.getvalue().decode(), newline=""))

    assert head == [name for name, _ in COLUMNS]
    expected = [[told(kind, value) for (_, kind), value in zip(COLUMNS, cells_of(row), strict=True)] for row in given_rows]
    assert lines == expected


@given(rows())
def test_a_json_object_is_what_the_columns_say(row: CallRow):
    out = io.BytesIO()
    CallsJsonl(out).put([row])
    shape: dict[str, Any] = json.loads(out.getvalue())

    assert shape.pop("charges") == charge_shapes(row)
    always = {"revision", "calls", "input_tokens", "output_tokens", "total_tokens"}
    for (name, kind), value in zip(COLUMNS, cells_of(row), strict=True):
        if value is None or (kind == COUNT and value == 0 and name not in always):
            assert name not in shape
        elif kind == OBJECT:
            assert shape[name] == json.loads(str(value))
        elif kind in (COUNT, FLAG):
            assert shape[name] == value
        else:
            assert shape[name] == (value if kind == TEXT else told(kind, value))
    assert shape.keys() <= {name for name, _ in COLUMNS}


@given(st.lists(rows(), max_size=3))
def test_a_focus_line_is_what_the_specifications_columns_say(given_rows: list[CallRow]):
    out = io.BytesIO()
    FocusCsv(out).put(given_rows)

    head, *lines = csv.reader(io.StringIO(out.getvalue().decode(), newline=""))

    assert head == list(focus_columns.COLUMNS)
    cells = [cells for row in given_rows for cells in focus_rows(row)]
    numbers = [name in focus_columns.NUMBERS for name in focus_columns.COLUMNS]
    assert lines == [
        [(cell or "") if number else safe_cell(cell or "") for cell, number in zip(row, numbers, strict=True)] for row in cells
    ]
    texts = [cell for line in lines for cell, number in zip(line, numbers, strict=True) if not number]
    assert not [cell for cell in texts if cell[:1] in set("=+-@\t\r")]
    assert [bare_cell(line[head.index("x_CallId")]) for line in lines] == [
        row.call_id for row in given_rows for _ in focus_rows(row)
    ]
