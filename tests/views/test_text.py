from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from cost_mcp.model.budget import Budget, Standing
from cost_mcp.model.call import Call, Rank
from cost_mcp.model.charge import Charge, PricedCall, Pricing
from cost_mcp.model.decision import Decision
from cost_mcp.model.period import named_period
from cost_mcp.model.receipt import OUTCOMES, Receipt
from cost_mcp.model.report import CostReport, Group, ReportQuery, TaskCost
from cost_mcp.model.totals import NOTHING, Totals
from cost_mcp.model.usage import Usage
from cost_mcp.service.answer import BudgetAnswer, ReportAnswer, TaskAnswer
from cost_mcp.views.text import receipt_text, report_text, status_text, task_text

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
CALL = Call(call_id="msg_1", occurred_at=NOON, model="m", usage=Usage(input_tokens=1000), source="mcp", rank=Rank.AGENT)
CHARGE = Charge(meter="input", quantity=1000, unit_price_usd=Decimal("0.000003"), cost_usd=Decimal("0.003"))
PRICED = PricedCall(call=CALL, pricing=Pricing(priced="list", cost_usd=Decimal("0.003"), charges=(CHARGE,)))
UNPRICED = PricedCall(call=CALL, pricing=Pricing(priced="unpriced", cost_usd=None))
DAILY = Standing(
    budget=Budget(name="daily", period="day", limit_usd=Decimal(10)), window_start=NOON, window_end=NOON, spent=Decimal(9)
)


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_every_outcome_is_said_with_the_cost_meter_by_meter(outcome: str):
    text = receipt_text(Receipt(outcome=outcome, recorded=PRICED, standings=(DAILY,), warnings=("Look here.",)))
    lines = text.splitlines()
    assert "msg_1: $0.003 (list). input 1,000 × $0.000003 = $0.003." in lines[0]
    assert lines[1].startswith("Budget daily: $9.00 of $10.00 per day spent (90 %), $1.00 left")
    assert lines[2] == "Warning: Look here."


def test_an_unpriced_call_is_never_shown_as_zero():
    text = receipt_text(Receipt(outcome="created", recorded=UNPRICED))
    assert "unpriced" in text
    assert "lower bound" in text
    assert "$" not in text


def test_a_task_is_told_with_its_tokens_and_breakdowns():
    totals = Totals(
        calls=12,
        cost_usd=Decimal("1.5"),
        input_tokens=30_000,
        output_tokens=4_000,
        cache_read_input_tokens=9,
        first_call=NOON,
        last_call=NOON,
    )
    task = TaskCost(
        task_id="T-1", known=True, title="Fix", task_type="bug", totals=totals, breakdowns={"by_model": (("m", totals),)}
    )
    text = task_text(TaskAnswer(task=task))
    assert (
        "Task T-1 (Fix), type bug: $1.50, 12 calls, 34,000 tokens (input 30,000, output 4,000; of these cache read 9)." in text
    )
    assert "By model: m $1.50" in text
    assert "First call 2026-11-22 12:00Z" in text


def test_an_unknown_task_is_zero_and_points_to_the_nearest():
    text = task_text(TaskAnswer(task=TaskCost(task_id="T-1", known=False, nearest=("T-10", "T-11"))))
    assert text == "Task T-1: nothing is recorded; $0.00, 0 calls. Nearest known tasks: T-10, T-11."


def report(totals: Totals = NOTHING, rows: tuple[Group, ...] = (), **query: object) -> ReportAnswer:
    asked = ReportQuery(period=named_period("today", NOON, "Europe/Berlin"), **query)  # pyright: ignore[reportArgumentType] (test data)
    return ReportAnswer(report=CostReport(query=asked, totals=totals), rows=rows)


def test_an_empty_report_says_zero():
    assert report_text(report()) == (
        "Today (2026-11-22 to 2026-11-23, Europe/Berlin): $0.00, 0 calls, 0 tokens (input 0, output 0)."
    )


def test_a_report_shows_its_groups_in_columns_without_those_that_are_empty():
    totals = Totals(calls=2, input_tokens=1000, output_tokens=5, cost_usd=Decimal("0.50"))
    rows = (Group(key=("claude-x", "a"), totals=totals), Group(key=("m", None), totals=totals))
    text = report_text(report(totals, rows, group_by=("model", "agent"), filters={"project": "web"}))
    assert ", only project=web: $0.50" in text
    assert text.splitlines()[-3:] == [
        "model     agent    cost  calls  input  output",
        "claude-x  a       $0.50      2  1,000       5",
        "m         (none)  $0.50      2  1,000       5",
    ]


def test_a_page_that_is_not_the_last_says_how_to_go_on():
    answer = ReportAnswer(report=report(Totals(calls=1), group_by=("model",)).report, next_cursor="abc")
    assert report_text(answer).splitlines()[-2:] == [
        "No groups on this page.",
        "More groups follow: repeat the call with cursor abc",
    ]


def test_every_sum_with_unpriced_calls_is_marked_as_a_lower_bound():
    totals = Totals(calls=3, unpriced_calls=1, cost_usd=Decimal(1), subscription_usd=Decimal(2))
    named = {"by_model": (("m", totals),)}
    asked = ReportQuery(period=named_period("total", NOON), group_by=("model",))
    whole = CostReport(query=asked, totals=totals, breakdowns=named)
    text = report_text(ReportAnswer(report=whole, rows=(Group(key=("m",), totals=totals),)))
    assert "All time: ≥ $1.00" in text
    assert "Lower bound: 1 call without a known price not included." in text
    assert "By model: m ≥ $1.00" in text
    assert text.splitlines()[-1].split("  ")[-1].strip() == "1", "the table counts the unpriced calls"
    assert "≥ $1.00" in task_text(TaskAnswer(task=TaskCost(task_id="t", known=True, totals=totals)))


def test_what_is_not_part_of_the_sum_is_said_beside_it():
    totals = Totals(
        calls=3, provisional_calls=1, provisional_usd=Decimal("0.2"), subscription_usd=Decimal(2), web_search_requests=4
    )
    text = report_text(report(totals))
    assert "Provisional: 1 call, $0.20, final usage not seen yet." in text
    assert "Covered by subscriptions, not in the sum: worth $2.00 at list price." in text
    assert "Web searches: 4." in text


def test_a_decision_comes_before_the_budgets():
    text = status_text(BudgetAnswer(standings=(DAILY,), decision=Decision(decision="deny", why="Too much.", decided_by=DAILY)))
    assert text.splitlines()[0] == "Decision: deny. Too much."
    assert text.splitlines()[1].startswith("Budget daily")


def test_no_budget_is_said_plainly():
    assert status_text(BudgetAnswer()) == "No budget covers this: nothing limits it."
    assert status_text(BudgetAnswer(decision=Decision(decision="allow", why="No budget covers this."))) == (
        "Decision: allow. No budget covers this."
    )
