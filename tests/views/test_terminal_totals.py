from __future__ import annotations

from decimal import Decimal

import pytest

from cost_mcp.model.totals import Totals
from cost_mcp.views.terminal_layout import plain
from cost_mcp.views.terminal_totals import cost_cell, notes, spent_line, token_table


def said(totals: Totals) -> str:
    return plain((spent_line(totals), *notes(totals)))


@pytest.mark.parametrize(
    ("totals", "shown"),
    [
        (Totals(), "$0.00"),
        (Totals(calls=2, cost_usd=Decimal("1.5")), "$1.50"),
        (Totals(calls=2, unpriced_calls=1, cost_usd=Decimal("1.5")), "≥ $1.50"),
        (Totals(calls=2, unpriced_calls=1), "≥ $0.00"),
        (Totals(calls=2, unpriced_calls=2), "unpriced"),
    ],
)
def test_an_unknown_cost_is_never_shown_as_nothing(totals: Totals, shown: str):
    assert plain((cost_cell(totals),)) == f"{shown}\n"


def test_all_that_a_sum_does_not_say_is_said_below_it():
    text = said(
        Totals(
            calls=5,
            unpriced_calls=1,
            provisional_calls=2,
            cost_usd=Decimal(3),
            provisional_usd=Decimal("0.4"),
            subscription_usd=Decimal(7),
            web_search_requests=3,
        )
    )

    assert text == (
        "at least $3.00  ·  5 calls  ·  0 tokens\n"
        "1 call has no known price: the true cost is higher. See `cost-mcp prices show MODEL`.\n"
        "$0.40 of it is provisional: the final usage of 2 calls is not known.\n"
        "A subscription covers $7.00 more (at list prices), not in the sum.\n"
        "3 web searches.\n"
    )


def test_a_plain_sum_needs_no_notes():
    assert said(Totals(calls=1, cost_usd=Decimal(3), input_tokens=1000)) == "$3.00  ·  1 call  ·  1,000 tokens\n"


def test_columns_for_plans_and_cache_writes_appear_where_there_are_some():
    quiet = Totals(calls=1, cost_usd=Decimal(1))
    loud = Totals(calls=1, cost_usd=Decimal(1), subscription_usd=Decimal(1), cache_creation_input_tokens=5)

    assert "Plan" not in plain((token_table(["Model"], [(("m",), quiet)]),))
    assert "Cache write" not in plain((token_table(["Model"], [(("m",), quiet)]),))
    assert "Plan" in plain((token_table(["Model"], [(("m",), quiet), (("n",), loud)]),))
    assert "Cache write" in plain((token_table(["Model"], [(("m",), quiet), (("n",), loud)]),))
