"""Lists for people: single calls, newest first, also as they come; recent tasks."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from cost_mcp.model.moment import zone
from cost_mcp.model.money import display_usd
from cost_mcp.model.totals import ZERO
from cost_mcp.views.terminal_layout import cells, shortened
from cost_mcp.views.terminal_page import BLANK, Cell, Column, Drawing, Line, Page, Span, Table, line
from cost_mcp.views.terminal_picture import BAR
from cost_mcp.views.terminal_totals import cost_cell, worth_bar, worth_key
from cost_mcp.views.terminal_words import moment_words, period_days, period_title

if TYPE_CHECKING:
    from cost_mcp.model.activity import ListedCall, ListedTask
    from cost_mcp.service.activity import CallsAnswer, ListQuestion, TasksAnswer

_MOMENT_CELLS, _MODEL_CELLS, _COST_CELLS, _TOKEN_CELLS = 15, 24, 10, 9


def calls_page(answer: CallsAnswer, now: datetime) -> Page:
    """A period's calls, newest first, each with its tokens, cost and what must be said of it."""
    calls = answer.page.calls
    page: list[Line | Table | Drawing] = [heading(answer.question), BLANK]
    if not calls:
        return (*page, line(Span("No call is recorded in this period.", "dim")))
    tz, flagged = zone(answer.question.query.period.timezone), any(flags(call) for call in calls)
    columns = (
        Column(title="When"),
        Column(title="Model", shortens=True),
        *(Column(title=title, shortens=True, yields=y) for title, y, _ in _named(calls)),
        Column(title="Prompt", align="right", yields=1),
        Column(title="Cached", align="right", yields=5),
        Column(title="Completion", align="right", yields=1),
        Column(title="Cost", align="point"),
        *([Column(title="")] if flagged else []),
    )
    rows = tuple(_call(call, calls, tz, now, flagged=flagged) for call in calls)
    page.append(Table(columns=columns, rows=rows))
    if answer.next_cursor is not None:
        page.append(line(Span(f"The {len(calls):,} newest; --limit shows more.", "dim")))
    return tuple(page)


def call_line(call: ListedCall, tz: ZoneInfo, now: datetime) -> Line:
    """One call as it comes, in columns of fixed width: when, what model, tokens in and out, cost, whose it is."""
    names = "  ".join(f"{title} {value}" for title, value in (
        ("task", call.task_id), ("agent", call.agent), ("project", call.project),
    ) if value)  # fmt: skip
    amount = call_cost(call)
    said = ", ".join(flags(call))
    return line(
        Span(f"{_moment(call.occurred_at, tz, now):>{_MOMENT_CELLS}}  ", "dim"),
        Span(_padded(call.model, _MODEL_CELLS), "name"),
        f"  {call.input_tokens:>{_TOKEN_CELLS},}",
        Span(" in", "dim"),
        f"  {call.output_tokens:>{_TOKEN_CELLS},}",
        Span(" out", "dim"),
        f"  {' ' * (_COST_CELLS - cells(amount.text))}",
        amount,
        Span(f"  {names}" if names else "", "dim"),
        Span(f"  {said}" if said else "", "warning"),
    )


