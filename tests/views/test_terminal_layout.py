from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cost_mcp.views.terminal_layout import SHORTEST, cells, laid_out, plain, shortened
from cost_mcp.views.terminal_page import BLANK, Column, Span, Table, line

TABLE = Table(
    columns=(
        Column(title="Model", shortens=True),
        Column(title="Calls", align="right", yields=1),
        Column(title="Cached", align="right", yields=2),
        Column(title="Cost", align="point"),
    ),
    rows=(
        (line("claude-opus-4-6-20260101"), line("1,200"), line("10"), line("$1.50")),
        (line("gpt-5"), line("3"), line("0"), line("$0.00042")),
        (line("acme"), line("3"), line("0"), line("unpriced")),
    ),
    total=(line("Total"), line("1,206"), line("10"), line("≥ $1.50")),
)


def test_columns_are_aligned_and_decimal_points_stand_under_each_other():
    assert plain((TABLE,)) == (
        "Model                     Calls  Cached        Cost\n"
        "claude-opus-4-6-20260101  1,200      10    $1.50\n"
        "gpt-5                         3       0    $0.00042\n"
        "acme                          3       0    unpriced\n"
        "───────────────────────────────────────────────────\n"
        "Total                     1,206      10  ≥ $1.50\n"
    )


def test_where_it_is_narrow_the_dispensable_columns_go_before_names_are_cut():
    at_45 = plain((TABLE,), 45)
    at_28 = plain((TABLE,), 28)

    assert "Cached" in plain((TABLE,), 51)
    assert "Cached" not in at_45
    assert "Calls" in at_45
    assert "claude-opus-4-6-20260101" in at_45
    assert "Calls" not in at_28
    assert "claude-o…0260101" in at_28


@given(width=st.integers(min_value=22, max_value=90))
def test_no_line_is_wider_than_the_page(width: int):
    page = (line("A sentence that is longer than many a terminal is wide, with a ", Span("name", "name")), BLANK, TABLE)

    assert all(cells(text) <= width for text in plain(page, width).splitlines())


@given(words=st.lists(st.text(alphabet="abcd", min_size=1, max_size=9), min_size=1, max_size=30), width=st.integers(12, 60))
def test_wrapping_loses_no_word_and_adds_none(words: list[str], width: int):
    assert plain((line(" ".join(words)),), width).split() == words


def test_an_indented_line_stays_under_its_beginning():
    text = plain((line("    ", "one two three four five six"),), 16)

    assert text == "    one two\n    three four\n    five six\n"


@given(text=st.text(max_size=60), width=st.integers(min_value=0, max_value=70))
def test_a_shortened_name_fits_and_a_fitting_one_is_whole(text: str, width: int):
    short = shortened(text, width)

    assert cells(short) <= width
    assert (short == text) is (cells(text) <= width)


@pytest.mark.parametrize(
    ("text", "width", "expected"),
    [("claude-opus-4-6", 9, "clau…-4-6"), ("claude-opus-4-6", 8, "clau…4-6"), ("模型模型模型", 8, "模型…型"), ("ab", 1, "…")],
)
def test_both_ends_of_a_long_name_are_kept(text: str, width: int, expected: str):
    assert shortened(text, width) == expected


def test_wide_characters_count_twice():
    assert (cells("gpt"), cells("模型"), cells("e\u0301")) == (3, 4, 1)


def test_text_that_would_turn_a_line_around_is_made_visible():
    assert plain((line("abc\u202egnp.exe"),)) == "abc�gnp.exe\n"


def test_a_name_keeps_its_least_length_even_where_nothing_fits():
    (_, row) = laid_out((Table(columns=(Column(title="N", shortens=True),), rows=((line("a-very-long-name"),),)),), 3)

    assert cells("".join(span.text for span in row)) == SHORTEST


def test_a_table_without_titles_has_no_head():
    table = Table(columns=(Column(title=""), Column(title="")), rows=((line("file"), line("here")),))

    assert plain((table,)) == "file  here\n"
