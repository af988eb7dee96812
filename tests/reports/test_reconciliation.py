from __future__ import annotations

from datetime import date
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from cost_mcp.reports.reconciliation import (
    DIFFERENT,
    MATCHED,
    MISSING_IN_FILE,
    MISSING_IN_LEDGER,
    OUTCOMES,
    Key,
    Side,
    Tolerance,
    reconcile,
)

MONDAY, TUESDAY = date(2026, 11, 16), date(2026, 11, 17)
OPUS: Key = (MONDAY, "claude-opus-4-6")
NONE = Tolerance(usd=Decimal(0))


def tokens(count: int, output: int = 0) -> Side:
    return Side(figures={"input_tokens": Decimal(count), "output_tokens": Decimal(output)})


def cost(usd: str, *, slack: str = "0", unpriced: int = 0) -> Side:
    return Side(figures={"cost_usd": Decimal(usd)}, slack_usd=Decimal(slack), unpriced_calls=unpriced)


def test_equal_counts_match_and_others_differ_by_what_the_ledger_has_more():
    billed = {OPUS: tokens(1000, 50), (TUESDAY, "gpt-5"): tokens(70)}
    recorded = {OPUS: tokens(1000, 50), (TUESDAY, "gpt-5"): tokens(58)}
    done = reconcile(billed, recorded, ("input_tokens", "output_tokens"), Tolerance())
    assert [line.outcome for line in done.lines] == [MATCHED, DIFFERENT]
    assert done.lines[1].differing == ("input_tokens",)
    assert done.lines[1].difference("input_tokens") == -12
    assert not done.agrees


def test_what_only_one_side_has_is_missing_on_the_other():
    done = reconcile({OPUS: tokens(1)}, {(TUESDAY, None): tokens(2)}, ("input_tokens",), Tolerance())
    assert [(line.day, line.outcome) for line in done.lines] == [(MONDAY, MISSING_IN_LEDGER), (TUESDAY, MISSING_IN_FILE)]
    assert (done.count(MISSING_IN_LEDGER), done.count(MISSING_IN_FILE), done.count(MATCHED)) == (1, 1, 0)


def test_a_bill_in_cents_may_lack_what_is_less_than_a_cent():
    done = reconcile({}, {OPUS: cost("0.004")}, ("cost_usd",), Tolerance())
    assert done.agrees


def test_dollars_may_differ_by_the_tolerance_and_by_the_rounding_of_the_bill():
    # Two rows rounded to cents: half a cent each, a cent by tolerance; 3.02 of 3.00 is just within, 3.021 is not.
    billed = {OPUS: cost("1.50", slack="0.005") + cost("1.50", slack="0.005")}
    assert reconcile(billed, {OPUS: cost("3.02")}, ("cost_usd",), Tolerance()).agrees
    assert not reconcile(billed, {OPUS: cost("3.021")}, ("cost_usd",), Tolerance()).agrees


def test_a_ledger_with_calls_of_unknown_price_matches_no_bill():
    done = reconcile({OPUS: cost("1")}, {OPUS: cost("1", unpriced=1)}, ("cost_usd",), Tolerance())
    assert done.lines[0].outcome == DIFFERENT
    only = reconcile({}, {OPUS: cost("0", unpriced=2)}, ("cost_usd",), Tolerance())
    assert only.lines[0].outcome == MISSING_IN_FILE


def test_unknown_prices_say_nothing_against_tokens():
    recorded = {OPUS: Side(figures={"input_tokens": Decimal(5)}, unpriced_calls=1)}
    assert reconcile({OPUS: tokens(5)}, recorded, ("input_tokens",), Tolerance()).agrees


sides = st.dictionaries(
    st.tuples(st.sampled_from([MONDAY, TUESDAY]), st.sampled_from(["a", "b", None])),
    st.integers(min_value=0, max_value=3).map(tokens),
)


@given(sides, sides)
def test_every_key_has_one_line_and_the_sums_are_those_of_the_sides(billed: dict[Key, Side], recorded: dict[Key, Side]):
    done = reconcile(billed, recorded, ("input_tokens",), NONE)
    assert [(line.day, line.model) for line in done.lines] == sorted(
        {*billed, *recorded}, key=lambda key: (key[0], key[1] is None, key[1] or "")
    )
    assert sum(done.count(outcome) for outcome in OUTCOMES) == len(done.lines)
    whole = sum((side.figures["input_tokens"] for side in recorded.values()), Decimal(0))
    assert done.total("recorded").figures.get("input_tokens", Decimal(0)) == whole


@given(sides, sides)
def test_swapping_the_sides_swaps_what_is_missing_and_turns_differences_round(
    billed: dict[Key, Side], recorded: dict[Key, Side]
):
    one = reconcile(billed, recorded, ("input_tokens",), NONE)
    other = reconcile(recorded, billed, ("input_tokens",), NONE)
    assert one.count(MISSING_IN_FILE) == other.count(MISSING_IN_LEDGER)
    assert [line.difference("input_tokens") for line in one.lines] == [-line.difference("input_tokens") for line in other.lines]
