"""Forecasts for people: what day, week and month will come to, the usual week, and which budgets will not last."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from cost_mcp.model.moment import zone
from cost_mcp.model.money import display_usd
from cost_mcp.model.period import WEEKDAYS
from cost_mcp.views.terminal_page import BLANK, Cell, Column, Line, Page, Span, Table, line
from cost_mcp.views.terminal_picture import BAR, share_bar
from cost_mcp.views.terminal_words import moment_words
from cost_mcp.views.text_budget import amount_words
from cost_mcp.views.text_forecast import method_words, percent_words, title

if TYPE_CHECKING:
    from decimal import Decimal

    from cost_mcp.service.forecasting import ForecastAnswer, WindowForecast

_OUTLOOKS = {
    "reached": ("already", "exceeded"),
    "likely": ("yes", "critical"),
    "possible": ("perhaps", "warning"),
    "unlikely": ("hardly", "ok"),
    "unknown": ("not known", "dim"),
}


def forecast_page(answer: ForecastAnswer) -> Page:
    """The periods' ends, the weekday pattern, the budgets, and how it was worked out."""
    tz = zone(answer.timezone)
    only = "".join(f"  ·  {name.removesuffix('_id').replace('_', ' ')} {value}" for name, value in answer.filters.items())
    now = answer.now.astimezone(tz)
    page: list[Line | Table] = [
        line(Span("Forecast", "strong"), Span(f"  ·  {now:%A %Y-%m-%d %H:%M}, {answer.timezone}{only}", "dim")),
        BLANK,
    ]
    if answer.windows:
        page += [_periods(answer.windows)]
    if answer.pattern is not None and any(answer.pattern):
        page += [BLANK, _week(answer.pattern)]
    if answer.budgets:
        page += [*([BLANK] if answer.windows else []), _budgets(answer)]
    page += _remarks(answer)
    return tuple(page)


def _periods(windows: tuple[WindowForecast, ...]) -> Table:
    sure = any(window.low is not None for window in windows)
    tested = any(_is_tested(window) for window in windows)
    columns = (
        Column(title=""),
        Column(title="Spent", align="point"),
        Column(title="By its end", align="point"),
        *([Column(title="8 times in 10", align="right")] if sure else []),
        *(
            [Column(title="Was off by", align="right", yields=2), Column(title="Tries", align="right", yields=3)]
            if tested
            else []
        ),
        *([Column(title="Interval held", align="right", yields=4)] if tested and sure else []),
    )
    rows = tuple(
        (
            line(Span(title(window), "name")),
            _amount(window, window.spent, "money", bound=window.lower_bound),
            _amount(window, window.expected, "strong", bound=window.expected_lower_bound),
            *([_between(window)] if sure else []),
            *(_tested(window) if tested else ()),
            *([_held(window)] if tested and sure else []),
        )
        for window in windows
    )
    return Table(columns=columns, rows=rows)


def _week(pattern: tuple[Decimal, ...]) -> Table:
    most = max(pattern)
    columns = (Column(title="Usual day"), Column(title="Cost", align="point"), Column(title="", yields=1, draws=BAR))
    rows = tuple(
        (line(Span(day.capitalize(), "name")), line(Span(display_usd(amount), "money")), share_bar(amount, most))
        for day, amount in zip(WEEKDAYS, pattern, strict=True)
    )
    return Table(columns=columns, rows=rows)


def _budgets(answer: ForecastAnswer) -> Table:
    sure = any(window.low is not None for window in answer.budgets)
    tested = any(_is_tested(window) for window in answer.budgets)
    columns = (
        Column(title="Budget", shortens=True),
        Column(title="Spent", align="point", yields=2),
        Column(title="Limit", align="point"),
        Column(title="By its end", align="point"),
        *([Column(title="8 times in 10", align="right", yields=1)] if sure else []),
        *(
            [Column(title="Was off by", align="right", yields=3), Column(title="Tries", align="right", yields=4)]
            if tested
            else []
        ),
        Column(title="Limit reached"),
    )
    rows = tuple(_budget(window, answer.now, sure=sure, tested=tested) for window in answer.budgets)
    return Table(columns=columns, rows=rows)


def _budget(window: WindowForecast, now: datetime, *, sure: bool, tested: bool) -> tuple[Cell, ...]:
    standing = window.standing
    assert standing is not None
    name = window.name if standing.each_value is None else f"{window.name}: {standing.each_value}"
    past = window.expected is not None and window.expected >= standing.budget.limit
    return (
        line(Span(name, "name")),
        _amount(window, window.spent, "money", bound=window.lower_bound),
        line(amount_words(standing.budget.limit, window.unit)),
        _amount(window, window.expected, "critical" if past else "strong", bound=window.expected_lower_bound),
        *([_between(window)] if sure else []),
        *(_tested(window) if tested else ()),
        _outlook(window, now),
    )


def _outlook(window: WindowForecast, now: datetime) -> Line:
    if window.outlook is None or window.standing is None:
        return ()
    words, style = _OUTLOOKS[window.outlook]
    if window.outlook == "likely" and window.limit_at is not None:
        words = moment_words(window.limit_at, zone(window.standing.budget.timezone), now)
    return line(Span(words, style))


def _amount(window: WindowForecast, amount: Decimal | None, style: str, *, bound: bool) -> Line:
    if amount is None:
        return line(Span("–", "dim"))
    return line(Span(f"{'≥ ' if bound else ''}{amount_words(amount, window.unit)}", style))


def _between(window: WindowForecast) -> Line:
    if window.low is None or window.high is None:
        return line(Span("–", "dim"))
    return line(f"{amount_words(window.low, window.unit)} – {amount_words(window.high, window.unit)}")


def _tested(window: WindowForecast) -> tuple[Line, Line]:
    tested = window.back_test
    if tested is None or tested.median_error_percent is None:
        return line(Span("–", "dim")), line(Span("–", "dim"))
    return line(percent_words(tested.median_error_percent)), line(Span(f"{tested.measured}", "dim"))


def _is_tested(window: WindowForecast) -> bool:
    return window.back_test is not None and window.back_test.measured > 0


def _held(window: WindowForecast) -> Line:
    tested = window.back_test
    if tested is None or not tested.intervals:
        return line(Span("–", "dim"))
    return line(f"{tested.covered} of {tested.intervals}")


def _remarks(answer: ForecastAnswer) -> list[Line]:
    remarks = [line(Span(note, "warning")) for note in answer.notes]
    remarks += [line(Span(said, "dim"))] if (said := method_words(answer)) else []
    if any(_is_tested(window) for window in (*answer.windows, *answer.budgets)):
        said = (
            "“Was off by”: the median share by which forecasts made at this time of earlier days missed what was still to come."
        )
        remarks.append(line(Span(said, "dim")))
    reasons = dict.fromkeys(f"{window.name}: {window.why}" for window in answer.budgets if window.why)
    remarks += [line(Span(reason, "dim")) for reason in reasons]
    if any(window.expected_lower_bound for window in (*answer.windows, *answer.budgets)):
        remarks.append(line(Span("≥ marks a lower bound: some calls have no known price.", "warning")))
    return [BLANK, *remarks] if remarks else []
