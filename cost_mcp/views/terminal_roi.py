"""A return on investment for people: the verdict first, then both sides and what follows from them."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from cost_mcp.model.money import display_usd
from cost_mcp.reports.roi import CANNOT_TELL, COSTS_MORE, LEVEL_PERCENT, RESAMPLES, SAVES, SEED
from cost_mcp.views.terminal_page import BLANK, Cell, Column, Line, Page, Span, Table, line
from cost_mcp.views.terminal_picture import BAR, share_bar
from cost_mcp.views.terminal_words import period_days, period_title
from cost_mcp.views.text_roi import left_out, months, verdict_words

if TYPE_CHECKING:
    from cost_mcp.service.returns import ReturnAnswer, Side

_VERDICTS = {SAVES: "ok", COSTS_MORE: "critical", CANNOT_TELL: "warning"}


def return_page(answer: ReturnAnswer) -> Page:
    """The verdict, the cost of a task before and since, and what that comes to in a month and a year."""
    words = verdict_words(answer)
    head, colon, rest = words.partition(":")
    page: list[Line | Table] = [line(Span(head + colon, _VERDICTS[answer.result.verdict]), rest), BLANK, _sides(answer)]
    if answer.result.saved_usd is not None:
        page += [BLANK, _figures(answer)]
    remarks = [line(Span(note, "warning")) for note in answer.notes]
    remarks += [line(Span(note, "dim")) for note in left_out(answer)]
    if answer.result.saved is not None:
        remarks.append(
            line(
                Span(f"Between: {LEVEL_PERCENT} % interval by bootstrap, {RESAMPLES:,} resamples of tasks, seed {SEED}.", "dim")
            )
        )
    return (*page, *([BLANK, *remarks] if remarks else []))


def _sides(answer: ReturnAnswer) -> Table:
    result = answer.result
    most = max(result.before_usd or Decimal(0), result.after_usd or Decimal(0))
    columns = (
        Column(title=""),
        Column(title="Period", shortens=True, yields=2),
        Column(title="Tasks", align="right"),
        Column(title="Calls", align="right", yields=1),
        Column(title="A task costs", align="point"),
        Column(title="", yields=3, draws=BAR),
    )
    rows = (
        _side("Before", answer.before, result.before_usd, most),
        _side("Since", answer.after, result.after_usd, most),
    )
    return Table(columns=columns, rows=rows)


def _side(name: str, side: Side | None, mean: Decimal | None, most: Decimal) -> tuple[Cell, ...]:
    if side is None:
        period, tasks, calls = "as stated", "", ""
    else:
        period = period_days(side.period) or period_title(side.period)
        tasks, calls = f"{len(side.costs):,}", f"{side.calls:,}"
    cost = line(Span("–", "dim")) if mean is None else line(Span(display_usd(mean), "money"))
    return (
        line(Span(name, "name")),
        line(Span(period, "dim")),
        line(tasks),
        line(calls),
        cost,
        share_bar(mean or Decimal(0), most),
    )


def _figures(answer: ReturnAnswer) -> Table:
    result = answer.result
    sure = result.saved is not None
    columns = (
        Column(title=""),
        Column(title="", align="right"),
        *([Column(title="Between", align="right", yields=1)] if sure else []),
    )
    rows: list[tuple[Cell, ...]] = []

    def add(what: str, value: str, between: str, style: str = "") -> None:
        rows.append((line(what), line(Span(value, style)), *([line(Span(between, "dim"))] if sure else [])))

    saved = result.saved_usd or Decimal(0)
    add("Saved a task", display_usd(saved), _bounds(result.saved), "money")
    if result.percent_change is not None:
        add("Change", f"{result.percent_change:+f} %", "")
    if result.tasks_per_month is not None:
        add("Tasks a month", f"{result.tasks_per_month:,.0f}", "")
    if result.monthly_saving_usd is not None:
        add("Saved a month", display_usd(result.monthly_saving_usd), _bounds(result.monthly_saving), "money")
    add("Investment", display_usd(answer.question.investment), "")
    if result.payback_months is not None:
        payback = result.payback
        latest = "" if payback is None else "never" if payback[1] is None else months(payback[1])
        add(
            "Paid back in",
            months(result.payback_months),
            "" if payback is None else f"{months(payback[0])} – {latest}",
            "strong",
        )
    if result.first_year_percent is not None:
        add("Return in a year", f"{result.first_year_percent:+,.0f} %", "")
    return Table(columns=columns, rows=tuple(rows))


def _bounds(bounds: tuple[Decimal, Decimal] | None) -> str:
    return "" if bounds is None else f"{display_usd(bounds[0])} – {display_usd(bounds[1])}"
