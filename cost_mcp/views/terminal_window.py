"""A plan's windows for people: what was used in each, how the running one goes on, how full logs say the allowance is."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from cost_mcp.model.moment import zone
from cost_mcp.model.money import display_usd
from cost_mcp.model.totals import ZERO
from cost_mcp.views.terminal_page import BLANK, Cell, Column, Drawing, Line, Page, Span, Table, line
from cost_mcp.views.terminal_picture import BAR, budget_bar, share_bar
from cost_mcp.views.terminal_words import duration_words, moment_words, period_days

if TYPE_CHECKING:
    from cost_mcp.model.plan_limit import PlanLimit
    from cost_mcp.reports.plan_window import PlanWindow
    from cost_mcp.service.plan_windows import WindowsAnswer


def windows_page(answer: WindowsAnswer) -> Page:
    """Windows source by source, oldest first, the running one told in words below; then what logs said of the allowance."""
    question = answer.question
    tz = zone(question.period.timezone)
    only = ", ".join(f"{name.removesuffix('_id').replace('_', ' ')} {value}" for name, value in question.filters.items())
    parts = [part for part in (period_days(question.period), question.period.timezone, only) if part]
    page: list[Line | Table | Drawing] = [
        line(Span(f"Windows of {question.name}", "strong"), Span("".join(f"  ·  {part}" for part in parts), "dim"))
    ]
    page += [line(Span(note, "warning")) for note in answer.notes]
    if not answer.windows:
        page += [
            BLANK,
            line(Span("No call here is covered by a subscription, and none is billed by use in this period.", "dim")),
        ]
    for source in dict.fromkeys(window.source for window in answer.windows):
        windows = [window for window in answer.windows if window.source == source]
        page += [BLANK, line(Span(source, "name")), _table(windows, answer, tz)]
        page += _running(windows[-1], answer, tz)
    if answer.earlier:
        windows = "1 earlier window" if answer.earlier == 1 else f"{answer.earlier:,} earlier windows"
        page += [BLANK, line(Span(f"{windows}; --limit shows more.", "dim"))]
    if answer.limits:
        page += [BLANK, _limits(answer.limits, tz, question.now)]
    return tuple(page)


def _table(windows: list[PlanWindow], answer: WindowsAnswer, tz: ZoneInfo) -> Table:
    most = max((window.worth_usd for window in windows), default=ZERO)
    columns = (
        Column(title="Window"),
        Column(title="Idle before", align="right", yields=4),
        Column(title="Calls", align="right", yields=2),
        Column(title="Tokens", align="right", yields=1),
        Column(title="At list price", align="point"),
        Column(title="", yields=3, draws=BAR),
        Column(title="", yields=1),
    )

    def row(window: PlanWindow) -> tuple[Cell, ...]:
        running = window.start <= answer.question.now < window.end
        idle = window.idle_before
        bound = "≥ " if window.totals.unpriced_calls else ""
        worth = "unpriced" if window.totals.unpriced else f"{bound}{display_usd(window.worth_usd)}"
        return (
            line(Span(_span(window, tz, answer.question.now), "strong" if running else "")),
            line(Span("" if not idle else duration_words(idle), "dim")),
            line(f"{window.totals.calls:,}"),
            line(f"{window.totals.total_tokens:,}"),
            line(Span(worth, "warning" if window.totals.unpriced_calls else "money")),
            share_bar(window.worth_usd, most, "ok" if running else "picture"),
            line(Span("running" if running else "as told" if window.told else "", "ok" if running else "dim")),
        )

    return Table(columns=columns, rows=tuple(row(window) for window in windows))


def _running(window: PlanWindow, answer: WindowsAnswer, tz: ZoneInfo) -> list[Line]:
    now = answer.question.now
    if not window.start <= now < window.end:
        return [line(Span("No window is running: the next call begins one.", "dim"))]
    ends = f"Ends at {moment_words(window.end, tz, now)}, in {duration_words(window.end - now)}"
    rate = answer.burns.get(window.source)
    if rate is None:
        return [line(f"{ends}; too little of it has passed to tell a rate.")]
    return [
        line(
            f"{ends}. Since its first call {rate.tokens_per_minute:,.0f} tokens a minute and {display_usd(rate.usd_per_hour)} an hour; "
            f"at this rate {rate.projected_tokens:,} tokens and {display_usd(rate.projected_usd)} by its end."
        )
    ]


def _limits(limits: tuple[PlanLimit, ...], tz: ZoneInfo, now: datetime) -> Table:
    columns = (
        Column(title="Allowance", shortens=True),
        Column(title="Window"),
        Column(title="Used", align="right"),
        Column(title="", yields=3, draws=BAR),
        Column(title="Resets", yields=1),
        Column(title="Logs said so", yields=2),
    )

    def row(limit: PlanLimit) -> tuple[Cell, ...]:
        used = limit.used_percent
        over = limit.resets_at is not None and limit.resets_at <= now
        state = "dim" if over else "critical" if used >= 95 else "warning" if used >= 80 else "ok"
        plan = f" ({limit.plan})" if limit.plan else ""
        resets = "" if limit.resets_at is None else "has reset since" if over else f"in {duration_words(limit.resets_at - now)}"
        return (
            line(Span(f"{limit.source} {limit.name}{plan}" if limit.name != limit.source else f"{limit.source}{plan}", "name")),
            line(_length(limit)),
            line(Span(f"{int(used)} %", state)),
            budget_bar(used, ZERO, Decimal(100), state),
            line(Span(resets, "dim")),
            line(Span(moment_words(limit.seen_at, tz, now), "dim")),
        )

    return Table(columns=columns, rows=tuple(row(limit) for limit in limits))


def _length(limit: PlanLimit) -> str:
    minutes = limit.window_minutes
    if minutes is None:
        return limit.window
    hours = round(minutes / 60)
    if hours % 168 == 0 and hours:
        return "week" if hours == 168 else f"{hours // 168} weeks"
    return f"{minutes} min" if hours < 1 else f"{hours} h" if hours < 48 else f"{round(hours / 24)} days"


def _span(window: PlanWindow, tz: ZoneInfo, now: datetime) -> str:
    start, end = window.start.astimezone(tz), window.end.astimezone(tz)
    year = "" if start.year == end.year == now.astimezone(tz).year else " %Y"
    first = f"{start.day:>2} {start:%b{year} %H:%M}"
    return f"{first} – {end:%H:%M}" if end - start <= timedelta(days=1) else f"{first} – {end.day:>2} {end:%b{year} %H:%M}"
