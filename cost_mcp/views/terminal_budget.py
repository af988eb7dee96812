"""Budgets for people: where they stand, with bars; how they are set; how they changed."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from cost_mcp.model.budget import Budget, Standing
from cost_mcp.model.moment import zone
from cost_mcp.model.money import display_usd
from cost_mcp.model.period import WEEKDAYS
from cost_mcp.model.unpriced import USUAL_UNPRICED
from cost_mcp.views.shape_budget import is_lower_bound, tightest_first
from cost_mcp.views.terminal_page import BLANK, Cell, Column, Drawing, Line, Page, Picture, Span, Table, line
from cost_mcp.views.terminal_picture import BAR, FREE, HELD, SPENT, budget_bar
from cost_mcp.views.terminal_words import duration_words, moment_words
from cost_mcp.views.text import calls_words
from cost_mcp.views.text_budget import amount_words, left_words
from cost_mcp.views.text_estimate import fitting_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from cost_mcp.ledger.contract import BudgetChange
    from cost_mcp.service.answer import BudgetAnswer

_DECISIONS = {"allow": "ok", "warn": "warning", "deny": "critical"}
_KEY = line(Span(f"{SPENT} spent  {HELD} held for calls to come  {FREE} left", "dim"))
NO_BUDGETS: Page = (
    line("No budget is set: nothing limits what is spent."),
    BLANK,
    line("Watch a day    ", Span("cost-mcp budget --daily 10", "name")),
    line("Hold a limit   ", Span("cost-mcp budget set NAME --limit 50 --period week --mode enforce", "name")),
)


def status_page(answer: BudgetAnswer, now: datetime) -> Page:
    """Where budgets stand, the tightest first, after the decision when a spend was asked about."""
    page: list[Line | Table | Drawing] = []
    if answer.decision is not None:
        word = answer.decision.decision
        page.append(line(Span(word.upper(), _DECISIONS[word]), f"  {answer.decision.why}"))
        page += [] if answer.fitting is None else [line(fitting_text(answer.fitting))]
        page.append(BLANK)
    if answer.standings:
        page += [standings_table(answer.standings, now, projected=True), *_unpriced(answer.standings)]
    elif answer.decision is None:
        page += NO_BUDGETS
    return (*page, *(line(Span(note, "warning")) for note in answer.notes))


def standings_table(standings: Iterable[Standing], now: datetime, *, projected: bool = False) -> Table:
    """One row per budget window: a bar, spent of the limit, what is left, when it starts anew, its state.

    Asked for what is ``projected``, also what each window comes to at its end at the rate so far.
    """
    shown = tightest_first(standings)
    scoped = any(standing.budget.scope.conditions for standing in shown)
    reserved = any(standing.reserved for standing in shown)
    projected = projected and any(standing.projected is not None for standing in shown)
    columns = (
        Column(title="Budget", shortens=True),
        *([Column(title="Covers", shortens=True, yields=5)] if scoped else []),
        Column(title="", yields=1, draws=BAR),
        Column(title="Used", align="right"),
        Column(title="Spent", align="point"),
        *([Column(title="Held", align="point", yields=3)] if reserved else []),
        Column(title="Limit", align="point"),
        Column(title="Left", align="point", yields=2),
        *([Column(title="Projected", align="point", yields=3)] if projected else []),
        Column(title="Resets", yields=4),
        Column(title="State"),
    )
    rows = tuple(_standing(s, now, scoped=scoped, reserved=reserved, projected=projected) for s in shown)
    return Table(columns=columns, rows=rows, key=_KEY if reserved else ())


def budgets_page(budgets: Sequence[Budget]) -> Page:
    """How every budget is set; where each comes from, as soon as one was declared in a file or the environment."""
    if not budgets:
        return NO_BUDGETS
    columns: tuple[Column, ...] = (
        Column(title="Budget", shortens=True),
        Column(title="Limit", align="point"),
        Column(title="Per"),
        Column(title="Covers", shortens=True, yields=1),
        Column(title="Mode"),
        Column(title="Zone", yields=2),
        Column(title="Thresholds", yields=3),
    )
    rows = tuple(_definition(budget) for budget in budgets)
    if any(budget.unpriced != USUAL_UNPRICED[budget.mode] for budget in budgets if budget.unit == "usd"):
        columns = (*columns, Column(title="Unpriced", yields=1))
        rows = tuple((*row, line(unpriced_words(b) if b.unit == "usd" else "")) for row, b in zip(rows, budgets))
    if any(budget.origin != "cli" for budget in budgets):
        columns = (*columns, Column(title="From", shortens=True))
        rows = tuple((*row, line(_from(budget))) for row, budget in zip(rows, budgets))
    return (Table(columns=columns, rows=rows),)


def set_page(budgets: Sequence[Budget]) -> Page:
    """What was set, a sentence each."""
    return tuple(_set_line(budget) for budget in budgets)


def history_page(changes: Sequence[BudgetChange], timezone: str, now: datetime) -> Page:
    """Every change, oldest first: when, who, what."""
    if not changes:
        return (line("No budget was ever set here."),)
    columns = (
        Column(title="When"),
        Column(title="Budget", shortens=True),
        Column(title="By", shortens=True, yields=1),
        Column(title="Change"),
    )
    tz = zone(timezone)
    rows = tuple(
        (
            line(moment_words(change.changed_at, tz, now)),
            line(Span(change.name, "name")),
            line(Span(change.changed_by, "dim")),
            line(change_words(change)),
        )
        for change in changes
    )
    return (Table(columns=columns, rows=rows),)


def change_words(change: BudgetChange) -> str:
    """What a change changed: ``made: $10.00 per day, alert``, ``limit $10.00 → $20.00``, ``removed``."""
    if change.after is None:
        return "removed"
    if change.before is None:
        return f"made: {_limit(change.after)} {change.after.per}, {change.after.mode}"
    pairs = zip(_facets(change.before), _facets(change.after), strict=True)
    changed = [f"{name} {old} → {new}" for (name, old), (_, new) in pairs if old != new]
    return ", ".join(changed) or "set again, unchanged"


def covers_words(budget: Budget) -> str:
    """What a budget covers: ``all calls``, ``project=shop``, ``each session_id``."""
    each = f"each {budget.each}" if budget.each is not None else ""
    if not budget.scope.conditions:
        return each or "all calls"
    return f"{budget.scope}, {each}" if each else str(budget.scope)


def unpriced_words(budget: Budget) -> str:
    """What calls without a known price mean to a budget: ``deny``, ``warn``, ``assume $3.00 in, $15.00 out per million tokens``."""
    price = budget.assumed
    if price is None:
        return budget.unpriced
    return f"assume {display_usd(price.input)} in, {display_usd(price.output)} out per million tokens"


def _facets(budget: Budget) -> tuple[tuple[str, str], ...]:
    steps = budget.thresholds
    return (
        ("limit", _limit(budget)),
        ("period", budget.period),
        ("mode", budget.mode),
        ("covers", covers_words(budget)),
        ("zone", budget.timezone),
        ("week start", WEEKDAYS[budget.week_start]),
        ("thresholds", _percents(steps.info, steps.warning, steps.critical, steps.exceeded)),
        ("subscription calls", "count" if budget.include_subscription else "do not count"),
        ("unpriced calls", unpriced_words(budget)),
    )


def _percents(*steps: object) -> str:
    return ", ".join(f"{step:f}" for step in steps) + " %"


def _limit(budget: Budget) -> str:
    return amount_words(budget.limit, budget.unit)


def _standing(standing: Standing, now: datetime, *, scoped: bool, reserved: bool, projected: bool) -> tuple[Cell, ...]:
    budget = standing.budget
    bound = "≥ " if is_lower_bound(standing) else "≈ " if standing.assumed else ""
    name = budget.name if standing.each_value is None else f"{budget.name}: {standing.each_value}"
    left = left_words(standing.remaining, budget.unit)
    end = standing.window_end
    mode = "" if budget.mode == "alert" else f", {budget.mode}"
    return (
        line(Span(name, "name")),
        *([line(Span(covers_words(budget), "dim"))] if scoped else []),
        _bar(standing),
        line(f"{bound}{int(standing.used_percent)} %"),
        line(Span(bound + amount_words(standing.spent, budget.unit), "money")),
        *([line(amount_words(standing.reserved, budget.unit))] if reserved else []),
        line(_limit(budget)),
        line(Span(left, "critical" if standing.remaining < 0 else "")),
        *([_projected(standing, bound)] if projected else []),
        line(Span("never" if end is None else f"in {duration_words(end - now)}", "dim")),
        line(Span(standing.state, standing.state), Span(mode, "dim")),
    )


def _projected(standing: Standing, bound: str) -> Line:
    if standing.projected is None:
        return line(Span("–", "dim"))
    past = standing.projected > standing.budget.limit
    return line(Span(bound + amount_words(standing.projected, standing.budget.unit), "warning" if past else "dim"))


def _bar(standing: Standing) -> Picture:
    style = standing.state if standing.state != "exceeded" else "critical"
    return budget_bar(standing.spent, standing.reserved, standing.budget.limit, style)


def _unpriced(standings: Sequence[Standing]) -> list[Line]:
    notes: list[Line] = []
    if any(is_lower_bound(standing) for standing in standings):
        notes.append(line(Span("≥ marks a lower bound: some calls have no known price.", "warning")))
    for standing in standings:
        if standing.assumed:
            known = f"≈ holds {amount_words(standing.assumed, 'usd')} that {standing.budget.name} assumes"
            notes.append(line(Span(f"{known} for {calls_words(standing.unpriced_calls)} without a known price.", "warning")))
    return [BLANK, *notes] if notes else []


def _definition(budget: Budget) -> tuple[Line, ...]:
    steps = budget.thresholds
    return (
        line(Span(budget.name, "name")),
        line(Span(_limit(budget), "money")),
        line(budget.period),
        line(covers_words(budget)),
        line(budget.mode),
        line(Span(budget.timezone, "dim")),
        line(Span(_percents(steps.info, steps.warning, steps.critical, steps.exceeded), "dim")),
    )


def _from(budget: Budget) -> str:
    return {"cli": "command line"}.get(budget.origin, budget.origin.removeprefix("file:"))


def _set_line(budget: Budget) -> Line:
    means = {
        "alert": "warns and never denies",
        "enforce": "denies what would exceed it",
        "shadow": "records what it would have denied",
    }[budget.mode]
    return line(
        "Budget ",
        Span(budget.name, "name"),
        ": ",
        Span(_limit(budget), "money"),
        f" {budget.per}, {covers_words(budget)}, in {budget.timezone}; it {means} ({budget.mode}).{_set_unpriced(budget)}",
    )


def _set_unpriced(budget: Budget) -> str:
    if budget.unit != "usd" or budget.unpriced == USUAL_UNPRICED[budget.mode]:
        return ""
    return f" Calls without a known price: {unpriced_words(budget)}."


def removed_page(budget: Budget) -> Page:
    """What was removed."""
    return (line("Removed ", Span(budget.name, "name"), f" ({_limit(budget)} {budget.per}); its history stays."),)
