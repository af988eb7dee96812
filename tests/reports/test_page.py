"""A cursor leads through the pages of its own question only, cut from what its first page was cut from."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cost_mcp.errors import InvalidInput
from cost_mcp.reports.page import Snapshot, page, read_cursor

QUESTION = {"period": "week", "group_by": ["model"]}
SNAPSHOT = Snapshot(start=-5, end=1_800_000_000_000_000, as_of="12")


@given(st.lists(st.integers(), max_size=50), st.integers(1, 20))
def test_following_the_cursor_gives_every_row_once_in_order(rows: list[int], limit: int):
    seen: list[int] = []
    cursor: str | None = None
    while True:
        chosen, cursor = page(rows, limit, read_cursor(cursor, QUESTION), QUESTION, SNAPSHOT)
        seen += chosen
        if cursor is None:
            break
    assert seen == rows


def test_a_cursor_brings_back_what_the_first_page_was_cut_from():
    _, cursor = page([1, 2, 3], 2, None, QUESTION, SNAPSHOT)
    place = read_cursor(cursor, QUESTION)
    assert place is not None
    assert (place.offset, place.snapshot) == (2, SNAPSHOT)


def written(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    "cursor",
    ["", "nonsense", "äöü", 7, ["x"], *map(written, ("no offset", "0123456789ab:2", f"{'0' * 12}:1:{'9' * 30}:2:3"))],
)
def test_a_cursor_that_is_none_is_refused(cursor: object):
    with pytest.raises(InvalidInput, match="cursor is not one of ours"):
        read_cursor(cursor, QUESTION)


def test_a_cursor_of_another_question_is_refused():
    _, cursor = page([1, 2, 3], 1, None, QUESTION, SNAPSHOT)
    with pytest.raises(InvalidInput, match="another question"):
        read_cursor(cursor, {**QUESTION, "period": "month"})
