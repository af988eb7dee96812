"""A cursor leads through the pages of its own question only."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cost_mcp.errors import InvalidInput
from cost_mcp.reports.page import page

QUESTION = {"period": "week", "group_by": ["model"]}


@given(st.lists(st.integers(), max_size=50), st.integers(1, 20))
def test_following_the_cursor_gives_every_row_once_in_order(rows: list[int], limit: int):
    seen: list[int] = []
    cursor: str | None = None
    while True:
        chosen, cursor = page(rows, limit, cursor, QUESTION)
        seen += chosen
        if cursor is None:
            break
    assert seen == rows


@pytest.mark.parametrize("cursor", ["", "nonsense", "äöü", 7, ["x"], base64.urlsafe_b64encode(b"no offset").decode()])
def test_a_cursor_that_is_none_is_refused(cursor: object):
    with pytest.raises(InvalidInput, match="cursor is not one of ours"):
        page([1, 2, 3], 1, cursor, QUESTION)


def test_a_cursor_of_another_question_is_refused():
    _, cursor = page([1, 2, 3], 1, None, QUESTION)
    with pytest.raises(InvalidInput, match="another question"):
        page([1, 2, 3], 1, cursor, {**QUESTION, "period": "month"})
