"""The largest groups and one rest, that together are the whole."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from cost_mcp.model.period import named_period
from cost_mcp.model.report import CostReport, Group, ReportQuery
from cost_mcp.model.totals import NOTHING, Totals
from cost_mcp.reports.top import top_of

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def group(name: str, cost: str, plan: str = "0") -> Group:
    return Group(key=(name,), totals=Totals(calls=1, cost_usd=Decimal(cost), subscription_usd=Decimal(plan), input_tokens=10))


def top(groups: list[Group], most: int, *, known: int | None = None) -> tuple[Group, ...]:
    """The largest of a report of these groups, of which only the largest ``known`` were asked for."""
    names = ("model", "agent")[: len(groups[0].key)] if groups else ("model",)
    query = ReportQuery(period=named_period("total", NOON), group_by=names)
    largest = sorted(groups, key=lambda group: -(group.totals.cost_usd + group.totals.subscription_usd))
    whole = sum((group.totals for group in groups), NOTHING)
    return top_of(CostReport(query=query, totals=whole, groups=tuple(largest[:known]), group_count=len(groups)), most)


def test_what_is_not_named_is_summed_in_one_row():
    rows = top([group("c", "1"), group("a", "5"), group("d", "0.5"), group("b", "3")], 2)

    assert [(row.key, row.totals.cost_usd) for row in rows] == [
        (("a",), Decimal(5)),
        (("b",), Decimal(3)),
        (("(other)",), Decimal("1.5")),
    ]
    assert (rows[2].totals.calls, rows[2].totals.input_tokens) == (2, 20)


def test_what_a_plan_covers_makes_a_group_large_too():
    assert [row.key for row in top([group("api", "1"), group("plan", "0", "9")], 1)] == [("plan",), ("(other)",)]


def test_where_all_are_named_there_is_no_rest():
    assert [row.key for row in top([group("a", "1"), group("b", "2")], 2)] == [("b",), ("a",)]


def test_a_group_that_is_really_called_other_is_part_of_the_rest():
    rows = top([group("(other)", "9"), group("a", "1"), group("b", "0.5")], 1)

    assert [(row.key, row.totals.cost_usd) for row in rows] == [(("a",), Decimal(1)), (("(other)",), Decimal("9.5"))]


def made(names: tuple[str | None, str], cost: int, plan: int) -> Group:
    totals = Totals(calls=1, cost_usd=Decimal(cost) / 10**9, subscription_usd=Decimal(plan) / 10**9)
    return Group(key=names, totals=totals)


names = st.tuples(st.sampled_from(["a", "b", None, "(other)"]), st.text("xyz", max_size=2))
groups = st.lists(st.builds(made, names, st.integers(0, 10**15), st.integers(0, 10**15)), unique_by=lambda group: group.key)


@given(rows=groups, most=st.integers(1, 12))
def test_the_rows_are_the_whole_whatever_was_cut(rows: list[Group], most: int):
    shown = top(rows, most)

    assert sum((row.totals for row in shown), NOTHING) == sum((row.totals for row in rows), NOTHING)
    assert len(shown) <= most + 1
    assert top(rows, most, known=most + 1) == shown
    named = [row.totals.cost_usd + row.totals.subscription_usd for row in shown[:most] if row.key[0] != "(other)"]
    assert named == sorted(named, reverse=True)