def tasks_page(answer: TasksAnswer, now: datetime) -> Page:
    """The tasks of a period, the one with the newest call first."""
    tasks = answer.page.tasks
    page: list[Line | Table | Drawing] = [heading(answer.question), BLANK]
    if not tasks:
        hint = line("Calls belong to a task when they name one: ", Span("cost-mcp record --task ID --task-title TITLE", "name"))
        return (*page, line(Span("No call in this period names a task.", "dim")), hint)
    tz = zone(answer.question.query.period.timezone)
    optional = [
        ("Title", "title", 4),
        ("Type", "task_type", 5),
        ("Outcome", "outcome", 1),
    ]
    shown = [(title, name, y) for title, name, y in optional if any(getattr(task, name) for task in tasks)]
    plans = any(task.totals.subscription_usd for task in tasks)
    most = max((task.totals.cost_usd + task.totals.subscription_usd for task in tasks), default=ZERO)
    columns = (
        Column(title="Task", shortens=True),
        *(Column(title=title, shortens=True, yields=y) for title, _, y in shown),
        Column(title="Last call", yields=2),
        Column(title="Calls", align="right", yields=3),
        Column(title="Tokens", align="right", yields=3),
        *([Column(title="Plan", align="point", yields=4)] if plans else []),
        Column(title="Cost", align="point"),
        Column(title="", yields=6, draws=BAR),
    )

    def row(task: ListedTask) -> tuple[Cell, ...]:
        last = task.totals.last_call
        return (
            line(Span(task.task_id, "name")),
            *(line(getattr(task, name) or "") for _, name, _ in shown),
            line(Span("" if last is None else moment_words(last, tz, now), "dim")),
            line(f"{task.totals.calls:,}"),
            line(f"{task.totals.total_tokens:,}"),
            *([line(Span(display_usd(task.totals.subscription_usd), "dim"))] if plans else []),
            cost_cell(task.totals),
            worth_bar(task.totals, most),
        )

    key = worth_key([task.totals for task in tasks])
    page.append(Table(columns=columns, rows=tuple(row(task) for task in tasks), key=key))
    if answer.next_cursor is not None:
        page.append(line(Span(f"The {len(tasks):,} tasks with the newest calls; --limit shows more.", "dim")))
    return tuple(page)


def heading(question: ListQuestion) -> Line:
    """A list's period, zone and filters."""
    period = question.query.period
    only = ", ".join(f"{name.removesuffix('_id').replace('_', ' ')} {value}" for name, value in question.query.filters.items())
    parts = [part for part in (period_days(period), period.timezone, only) if part]
    return line(Span(period_title(period), "strong"), Span("".join(f"  ·  {part}" for part in parts), "dim"))


def flags(call: ListedCall) -> list[str]:
    """What must be said of a call beside its figures."""
    raised = {
        "plan": call.billing == "subscription",
        "provisional": call.provisional,
        "lower bound": call.partial,
        "not counted": not call.counted,
        "corrected": call.revision > 1,
    }
    return [name for name, is_raised in raised.items() if is_raised]


def call_cost(call: ListedCall) -> Span:
    """What a call cost; ``unpriced`` where nobody knows."""
    if call.cost_usd is None:
        return Span("unpriced", "warning")
    style = "dim" if not call.counted or call.billing == "subscription" else "warning" if call.partial else "money"
    return Span(f"{'≥ ' if call.partial else ''}{display_usd(call.cost_usd)}", style)


def _named(calls: tuple[ListedCall, ...]) -> list[tuple[str, int, str]]:
    known = (("Project", 4, "project"), ("Task", 2, "task_id"), ("Agent", 3, "agent"))
    return [each for each in known if any(getattr(call, each[2]) for call in calls)]


def _call(call: ListedCall, calls: tuple[ListedCall, ...], tz: ZoneInfo, now: datetime, *, flagged: bool) -> tuple[Cell, ...]:
    return (
        line(Span(_moment(call.occurred_at, tz, now), "dim")),
        line(Span(call.model, "name")),
        *(line(getattr(call, name) or "") for _, _, name in _named(calls)),
        line(f"{call.input_tokens:,}"),
        line(Span(f"{call.cache_read_input_tokens:,}", "" if call.cache_read_input_tokens else "dim")),
        line(f"{call.output_tokens:,}"),
        line(call_cost(call)),
        *([line(Span(", ".join(flags(call)), "warning"))] if flagged else []),
    )


def _moment(instant: datetime, tz: ZoneInfo, now: datetime) -> str:
    words = moment_words(instant, tz, now)
    return f"{words}:{instant:%S}"


def _padded(text: str, width: int) -> str:
    short = shortened(text, width)
    return short + " " * (width - cells(short))
