"""Savings for people: the money in a table, most first, and under it a sentence each on what to do."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from cost_mcp.model.moment import instant_text, zone
from cost_mcp.model.money import display_usd
from cost_mcp.model.period import Period
from cost_mcp.reports.savings.measuring import Measured
from cost_mcp.reports.savings.registry import RULES
from cost_mcp.reports.savings.rule import Suggestion
from cost_mcp.views.terminal_page import BLANK, Column, Line, Page, Span, Table, line
from cost_mcp.views.terminal_words import moment_words, period_days, period_title
from cost_mcp.views.text import calls_words
from cost_mcp.views.text_savings import OVERLAP, measured_words, nothing_words, spent_words, unseen_words

if TYPE_CHECKING:
    from cost_mcp.service.savings import SavingNoted, SavingsAnswer, SavingShown

_SURE = {"low": "dim", "medium": "info", "high": "ok"}


def savings_page(answer: SavingsAnswer, now: datetime) -> Page:
    """The suggestions for a period, or why there is none."""
    page: list[Line | Table] = [_heading(answer.period), BLANK]
    if not answer.suggestions:
        page.append(line(nothing_words(answer).replace("min_savings", "--min-savings")))
        return (*page, *_remarks(answer))
    page.append(line("up to ", Span(display_usd(answer.total_usd), "money"), Span(f"  ·  of {spent_words(answer)}", "dim")))
    page += [BLANK, _table(answer, now), BLANK]
    for number, suggestion in enumerate(answer.suggestions, 1):
        indent = " " * (len(str(number)) + 2)
        page.append(line(Span(f"{number}  ", "dim"), suggestion.advice))
        page.append((Span(indent), Span(suggestion.reason, "dim")))
    page.append(BLANK)
    if answer.left_off:
        page.append(line(Span(f"{answer.left_off} more, of less money: raise --limit.", "dim")))
    page += [line(Span(OVERLAP, "dim")), *_remarks(answer), BLANK]
    first = answer.suggestions[0].saving_id
    page.append(line("The calls behind one   ", Span(f"cost-mcp savings show {first}{_same_calls(answer)}", "name")))
    page.append(line("Once you acted on it   ", Span(f"cost-mcp savings applied {first}", "name")))
    return tuple(page)


def saving_shown_page(shown: SavingShown, now: datetime) -> Page:
    """One suggestion, and the first of the calls behind it."""
    suggestion, tz = shown.suggestion, zone(shown.question.period.timezone)
    page: list[Line | Table] = [
        line(Span(RULES[suggestion.rule].TITLE, "strong"), Span(f"  ·  {suggestion.saving_id}", "dim")),
        BLANK,
        line(
            Span(display_usd(suggestion.saved_usd), "money"),
            Span(f"  ·  of {display_usd(suggestion.spent_usd)} in {calls_words(suggestion.calls)}", "dim"),
            Span(f"  ·  {period_days(shown.question.period)}", "dim"),
        ),
        line(suggestion.advice),
        line(Span(f"Confidence {suggestion.confidence}: {suggestion.reason}", "dim")),
    ]
    if shown.applied is not None:
        page.append(line(Span(f"Applied {moment_words(shown.applied.applied_at, tz, now)}.", "ok")))
    columns = (
        Column(title="When"),
        Column(title="Call", shortens=True),
        Column(title="Model", shortens=True, yields=2),
        Column(title="Session or task", shortens=True, yields=1),
        Column(title="Cost", align="point"),
    )
    rows = tuple(
        (
            line(moment_words(call.occurred_at, tz, now)),
            line(Span(call.call_id, "name")),
            line(call.model),
            line(Span(call.session_id or call.task_id or "", "dim")),
            line(Span(display_usd(call.cost_usd), "money")),
        )
        for call in shown.calls
    )
    page += [BLANK, Table(columns=columns, rows=rows)]
    if suggestion.calls > len(shown.calls):
        page += [BLANK, line(Span(f"The first {len(shown.calls)} of {suggestion.calls:,} calls; more with --limit.", "dim"))]
    return tuple(page)


def saving_noted_page(noted: SavingNoted, timezone: str, now: datetime) -> Page:
    """What was noted about a suggestion, and what comes of it."""
    saving, tz = noted.saving, zone(timezone)
    title = line(Span(RULES[saving.rule].TITLE, "strong"), Span(f"  ·  {saving.saving_id}", "dim"))
    if saving.dropped_at is not None:
        ended = moment_words(saving.dropped_at, tz, now)
        return (title, line(f"Dropped {ended}: what it saved is measured up to then."), _see_measured())
    since = moment_words(saving.applied_at, tz, now)
    already = "Already noted: applied" if noted.outcome == "exists" else "Applied"
    baseline = saving.baseline
    unit = RULES[saving.rule].UNIT
    before = f"The 30 days before: {display_usd(baseline.usd)} over {baseline.units:,} × {unit}. What comes after is held against that."
    return (title, line(f"{already} {since}."), line(Span(before, "dim")), _see_measured())


def measured_page(measured: Sequence[Measured], timezone: str, now: datetime) -> Page:
    """What every applied suggestion saved since."""
    if not measured:
        return (
            line("No suggestion was applied yet."),
            BLANK,
            line("See what could be saved   ", Span("cost-mcp savings", "name")),
        )
    tz = zone(timezone)
    columns = (
        Column(title="Since"),
        Column(title="What", shortens=True),
        Column(title="Where", shortens=True, yields=1),
        Column(title="Saved", align="point"),
        Column(title="Id", yields=2),
    )
    rows = tuple(
        (
            line(moment_words(each.applied.applied_at, tz, now)),
            line(RULES[each.applied.rule].TITLE),
            line(Span(_where(each.applied.subject), "name")),
            _saved(each),
            line(Span(each.applied.saving_id, "dim")),
        )
        for each in measured
    )
    sentences = [line(Span(f"{each.applied.saving_id}  ", "dim"), measured_words(each)) for each in measured]
    return (Table(columns=columns, rows=rows), BLANK, *sentences)


def _table(answer: SavingsAnswer, now: datetime) -> Table:
    applied = bool({each.saving_id for each in answer.suggestions} & answer.applied.keys())
    columns = (
        Column(title="", align="right", yields=4),
        Column(title="Saves", align="point"),
        Column(title="Of", align="point", yields=3),
        Column(title="What", shortens=True),
        Column(title="Where", shortens=True, yields=1),
        Column(title="Sure"),
        Column(title="Calls", align="right", yields=2),
        *([Column(title="Applied", yields=2)] if applied else []),
        Column(title="Id"),
    )
    tz = zone(answer.period.timezone)

    def cells(number: int, suggestion: Suggestion) -> tuple[Line, ...]:
        noted = answer.applied.get(suggestion.saving_id)
        since = "" if noted is None else moment_words(noted.applied_at, tz, now)
        return (
            line(Span(str(number), "dim")),
            line(Span(display_usd(suggestion.saved_usd), "money")),
            line(Span(display_usd(suggestion.spent_usd), "dim")),
            line(RULES[suggestion.rule].TITLE),
            line(Span(_where(suggestion.named()), "name")),
            line(Span(suggestion.confidence, _SURE[suggestion.confidence])),
            line(f"{suggestion.calls:,}"),
            *([line(Span(since, "ok"))] if applied else []),
            line(Span(suggestion.saving_id, "dim")),
        )

    return Table(columns=columns, rows=tuple(cells(number, each) for number, each in enumerate(answer.suggestions, 1)))


def _same_calls(answer: SavingsAnswer) -> str:
    """The options that ask about the same calls once more."""
    period = answer.period
    asked = {"period": period.name} if period.name not in ("month", "custom") else {}
    if period.name == "custom":
        asked = {"start": instant_text(period.start), "end": instant_text(period.end)}
    asked |= {name.removesuffix("_id").replace("_", "-"): value for name, value in answer.question.query.filters.items()}
    return "".join(f" --{name} {shlex.quote(value)}" for name, value in asked.items())


def _remarks(answer: SavingsAnswer) -> list[Line]:
    lines: list[Line] = []
    if answer.totals.unpriced_calls:
        count = calls_words(answer.totals.unpriced_calls)
        lines.append(line(Span(f"{count} without a known price: nothing is claimed for them.", "warning")))
    if answer.totals.subscription_usd and answer.question.billing == "api":
        lines.append(
            line(Span("Calls covered by a subscription are left out; look at them with --billing subscription.", "dim"))
        )
    return lines + [line(Span(sentence, "dim")) for sentence in unseen_words(answer)]


def _heading(period: Period) -> Line:
    days = period_days(period)
    return line(Span(f"Savings  ·  {period_title(period)}", "strong"), Span(f"  {days}" if days else "", "dim"))


def _where(subject: Mapping[str, str]) -> str:
    # Whose model it is tells nothing more; only a model without a name of its own leaves the provider to go by.
    return " · ".join(value for name, value in subject.items() if name != "provider" or "model" not in subject)


def _saved(measured: Measured) -> Line:
    if measured.saved_usd is None:
        return line(Span("too early", "dim"))
    return line(Span(display_usd(measured.saved_usd), "money" if measured.saved_usd >= 0 else "critical"))


def _see_measured() -> Line:
    return line("See what it saves   ", Span("cost-mcp savings measured", "name"))
