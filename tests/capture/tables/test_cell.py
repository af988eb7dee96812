from __future__ import annotations

import contextlib
from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cost_mcp.capture.tables.cell import count, dollars, json_object, moment, name
from cost_mcp.errors import InvalidInput

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("cell", "meant"),
    [
        ("1234", 1234),
        (" 1,234 ", 1234),
        ("1,234,567", 1234567),
        ("59200.0", 59200),
        ("12.", 12),
        (7, 7),
        (7.0, 7),
        ("", None),
        ("NaN", None),
        ("-", None),
        (None, None),
    ],
)
def test_a_count_is_read_as_it_is_meant(cell: object, meant: int | None):
    assert count(cell, "input_tokens") == meant


@pytest.mark.parametrize(
    "cell", ["1.234", "12,34", "1234,567", "1.5", "-3", "1e3", "=1+1", "many", "0x10", "１２", True, 1.5, [1]]
)
def test_what_may_not_be_a_count_is_refused_and_not_repeated(cell: object):
    with pytest.raises(InvalidInput) as refused:
        count(cell, "input_tokens")
    assert refused.value.field == "input_tokens"
    assert str(cell) not in str(refused.value) or len(str(cell)) < 4


@pytest.mark.parametrize(
    ("cell", "meant"),
    [
        ("0.0125", "0.0125"),
        ("$1,234.50", "1234.50"),
        ("US$ 2", "2"),
        ("1.5 USD", "1.5"),
        ("usd 3", "3"),
        ("1,234,567", "1234567"),
        (".5", "0.5"),
        ("2E-05", "0.00002"),
        (0.1, "0.1"),
        (2, "2"),
        ("0.8958740000000000", "0.895874"),
    ],
)
def test_dollars_are_read_exactly(cell: object, meant: str):
    assert dollars(cell, "cost_usd") == Decimal(meant)


@pytest.mark.parametrize(
    "cell", ["1,234", "0,50", "1.234,56", "€3", "3 EUR", "1 234.50", "1'234", "(3)", "-3", "=A1*2", "NaN$", "inf", True, {}]
)
def test_money_that_may_mean_two_things_is_refused(cell: object):
    with pytest.raises(InvalidInput):
        dollars(cell, "cost_usd")


@given(st.decimals(min_value=0, max_value=10**9, places=9))
def test_dollars_come_through_grouped_or_not(amount: Decimal):
    assert dollars(f"{amount:f}", "cost_usd") == amount
    assert dollars(f"${amount:,f}", "cost_usd") == amount


@given(st.integers(min_value=0, max_value=10**12))
def test_counts_come_through_grouped_or_not(number: int):
    assert count(f"{number:,}", "input_tokens") == number
    assert count(f"{number}.0", "input_tokens") == number


@pytest.mark.parametrize(
    ("cell", "meant"),
    [
        ("2026-11-22T10:00:00Z", "2026-11-22T10:00:00"),
        ("2026-11-22 10:00:00+02:00", "2026-11-22T08:00:00"),
        ("2026-11-22 10:00 UTC", "2026-11-22T10:00:00"),
        ("2026-11-22 10:00:00", "2026-11-22T09:00:00"),
        ("2026-11-22", "2026-11-21T23:00:00"),
        ("2026-07-01T00:30", "2026-06-30T22:30:00"),
        ("2026-10-25 02:30", "2026-10-25T00:30:00"),  # the clock has this hour twice: the first
        ("1795305600", "2026-11-22T00:00:00"),
        (1795305600, "2026-11-22T00:00:00"),
        ("1795305600000", "2026-11-22T00:00:00"),
        (1795305600.25, "2026-11-22T00:00:00.250000"),
    ],
)
def test_a_time_is_one_of_its_own_zone_else_of_the_one_said(cell: object, meant: str):
    assert moment(cell, "occurred_at", BERLIN) == datetime.fromisoformat(meant).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    "cell", ["11/22/2026", "22.11.2026", "yesterday", "20", "12345678901", "2026-13-01", "2026-03-29 02:30", True, "=NOW()"]
)
def test_a_time_that_would_have_to_be_guessed_is_refused(cell: object):
    with pytest.raises(InvalidInput):
        moment(cell, "occurred_at", BERLIN)


def test_a_time_without_a_zone_is_refused_where_none_is_said():
    with pytest.raises(InvalidInput, match="no offset from UTC") as refused:
        moment("2026-11-22 10:00", "occurred_at", None)
    assert "--timezone" in str(refused.value)
    assert moment("2026-11-22T10:00Z", "occurred_at", None) == datetime(2026, 11, 22, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("cell", "meant"), [(" shop ", "shop"), ("", None), (None, None), (42, "42"), ("=1+1", "=1+1"), ("none", "none")]
)
def test_a_name_is_text_whatever_it_looks_like(cell: object, meant: str | None):
    assert name(cell, "project") == meant


def test_an_object_may_come_as_its_text():
    assert json_object('{"prompt_tokens": 3}', "usage") == json_object({"prompt_tokens": 3}, "usage") == {"prompt_tokens": 3}
    assert json_object("", "usage") is None
    for cell in ("[1]", "{", 3):
        with pytest.raises(InvalidInput, match="not a JSON object"):
            json_object(cell, "usage")


@given(st.text() | st.integers() | st.floats() | st.booleans() | st.none() | st.lists(st.integers()))
def test_any_cell_is_read_or_refused(cell: object):
    for read in (count, dollars, name, json_object):
        with contextlib.suppress(InvalidInput):
            read(cell, "field")
    with contextlib.suppress(InvalidInput):
        found = moment(cell, "field", BERLIN)
        assert found is None or found.tzinfo is UTC
