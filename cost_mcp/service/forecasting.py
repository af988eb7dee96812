"""What the day, the week, the month and the windows of the budgets will come to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from typing import TYPE_CHECKING

from cost_mcp.budgets.projection import projected
from cost_mcp.errors import InvalidInput, NotFound, UnknownName
from cost_mcp.ledger.spend_history import DayCut, DaySum, HistoryAsked, SpendHistory
from cost_mcp.model.moment import zone
from cost_mcp.model.money import usd
from cost_mcp.model.name import EMPTY_TAGS, clean_name
from cost_mcp.model.period import calendar_span, day_start
from cost_mcp.reports.forecast import HISTORY_DAYS, NONE, RUN_RATE, BackTest, Day, Expected, Forecaster
from cost_mcp.service.fields import Fields, present
from cost_mcp.service.question import read_report_question

if TYPE_CHECKING:
    from cost_mcp.config.settings import Settings
    from cost_mcp.model.budget import Budget, Standing
    from cost_mcp.model.scope import Covered

UNITS = ("day", "week", "month")
OUTLOOKS = ("reached", "likely", "possible", "unlikely", "unknown")

_OWN = ("period", "budget")
_HOUR = timedelta(hours=1)
_FARTHEST = 366
"""How many days ahead a limit that never starts anew is looked for."""
_ROUNDING = {"usd": Decimal("0.000000001")}
_WHOLE = Decimal(1)
_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class ForecastQuestion:
    """Which history is read, and which periods' ends are asked about."""

    asked: HistoryAsked
    units: tuple[str, ...]
    week_start: int = 0

    @property
    def billing(self) -> str:
        """Whose money is forecast: what is billed by use, else what a plan covers, at list price."""
        return self.asked.filters.get("billing", "api")


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowForecast:
    """What one window will have come to at its end: a day, week or month (``standing`` is None) or a budget's window.

    Amounts are in ``unit``; ``spent`` is what it holds by now, ``expected`` what it will hold, None where nothing can be said or
    the window never ends. ``low`` and ``high`` hold it in ``LEVEL_PERCENT`` of cases. ``outlook`` is one of ``OUTLOOKS``:
    whether the limit is reached before the end, by the forecast (likely) or by the interval alone (possible; where there is
    none, from the budget's warning level on);
    ``limit_at`` is when, by the forecast. Calls without a known price make what is spent a ``lower_bound``, those of the history
    what is expected too. ``why`` says what else the method is than the name tells.
    """

    name: str
    unit: str
    window_start: datetime
    window_end: datetime | None
    spent: Decimal
    method: str
    history_days: int
    expected: Decimal | None = None
    low: Decimal | None = None
    high: Decimal | None = None
    standing: Standing | None = None
    limit_at: datetime | None = None
    outlook: str | None = None
    back_test: BackTest | None = None
    lower_bound: bool = False
    expected_lower_bound: bool = False
    why: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ForecastAnswer:
    """The ends of day, week and month, the budgets' windows, and what each weekday usually comes to (Monday first)."""

    now: datetime
    timezone: str
    windows: tuple[WindowForecast, ...]
    budgets: tuple[WindowForecast, ...] = ()
    pattern: tuple[Decimal, ...] | None = None
    filters: Mapping[str, str] = field(default_factory=lambda: EMPTY_TAGS)
    notes: tuple[str, ...] = ()


def read_forecast_question(
    fields: Fields, settings: Settings, now: datetime, *, project: str | None = None, asking: Covered | None = None
) -> ForecastQuestion:
    """A forecast's question from raw fields; ``project`` and ``asking`` are what a server is bound to.

    Raises:
        InvalidInput, UnknownName: a field that cannot be taken; it is named.
    """
    given = present(fields)
    units = _units(given.get("period"))
    budget = clean_name(given["budget"], "budget") if "budget" in given else None
    if budget is not None and "period" in given:
        raise InvalidInput(
            "budget and period were both given.",
            field="period",
            hint="A budget's windows have an end of their own: leave it out.",
        )
    rest = {name: value for name, value in given.items() if name not in _OWN}
    query = read_report_question({**rest, "period": units[0]}, settings, now, project=project).query
    narrowed = bool(query.filters.keys() - ({"project"} if project is not None else set()))
    if budget is not None and narrowed:
        raise InvalidInput(
            "budget and a filter were both given.", field="budget", hint="A budget has its own scope: leave the filters out."
        )
    asked = HistoryAsked(
        tenant=query.tenant,
        now=now,
        timezone=query.period.timezone,
        cuts_of=lambda name: day_cuts(name, now),
        filters=query.filters,
        budgets=not narrowed and "period" not in given,
        budget=budget,
        asking=asking,
    )
    return ForecastQuestion(asked=asked, units=units, week_start=settings.week_start)


