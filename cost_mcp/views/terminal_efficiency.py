"""Efficiency for people: a task beside its baseline, and the tables of a period's finished tasks."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from cost_mcp.model.money import display_usd, usd_text
from cost_mcp.model.outcome import KNOWN, Finish, TaskOutcome
from cost_mcp.model.report import NONE_GROUP
from cost_mcp.reports.efficiency import MAIN_SHARE, MIN_SAMPLE, MOST_COMPARED, SUMMING_UP, Baseline, OutcomeCost
from cost_mcp.views.terminal_page import BLANK, Column, Line, Page, Span, Table, line
from cost_mcp.views.terminal_words import period_days, period_title
from cost_mcp.views.text_efficiency import efficiency_lines
from cost_mcp.views.text_time import instant_words

if TYPE_CHECKING:
    from cost_mcp.service.answer import TaskAnswer
    from cost_mcp.service.efficiency import EfficiencyAnswer, TypeEfficiency

_RECORD = line("Say how one ended   ", Span("cost-mcp task done ID --outcome merged|failed|abandoned", "name"))


def task_efficiency(answer: TaskAnswer) -> list[Line]:
    """How a task ended and what it came to beside its baseline, a line each."""
    known = answer.efficiency is not None and answer.efficiency.score is not None
    return [line(Span(said, "" if known else "dim")) for said in efficiency_lines(answer)]


def finish_page(finish: Finish) -> Page:
    """What was noted of a task's end, and what it stands above."""
    *earlier, counts = finish.outcomes
    said = "was noted before as" if finish.status == KNOWN else "is noted as"
    noted = line("Task ", Span(finish.task_id, "name"), f" {said} ", Span(counts.outcome, "strong"), f", {_when(counts)}.")
    before = [
        line(Span(f"It stands above: {one.outcome}, {_when(one)}, noted by {one.by}.", "dim")) for one in reversed(earlier)
    ]
    return (noted, *before)


def efficiency_page(answer: EfficiencyAnswer) -> Page:
    """The finished tasks of a period by type, by outcome and by model."""
    question = answer.question
    period = question.period
    parts = (period_days(period), period.timezone, question.asked.task_type, question.project)
    heading = line(
        Span(f"Efficiency  ·  {period_title(period)}", "strong"), Span("".join(f"  ·  {part}" for part in parts if part), "dim")
    )
    if answer.behind:
        return (heading, BLANK, line(Span(f"Not known: {SUMMING_UP}.", "warning")))
    if not answer.tasks:
        nothing = line("No task finished in this period: none has an outcome in it, or had its last call a day before.")
        return (heading, BLANK, nothing, BLANK, _RECORD)
    page: list[Line | Table] = [heading, BLANK, _overall(answer), BLANK, _types(answer)]
    for one in answer.types:
        if one.models:
            page += [BLANK, _models(one)]
    return (*page, BLANK, *_notes(answer))


def _overall(answer: EfficiencyAnswer) -> Line:
    overall = answer.overall
    tasks = f"{answer.tasks:,} finished {'task' if answer.tasks == 1 else 'tasks'}"
    if overall.score is None:
        return line(f"{tasks}; none of them has {MIN_SAMPLE} comparable ones of its type before it, so there is no score yet.")
    cost, usual = display_usd(overall.cost_usd), display_usd(overall.usual_usd)
    return line(
        "Score ",
        Span(f"{overall.score:f}", "strong"),
        f" from {overall.tasks:,} of {tasks}: they cost {cost}, where {usual} is usual.",
    )


def _types(answer: EfficiencyAnswer) -> Table:
    columns = (
        Column(title="Task type", shortens=True),
        Column(title="Tasks", align="right"),
        Column(title="Merged", align="right", yields=2),
        Column(title="Failed", align="right", yields=3),
        Column(title="Abandoned", align="right", yields=3),
        Column(title="Open", align="right", yields=4),
        Column(title="Usual", align="point"),
        Column(title="Spread", align="point", yields=5),
        Column(title="Score", align="point"),
        Column(title="Per merged", align="point"),
        Column(title="Success", align="right", yields=1),
    )
    rows = tuple(
        (
            line(Span(one.task_type or NONE_GROUP, "name" if one.task_type else "dim")),
            *(_count(count) for count in (one.outcome.tasks, *one.outcome.outcomes.values(), one.outcome.undecided)),
            *_baseline(one.baseline, one.sample if one.task_type else None),
            line("" if one.period.score is None else f"{one.period.score:f}"),
            *_per_merged(one.outcome),
        )
        for one in answer.types
    )
    return Table(columns=columns, rows=rows)


def _models(one: TypeEfficiency) -> Table:
    columns = (
        Column(title=f"{one.task_type} by model", shortens=True),
        Column(title="Tasks", align="right"),
        Column(title="Usual", align="point"),
        Column(title="Spread", align="point", yields=2),
        Column(title="Per merged", align="point"),
        Column(title="Success", align="right", yields=1),
    )
    rows = tuple(
        (
            line(Span(model.model, "name")),
            _count(model.outcome.tasks),
            *_baseline(model.baseline, model.sample),
            *_per_merged(model.outcome),
        )
        for model in one.models
    )
    return Table(columns=columns, rows=rows)


def _notes(answer: EfficiencyAnswer) -> list[Line]:
    said = [
        f"Usual: the median of up to {MOST_COMPARED} tasks, {MIN_SAMPLE} at least; spread: how far from it half of them lie. 1 is as usual, above is cheaper."
    ]
    if any(one.models for one in answer.types):
        said.append(
            f"By model: tasks of which one model is {MAIN_SHARE * 100:.0f} % or more, of the {answer.by_model:,} newest."
        )
    if any(one.outcome.unpriced_tasks for one in answer.types):
        said.append("≥ marks a lower bound: some calls have no known price.")
    if answer.more:
        said.append(f"Only the {answer.tasks:,} tasks that finished last; ask about a shorter period for the others.")
    notes = [line(Span(text, "dim")) for text in said]
    undecided = all(one.outcome.success_percent is None for one in answer.types)
    return [*notes, _RECORD] if undecided else notes


def _baseline(baseline: Baseline | None, sample: int | None) -> tuple[Line, Line]:
    if baseline is None:
        return line(Span("" if sample is None else f"too few ({sample})", "dim")), ()
    return line(Span(display_usd(baseline.median), "money")), line(Span(display_usd(baseline.spread), "dim"))


def _per_merged(one: OutcomeCost) -> tuple[Line, Line]:
    success = "" if one.success_percent is None else f"{usd_text(one.success_percent)} %"
    return line(_amount(one)), line(success)


def _amount(one: OutcomeCost) -> str:
    if one.cost_per_merged_usd is None:
        return ""
    bound = "≥ " if one.unpriced_tasks else ""
    plan: Decimal = one.subscription_per_merged_usd or Decimal(0)
    return f"{bound}{display_usd(one.cost_per_merged_usd)}" + (f" + {display_usd(plan)} plan" if plan else "")


def _count(count: int) -> Line:
    return line(Span(f"{count:,}", "" if count else "dim"))


def _when(one: TaskOutcome) -> str:
    return instant_words(one.done_at)
