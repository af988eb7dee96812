from __future__ import annotations

from cost_mcp.views.text_table import columns


def test_numbers_stand_under_each_other_and_no_line_ends_in_blanks():
    assert columns(["model", "cost"], [["a", "$1"], ["longer", "$100"]], right_from=1).splitlines() == [
        "model   cost",
        "a         $1",
        "longer  $100",
    ]
    assert columns(["a", "note"], [["x", ""]], right_from=2).splitlines() == ["a  note", "x"]


def test_no_rows_leave_the_head():
    assert columns(["model", "cost"], [], right_from=1) == "model  cost"