def _units(value: object) -> tuple[str, ...]:
    if value is None:
        return UNITS
    name = value.strip().lower() if isinstance(value, str) else ""
    unit = {"today": "day"}.get(name, name)
    if unit not in UNITS:
        raise UnknownName(
            "period is not one whose end is forecast.", field="period", hint=f"Use one of: {', '.join(UNITS)}; or leave it out."
        )
    return (unit,)


def day_cuts(timezone: str, now: datetime) -> tuple[DayCut, ...]:
    """The days of a zone's calendar that forecasts look at, today's last, cut at this time of day.

    To the nearest whole hour of UTC, since sums are kept by the hour: what still came on earlier days is told to half an hour.
    """
    tz = zone(timezone)
    here = now.astimezone(tz)
    cuts: list[DayCut] = []
    for back in range(HISTORY_DAYS, -1, -1):
        day = here.date() - timedelta(days=back)
        start, end = day_start(day, tz), day_start(day + timedelta(days=1), tz)
        wall = here.replace(year=day.year, month=day.month, day=day.day).astimezone(UTC) + _HOUR / 2
        cuts.append(DayCut(start, min(max(wall.replace(minute=0, second=0, microsecond=0), start), end), end))
    return tuple(cuts)


def forecast_of(question: ForecastQuestion, history: SpendHistory) -> ForecastAnswer:
    """The forecasts that a history makes possible.

    Raises:
        NotFound: the budget that was asked for does not exist, or does not cover what was asked about.
    """
    asked = question.asked
    if asked.budget is not None and not history.standings:
        raise NotFound(
            "no budget of this name covers what was asked.",
            field="budget",
            hint="`cost-mcp budget list` shows those there are.",
        )
    calendar = _Calendar(asked, history.days[asked.timezone], asked.timezone)
    past = calendar.past("usd", lambda row: row.cost_nanos if row.billing == question.billing else 0)
    windows = () if asked.budget is not None else tuple(_period(question, past, unit) for unit in question.units)
    budgets = tuple(_budget(asked, history, standing) for standing in history.standings)
    return ForecastAnswer(
        now=asked.now,
        timezone=asked.timezone,
        windows=windows,
        budgets=budgets,
        pattern=None if asked.budget is not None else _rounded_all(past.forecaster.pattern),
        filters=asked.filters,
        notes=_notes(past, windows),
    )


class _Past:
    """A history of one unit, and the forecasts from it."""

    def __init__(self, calendar: _Calendar, unit: str, days: Sequence[Day], rows: Sequence[DaySum]) -> None:
        self.calendar = calendar
        self.unit = unit
        self.days = days
        self._rows = rows
        began = min((row.day for row in rows if row.calls), default=len(days) - 1)
        self.any = any(row.calls for row in rows)
        self.forecaster = Forecaster(days[began:-1], calendar.today.weekday(), so_far=days[-1].whole, passed=calendar.passed)

    def unpriced(self, since: date | None = None) -> bool:
        """Whether calls without a known price are part of it, or of what came from a day on."""
        first = 0 if since is None else self._place(since)
        return self.unit == "usd" and any(row.unpriced_calls for row in self._rows if row.day >= first)

    def since(self, first: date) -> Decimal:
        """What came from a day on, none of them before the history."""
        return sum((day.whole for day in self.days[self._place(first) :]), _ZERO)

    def _place(self, day: date) -> int:
        return len(self.days) - 1 - (self.calendar.today - day).days

    def rounded(self, amount: Decimal) -> Decimal:
        return amount.quantize(_ROUNDING.get(self.unit, _WHOLE), rounding=ROUND_HALF_EVEN)


