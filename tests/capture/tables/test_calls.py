"""Any text is read as a table or refused, and never told of in what is said about it."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Iterator

from hypothesis import given
from hypothesis import strategies as st

from cost_mcp.capture.tables.billing import billed_rows, export_of
from cost_mcp.capture.tables.calls import Wish, csv_calls, csv_columns, json_calls
from cost_mcp.capture.tables.csv_rows import CsvRows
from cost_mcp.capture.tables.json_rows import json_rows
from cost_mcp.capture.tables.row import RowCall, RowProblem
from cost_mcp.errors import InvalidInput

WISH = Wish(said={}, constants={}, timezone="UTC")
TABLE = (
    "time,model,input_tokens,output_tokens,cost,project\n"
    "2026-11-20T08:00:00Z,gpt-5,4000,200,0.5,shop\n"
    '2026-11-21,"gpt-5",,200,"$1,000.50","bl""og"\n'
    "1795305600,gpt-5,4000,200,,\n"
)
OBJECTS = (
    '{"time": "2026-11-20T08:00:00Z", "model": "gpt-5", "input_tokens": 4, "cost": 0.5}\n'
    '{"id": "x", "created": 1795305600, "model": "gpt-5", "usage": {"prompt_tokens": 3, "completion_tokens": 1}}\n'
)
BILL = (
    "start_time,end_time,start_time_iso,end_time_iso,num_model_requests,model,input_tokens,output_tokens,input_cached_tokens\n"
    "1795305600,1795392000,2026-11-22T00:00:00+00:00,2026-11-23T00:00:00+00:00,1.0,gpt-5,50000.0,8000.0,0.0\n"
)


def mutated(text: str, seed: int) -> str:
    """The text with some of its characters changed, lost or told twice."""
    chance = random.Random(seed)  # noqa: S311 (a test needs the same ones again)
    letters = list(text)
    for _ in range(chance.randint(0, 6)):
        place = chance.randrange(len(letters))
        letters[place : place + 1] = chance.choice(["", letters[place] * 2, chance.choice(',;"\n\r\0\t|0-.$\ufeffé{}[]:')])
    return "".join(letters)


def of_csv(text: str) -> Iterator[RowCall | RowProblem]:
    rows = CsvRows(text.splitlines(keepends=True))
    return csv_calls(rows, csv_columns(rows.columns, WISH), WISH)


@given(
    st.text(alphabet=st.sampled_from(list('ab1,;"\n\r\t|\0 ')), max_size=60)
    | st.integers().map(lambda seed: mutated(TABLE, seed))
)
def test_any_text_is_rows_or_refused(text: str):
    with contextlib.suppress(InvalidInput):
        for found in of_csv(text):
            check(found)


@given(st.text(max_size=40) | st.integers().map(lambda seed: mutated(OBJECTS, seed)))
def test_any_lines_are_objects_or_refused(text: str):
    for found in json_calls(json_rows(text.splitlines(keepends=True)), WISH):
        check(found)


@given(st.integers())
def test_any_bill_is_read_or_refused(seed: int):
    with contextlib.suppress(InvalidInput):
        rows = CsvRows(mutated(BILL, seed).splitlines(keepends=True))
        for billed in billed_rows(rows, export_of(rows.columns)):
            assert all(value >= 0 for value in billed.figures.values())


def check(found: RowCall | RowProblem) -> None:
    if isinstance(found, RowProblem):
        assert found.reason
        assert found.hint
        return
    assert found.fields["call_id"]
    assert "occurred_at" in found.fields
    assert all(value >= 0 for name, value in found.fields.items() if name.endswith("_tokens") and isinstance(value, int))


def test_a_mutated_row_never_changes_the_ids_of_the_others():
    whole = [row.fields["call_id"] for row in of_csv(TABLE) if isinstance(row, RowCall)]
    broken = TABLE.replace("2026-11-21", "some day")
    rest = [row.fields["call_id"] for row in of_csv(broken) if isinstance(row, RowCall)]
    assert rest == [whole[0], whole[2]]
