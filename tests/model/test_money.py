"""Money is exact, plain and readable."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cost_mcp.errors import InvalidInput
from cost_mcp.model.money import MAX_CALL_USD, display_usd, nanos, parse_usd, usd, usd_text

NANOS = st.integers(min_value=-(2**63), max_value=2**63 - 1)


@given(NANOS)
def test_nano_dollars_survive_the_way_to_dollars_and_back(amount: int):
    assert nanos(usd(amount)) == amount


@given(NANOS)
def test_money_as_text_is_plain_and_means_the_same(amount: int):
    text = usd_text(usd(amount))
    assert Decimal(text) == usd(amount)
    assert "e" not in text.lower()
    assert "." not in text or not text.endswith(("0", "."))


@pytest.mark.parametrize(
    ("amount", "rounded"),
    [("0.0000000005", 0), ("0.0000000015", 2), ("0.0000000025", 2), ("0.00000000251", 3), ("-0.0000000015", -2)],
)
def test_half_a_nano_dollar_rounds_to_even(amount: str, rounded: int):
    assert nanos(Decimal(amount)) == rounded


@pytest.mark.parametrize(
    ("amount", "shown"),
    [
        ("0", "$0.00"),
        ("12", "$12.00"),
        ("1234567.891", "$1,234,567.89"),
        ("0.01", "$0.01"),
        ("0.0149", "$0.01"),
        ("0.0099999", "$0.01"),
        ("0.0012345", "$0.0012"),
        ("0.00001", "$0.00001"),
        ("0.000000001", "$0.000000001"),
        ("-0.5", "-$0.50"),
        ("-0.00042", "-$0.00042"),
        ("0.0000000001", "$0.00"),
    ],
)
def test_people_see_cents_and_what_was_spent_below_a_cent(amount: str, shown: str):
    assert display_usd(Decimal(amount)) == shown


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("NaN", "finite"),
        ("Infinity", "finite"),
        ("-1", "negative"),
        ("1000000.01", "largest"),
        ("ten", "not an amount"),
        (True, "not an amount"),
        ([], "not an amount"),
        (float("nan"), "finite"),
    ],
)
def test_an_amount_that_is_none_is_refused_by_name(value: object, reason: str):
    with pytest.raises(InvalidInput, match=reason) as refused:
        parse_usd(value, "cost_usd")
    assert refused.value.field == "cost_usd"
    assert refused.value.hint


@pytest.mark.parametrize("value", ["0.1", 0.1, Decimal("0.1"), " 0.10 "])
def test_an_amount_is_taken_for_its_shortest_text(value: object):
    assert parse_usd(value, "cost_usd") == Decimal("0.1")


def test_the_largest_amount_is_taken():
    assert parse_usd(str(MAX_CALL_USD), "cost_usd") == MAX_CALL_USD
