from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import cast

import pytest

from cost_mcp.model.budget import Budget, Standing
from cost_mcp.model.call import Call, Rank
from cost_mcp.model.charge import Charge, PricedCall, Pricing
from cost_mcp.model.decision import Decision
from cost_mcp.model.period import named_period
from cost_mcp.model.receipt import Receipt
from cost_mcp.model.report import CostReport, Group, ReportQuery, TaskCost
from cost_mcp.model.totals import NOTHING, Totals
from cost_mcp.model.usage import Usage
from cost_mcp.service.answer import BudgetAnswer, ReportAnswer, TaskAnswer
from cost_mcp.views.shape import breakdown_shape, receipt_shape, report_shape, status_shape, task_shape, unpriced_names

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
CALL = Call(call_id="msg_1", occurred_at=NOON, model="m", usage=Usage(input_tokens=1000), source="mcp", rank=Rank.AGENT)
CHARGE = Charge(meter="input", quantity=1000, unit_price_usd=Decimal("0.000003"), cost_usd=Decimal("0.003000000"))
DAILY = Budget(name="daily", period="day", limit_usd=Decimal(10))


def standing(spent: str, unpriced_calls: int = 0) -> Standing:
    return Standing(budget=DAILY, window_start=NOON, window_end=NOON, spent=Decimal(spent), unpriced_calls=unpriced_calls)


def rows(shape: dict[str, object], name: str) -> list[dict[str, object]]:
    return cast("list[dict[str, object]]", shape[name])


def test_a_receipt_gives_its_cost_meter_by_meter_as_decimal_text():
    pricing = Pricing(priced="list", cost_usd=Decimal("0.003"), charges=(CHARGE,))
    shape = receipt_shape(Receipt(outcome="created", recorded=PricedCall(call=CALL, pricing=pricing)))
    assert shape == {
        "call_id": "msg_1",
        "outcome": "created",
        "cost_usd": "0.003",
        "priced": "list",
        "charges": [{"meter": "input", "quantity": 1000, "unit_price_usd": "0.000003", "cost_usd": "0.003"}],
        "budgets": [],
        "warnings": [],
    }


def test_an_unpriced_call_has_no_cost_rather_than_zero():
    pricing = Pricing(priced="unpriced", cost_usd=None)
    shape = receipt_shape(Receipt(outcome="created", recorded=PricedCall(call=CALL, pricing=pricing), warnings=("w",)))
    assert "cost_usd" not in shape
    assert (shape["priced"], shape["warnings"]) == ("unpriced", ["w"])


def test_the_budgets_of_a_receipt_stand_tightest_first():
    pricing = Pricing(priced="free", cost_usd=Decimal(0))
    standings = (standing("1"), standing("9"), standing("5"))
    shape = receipt_shape(Receipt(outcome="created", recorded=PricedCall(call=CALL, pricing=pricing), standings=standings))
    assert shape["cost_usd"] == "0"
    assert [budget["spent_usd"] for budget in rows(shape, "budgets")] == ["9", "5", "1"]


def test_an_unknown_task_has_the_shape_of_a_known_one_and_names_the_nearest():
    unknown = task_shape(TaskAnswer(task=TaskCost(task_id="T-1", known=False, nearest=("T-10",))))
    known = task_shape(TaskAnswer(task=TaskCost(task_id="T-1", known=True, totals=Totals(calls=1, cost_usd=Decimal(1)))))
    assert set(unknown) == {*known, "nearest"}
    assert (unknown["cost_usd"], unknown["calls"], unknown["known"], unknown["nearest"]) == ("0", 0, False, ["T-10"])


def test_a_task_says_when_it_began_and_what_it_is():
    totals = Totals(calls=2, first_call=NOON, last_call=NOON)
    task = TaskCost(task_id="T-1", known=True, title="Fix", task_type="bug", totals=totals)
    shape = task_shape(TaskAnswer(task=task, standings=(standing("1"),)))
    assert (shape["title"], shape["task_type"], shape["first_call_at"]) == ("Fix", "bug", "2026-11-22T12:00:00Z")


def report(totals: Totals = NOTHING, rows: tuple[Group, ...] = (), group_by: tuple[str, ...] = ()) -> ReportAnswer:
    query = ReportQuery(period=named_period("today", NOON, "Europe/Berlin"), group_by=group_by)
    return ReportAnswer(report=CostReport(query=query, totals=totals), rows=rows)


def test_an_empty_report_is_honest_and_complete():
    shape = report_shape(report())
    assert shape["total_cost_usd"] == "0"
    assert (shape["calls"], shape["total_tokens"], shape["lower_bound"]) == (0, 0, False)
    assert (shape["period_start"], shape["period_end"]) == ("2026-11-21T23:00:00Z", "2026-11-22T23:00:00Z")
    assert [shape[f"by_{name}"] for name in ("agent", "task_type", "provider", "purpose", "model", "project")] == [{}] * 6
    assert shape["groups"] == []


