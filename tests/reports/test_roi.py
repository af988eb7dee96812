from __future__ import annotations

from decimal import Decimal

import pytest

from cost_mcp.reports.roi import CANNOT_TELL, COSTS_MORE, SAVES, Return, interval, work_out


def costs(*amounts: str | float) -> list[Decimal]:
    return [Decimal(str(amount)) for amount in amounts]


BEFORE = costs(9, 11, 10, 10, 8, 12, 10, 10, 9, 11)  # mean 10
AFTER = costs(7, 9, 8, 8, 6, 10, 8, 8, 7, 9)  # mean 8


def test_a_return_by_hand():
    found = work_out(BEFORE, AFTER, Decimal(500), Decimal(100))

    assert (found.before_usd, found.after_usd, found.saved_usd) == (10, 8, 2)
    assert found.percent_change == -20  # (8 - 10) / 10
    assert found.monthly_saving_usd == 200  # 2 × 100 tasks
    assert found.payback_months == Decimal("2.5")  # 500 / 200
    assert found.first_year_percent == 380  # (12 × 200 - 500) / 500
    assert found.verdict == SAVES
    assert found.saved is not None
    assert found.saved[0] > 0


def test_the_interval_of_a_side_that_always_costs_the_same_is_a_point():
    assert interval(costs(*[5] * 12), costs(*[3] * 12)) == (2, 2)


def test_the_interval_against_a_stated_amount_by_hand():
    # Eleven tasks cost nothing and one costs 12: of 12 drawn, the number of dear ones is binomial with p = 1/12, and the mean is
    # that number. P(0) = 0.352, P(at most 2) = 0.928, P(at most 3) = 0.986: a fortieth lies above 3, so the mean goes from 0 to 3.
    assert interval(Decimal(4), costs(*[0] * 11, 12)) == (1, 4)


def test_the_same_tasks_in_any_order_give_the_same_interval():
    assert interval(BEFORE, AFTER) == interval(BEFORE[::-1], sorted(AFTER))


def test_many_tasks_give_an_interval_as_narrow_as_they_are_many():
    few, many = costs(1, 3) * 100, costs(1, 3) * 1600
    narrow, wide = interval(Decimal(2), many), interval(Decimal(2), few)

    # 16 times as many tasks: a quarter of the width. Of 200 tasks the mean has a deviation of 1 / sqrt(200): 1.96 of it is 0.139.
    assert wide[1] == pytest.approx(Decimal("0.139"), abs=Decimal("0.015"))
    assert (wide[1] - wide[0]) / (narrow[1] - narrow[0]) == pytest.approx(Decimal(4), rel=Decimal("0.1"))


def test_the_ends_of_the_interval_become_ends_of_the_payback():
    found = work_out(BEFORE, AFTER, Decimal(500), Decimal(100))

    assert found.saved is not None
    assert found.payback is not None
    soonest, latest = found.payback
    assert soonest == (500 / (found.saved[1] * 100)).quantize(Decimal("0.01"))
    assert latest == (500 / (found.saved[0] * 100)).quantize(Decimal("0.01"))


def test_tasks_that_became_dearer_pay_nothing_back():
    found = work_out(AFTER, BEFORE, Decimal(500), Decimal(100))

    assert (found.verdict, found.saved_usd, found.percent_change) == (COSTS_MORE, -2, 25)
    assert (found.payback_months, found.payback) == (None, None)


@pytest.mark.parametrize(
    ("before", "after", "why"),
    [
        (costs(), AFTER, "no_baseline"),
        (BEFORE, costs(), "no_current"),
        (BEFORE[:9], AFTER, "few_baseline"),
        (BEFORE, AFTER[:9], "few_current"),
        (Decimal(10), AFTER[:9], "few_current"),
        (BEFORE, BEFORE, "spans_zero"),
        (costs(*[2] * 20), costs(*[2] * 20), "spans_zero"),
    ],
)
def test_the_data_cannot_tell(before: list[Decimal] | Decimal, after: list[Decimal], why: str):
    found = work_out(before, after, Decimal(500), Decimal(100))

    assert (found.verdict, found.why) == (CANNOT_TELL, why)


def test_a_baseline_that_cost_nothing_has_no_change_in_percent():
    found = work_out(costs(*[0] * 10), AFTER, Decimal(0), Decimal(10))

    assert found.percent_change is None
    assert found.first_year_percent is None


def test_without_a_pace_nothing_is_said_of_a_month():
    found = work_out(BEFORE, AFTER, Decimal(500), None)

    assert found == Return(
        verdict=SAVES,
        before_usd=Decimal(10),
        after_usd=Decimal(8),
        saved_usd=Decimal(2),
        saved=found.saved,
        percent_change=Decimal(-20),
    )
