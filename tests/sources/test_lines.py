from __future__ import annotations

from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cost_mcp.sources.lines import Lines


def read(content: bytes, **given: int) -> tuple[list[bytes], Lines]:
    lines = Lines(BytesIO(content), len(content), **given)
    return [line for block in lines.blocks() for line in block], lines


@given(content=st.binary(max_size=200).map(lambda b: b.replace(b"\x07", b"\n")), chunk=st.integers(1, 50))
def test_lines_are_the_same_however_the_file_is_cut_into_chunks(content: bytes, chunk: int):
    found, lines = read(content, chunk=chunk)
    *whole, rest = content.split(b"\n")
    assert found == whole
    assert (lines.number, lines.offset, lines.rest) == (len(whole), len(content) - len(rest), rest)


@given(content=st.binary(max_size=200).map(lambda b: b.replace(b"\x07", b"\n")), chunk=st.integers(1, 50), data=st.data())
def test_going_on_where_a_reading_ended_gives_what_one_reading_gives(content: bytes, chunk: int, data: st.DataObject):
    at = data.draw(st.integers(0, len(content)))
    first, before = read(content[:at], chunk=chunk)
    second, after = read(content, chunk=chunk, offset=before.offset, number=before.number)
    assert first + second == content.split(b"\n")[:-1]
    assert after.number == len(first + second)


def test_the_number_of_a_line_is_known_while_its_block_is_read():
    lines = Lines(BytesIO(b"a\nb\nc\n"), 6, chunk=4)
    assert [(lines.number + n, line) for block in lines.blocks() for n, line in enumerate(block, start=1)] == [
        (1, b"a"),
        (2, b"b"),
        (3, b"c"),
    ]


@pytest.mark.parametrize("chunk", [1, 3, 8])
def test_a_line_that_is_too_long_is_left_out_and_counted_and_the_next_is_read(chunk: int):
    found, lines = read(b"ab\n" + b"x" * 20 + b"\ncd\n", most=8, chunk=chunk)
    assert (found, lines.oversize) == ([b"ab", b"", b"cd"], [2])


def test_a_last_line_that_is_too_long_is_not_kept_either():
    _, lines = read(b"ab\n" + b"x" * 20, most=8, chunk=4)
    assert (lines.rest, lines.offset) == (b"", 3)


def test_what_is_appended_while_it_is_read_is_left_for_the_next_time():
    lines = Lines(BytesIO(b"a\nb\nc\n"), 4)
    assert [*lines.blocks()] == [[b"a", b"b"]]


def test_a_file_that_is_cut_while_it_is_read_ends_where_it_ends():
    lines = Lines(BytesIO(b"a\n"), 400)
    assert [*lines.blocks()] == [[b"a"]]
