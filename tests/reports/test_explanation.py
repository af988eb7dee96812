"""What made a difference: worked out by hand, and what must hold for any amounts."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cost_mcp.reports.explanation import Contribution, Explanation, contributions, told_shortly, usual_of

Amounts = dict[str, Decimal]


def usd(**amounts: str) -> Amounts:
    return {name: Decimal(text) for name, text in amounts.items()}


def test_each_name_is_held_against_the_median_of_its_own_days():
    """builder: 1, 2, 3 before, so 2 is usual, 42 now: 40 more. tester: 5, 5, 5, now 4: 1 less. newcomer: never, now 1.

    Together 47 where 7 is usual (6, 7 and 8 before): of the 40 more builder makes 100 %, newcomer 2.5, tester -2.5.
    """
    days = [usd(builder="1", tester="5"), usd(builder="2", tester="5"), usd(builder="3", tester="5")]
    found = contributions(usd(builder="42", tester="4", newcomer="1"), days, Decimal(40))

    assert [(one.name, one.spent, one.usual, one.more, one.percent, one.new) for one in found] == [
        ("builder", 42, 2, 40, 100, False),
        ("newcomer", 1, 0, 1, 2, True),  # 2.5, half to even
        ("tester", 4, 5, -1, -2, False),
    ]


def test_what_is_used_on_fewer_than_half_of_the_days_has_no_usual_amount_and_is_not_new():
    (only,) = contributions(usd(auditor="20"), [usd(), usd(auditor="20"), usd()], Decimal(20))
    assert (only.usual, only.percent, only.new) == (0, 100, False)


def test_of_an_even_number_of_days_the_two_in_the_middle_count_half_each():
    assert usual_of([usd(a="1"), usd(a="4")], ["a"]) == usd(a="2.5")


def test_where_spend_fell_the_name_that_fell_most_stands_first():
    before = [usd(a="10", b="5", c="1")]
    found = contributions(usd(a="2", b="5", c="2"), before, Decimal(-7))

    assert [(one.name, one.more, one.percent) for one in found] == [("a", -8, 114), ("c", 1, -14)]


def test_what_spends_as_usual_has_no_part_in_it_and_without_a_difference_there_are_no_shares():
    assert contributions(usd(a="2"), [usd(a="2")], Decimal(0)) == ()
    first, second = contributions(usd(a="3", b="1"), [usd(a="2", b="2")], Decimal(0))
    assert (first.percent, second.percent) == (None, None)


def test_without_anything_to_compare_with_everything_is_new():
    (only,) = contributions(usd(a="3"), [], Decimal(3))
    assert (only.usual, only.new, only.percent) == (0, True, 100)


def part(name: str, percent: int | None, *, new: bool = False) -> Contribution:
    share = None if percent is None else Decimal(percent)
    return Contribution(name=name, spent=Decimal(9), usual=Decimal(1), percent=share, new=new)


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        (
            {"agent": (part("builder", 95),), "task_id": (part("T-9", 90, new=True),)},
            "agent builder (95 %), task T-9 (90 %, new)",
        ),
        ({"task_type": (part("bug", 100), part("fix", 80))}, "task type bug (100 %)"),
        ({"agent": (part("builder", 476),), "model": (part("o3", 200),)}, "model o3 (200 %)"),
        ({"agent": (part("builder", 29),), "model": (part("o3", None),), "project": ()}, ""),
    ],
)
def test_it_is_told_shortly_by_the_first_of_each_dimension_where_that_tells(
    parts: dict[str, tuple[Contribution, ...]], said: str
):
    assert told_shortly(Explanation(spent=Decimal(9), usual=Decimal(1), samples=3, parts=parts)) == said


names = st.dictionaries(st.sampled_from("abcd"), st.decimals(min_value=0, max_value=100, places=2), max_size=4)


@given(names, st.lists(names, max_size=9))
def test_every_name_is_told_once_with_its_difference_the_largest_first(spent: Amounts, days: list[Amounts]):
    found = contributions(spent, days, Decimal(1))
    more = [one.more for one in found]
    assert more == sorted(more, reverse=True)
    assert len({one.name for one in found}) == len(found)
    assert all(one.spent == spent.get(one.name, 0) for one in found)
    usual = usual_of(days, spent)
    assert {one.name for one in found} >= {name for name, amount in spent.items() if amount != usual[name]}


@given(names, names)
def test_between_two_periods_the_differences_add_up_to_the_whole(now: Amounts, before: Amounts):
    whole = sum(now.values(), Decimal(0)) - sum(before.values(), Decimal(0))
    assert sum((one.more for one in contributions(now, [before], whole)), Decimal(0)) == whole