class _Calendar:
    """The days of one zone up to today's."""

    def __init__(self, asked: HistoryAsked, rows: Sequence[DaySum], timezone: str) -> None:
        self.now = asked.now
        self.tz = zone(timezone)
        self.today = asked.now.astimezone(self.tz).date()
        self._rows = rows
        start, end = self.bounds(0)
        self.passed = Decimal((self.now - start) // datetime.resolution) / ((end - start) // datetime.resolution)

    def bounds(self, ahead: int) -> tuple[datetime, datetime]:
        """The day so many days after today, in UTC."""
        day = self.today + timedelta(days=ahead)
        return day_start(day, self.tz), day_start(day + timedelta(days=1), self.tz)

    def days_until(self, end: datetime) -> int:
        """How many whole days lie between today and the end of a window that ends with a day."""
        return max(0, (end.astimezone(self.tz).date() - self.today).days - 1)

    def past(self, unit: str, amount: Callable[[DaySum], int], covers: Callable[[DaySum], bool] | None = None) -> _Past:
        """The history of what ``amount`` tells of the rows that are covered."""
        rows = [row for row in self._rows if covers is None or covers(row)]
        sums = [[0, 0] for _ in range(HISTORY_DAYS + 1)]
        for row in rows:
            sums[row.day][row.after] += amount(row)
        turn: Callable[[int], Decimal] = usd if unit == "usd" else Decimal
        return _Past(self, unit, [Day(turn(whole), turn(after)) for whole, after in sums], rows)

    def instant(self, ahead: int, share: Decimal) -> datetime:
        """The moment in so many days at which this share of what is left of that day is over, to the minute."""
        start, end = self.bounds(ahead)
        start = max(start, self.now)
        return (start + (end - start) * float(share)).replace(second=0, microsecond=0)  # a moment, not money


def _period(question: ForecastQuestion, past: _Past, unit: str) -> WindowForecast:
    calendar = past.calendar
    first, after = calendar_span(unit, calendar.today, question.week_start)
    end = day_start(after, calendar.tz)
    return _window(
        past,
        WindowForecast(
            name=unit,
            unit="usd",
            window_start=day_start(first, calendar.tz),
            window_end=end,
            spent=past.since(first),
            method=past.forecaster.method,
            history_days=past.forecaster.history_days,
            lower_bound=past.unpriced(first),
            expected_lower_bound=past.unpriced(),
        ),
    )


def _budget(asked: HistoryAsked, history: SpendHistory, standing: Standing) -> WindowForecast:
    budget = standing.budget
    lower_bound = budget.unit == "usd" and standing.unpriced_calls > 0 and not standing.assumed
    bare = WindowForecast(
        name=budget.name,
        unit=budget.unit,
        window_start=standing.window_start,
        window_end=standing.window_end,
        spent=standing.spent,
        standing=standing,
        method=RUN_RATE,
        history_days=0,
        lower_bound=lower_bound,
        expected_lower_bound=lower_bound,
    )
    if budget.period == "hour" or _names_calls(budget):
        return _at_rate(bare, standing, asked.now)
    narrow = bool(budget.scope.conditions or budget.each)
    rows = (history.scoped if narrow else history.days).get(budget.timezone, ())
    past = _Calendar(asked, rows, budget.timezone).past(
        budget.unit, _amount_of(budget), lambda row: _covers(standing, row, history.series.get(row.series_id))
    )
    forecaster = past.forecaster
    return _window(
        past,
        replace(
            bare,
            method=forecaster.method,
            history_days=forecaster.history_days,
            expected_lower_bound=lower_bound or past.unpriced(),
        ),
    )


def _window(past: _Past, bare: WindowForecast) -> WindowForecast:
    """The forecast of a window of whole days, today's among them."""
    calendar, forecaster = past.calendar, past.forecaster
    if forecaster.method == NONE:
        return replace(bare, outlook=None if bare.standing is None else _outlook(bare, bare.standing.budget))
    days = _FARTHEST if bare.window_end is None else calendar.days_until(bare.window_end)
    found = bare
    if bare.window_end is not None:
        ahead = forecaster.expect(days)
        assert ahead is not None
        found = replace(_ending(bare, past, ahead), back_test=forecaster.back_test(days))
    if bare.standing is None:
        return found
    at = forecaster.reaches(max(_ZERO, bare.standing.budget.limit - bare.spent), days)
    found = replace(found, limit_at=None if at is None or _is_spent(bare) else calendar.instant(*at))
    return replace(found, outlook=_outlook(found, bare.standing.budget))


def _ending(bare: WindowForecast, past: _Past, ahead: Expected) -> WindowForecast:
    low, high = (None if bound is None else past.rounded(bare.spent + bound) for bound in (ahead.low, ahead.high))
    return replace(bare, expected=past.rounded(bare.spent + ahead.amount), low=low, high=high)


def _at_rate(bare: WindowForecast, standing: Standing, now: datetime) -> WindowForecast:
    """The forecast of a window at its own rate so far: of an hour, or of calls that no day's sum tells apart."""
    what = (
        "of the hour so far" if standing.budget.period == "hour" else "of the window so far: no day's sums tell its calls apart"
    )
    expected = projected(standing, now)
    found = replace(bare, expected=expected, method=NONE if expected is None else RUN_RATE, why=f"At the rate {what}.")
    if expected is not None and standing.window_end is not None and not _is_spent(bare) and expected >= standing.budget.limit:
        passed = now - standing.window_start
        at = standing.window_start + passed * float(standing.budget.limit / standing.spent)  # a moment, not money
        found = replace(found, limit_at=at.replace(second=0, microsecond=0))
    return replace(found, outlook=_outlook(found, standing.budget))


def _outlook(found: WindowForecast, budget: Budget) -> str:
    if _is_spent(found):
        return "reached"
    if found.limit_at is not None or (found.expected is not None and found.expected >= budget.limit):
        return "likely"
    if found.high is not None and found.high >= budget.limit:
        return "possible"
    if found.high is None and found.expected is not None and found.expected * 100 >= budget.limit * budget.thresholds.warning:
        return "possible"
    return "unknown" if found.method == NONE else "unlikely"


def _is_spent(found: WindowForecast) -> bool:
    return found.standing is not None and found.spent >= found.standing.budget.limit


def _names_calls(budget: Budget) -> bool:
    """Whether it covers calls by what only single calls say."""
    named = [dimension for dimension, _ in budget.scope.conditions] + [budget.each or ""]
    return any(name in ("task_id", "session_id") or name.startswith("tag:") for name in named)


def _covers(standing: Standing, row: DaySum, covered: Covered | None) -> bool:
    budget = standing.budget
    if row.billing != "api" and not budget.include_subscription:
        return False
    if not budget.scope.conditions and budget.each is None:
        return True
    if covered is None or not budget.scope.covers(covered):
        return False
    return budget.each is None or covered.values(budget.each)[:1] == (standing.each_value,)


def _amount_of(budget: Budget) -> Callable[[DaySum], int]:
    if budget.unit == "tokens":
        return lambda row: row.tokens
    if budget.unit == "calls":
        return lambda row: row.calls
    return lambda row: row.charged_nanos if budget.mode == "enforce" else row.cost_nanos


def _rounded_all(amounts: Iterable[Decimal] | None) -> tuple[Decimal, ...] | None:
    return None if amounts is None else tuple(amount.quantize(_ROUNDING["usd"]) for amount in amounts)


def _notes(past: _Past, windows: Sequence[WindowForecast]) -> tuple[str, ...]:
    notes: list[str] = []
    if windows and not past.any:
        notes.append("No such call is recorded in the last 16 weeks: there is nothing to forecast from.")
    elif windows and past.forecaster.method == NONE:
        notes.append("The first day has only just begun: there is nothing to forecast from yet.")
    return tuple(notes)
