from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cost_mcp.reports.forecast import LEARNED_DAYS, MIN_ERRORS, Day, Forecaster, usual

SUNDAY = 6


def days(*amounts: str | int, after: str = "1") -> list[Day]:
    """Days of which this share came after the time of day of the question."""
    return [Day(Decimal(amount), Decimal(amount) * Decimal(after)) for amount in amounts]


def at_midnight(history: Sequence[Day], weekday: int = SUNDAY) -> Forecaster:
    return Forecaster(history, weekday, so_far=Decimal(0), passed=Decimal(0))


def test_a_usual_day_is_the_mean_of_its_weekdays_with_the_newer_ones_weighing_more():
    # (1 × 4 + 2 × 7 + 3 × 10) / 6 = 48 / 6
    assert usual([Decimal(4), Decimal(7), Decimal(10)]) == 8


def test_a_day_that_was_out_of_hand_counts_as_the_most_that_is_not_unusual():
    # Median 10; deviations above it 0, 0, 0, 0, 90, so the spread is their mean 18 × 1.253314 = 22.559652, and the most that counts
    # is 10 + 3.5 × 22.559652 = 88.958782. Weighed 1 to 5: (10 + 20 + 30 + 40 + 5 × 88.958782) / 15.
    assert usual([Decimal(10)] * 4 + [Decimal(100)]) == (100 + 5 * Decimal("88.958782")) / 15


def test_the_interval_of_a_day_by_hand():
    # 28 days at 7 dollars to learn from, then nine whose forecasts were 7, but for the last two. Today is the 38th day: its weekday
    # had 7, 7, 7, 7 and 6, so 7 × (1 + 2 + 3 + 4) + 6 × 5 = 100 of 15 is expected: 6.666…
    # The nine were off by 0, 0, -1/7, 1/7, -2/7, 2/7, 1/2, 0 and 0 of their forecasts: with nine, the percentiles are the smallest
    # and the largest. From 6.666… × 5/7 to 6.666… × 3/2.
    history = days(*[7] * 28, 7, 7, 6, 8, 5, 9, "10.5", 7, 7)

    expected = at_midnight(history).expect(0)

    assert expected is not None
    assert expected.amount == Decimal(100) / 15
    assert expected.low is not None
    assert expected.high is not None
    assert expected.low.quantize(Decimal("0.000001")) == Decimal("4.761905")
    assert expected.high.quantize(Decimal("0.000001")) == Decimal("10.000000")
    assert expected.measured_days == 0


def test_an_interval_is_taken_from_shorter_stretches_where_there_are_too_few_as_long_ones():
    # Only stretches of one day can be measured. Three days bring (100 + (70 + 5 × 8) + (70 + 5 × 5)) / 15 = 305/15 dollars, and the
    # shares -2/7 and 1/2 count sqrt((3 + 9/3) / (1 + 1/3)) / 3 = sqrt(4.5) / 3 times.
    expected = at_midnight(days(*[7] * 28, 7, 7, 6, 8, 5, 9, "10.5", 7, 7)).expect(2)

    assert expected is not None
    assert expected.low is not None
    assert expected.high is not None
    assert expected.measured_days == 0
    amount, times = Decimal(305) / 15, Decimal("4.5").sqrt() / 3
    wanted = (amount, amount * (1 - times * 2 / 7), amount * (1 + times / 2))
    assert [one.quantize(Decimal("1e-12")) for one in (expected.amount, expected.low, expected.high)] == [
        one.quantize(Decimal("1e-12")) for one in wanted
    ]


def test_the_rest_of_today_is_what_came_after_this_time_of_day_on_the_same_weekday():
    history = [Day(Decimal(10), Decimal(2 if number % 7 == 2 else 5)) for number in range(37)]

    expected = Forecaster(history, SUNDAY, so_far=Decimal(900), passed=Decimal("0.5")).expect(0)

    assert expected is not None
    assert expected.amount == 2


def test_what_was_spent_today_changes_a_run_rate_and_not_the_weekday_pattern():
    short = Forecaster(days(*[10] * 7), SUNDAY, so_far=Decimal(10), passed=Decimal("0.5"))

    # 80 dollars in 7.5 days, half a day to come.
    expected = short.expect(0)
    assert short.method == "run_rate"
    assert expected is not None
    assert expected.amount == Decimal(80) / Decimal("7.5") / 2


@pytest.mark.parametrize(
    ("history", "so_far", "passed", "method"),
    [
        (0, "0", "0.9", "none"),
        (0, "1", "0.04", "none"),
        (0, "1", "0.05", "run_rate"),
        (1, "0", "0", "run_rate"),
        (36, "0", "0", "run_rate"),
        (37, "0", "0", "weekday"),
    ],
)
def test_the_method_follows_from_how_much_history_there_is(history: int, so_far: str, passed: str, method: str):
    forecaster = Forecaster(days(*[1] * history), SUNDAY, so_far=Decimal(so_far), passed=Decimal(passed))

    assert forecaster.method == method
    assert (forecaster.expect(3) is None) == (method == "none")
    assert (forecaster.pattern is None) == (method != "weekday")


@pytest.mark.parametrize(("history", "measured"), [(15, None), (16, 0), (36, 0), (37, 0)])
def test_an_interval_is_given_once_nine_forecasts_could_be_tried_out(history: int, measured: int | None):
    expected = at_midnight(days(*range(1, history + 1))).expect(0)

    assert expected is not None
    assert expected.measured_days == measured
    assert (expected.low is None) == (measured is None)


