from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cost_mcp.errors import InvalidInput, UnknownName
from cost_mcp.model.budget import Budget
from cost_mcp.model.unpriced import AssumedPrice

PRICE = AssumedPrice(input=Decimal(3), output=Decimal(15))


def test_an_assumed_price_is_per_million_tokens():
    assert PRICE.cost(1_000_000, 200_000) == 6


@given(
    tokens=st.tuples(st.integers(0, 10**12), st.integers(0, 10**12)),
    prices=st.tuples(st.decimals(0, 1000, places=7), st.decimals(0, 1000, places=7)).filter(any),
)
def test_it_is_rounded_up_to_the_nano_dollar_and_by_less_than_one(tokens: tuple[int, int], prices: tuple[Decimal, Decimal]):
    cost = AssumedPrice(input=prices[0], output=prices[1]).cost(*tokens)
    exact = sum(count * int(price * 10**7) for count, price in zip(tokens, prices, strict=True))  # in 1e-13 dollars
    assert 0 <= int(cost * 10**13) - exact < 10**4


@pytest.mark.parametrize(("one", "other"), [("0", "0"), ("-1", "2"), ("NaN", "1"), ("1", "1000001")])
def test_nothing_and_nonsense_are_no_price(one: str, other: str):
    with pytest.raises(InvalidInput) as refusal:
        AssumedPrice(input=Decimal(one), output=Decimal(other))
    assert refusal.value.field == "assume_usd_per_mtok"


@pytest.mark.parametrize(("mode", "usual"), [("alert", "warn"), ("enforce", "deny"), ("shadow", "deny")])
def test_a_budget_that_says_nothing_warns_where_it_alerts_and_denies_elsewhere(mode: str, usual: str):
    assert Budget(name="b", period="day", limit_usd=Decimal(1), mode=mode).unpriced == usual
    assert Budget(name="b", period="day", limit_usd=Decimal(1), mode=mode, assumed=PRICE).unpriced == "assume"


def test_a_policy_goes_with_its_price_and_with_dollars():
    for unpriced, assumed in (("assume", None), ("warn", PRICE), ("deny", PRICE)):
        with pytest.raises(InvalidInput, match="go together"):
            Budget(name="b", period="day", limit_usd=Decimal(1), unpriced=unpriced, assumed=assumed)
    with pytest.raises(InvalidInput, match="not in dollars"):
        Budget(name="b", period="day", limit_tokens=5, assumed=PRICE)
    with pytest.raises(UnknownName):
        Budget(name="b", period="day", limit_usd=Decimal(1), unpriced="ignore")
