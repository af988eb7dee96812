"""The JSON shape of a return on investment."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from cost_mcp.model.moment import instant_text
from cost_mcp.model.money import usd_text
from cost_mcp.reports.roi import LEVEL_PERCENT, RESAMPLES, SEED

if TYPE_CHECKING:
    from cost_mcp.model.period import Period
    from cost_mcp.service.returns import ReturnAnswer, Side


def return_shape(answer: ReturnAnswer) -> dict[str, object]:
    """The comparison, its interval and its verdict; what cannot be said is absent."""
    from cost_mcp.views.text_roi import verdict_words

    result, question = answer.result, answer.question
    shape: dict[str, object] = {"verdict": result.verdict, "sentence": verdict_words(answer)}
    if result.why is not None:
        shape["why"] = result.why
    amount = question.before if isinstance(question.before, Decimal) else None
    shape["baseline"] = {"stated_usd": usd_text(amount)} if answer.before is None and amount is not None else {}
    if answer.before is not None:
        shape["baseline"] = side_shape(answer.before)
    shape["current"] = side_shape(answer.after)
    if question.filters:
        shape["filters"] = dict(question.filters)
    if question.outcome is not None:
        shape["outcome"] = question.outcome
    shape["currency"] = "USD"
    shape["investment_usd"] = usd_text(question.investment)
    money = {
        "before_per_task_usd": result.before_usd,
        "after_per_task_usd": result.after_usd,
        "saved_per_task_usd": result.saved_usd,
        "monthly_saving_usd": result.monthly_saving_usd,
    }
    shape |= {name: usd_text(amount) for name, amount in money.items() if amount is not None}
    numbers = {
        "percent_change": result.percent_change,
        "tasks_per_month": result.tasks_per_month,
        "payback_months": result.payback_months,
        "first_year_return_percent": result.first_year_percent,
    }
    shape |= {name: float(number) for name, number in numbers.items() if number is not None}
    if result.saved is not None:
        shape["interval"] = _interval(answer)
    if question.tasks_per_month is not None:
        shape["tasks_per_month_stated"] = True
    shape["notes"] = list(answer.notes)
    return shape


def _interval(answer: ReturnAnswer) -> dict[str, object]:
    result = answer.result
    assert result.saved is not None
    shape: dict[str, object] = {
        "level_percent": LEVEL_PERCENT,
        "method": "percentile bootstrap",
        "resamples": RESAMPLES,
        "seed": SEED,
        "saved_per_task_low_usd": usd_text(result.saved[0]),
        "saved_per_task_high_usd": usd_text(result.saved[1]),
    }
    if result.monthly_saving is not None:
        shape["monthly_saving_low_usd"] = usd_text(result.monthly_saving[0])
        shape["monthly_saving_high_usd"] = usd_text(result.monthly_saving[1])
    if result.payback is not None:
        shape["payback_months_soonest"] = float(result.payback[0])
        if result.payback[1] is not None:
            shape["payback_months_latest"] = float(result.payback[1])
    return shape


def side_shape(side: Side) -> dict[str, object]:
    """One period's tasks."""
    shape = {
        **_period(side.period),
        "tasks": len(side.costs),
        "calls": side.calls,
        "cost_usd": usd_text(sum(side.costs, Decimal(0))),
    }
    if side.unpriced_tasks:
        shape["unpriced_tasks"] = side.unpriced_tasks
    if side.without_task_usd:
        shape["without_task_usd"] = usd_text(side.without_task_usd)
    if side.ended_otherwise:
        shape["tasks_that_ended_otherwise"] = side.ended_otherwise
    if side.other_usd:
        shape["other_billing_usd"] = usd_text(side.other_usd)
    return shape


def _period(period: Period) -> dict[str, object]:
    return {
        "period": period.name,
        "period_start": instant_text(period.start),
        "period_end": instant_text(period.end),
        "timezone": period.timezone,
    }
