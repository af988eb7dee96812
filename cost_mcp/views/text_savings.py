"""Savings in plain text, for agents: what its JSON shape says, a suggestion in two lines."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from cost_mcp.model.money import display_usd
from cost_mcp.reports.savings.measuring import Measured
from cost_mcp.reports.savings.registry import RULES
from cost_mcp.reports.savings.rule import Suggestion
from cost_mcp.views.text import bounded, calls_words, sum_text
from cost_mcp.views.text_time import instant_words, period_words

if TYPE_CHECKING:
    from cost_mcp.service.savings import SavingsAnswer

OVERLAP = "Rules may find money in the same call, so the total is an upper bound."


def savings_text(answer: SavingsAnswer) -> str:
    """The suggestions for a period, most money first, and of which calls rules cannot tell."""
    filters = answer.question.query.filters
    only = f", only {', '.join(f'{name}={value}' for name, value in filters.items())}" if filters else ""
    lines = [f"{period_words(answer.period)}{only}: {spent_words(answer)}."]
    if answer.suggestions:
        lines.append(f"Possible savings: up to {display_usd(answer.total_usd)}. {OVERLAP}")
        for number, suggestion in enumerate(answer.suggestions, 1):
            lines += _suggestion(number, suggestion, applied=suggestion.saving_id in answer.applied)
    else:
        lines.append(nothing_words(answer))
    if answer.left_off:
        lines.append(f"{answer.left_off} more: raise limit.")
    if answer.totals.subscription_usd and answer.question.billing == "api":
        lines.append("Calls covered by a subscription are left out: they cost nothing by use.")
    return "\n".join([*lines, *unseen_words(answer)])


def unseen_words(answer: SavingsAnswer) -> list[str]:
    """Of which calls rules cannot tell: a sentence for each reason, with the rules it is one of."""
    by_reason: dict[str, list[str]] = {}
    for name, sentence in answer.unseen.items():
        by_reason.setdefault(sentence, []).append(name)
    return [f"{sentence} ({', '.join(names)})" for sentence, names in by_reason.items()]


def spent_words(answer: SavingsAnswer) -> str:
    """What the calls cost that were looked at, and how many; what a plan covers is told as such."""
    totals = answer.totals
    if answer.question.billing == "api":
        return f"{sum_text(totals)}, {calls_words(totals.calls)}"
    worth = bounded(totals.subscription_usd, unpriced_calls=totals.unpriced_calls)
    return f"{worth} at list price, covered by a plan, {calls_words(totals.calls)}"


def nothing_words(answer: SavingsAnswer) -> str:
    """Why nothing is suggested."""
    if not answer.totals.calls:
        return "No calls were recorded in it, so there is nothing to save."
    least = display_usd(answer.question.least)
    totals = answer.totals
    if (totals.cost_usd if answer.question.billing == "api" else totals.subscription_usd) < answer.question.least:
        return f"Less was spent than a suggestion would have to save ({least}). Lower min_savings to look all the same."
    return f"No rule found {least} or more to save. Lower min_savings to see less."


def measured_words(measured: Measured) -> str:
    """What an applied suggestion saved, as a sentence."""
    if measured.saved_usd is None:
        return measured.why
    units = f"{measured.since.units:,} × {RULES[measured.applied.rule].UNIT}"
    if measured.saved_usd < 0:
        return f"{display_usd(-measured.saved_usd)} more than before, over {units}."
    return f"{display_usd(measured.saved_usd)} saved over {units}."


def measured_text(measured: Iterable[Measured]) -> str:
    """What every applied suggestion saved since."""
    lines = [
        f"{each.applied.saving_id} {each.applied.rule}, applied {instant_words(each.applied.applied_at)}: {measured_words(each)}"
        for each in measured
    ]
    return "\n".join(lines) if lines else "No suggestion was applied yet: note one with `cost-mcp savings applied ID`."


def _suggestion(number: int, suggestion: Suggestion, *, applied: bool) -> list[str]:
    noted = ", applied" if applied else ""
    head = (
        f"{number}. {display_usd(suggestion.saved_usd)} {RULES[suggestion.rule].TITLE} ({suggestion.confidence} confidence{noted}), "
        f"{calls_words(suggestion.calls)} of {display_usd(suggestion.spent_usd)} [{suggestion.saving_id}]"
    )
    return [head, f"   {suggestion.advice} {suggestion.reason}"]
