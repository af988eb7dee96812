from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cost_mcp.sources.lines import Lines


def read(content: bytes, needle: bytes = b"", **given: Any) -> tuple[list[tuple[int, bytes | None]], Lines]:
    lines = Lines(BytesIO(content), len(content), **given)
    return [*lines.holding(needle)], lines


def numbered(content: bytes, needle: bytes = b"") -> list[tuple[int, bytes | None]]:
    return [(number, line) for number, line in enumerate(content.split(b"\n")[:-1], start=1) if needle in line]


TEXTS = st.text("ab\n", max_size=80).map(str.encode)
NEEDLES = st.sampled_from([b"", b"a", b"ab", b"bab"])


@given(content=TEXTS, needle=NEEDLES, chunk=st.integers(1, 50))
def test_lines_are_the_same_however_the_file_is_cut_into_chunks(content: bytes, needle: bytes, chunk: int):
    found, lines = read(content, needle, chunk=chunk)
    rest = content.split(b"\n")[-1]
    assert found == numbered(content, needle)
    assert (lines.number, lines.offset, lines.rest) == (content.count(b"\n"), len(content) - len(rest), rest)


@given(content=TEXTS, needle=NEEDLES, chunk=st.integers(1, 50), data=st.data())
def test_going_on_where_a_reading_ended_gives_what_one_reading_gives(
    content: bytes, needle: bytes, chunk: int, data: st.DataObject
):
    at = data.draw(st.integers(0, len(content)))
    first, before = read(content[:at], needle, chunk=chunk)
    second, after = read(content, needle, chunk=chunk, offset=before.offset, number=before.number)
    assert first + second == numbered(content, needle)
    assert after.number == content.count(b"\n")


@pytest.mark.parametrize("chunk", [1, 3, 8])
def test_a_line_that_is_too_long_is_left_out_and_counted_and_the_next_is_read(chunk: int):
    found, lines = read(b"ab\n" + b"x" * 20 + b"\ncd\n", most=8, chunk=chunk)
    assert (found, lines.oversize) == ([(1, b"ab"), (3, b"cd")], [2])


def test_a_last_line_that_is_too_long_is_not_kept_either():
    _, lines = read(b"ab\n" + b"x" * 20, most=8, chunk=4)
    assert (lines.rest, lines.offset) == (b"", 3)


def test_what_is_appended_while_it_is_read_is_left_for_the_next_time():
    lines = Lines(BytesIO(b"a\nb\nc\n"), 4)
    assert [*lines.holding(b"")] == [(1, b"a"), (2, b"b")]


def test_a_file_that_is_cut_while_it_is_read_ends_where_it_ends():
    lines = Lines(BytesIO(b"a\n"), 400)
    assert [*lines.holding(b"")] == [(1, b"a")]


@given(content=TEXTS, needle=NEEDLES, chunk=st.integers(1, 9), every=st.integers(1, 9))
def test_from_every_rest_another_reading_tells_what_is_left(content: bytes, needle: bytes, chunk: int, every: int):
    file = BytesIO(content)
    lines = Lines(file, len(content), chunk=chunk, rest_every=every)
    before: list[tuple[int, bytes | None]] = []
    for number, line in lines.holding(needle):
        if line is not None:
            before.append((number, line))
            continue
        rest, _ = read(content, needle, offset=lines.offset, number=number)
        assert [*before, *rest] == numbered(content, needle)
        file.seek(0)  # whoever rests may look around
    assert before == numbered(content, needle)


def test_rests_lie_as_far_apart_as_was_asked_and_where_it_is_is_heard():
    heard: list[int] = []
    lines = Lines(BytesIO(b"ab\n" * 10), 30, chunk=3, rest_every=12, passed=heard.append)
    assert [number for number, line in lines.holding(b"ab") if line is None] == [4, 8]
    assert heard == [*range(3, 31, 3)]
