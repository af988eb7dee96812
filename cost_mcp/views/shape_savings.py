"""The JSON shapes of savings: what is suggested, the calls behind it, what was applied and what that saved."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import TYPE_CHECKING

from cost_mcp.model.moment import instant_text
from cost_mcp.model.money import usd_text
from cost_mcp.model.period import Period
from cost_mcp.model.saving import AppliedSaving, CallBehind, Yardstick
from cost_mcp.reports.savings.measuring import Measured
from cost_mcp.reports.savings.registry import RULES
from cost_mcp.reports.savings.rule import Suggestion

if TYPE_CHECKING:
    from cost_mcp.service.savings import SavingNoted, SavingsAnswer, SavingShown

Shape = dict[str, object]


def savings_shape(answer: SavingsAnswer) -> Shape:
    """The suggestions for a period, most money first.

    ``possible_savings_usd`` is their sum and an upper bound: rules may find money in the same call. ``cannot_tell`` says, by rule,
    of which calls it cannot.
    """
    totals, question = answer.totals, answer.question
    shape = _period_shape(answer.period)
    shape["total_cost_usd"] = usd_text(totals.cost_usd)
    shape["calls"] = totals.calls
    shape["unpriced_calls"] = totals.unpriced_calls
    shape["lower_bound"] = totals.unpriced_calls > 0
    shape["subscription_usd"] = usd_text(totals.subscription_usd)
    if question.query.filters:
        shape["filters"] = dict(question.query.filters)
    shape["min_savings_usd"] = usd_text(question.least)
    shape["possible_savings_usd"] = usd_text(answer.total_usd)
    shape["upper_bound"] = True
    shape["suggestions"] = [suggestion_shape(each, answer.applied.get(each.saving_id)) for each in answer.suggestions]
    shape["left_off"] = answer.left_off
    shape["cannot_tell"] = dict(answer.unseen)
    return shape


def suggestion_shape(suggestion: Suggestion, applied: AppliedSaving | None) -> Shape:
    """One suggestion: what it is about, the money, how sure it is and why, and what to do."""
    shape: Shape = {
        "saving_id": suggestion.saving_id,
        "rule": suggestion.rule,
        "title": RULES[suggestion.rule].TITLE,
        "saved_usd": usd_text(suggestion.saved_usd),
        "spent_usd": usd_text(suggestion.spent_usd),
        "calls": suggestion.calls,
        **suggestion.named(),
        "confidence": suggestion.confidence,
        "reason": suggestion.reason,
        "advice": suggestion.advice,
    }
    if suggestion.instead is not None:
        shape["instead"] = suggestion.instead
    if applied is not None:
        shape["applied_at"] = instant_text(applied.applied_at)
    return shape


def saving_shown_shape(shown: SavingShown) -> Shape:
    """One suggestion with the first of the calls behind it, oldest first."""
    return {
        **_period_shape(shown.question.period),
        **suggestion_shape(shown.suggestion, shown.applied),
        "calls_shown": [_call_shape(call) for call in shown.calls],
    }


def saving_noted_shape(noted: SavingNoted) -> Shape:
    """What was noted about a suggestion: ``outcome`` applied, dropped, or exists where it was noted before."""
    return {"outcome": noted.outcome, **_applied_shape(noted.saving)}


def measured_shape(measured: Iterable[Measured]) -> Shape:
    """What applied suggestions saved, in the order in which they were applied; ``saved_usd`` is absent where it is too early."""
    told = tuple(measured)
    saved = sum((each.saved_usd for each in told if each.saved_usd is not None), Decimal(0))
    return {"total_saved_usd": usd_text(saved), "measured": [_measured_shape(each) for each in told]}


def _measured_shape(measured: Measured) -> Shape:
    shape = _applied_shape(measured.applied)
    shape["since"] = _yardstick_shape(measured.since)
    if measured.saved_usd is not None:
        shape["saved_usd"] = usd_text(measured.saved_usd)
    shape["why"] = measured.why
    return shape


def _applied_shape(saving: AppliedSaving) -> Shape:
    shape: Shape = {
        "saving_id": saving.saving_id,
        "rule": saving.rule,
        "title": RULES[saving.rule].TITLE,
        **saving.subject,
        "applied_at": instant_text(saving.applied_at),
        "applied_by": saving.noted_by,
    }
    if saving.dropped_at is not None:
        shape["dropped_at"] = instant_text(saving.dropped_at)
    shape["unit"] = RULES[saving.rule].UNIT
    shape["baseline"] = _yardstick_shape(saving.baseline)
    return shape


def _yardstick_shape(yardstick: Yardstick) -> Shape:
    return {
        "start": instant_text(yardstick.start),
        "end": instant_text(yardstick.end),
        "units": yardstick.units,
        "amount_usd": usd_text(yardstick.usd),
    }


def _call_shape(call: CallBehind) -> Shape:
    shape: Shape = {
        "call_id": call.call_id,
        "occurred_at": instant_text(call.occurred_at),
        "model": call.model,
        "cost_usd": usd_text(call.cost_usd),
    }
    return shape | {name: value for name in ("agent", "task_id", "session_id") if (value := getattr(call, name)) is not None}


def _period_shape(period: Period) -> Shape:
    return {
        "period": period.name,
        "period_start": instant_text(period.start),
        "period_end": instant_text(period.end),
        "timezone": period.timezone,
    }