@pytest.mark.parametrize("unpriced", [0, 1])
def test_every_sum_with_unpriced_calls_says_that_it_is_a_lower_bound(unpriced: int):
    totals = Totals(calls=3, unpriced_calls=unpriced, cost_usd=Decimal(1))
    whole = report_shape(report(totals, (Group(key=("m",), totals=totals),), ("model",)))
    task = task_shape(TaskAnswer(task=TaskCost(task_id="t", known=True, totals=totals)))
    status = status_shape(BudgetAnswer(standings=(standing("1", unpriced_calls=unpriced),)))
    for shape in (whole, task, rows(status, "budgets")[0]):
        assert (shape["unpriced_calls"], shape["lower_bound"]) == (unpriced, unpriced > 0)
    row = rows(whole, "groups")[0]
    assert (row.get("unpriced_calls", 0), row.get("lower_bound", False)) == (unpriced, unpriced > 0)


def test_a_row_carries_its_dimensions_by_name_and_its_tokens_by_kind():
    totals = Totals(calls=2, input_tokens=10, output_tokens=5, cache_read_input_tokens=4, cost_usd=Decimal("0.50"))
    whole = report_shape(report(totals, (Group(key=("2026-11-22", None), totals=totals),), ("day", "agent")))
    row = rows(whole, "groups")[0]
    assert (row["day"], row["agent"], row["cost_usd"], row["calls"]) == ("2026-11-22", "(none)", "0.5", 2)
    assert (row["input_tokens"], row["output_tokens"], row["cache_read_input_tokens"], row["total_tokens"]) == (10, 5, 4, 15)


def test_a_long_breakdown_keeps_its_sum():
    named = [(f"agent-{n:02}", Totals(cost_usd=Decimal(100 - n))) for n in range(25)]
    shape = breakdown_shape(named)
    assert list(shape)[:2] == ["agent-00", "agent-01"]
    assert list(shape)[-1] == "(other)"
    assert sum(Decimal(cost) for cost in shape.values()) == sum(totals.cost_usd for _, totals in named)


def test_a_breakdown_that_was_cut_before_has_one_rest():
    named = [("a", Totals(cost_usd=Decimal(2))), ("(other)", Totals(cost_usd=Decimal(1)))]
    assert breakdown_shape(named) == {"a": "2", "(other)": "1"}


@pytest.mark.parametrize(
    ("totals", "shown"),
    [
        (Totals(calls=2, unpriced_calls=2), {}),
        (Totals(calls=2, unpriced_calls=1), {}),  # a free call beside it makes it no zero
        (Totals(calls=2, unpriced_calls=1, cost_usd=Decimal(1)), {"m": "1"}),
        (Totals(calls=1), {"m": "0"}),  # free
        (Totals(calls=1, subscription_usd=Decimal(2)), {"m": "0"}),  # nothing is billed by use
    ],
)
def test_zero_in_a_breakdown_means_that_it_cost_nothing(totals: Totals, shown: dict[str, str]):
    named = (("m", totals),)
    assert breakdown_shape(named) == shown
    assert unpriced_names(named) == ([] if shown else ["m"])


def test_a_rest_of_which_nothing_is_known_is_named_too():
    named = [*((f"a{n}", Totals(calls=1, cost_usd=Decimal(9 - n))) for n in range(9)), ("free", Totals(calls=1))]
    named += [("x", Totals(calls=1, unpriced_calls=1)), ("y", Totals(calls=1, unpriced_calls=1))]
    assert "(other)" not in breakdown_shape(named)
    assert unpriced_names(named) == ["(other)"]


def test_a_decision_names_the_budget_that_made_it():
    tight = standing("9")
    decision = Decision(decision="deny", why="Budget daily would be exceeded.", decided_by=tight)
    shape = status_shape(BudgetAnswer(standings=(tight,), decision=decision))
    assert (shape["decision"], shape["why"], shape["decided_by"]) == ("deny", "Budget daily would be exceeded.", "daily")
    assert "decision" not in status_shape(BudgetAnswer())


def test_no_shape_holds_a_null():
    shapes = [
        report_shape(report(Totals(provisional_usd=Decimal(1), web_search_requests=2))),
        task_shape(TaskAnswer(task=TaskCost(task_id="t", known=False))),
        status_shape(BudgetAnswer(standings=(Standing(budget=DAILY, window_start=NOON, window_end=None),))),
    ]
    assert "null" not in json.dumps(shapes)
