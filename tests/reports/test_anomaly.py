from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cost_mcp.reports.anomaly import HISTORY_DAYS, MAX_SCORE, MIN_DAYS, compare, level_of, measure

SUNDAY = date(2026, 11, 22)
DOLLAR = Decimal(1)
amounts = st.integers(0, 10**14).map(lambda nanos: Decimal(nanos) / 10**9)
histories = st.lists(amounts, min_size=1, max_size=70)


def usd(*texts: str) -> tuple[Decimal, ...]:
    return tuple(Decimal(text) for text in texts)


def days_before(day: date, *spent: str) -> dict[date, Decimal]:
    """One amount for each of the days before, the last of them first."""
    return {day - timedelta(days=n): Decimal(text) for n, text in enumerate(spent, 1)}


def test_a_score_is_what_it_comes_to_by_hand():
    """History 2, 3, 3, 4, 5, 6, 9, 40 dollars; 31.50 spent.

    Median of eight: (4 + 5) / 2 = 4.50. Amounts at or above it: 5, 6, 9, 40; above it by 0.50, 1.50, 4.50, 35.50. Their
    median: (1.50 + 4.50) / 2 = 3.00. Spread: 3.00 / 0.6745 = 4.447739066. Score: 27 × 0.6745 / 3 = 6.0705. The mean and
    standard deviation (9 and 12.6) would have let the one day of 40 hide it: (31.50 - 9) / 12.6 = 1.8.
    """
    found = measure(Decimal("31.50"), usd("40", "2", "3", "9", "3", "4", "6", "5"))

    assert (found.median, found.spread, found.score) == usd("4.5", "4.447739066", "6.07")
    assert (found.excess, found.samples) == (Decimal(27), 8)
    assert level_of(found, "normal", DOLLAR) == "warning"


def test_where_most_days_cost_the_same_the_mean_deviation_counts():
    """History 1, 1, 1, 1, 1, 4; 8 spent. Median 1; all six are at or above it, by 0, 0, 0, 0, 0, 3: median 0, mean 0.5.

    Spread: 0.5 × 1.253314 = 0.626657. Score: 7 / 0.626657 = 11.1704.
    """
    found = measure(Decimal(8), usd("1", "1", "4", "1", "1", "1"))

    assert (found.median, found.spread, found.score) == usd("1", "0.626657", "11.17")


@pytest.mark.parametrize(
    ("spent", "level"), [("10", None), ("16.99", None), ("17", "warning"), ("20", "warning"), ("24", "critical")]
)
def test_a_bill_that_never_changed_alarms_at_a_jump_only(spent: str, level: str | None):
    """Spread: a fifth of 10 dollars. 3.5 spreads above: 17; seven: 24. A doubled price is five spreads above."""
    found = measure(Decimal(spent), usd(*["10"] * 20))

    assert level_of(found, "normal", DOLLAR) == level


@pytest.mark.parametrize(("spent", "level"), [("0.999999999", None), ("1", "warning"), ("2", "critical")])
def test_above_days_that_all_cost_nothing_only_the_least_amount_decides(spent: str, level: str | None):
    found = measure(Decimal(spent), usd(*["0"] * 20))

    assert (found.median, found.spread, found.score) == (0, 0, MAX_SCORE)
    assert level_of(found, "normal", DOLLAR) == level


def test_twenty_times_a_tenth_of_a_cent_is_no_alarm():
    found = measure(Decimal("0.02"), usd(*["0.001"] * 20))

    assert found.score == 95
    assert level_of(found, "high", DOLLAR) is None


def test_spends_of_one_nano_dollar_are_measured_and_alarm_nobody():
    found = measure(Decimal("0.000000009"), usd(*["0.000000001"] * 9, "0.000000002"))

    assert found.score > 7
    assert level_of(found, "high", Decimal("0.01")) is None


@pytest.mark.parametrize(("sensitivity", "level"), [("low", None), ("normal", "warning"), ("high", "critical")])
def test_sensitivity_says_how_far_is_far(sensitivity: str, level: str | None):
    """Spread 2: 4.99 spreads above 10 are below 5, above 3.5, and not twice 2.5; 5 spreads are both."""
    found = measure(Decimal(20) if sensitivity == "high" else Decimal("19.98"), usd(*["10"] * 9))

    assert level_of(found, sensitivity, DOLLAR) == level


