"""The JSON shape of a past period at other prices."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cost_mcp.model.moment import instant_text
from cost_mcp.model.money import usd_text

if TYPE_CHECKING:
    from cost_mcp.reports.what_if import Repriced
    from cost_mcp.service.what_if import WhatIfAnswer


def what_if_shape(answer: WhatIfAnswer) -> dict[str, object]:
    """What was, what would have been, by model; calls of which one of the two is not known are counted apart."""
    question, period = answer.question, answer.question.query.period
    shape: dict[str, object] = {
        "period": period.name,
        "period_start": instant_text(period.start),
        "period_end": instant_text(period.end),
        "timezone": period.timezone,
    }
    if question.query.filters:
        shape["filters"] = dict(question.query.filters)
    if question.only is not None:
        shape["from"] = question.only
    if question.model is not None:
        shape["model"] = question.model
    if answer.book is not None:
        shape["price_book"] = answer.book
    if question.at is not None:
        shape["prices_at"] = instant_text(question.at)
    shape |= repriced_shape(answer.api)
    shape["period_cost_usd"] = usd_text(answer.period_usd)
    shape["period_would_cost_usd"] = usd_text(answer.period_usd + answer.api.difference_usd)
    shape["lower_bound"] = bool(answer.partial_calls or answer.api.unknown_now or answer.api.unknown_then)
    if answer.partial_calls:
        shape["partial_calls"] = answer.partial_calls
    if answer.subscription.calls:
        shape["subscription"] = repriced_shape(answer.subscription)
    shape["by_model"] = [
        {
            **({} if one.provider is None else {"provider": one.provider}),
            "model": one.model,
            "billing": one.billing,
            **({} if one.into is None else {"priced_as": one.into}),
            **repriced_shape(one.repriced),
        }
        for one in answer.models
    ]
    shape["by_meter"] = [
        {"meter": one.meter, "quantity": one.quantity, "would_cost_usd": usd_text(one.cost_usd)} for one in answer.meters
    ]
    shape["prices"] = list(answer.books)
    shape["warnings"] = list(answer.warnings)
    shape["notes"] = list(answer.notes)
    return shape


def repriced_shape(repriced: Repriced) -> dict[str, object]:
    """Some calls at both prices."""
    shape: dict[str, object] = {
        "calls": repriced.calls,
        "compared_calls": repriced.compared,
        "cost_usd": usd_text(repriced.cost_usd),
        "would_cost_usd": usd_text(repriced.would_cost_usd),
        "difference_usd": usd_text(repriced.difference_usd),
    }
    if repriced.percent_change is not None:
        shape["percent_change"] = float(repriced.percent_change)
    if repriced.unknown_then:
        shape["unpriced_then_calls"] = repriced.unknown_then
        shape["unpriced_then_would_cost_usd"] = usd_text(repriced.would_be_known_usd)
    if repriced.unknown_now:
        shape["not_priced_calls"] = repriced.unknown_now
        shape["not_priced_cost_usd"] = usd_text(repriced.was_usd)
    return shape
