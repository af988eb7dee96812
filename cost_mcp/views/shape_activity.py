"""JSON shapes of lists: single calls, tasks, a plan's windows."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from cost_mcp.model.moment import instant_text
from cost_mcp.model.money import usd_text
from cost_mcp.model.totals import TOKEN_KINDS, Totals

if TYPE_CHECKING:
    from cost_mcp.model.activity import ListedCall, ListedTask
    from cost_mcp.model.period import Period
    from cost_mcp.model.plan_limit import PlanLimit
    from cost_mcp.reports.plan_window import Burn, PlanWindow
    from cost_mcp.service.activity import CallsAnswer, ListQuestion, TasksAnswer
    from cost_mcp.service.plan_windows import WindowsAnswer

Shape = dict[str, object]
_CALL_NAMES = ("provider", "project", "task_id", "session_id", "agent", "purpose")


def calls_shape(answer: CallsAnswer) -> Shape:
    """A page of calls, newest first."""
    shape = _asked(answer.question)
    shape["calls"] = [listed_call_shape(call) for call in answer.page.calls]
    if answer.next_cursor is not None:
        shape["next_cursor"] = answer.next_cursor
    return shape


def listed_call_shape(call: ListedCall) -> Shape:
    """One call; ``cost_usd`` is absent while it is ``unpriced``. ``provisional``, ``lower_bound``, ``uncounted`` and ``revision``
    are there only where they say something.
    """
    shape: Shape = {"call_id": call.call_id, "occurred_at": instant_text(call.occurred_at), "model": call.model}
    shape.update({name: value for name in _CALL_NAMES if (value := getattr(call, name)) is not None})
    shape["source"] = call.source
    if call.billing != "api":
        shape["billing"] = call.billing
    for kind in ("input_tokens", "output_tokens", "cache_read_input_tokens", "cache_creation_input_tokens"):
        shape[kind] = getattr(call, kind)
    if call.cost_usd is not None:
        shape["cost_usd"] = usd_text(call.cost_usd)
    flags = {
        "unpriced": call.cost_usd is None,
        "lower_bound": call.partial,
        "provisional": call.provisional,
        "uncounted": not call.counted,
    }
    shape.update({name: True for name, raised in flags.items() if raised})
    if call.revision > 1:
        shape["revision"] = call.revision
    return shape


def tasks_shape(answer: TasksAnswer) -> Shape:
    """A page of tasks, the one with the newest call first."""
    shape = _asked(answer.question)
    shape["tasks"] = [_task(task) for task in answer.page.tasks]
    if answer.next_cursor is not None:
        shape["next_cursor"] = answer.next_cursor
    return shape


def windows_shape(answer: WindowsAnswer) -> Shape:
    """Windows source by source, oldest first; the running one of a source has ``running`` and, once it can be told, ``burn``."""
    question = answer.question
    shape: Shape = {
        **_period(question.period),
        "windows": question.name,
        "window_minutes": question.length // timedelta(minutes=1),
    }
    if question.filters:
        shape["filters"] = dict(question.filters)
    if answer.billing is not None:
        shape["billing"] = answer.billing
    shape["plan_windows"] = [_window(window, answer) for window in answer.windows]
    shape["earlier_windows"] = answer.earlier
    shape["plan_limits"] = [limit_shape(limit) for limit in answer.limits]
    if answer.notes:
        shape["notes"] = list(answer.notes)
    return shape


def limit_shape(limit: PlanLimit) -> Shape:
    """How full an allowance was when a log last said so."""
    shape: Shape = {
        "source": limit.source,
        "name": limit.name,
        "window": limit.window,
        "used_percent": float(limit.used_percent),
        "seen_at": instant_text(limit.seen_at),
    }
    if limit.window_minutes is not None:
        shape["window_minutes"] = limit.window_minutes
    if limit.resets_at is not None:
        shape["resets_at"] = instant_text(limit.resets_at)
    if limit.plan is not None:
        shape["plan"] = limit.plan
    return shape


def _window(window: PlanWindow, answer: WindowsAnswer) -> Shape:
    totals = window.totals
    shape: Shape = {
        "source": window.source,
        "start": instant_text(window.start),
        "end": instant_text(window.end),
        "first_call_at": instant_text(window.first_call),
        "list_price_usd": usd_text(window.worth_usd),
        **_counts(totals),
    }
    if window.told:
        shape["told_by_provider"] = True
    if window.idle_before is not None:
        shape["idle_minutes_before"] = window.idle_before // timedelta(minutes=1)
    if window.start <= answer.question.now < window.end:
        shape["running"] = True
        if (rate := answer.burns.get(window.source)) is not None:
            shape["burn"] = _burn(rate)
    return shape


def _burn(rate: Burn) -> Shape:
    return {
        "tokens_per_minute": float(rate.tokens_per_minute),
        "list_price_usd_per_hour": usd_text(rate.usd_per_hour),
        "projected_tokens": rate.projected_tokens,
        "projected_list_price_usd": usd_text(rate.projected_usd),
    }


def _task(task: ListedTask) -> Shape:
    shape: Shape = {"task_id": task.task_id}
    shape.update({name: value for name in ("title", "task_type", "outcome") if (value := getattr(task, name)) is not None})
    shape["cost_usd"] = usd_text(task.totals.cost_usd)
    shape.update(_counts(task.totals))
    shape["subscription_usd"] = usd_text(task.totals.subscription_usd)
    for name, moment in (("first_call_at", task.totals.first_call), ("last_call_at", task.totals.last_call)):
        if moment is not None:
            shape[name] = instant_text(moment)
    return shape


def _counts(totals: Totals) -> Shape:
    return {
        "calls": totals.calls,
        "unpriced_calls": totals.unpriced_calls,
        "lower_bound": totals.unpriced_calls > 0,
        "total_tokens": totals.total_tokens,
        **{kind: getattr(totals, kind) for kind in TOKEN_KINDS},
    }


def _asked(question: ListQuestion) -> Shape:
    shape = _period(question.query.period)
    if question.query.filters:
        shape["filters"] = dict(question.query.filters)
    return shape


def _period(period: Period) -> Shape:
    return {
        "period": period.name,
        "period_start": instant_text(period.start),
        "period_end": instant_text(period.end),
        "timezone": period.timezone,
    }