def test_spend_that_is_unusually_low_is_no_alarm():
    found = measure(Decimal(0), usd("100", "101", "99", "100", "102", "98", "100"))

    assert found.score < 0
    assert level_of(found, "high", Decimal("0.01")) is None


def test_too_short_a_history_says_nothing():
    history = days_before(SUNDAY, *["1"] * (MIN_DAYS - 1))

    assert compare(Decimal(1000), SUNDAY, history) is None
    assert compare(Decimal(1000), SUNDAY, history | {SUNDAY: Decimal(1)}) is None
    assert compare(Decimal(1000), SUNDAY, history | {SUNDAY + timedelta(days=1): Decimal(1)}) is None
    assert compare(Decimal(1000), SUNDAY, history | {SUNDAY - timedelta(days=HISTORY_DAYS + 1): Decimal(1)}) is None
    assert compare(Decimal(1000), SUNDAY, history | {SUNDAY - timedelta(days=HISTORY_DAYS): Decimal(1)}) is not None


def test_a_weekday_is_compared_with_its_like_where_there_are_enough_of_it():
    history = days_before(SUNDAY, *(["5", "5", "6", "5", "6", "5", "200"] * 4))

    sunday = compare(Decimal(210), SUNDAY, history)
    monday = compare(Decimal(210), SUNDAY + timedelta(days=1), history)

    assert sunday is not None
    assert monday is not None
    assert (sunday.same_weekday, sunday.samples, sunday.median, level_of(sunday, "high", DOLLAR)) == (True, 4, 200, None)
    assert (monday.same_weekday, level_of(monday, "normal", DOLLAR)) == (False, "warning")


def test_one_wild_day_of_a_weekday_does_not_excuse_the_next():
    history = days_before(SUNDAY, *(["5"] * 6 + ["500"] + ["5"] * 42))

    found = compare(Decimal(400), SUNDAY, history)

    assert found is not None
    assert (level_of(found, "normal", DOLLAR), found.median) == ("warning", 5)


@given(spent=amounts, history=histories, factor=st.integers(1, 10**6))
def test_multiplying_every_amount_changes_no_score(spent: Decimal, history: list[Decimal], factor: int):
    multiplied = measure(spent * factor, [amount * factor for amount in history])

    assert multiplied.score == measure(spent, history).score


@given(spent=amounts, history=histories, data=st.data())
def test_the_order_of_the_history_does_not_matter(spent: Decimal, history: list[Decimal], data: st.DataObject):
    assert measure(spent, data.draw(st.permutations(history))) == measure(spent, history)


@given(spent=amounts, more=amounts, history=histories)
def test_more_spent_never_scores_less(spent: Decimal, more: Decimal, history: list[Decimal]):
    assert measure(spent + more, history).score >= measure(spent, history).score


@given(usual=amounts, days=st.integers(1, 60), sensitivity=st.sampled_from(["low", "normal", "high"]))
def test_what_never_changes_never_alarms(usual: Decimal, days: int, sensitivity: str):
    assert level_of(measure(usual, [usual] * days), sensitivity, Decimal("0.000000001")) is None


@given(history=histories, sensitivity=st.sampled_from(["low", "normal", "high"]))
def test_what_is_not_above_the_usual_never_alarms(history: list[Decimal], sensitivity: str):
    usual = measure(Decimal(0), history).median

    assert level_of(measure(usual, history), sensitivity, Decimal("0.000000001")) is None


@given(base=st.integers(1, 10**9), jitter=st.lists(st.integers(-5, 5), min_size=7, max_size=56), times=st.integers(4, 100))
def test_four_times_a_steady_spend_is_always_critical(base: int, jitter: list[int], times: int):
    history = [Decimal(base * (100 + percent)) for percent in jitter]

    assert level_of(measure(Decimal(base * 100 * times), history), "normal", Decimal("0.01")) == "critical"
