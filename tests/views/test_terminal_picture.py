"""Bars and sparklines: true to what they show at every width, in any encoding, without any colour."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cost_mcp.views.terminal_layout import cells, plain
from cost_mcp.views.terminal_page import Column, Drawing, Line, Picture, Span, Table, line
from cost_mcp.views.terminal_picture import budget_bar, share_bar, sparkline, spelled


def drawn(picture: Picture | Line, width: int) -> str:
    spans = picture(width) if callable(picture) else picture
    return "".join(span.text for span in spans)


@pytest.mark.parametrize(
    ("part", "width", "expected"),
    [("10", 4, "████"), ("5", 4, "██"), ("5", 5, "██▌"), ("0.001", 4, "▏"), ("9.999", 4, "███▉"), ("20", 4, "████")],
)
def test_a_share_is_drawn_to_an_eighth_of_a_cell(part: str, width: int, expected: str):
    assert drawn(share_bar(Decimal(part), Decimal(10)), width) == expected


def test_nothing_has_no_bar():
    assert share_bar(Decimal(0), Decimal(10)) == ()
    assert share_bar(Decimal(0), Decimal(0)) == ()


@pytest.mark.parametrize(
    ("billed", "covered", "expected"),
    [("5", "5", "████▒▒▒▒"), ("0", "5", "▒▒▒▒"), ("0.01", "9.99", "█▒▒▒▒▒▒▒"), ("5", "0.01", "███▒"), ("0.01", "0.01", "▒")],
)
def test_what_a_plan_covers_has_a_form_of_its_own(billed: str, covered: str, expected: str):
    assert drawn(share_bar(Decimal(billed), Decimal(10), covered=Decimal(covered)), 8) == expected


@pytest.mark.parametrize(
    ("spent", "held", "expected"),
    [
        ("0", "0", "░░░░░░░░░░"),
        ("0.01", "0", "█░░░░░░░░░"),
        ("5", "0", "█████░░░░░"),
        ("5", "2", "█████▒▒░░░"),
        ("5", "0.01", "█████▒░░░░"),
        ("9.99", "0", "█████████░"),
        ("10", "0", "██████████"),
        ("5", "5", "█████▒▒▒▒▒"),
        ("9.9", "0.1", "█████████▒"),
        ("0", "3", "▒▒▒░░░░░░░"),
        ("15", "0", "██████│███"),
        ("8", "4", "██████▒│▒▒"),
    ],
)
def test_what_is_spent_held_and_free_is_told_by_form(spent: str, held: str, expected: str):
    assert drawn(budget_bar(Decimal(spent), Decimal(held), Decimal(10), "ok"), 10) == expected


amounts = st.integers(0, 10**6).map(lambda cents: Decimal(cents) / 100)


@given(spent=amounts, held=amounts, limit=amounts.filter(bool), width=st.integers(8, 60))
def test_a_budget_bar_hides_nothing_and_fills_its_room(spent: Decimal, held: Decimal, limit: Decimal, width: int):
    bar = drawn(budget_bar(spent, held, limit, "ok"), width)

    assert len(bar) == width
    assert ("█" in bar) is (spent > 0)
    assert ("▒" in bar) is (held > 0)
    assert ("░" in bar) is (spent + held < limit)
    assert ("│" in bar) is (spent + held > limit)


@given(part=amounts, covered=amounts, most=amounts, width=st.integers(1, 60))
def test_a_share_never_takes_more_than_its_room(part: Decimal, covered: Decimal, most: Decimal, width: int):
    whole = part + covered + most
    bar = drawn(share_bar(part, whole, covered=covered), width)

    assert len(bar) <= width
    assert bool(bar) is (part + covered > 0)


def values(*amounts: str) -> list[Decimal]:
    return [Decimal(amount) for amount in amounts]


def test_a_sparkline_tells_nothing_from_little_and_the_most_from_all_others():
    assert drawn(sparkline(values("0", "0.01", "5", "9.99", "10", "0")), 10) == "·▁▄▇█·"


def test_more_values_than_cells_are_summed_in_them():
    assert drawn(sparkline(values("1", "1", "0", "0", "4", "0")), 3) == "▄·█"


@given(st.lists(amounts, min_size=1, max_size=200), st.integers(1, 80))
def test_a_sparkline_fits_and_shows_every_spend(spent: list[Decimal], width: int):
    line = drawn(sparkline(spent), width)

    assert len(line) == min(width, len(spent))
    assert (set(line) == {"·"}) is (not any(spent))
    assert not any(spent) or "█" in line


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp437", "utf-8", None, "no-such-encoding"])
@pytest.mark.parametrize("text", ["█▉▊▋▌▍▎▏▒░│", "▁▂▃▄▅▆▇█·", "≥ $1.00 – 3 × ≈ … ─── → ↑↓"])
def test_every_sign_has_one_of_the_same_width_in_any_encoding(text: str, encoding: str | None):
    told = spelled(text, encoding)

    assert len(told) == len(text)
    assert "?" not in told
    if encoding in ("utf-8", None):
        assert told == text
    if encoding in ("ascii", "latin-1", "cp437"):
        assert told.encode(encoding)


def test_names_keep_their_letters_where_the_encoding_has_them():
    assert spelled("Müller █", "latin-1") == "Müller #"


TABLE = Table(
    columns=(Column(title="Name", shortens=True), Column(title="Cost"), Column(title="", yields=2, draws=(4, 10))),
    rows=((line("a-long-name"), line("$1.00"), lambda width: (Span("█" * width),)), (line("b"), line("$0.50"), ())),
)


@pytest.mark.parametrize(("width", "bar"), [(60, 10), (30, 10), (26, 6), (24, 4), (23, 0), (18, 0)])
def test_a_picture_takes_the_room_that_words_leave_and_goes_before_they_are_cut(width: int, bar: int):
    lines = plain((TABLE,), width).splitlines()

    assert lines[1].count("█") == bar
    assert "a-long-name" in lines[1]
    assert all(cells(text) <= width for text in lines)


def test_a_drawing_gives_up_what_stands_behind_it_before_itself():
    drawing = Drawing(before=line("Days "), picture=lambda width: (Span("█" * width),), behind=line(" most"), cells=(5, 8))

    assert plain((drawing,), 40) == "Days ████████ most\n"
    assert plain((drawing,), 15) == "Days █████ most\n"
    assert plain((drawing,), 14) == "Days ████████\n"
    assert plain((drawing,), 9) == ""
    assert plain((drawing,)) == ""