def test_idle_days_count():
    working = [Day(Decimal(10 if number % 7 < 5 else 0), Decimal(0)) for number in range(56)]

    forecaster = at_midnight(working, weekday=0)

    assert forecaster.pattern == (10, 10, 10, 10, 10, 0, 0)
    expected = forecaster.expect(6)
    assert expected is not None
    assert (expected.amount, expected.low, expected.high) == (40, 40, 40)  # today is cut at its end


def test_the_back_test_says_how_wrong_forecasts_were_by_hand():
    # Of the nine days after the first 28, the forecasts of the first seven are 7. Errors in percent of what came: 0, 0, 1/6, 1/8,
    # 2/5, 2/9, 3.5/10.5, and 0, 0. In order 0, 0, 0, 0, 12.5, 16.7, 22.2, 33.3, 40: the middle one is 12.5.
    tested = at_midnight(days(*[7] * 28, 7, 7, 6, 8, 5, 9, "10.5", 7, 7)).back_test(0)

    assert (tested.forecasts, tested.measured, tested.median_error_percent) == (9, 9, Decimal("12.5"))
    assert (tested.intervals, tested.covered) == (0, 0)  # on none of these days nine errors were known


def test_the_back_test_counts_how_many_intervals_held():
    # Every day is 7, but for the last, on which every interval was 7 to 7.
    tested = at_midnight(days(*[7] * 48, 9)).back_test(0)

    assert (tested.forecasts, tested.intervals, tested.covered) == (21, 12, 11)


def test_a_day_after_which_nothing_came_has_no_error_in_percent():
    tested = at_midnight(days(*[7] * 36, 0)).back_test(0)

    assert (tested.forecasts, tested.measured) == (9, 8)


def test_when_an_amount_is_reached_by_hand():
    forecaster = Forecaster(days(*[10] * 40, after="0.4"), SUNDAY, so_far=Decimal(6), passed=Decimal("0.5"))

    # 4 today, 10 tomorrow: 9 more are spent when half of tomorrow is over.
    assert forecaster.reaches(Decimal(9), 5) == (1, Decimal("0.5"))
    assert forecaster.reaches(Decimal(4), 0) == (0, Decimal(1))
    assert forecaster.reaches(Decimal("54.01"), 5) is None


@pytest.mark.parametrize("growth", [0.99, 1.0, 1.01])
@pytest.mark.parametrize(("ahead", "least"), [(0, 70), (6, 65), (29, 60)])
def test_intervals_hold_about_as_often_as_they_say_on_ledgers_whose_days_are_skewed(growth: float, ahead: int, least: int):
    rng = Random(7)  # noqa: S311 (made-up spend, no secret)
    held = 0
    for _ in range(60):
        made = [rng.lognormvariate(2, 0.6) * (0.2 if n % 7 > 4 else 1) * growth**n for n in range(112 + ahead + 1)]
        history = days(*(f"{amount:.2f}" for amount in made), after="0.4")
        expected = Forecaster(history[:112], 0, so_far=Decimal(0), passed=Decimal("0.6")).expect(ahead)
        assert expected is not None
        assert expected.low is not None
        assert expected.high is not None
        came = history[112].after + sum(day.whole for day in history[113:])
        held += expected.low <= came <= expected.high
    assert least <= held * 100 / 60 <= 95


amounts = st.decimals(min_value=0, max_value=1000, places=2)


@given(st.lists(amounts, min_size=1, max_size=120), amounts, st.integers(0, 40))
def test_a_forecast_is_never_negative_and_its_interval_holds_it(history: list[Decimal], so_far: Decimal, ahead: int):
    forecaster = Forecaster([Day(amount, amount / 3) for amount in history], 2, so_far=so_far, passed=Decimal("0.5"))
    expected = forecaster.expect(ahead)

    assert expected is not None
    assert expected.amount >= 0
    assert (expected.low is None) == (expected.high is None)
    if expected.low is not None and expected.high is not None:
        assert 0 <= expected.low <= expected.amount <= expected.high
    tested = forecaster.back_test(ahead)
    assert 0 <= tested.covered <= tested.intervals <= tested.forecasts
    assert tested.forecasts == max(0, len(history[-112:]) - ahead - LEARNED_DAYS[forecaster.method])


@given(st.lists(amounts, min_size=MIN_ERRORS + 28, max_size=80), st.integers(2, 9))
def test_amounts_multiplied_alike_give_forecasts_multiplied_alike(history: list[Decimal], times: int):
    one = at_midnight([Day(amount, amount) for amount in history]).expect(6)
    many = at_midnight([Day(amount * times, amount * times) for amount in history]).expect(6)

    assert one is not None
    assert many is not None
    assert abs(many.amount - one.amount * times) < Decimal("1e-6")  # spreads are kept to the nano-dollar


def test_evenings_that_bring_nothing_say_nothing_of_the_days_after():
    # Everything is spent before the time of day of the question: what is left of a day is foreseen without error, and so what?
    late = Forecaster(
        days(*[7] * 28, 7, 1, 6, 8, 5, 9, "10.5", 7, 7, after="0"), SUNDAY, so_far=Decimal(7), passed=Decimal("0.9")
    )

    expected = late.expect(2)

    assert expected is not None
    assert (expected.low, expected.high) == (None, None)
