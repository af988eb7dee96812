"""A past period at other prices, in sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cost_mcp.model.money import display_usd
from cost_mcp.views.text import calls_words
from cost_mcp.views.text_table import columns
from cost_mcp.views.text_time import instant_words, period_words

if TYPE_CHECKING:
    from cost_mcp.reports.what_if import Repriced
    from cost_mcp.service.what_if import WhatIfAnswer


def what_if_text(answer: WhatIfAnswer) -> str:
    """The answer, what it leaves out, and a table of the models."""
    period = period_words(answer.question.query.period)
    lines = [f"{period}, {otherwise(answer)}: {change_words(answer.api)}"]
    lines += left_out(answer)
    if answer.models:
        rows = [
            [
                one.model + (" (plan)" if one.billing == "subscription" else ""),
                one.into or "no price",
                f"{one.repriced.calls:,}",
                display_usd(one.repriced.cost_usd),
                display_usd(one.repriced.would_cost_usd),
            ]
            for one in answer.models
        ]
        lines.append(columns(["model", "priced as", "calls", "cost", "would cost"], rows, right_from=2))
    lines += [f"Warning: {warning}" for warning in answer.warnings]
    return "\n".join([*lines, *(f"Note: {note}" for note in answer.notes)])


def otherwise(answer: WhatIfAnswer) -> str:
    """What is different, in words."""
    question = answer.question
    whose = f"calls of {question.only}" if question.only is not None else "all calls"
    priced = "" if question.model is None else f" as {question.model}"
    book = "" if answer.book is None else f" by the prices of {answer.book}"
    at = "" if question.at is None else f", at the prices of {instant_words(question.at)}"
    return f"{whose}{priced}{book}{at}"


def change_words(repriced: Repriced) -> str:
    """What some calls cost and would have cost."""
    if not repriced.compared:
        return f"nothing to compare among {calls_words(repriced.calls)}."
    change = "" if repriced.percent_change is None else f" ({repriced.percent_change:+f} %)"
    difference = repriced.difference_usd
    more = f"{display_usd(abs(difference))} {'less' if difference < 0 else 'more'}{change}" if difference else "the same"
    was, would = display_usd(repriced.cost_usd), display_usd(repriced.would_cost_usd)
    return f"{calls_words(repriced.compared)} that cost {was} would have cost {would}, {more}."


def left_out(answer: WhatIfAnswer) -> list[str]:
    """What is not part of the comparison, and what a plan covers."""
    lines: list[str] = []
    api, plan = answer.api, answer.subscription
    if api.unknown_now:
        lines.append(f"Left out: {calls_words(api.unknown_now)} without a price there, {display_usd(api.was_usd)} as recorded.")
    known = api.unknown_then - (api.unknown_now if not api.was_usd else 0)
    if known > 0 and api.would_be_known_usd:
        lines.append(
            f"Left out: {calls_words(known)} of which no cost is recorded, at {display_usd(api.would_be_known_usd)} now."
        )
    if answer.partial_calls:
        lines.append(f"Lower bound: {calls_words(answer.partial_calls)} used something that has no price.")
    if plan.calls:
        lines.append(f"Covered by a plan, at list price: {change_words(plan)}")
    return lines
