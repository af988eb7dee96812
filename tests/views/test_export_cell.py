from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cost_mcp.views.export_cell import TRIGGERS, bare_cell, safe_cell


@pytest.mark.parametrize(
    "text",
    ["=cmd|' /C calc'!A0", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1", "=", "'=1", "''@x"],
)
def test_what_a_spreadsheet_would_run_begins_with_an_apostrophe(text: str):
    assert safe_cell(text) == f"'{text}"


@pytest.mark.parametrize("text", ["T-1", "a=b", "'", "''", "'quoted'", "🤖", "שלום", "1+1", " "])
def test_what_no_spreadsheet_runs_stays_as_it_is(text: str):
    assert safe_cell(text) == text


@given(st.text(alphabet=st.one_of(st.sampled_from("'" + TRIGGERS), st.characters(codec="utf-8")), max_size=8))
@example("'")
@example("'=")
def test_no_cell_begins_like_a_formula_and_what_was_recorded_comes_back(text: str):
    assert safe_cell(text)[:1] not in set(TRIGGERS)
    assert bare_cell(safe_cell(text)) == text
