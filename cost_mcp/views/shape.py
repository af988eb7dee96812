"""The JSON shapes of every answer: the same numbers under the same names in MCP results and behind ``--json``.

Shapes hold no nulls: what is not known is absent. Money is plain decimal text, instants are RFC 3339 in UTC. Wherever calls
without a known price are part of a sum, ``lower_bound`` is true; a name of which no cost is known stands in no map of costs,
but under ``unpriced``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from cost_mcp.model.moment import instant_text
from cost_mcp.model.money import usd_text
from cost_mcp.model.receipt import Receipt
from cost_mcp.model.report import NONE_GROUP, OTHER_GROUP, Group
from cost_mcp.model.totals import TOKEN_KINDS, Totals
from cost_mcp.views.shape_budget import budget_shapes
from cost_mcp.views.shape_call import charge_shape
from cost_mcp.views.shape_comparison import change_shape, comparison_shape, trend_shape
from cost_mcp.views.shape_efficiency import task_efficiency_shape
from cost_mcp.views.shape_estimate import fitting_shape
from cost_mcp.views.shape_reservation import reservation_shape

if TYPE_CHECKING:
    from cost_mcp.service.answer import BudgetAnswer, ReportAnswer, TaskAnswer

Shape = dict[str, object]

NAMED_MAX = 10
"""How many names a breakdown gives before the rest becomes ``(other)``."""

REPORT_BREAKDOWNS = ("by_agent", "by_task_type", "by_provider", "by_purpose", "by_model", "by_project")
TASK_BREAKDOWNS = ("by_model", "by_agent", "by_purpose")


def receipt_shape(receipt: Receipt) -> Shape:
    """What recording a call answers; ``cost_usd`` is absent while the call is unpriced.

    ``unadmitted`` is there where an enforcing budget did not admit the call beforehand.
    """
    pricing = receipt.pricing
    shape: Shape = {"call_id": receipt.call_id, "outcome": receipt.outcome}
    if pricing.cost_usd is not None:
        shape["cost_usd"] = usd_text(pricing.cost_usd)
    shape["priced"] = pricing.priced
    if pricing.partial:
        shape["lower_bound"] = True
    shape["charges"] = [charge_shape(charge) for charge in pricing.charges]
    if receipt.reservation is not None:
        shape["reservation"] = reservation_shape(receipt.reservation)
    if receipt.unadmitted:
        shape["unadmitted"] = True
    shape["budgets"] = budget_shapes(receipt.standings)
    shape["warnings"] = list(receipt.warnings)
    return shape


def task_shape(answer: TaskAnswer) -> Shape:
    """What a task cost; the same fields for a task nothing was recorded for, with ``nearest`` ids."""
    task = answer.task
    shape: Shape = {"task_id": task.task_id, "known": task.known}
    if task.title is not None:
        shape["title"] = task.title
    if task.task_type is not None:
        shape["task_type"] = task.task_type
    shape["cost_usd"] = usd_text(task.totals.cost_usd)
    shape.update(_counted(task.totals))
    shape.update(_breakdowns(task.breakdowns, TASK_BREAKDOWNS))
    if task.totals.first_call is not None:
        shape["first_call_at"] = instant_text(task.totals.first_call)
    if task.totals.last_call is not None:
        shape["last_call_at"] = instant_text(task.totals.last_call)
    if task.uncounted_calls:
        shape["uncounted_calls"] = task.uncounted_calls
    shape.update(task_efficiency_shape(answer))
    shape["budgets"] = budget_shapes(answer.standings)
    if not task.known:
        shape["nearest"] = list(task.nearest)
    if answer.notes:
        shape["notes"] = list(answer.notes)
    return shape


def report_shape(answer: ReportAnswer) -> Shape:
    """What a period cost: the whole, the standard breakdowns, and the page of groups that was asked for."""
    report = answer.report
    period = report.query.period
    shape: Shape = {
        "period": period.name,
        "period_start": instant_text(period.start),
        "period_end": instant_text(period.end),
        "timezone": period.timezone,
        "total_cost_usd": usd_text(report.totals.cost_usd),
    }
    shape.update(_counted(report.totals))
    if report.query.filters:
        shape["filters"] = dict(report.query.filters)
    shape.update(_breakdowns(report.breakdowns, REPORT_BREAKDOWNS))
    if answer.efficiency_score is not None:
        shape |= {"efficiency_score": usd_text(answer.efficiency_score), "efficiency_tasks": answer.efficiency_tasks}
    if answer.comparison is not None:
        shape["comparison"] = comparison_shape(answer.comparison)
    if answer.forecast is not None:
        from cost_mcp.views.shape_forecast import forecast_brief_shape

        shape["forecast"] = forecast_brief_shape(answer.forecast)
    if answer.trend is not None:
        shape["trend"] = trend_shape(answer.trend)
    shape["groups"] = [
        {**_row(report.query.group_by, group), **change_shape(answer.comparison, group)} for group in answer.rows
    ]
    if answer.next_cursor is not None:
        shape["next_cursor"] = answer.next_cursor
    if answer.notes:
        shape["notes"] = list(answer.notes)
    return shape


def status_shape(answer: BudgetAnswer) -> Shape:
    """Where budgets stand, whether a spend may go ahead when one was given, and what would fit where a call was denied."""
    shape: Shape = {"budgets": budget_shapes(answer.standings)}
    if answer.decision is not None:
        shape["decision"] = answer.decision.decision
        shape["why"] = answer.decision.why
        if answer.decision.decided_by is not None:
            shape["decided_by"] = answer.decision.decided_by.budget.name
    shape.update(fitting_shape(answer.fitting))
    if answer.notes:
        shape["notes"] = list(answer.notes)
    return shape


def breakdown_shape(named: Iterable[tuple[str, Totals]]) -> dict[str, str]:
    """Name → cost for the largest few, everything smaller summed under ``(other)``; empty when there were no calls.

    Names in ``unpriced_names`` are left out: a 0 would read as free.
    """
    return {name: usd_text(totals.cost_usd) for name, totals in largest(named) if not _unknown(totals)}


def unpriced_names(named: Iterable[tuple[str, Totals]]) -> list[str]:
    """The names a breakdown gives of which no cost is known, though calls were made."""
    return [name for name, totals in largest(named) if _unknown(totals)]


def _unknown(totals: Totals) -> bool:
    # Beside free calls too: their 0 says nothing of the others.
    return totals.unpriced_calls > 0 and not totals.cost_usd


def _breakdowns(breakdowns: Mapping[str, Iterable[tuple[str, Totals]]], names: tuple[str, ...]) -> Shape:
    shape: Shape = {name: breakdown_shape(breakdowns.get(name, ())) for name in names}
    unpriced = {name: found for name in names if (found := unpriced_names(breakdowns.get(name, ())))}
    return {**shape, "unpriced": unpriced} if unpriced else shape


def largest(named: Iterable[tuple[str, Totals]]) -> list[tuple[str, Totals]]:
    """The first ``NAMED_MAX`` entries, and one named ``(other)`` that holds the sum of all others, if there are any."""
    shown: dict[str, Totals] = {}
    others: Totals | None = None
    for name, totals in named:
        # Something may really be called (none), as what has no name is: then both are one line, and no money is lost.
        if name in shown:
            shown[name] += totals
        elif len(shown) < NAMED_MAX and name != OTHER_GROUP:
            shown[name] = totals
        else:
            others = totals if others is None else others + totals
    return [*shown.items(), *([] if others is None else [(OTHER_GROUP, others)])]


def _row(dimensions: tuple[str, ...], group: Group) -> Shape:
    shape: Shape = dict(group_names(dimensions, group))
    totals = group.totals
    shape.update(cost_usd=usd_text(totals.cost_usd), calls=totals.calls, **_tokens(totals))
    # Twenty rows are read as often as one sum: what is nothing is left out of them.
    if totals.unpriced_calls:
        shape.update(unpriced_calls=totals.unpriced_calls, lower_bound=True)
    if totals.subscription_usd:
        shape["subscription_usd"] = usd_text(totals.subscription_usd)
    shape.update(_seldom(totals))
    return shape


def group_names(dimensions: tuple[str, ...], group: Group) -> Mapping[str, str]:
    """Dimension → value of one row; ``(none)`` where its calls lack the dimension."""
    return {name: NONE_GROUP if value is None else value for name, value in zip(dimensions, group.key, strict=True)}


def _counted(totals: Totals) -> Shape:
    return {
        "calls": totals.calls,
        "unpriced_calls": totals.unpriced_calls,
        "lower_bound": totals.unpriced_calls > 0,
        "subscription_usd": usd_text(totals.subscription_usd),
        **_tokens(totals),
        **_seldom(totals),
    }


def _tokens(totals: Totals) -> Shape:
    return {"total_tokens": totals.total_tokens, **{kind: getattr(totals, kind) for kind in TOKEN_KINDS}}


def _seldom(totals: Totals) -> Shape:
    shape: Shape = {}
    if totals.provisional_calls:
        shape.update(provisional_calls=totals.provisional_calls, provisional_usd=usd_text(totals.provisional_usd))
    if totals.web_search_requests:
        shape["web_search_requests"] = totals.web_search_requests
    return shape
