"""A return on investment in sentences; its verdict is the same on every face."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from cost_mcp.model.money import display_usd
from cost_mcp.reports.roi import (
    COSTS_MORE,
    FEW_BASELINE,
    FEW_CURRENT,
    LEVEL_PERCENT,
    MIN_TASKS,
    NO_BASELINE,
    NO_CURRENT,
    RESAMPLES,
    SAVES,
    SEED,
    SPANS_ZERO,
)
from cost_mcp.views.text_time import period_words

if TYPE_CHECKING:
    from cost_mcp.service.returns import ReturnAnswer, Side


def return_text(answer: ReturnAnswer) -> str:
    """The verdict, both sides, and the figures behind it."""
    result = answer.result
    lines = [verdict_words(answer)]
    if answer.before is not None:
        lines.append(f"Before: {side_words(answer.before, result.before_usd)}")
    elif result.before_usd is not None:
        lines.append(f"Before: {display_usd(result.before_usd)} a task, as stated.")
    lines.append(f"Since: {side_words(answer.after, result.after_usd)}")
    if result.saved_usd is not None:
        change = "" if result.percent_change is None else f" ({result.percent_change:+f} %)"
        lines.append(f"Change per task: {display_usd(-result.saved_usd)}{change}{interval_words(answer)}.")
    if result.monthly_saving_usd is not None and result.tasks_per_month is not None:
        lines.append(f"At {result.tasks_per_month:,.0f} tasks a month: {display_usd(result.monthly_saving_usd)} saved a month.")
    lines += [f"Note: {note}" for note in (*answer.notes, *left_out(answer))]
    return "\n".join(lines)


def verdict_words(answer: ReturnAnswer) -> str:
    """What the data say, in a sentence or two."""
    result = answer.result
    if result.verdict == SAVES and result.saved_usd is not None:
        return f"It saves: a task costs {display_usd(result.saved_usd)} less.{_payback(answer)}"
    if result.verdict == COSTS_MORE and result.saved_usd is not None:
        more = display_usd(-result.saved_usd)
        return f"It does not pay: a task costs {more} more than before, and nothing is paid back."
    why = {
        NO_BASELINE: "no task has calls in the baseline.",
        NO_CURRENT: "no task has calls in the current period.",
        FEW_BASELINE: f"the baseline has {_tasks(answer.before)}; it takes {MIN_TASKS} on each side.",
        FEW_CURRENT: f"the current period has {_tasks(answer.after)}; it takes {MIN_TASKS} on each side.",
    }
    if result.why == SPANS_ZERO and result.saved is not None:
        dearer, cheaper = display_usd(max(Decimal(0), -result.saved[0])), display_usd(max(Decimal(0), result.saved[1]))
        return (
            f"The data cannot tell: a task may cost up to {cheaper} less or up to {dearer} more ({LEVEL_PERCENT} % interval)."
        )
    return f"The data cannot tell: {why[result.why or NO_CURRENT]}"


def _payback(answer: ReturnAnswer) -> str:
    result = answer.result
    if result.payback_months is None or result.payback is None:
        return ""
    invested = display_usd(answer.question.investment)
    if not answer.question.investment:
        return " Nothing was invested that would have to be paid back."
    soonest, latest = result.payback
    if latest == soonest:
        return f" {invested} is paid back in {months(result.payback_months)}."
    until = "" if latest is None else f" (between {months(soonest)} and {months(latest)})"
    return f" {invested} is paid back in {months(result.payback_months)}{until}."


def months(count: Decimal) -> str:
    """A number of months, in days below two and in years from two years on."""
    if count < 2:
        days = count * Decimal("30.4")
        return "a day" if days < 1 else f"{days:.0f} days" if days >= Decimal("1.5") else "a day"
    return f"{count:.1f} months" if count < 24 else f"{count / 12:,.1f} years"


def interval_words(answer: ReturnAnswer) -> str:
    """The interval of the change per task and how it was made; empty where there is none."""
    saved = answer.result.saved
    if saved is None:
        return ""
    return (
        f", {LEVEL_PERCENT} % interval {display_usd(-saved[1])} to {display_usd(-saved[0])} (bootstrap, {RESAMPLES:,} resamples, "
        f"seed {SEED})"
    )


def side_words(side: Side, mean: Decimal | None) -> str:
    """One period's tasks in a line."""
    each = "" if mean is None else f", {display_usd(mean)} a task"
    return f"{period_words(side.period)}: {_tasks(side)}{each}."


def left_out(answer: ReturnAnswer) -> tuple[str, ...]:
    """What of the two periods is not part of the comparison."""
    notes: list[str] = []
    for name, side in (("baseline", answer.before), ("current period", answer.after)):
        if side is None:
            continue
        if side.unpriced_tasks:
            notes.append(f"{side.unpriced_tasks:,} tasks of the {name} have calls without a known price, and are left out.")
        if side.ended_otherwise:
            notes.append(f"{side.ended_otherwise:,} tasks of the {name} ended otherwise or have not ended, and are left out.")
        if side.without_task_usd:
            notes.append(f"{display_usd(side.without_task_usd)} of the {name} is of calls that name no task, and left out.")
        if side.other_usd:
            other = "covered by a plan" if answer.question.filters.get("billing", "api") == "api" else "billed by use"
            notes.append(f"{display_usd(side.other_usd)} of the {name} is {other}, and left out.")
    return tuple(notes)


def _tasks(side: Side | None) -> str:
    count = 0 if side is None else len(side.costs)
    return "no task" if not count else "1 task" if count == 1 else f"{count:,} tasks"
