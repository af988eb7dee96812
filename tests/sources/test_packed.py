from __future__ import annotations

import io
import sys

import pytest

from cost_mcp.sources.packed import unpacked_lines

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd


def lines_of(content: bytes, most: int = 64) -> list[tuple[int, bytes | None]]:
    return list(unpacked_lines(io.BytesIO(content), most))


def test_a_packed_log_has_the_lines_it_had():
    assert lines_of(zstd.compress(b"one\n\nthree\n")) == [(1, b"one"), (2, b""), (3, b"three")]


def test_the_last_line_of_a_packed_log_needs_no_line_break():
    assert lines_of(zstd.compress(b"one\ntwo")) == [(1, b"one"), (2, b"two")]


@pytest.mark.parametrize("end", [b"\n", b""])
def test_a_line_that_is_too_long_is_left_out_and_keeps_its_number(end: bytes):
    content = b"one\n" + b"x" * 200 + b"\nthree\n" + b"y" * 128 + end
    assert lines_of(zstd.compress(content)) == [(1, b"one"), (2, None), (3, b"three"), (4, None)]


def test_a_log_that_is_packed_in_several_parts_is_read_to_its_end():
    assert lines_of(zstd.compress(b"one\nt") + zstd.compress(b"wo\n")) == [(1, b"one"), (2, b"two")]


@pytest.mark.parametrize("content", [zstd.compress(b"one\n" * 9999)[:-9], b"not packed at all"])
def test_a_damaged_packed_log_is_an_error_of_the_file(content: bytes):
    with pytest.raises(OSError, match="damaged or cut short"):
        lines_of(content)
