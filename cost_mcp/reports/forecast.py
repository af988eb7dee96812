"""What the rest of a period will bring, from the days before it: how much, how sure, and how wrong that was before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from statistics import median, quantiles

from cost_mcp.reports.anomaly import THRESHOLDS, measure

HISTORY_DAYS = 112
"""How far back forecasts are tried out: sixteen of each weekday."""

PATTERN_WEEKS = 8
"""How many of the last days of one weekday are averaged."""

RATE_DAYS = 28
"""How many of the last days a run rate is taken over."""

LEARNED_DAYS = {"weekday": 28, "run_rate": 7}
"""The days a method learns from before its first forecast is tried out."""

MIN_ERRORS = 9
"""The fewest earlier errors that make an interval: of nine, the outermost leave a tenth out on either side."""

LEVEL_PERCENT = 80
"""How often an interval should hold what comes."""

SMALLEST_SHARE = Decimal("0.05")
"""Before a twentieth of the very first day has passed, one call would be taken for twenty."""

WEEKDAY, RUN_RATE, NONE = "weekday", "run_rate", "none"

_ZERO = Decimal(0)
_NANO = Decimal("0.000000001")
_CAP = THRESHOLDS["normal"]


@dataclass(frozen=True, slots=True)
class Day:
    """A day's spend, in any unit: the ``whole``, and the part that came ``after`` the time of day of the question."""

    whole: Decimal
    after: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What the rest of a time will bring; ``low`` and ``high`` are None where too few earlier forecasts say how wrong it is.

    ``measured_days`` is how many days after their first the forecasts reached that the interval was measured on, and from
    which it was widened where they are fewer than was asked about.
    """

    amount: Decimal
    low: Decimal | None = None
    high: Decimal | None = None
    measured_days: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BackTest:
    """How forecasts over the same stretch, made on each earlier day from what was known then, compare with what came.

    ``median_error_percent`` is of the ``measured`` ones after which anything came at all; ``covered`` of ``intervals`` held what
    came. Intervals are tried out from when one could be given.
    """

    forecasts: int
    measured: int
    median_error_percent: Decimal | None
    intervals: int
    covered: int


def usual(values: Sequence[Decimal]) -> Decimal:
    """What days of one kind usually come to: their mean, newer ones weighing more, without what was out of hand.

    Of n values the oldest weighs 1 and the newest n (a linearly weighted moving average)::

        sum(i × min(value_i, most)) / (n × (n + 1) / 2),   most = median + 3.5 × spread

    ``median`` and ``spread`` are those of ``anomaly.measure``: a day that would raise an alarm counts as the most that would
    not. Medians alone would add up to too little over a month, since spend is skewed; means alone follow one bad day.

    Source: https://www.nkd-group.com/winorse/forecast/fcstmstrp21.htm ("Linear Moving Average"), read 2026-11-22. The cut is
    our own.

    Args:
        values: oldest first, at least one.
    """
    found = measure(max(values), values)
    most = found.median + _CAP * found.spread
    weighted = sum((weight * min(value, most) for weight, value in enumerate(values, 1)), _ZERO)
    return weighted * 2 / (len(values) * (len(values) + 1))


class Forecaster:
    """Forecasts from the days of one history, every one of them tried out on the days before.

    With five and a half weeks of history, each day to come is expected to bring what its weekday ``usual``-ly does, of the last
    eight; the rest of today, what came after this time of day on its weekday. Days without calls count as nothing spent. With
    less, all time to come is expected at the run rate: what was spent in the last four weeks by the time that passed.

    Args:
        days: one for each day up to yesterday, oldest first, from the first with calls on.
        weekday: of today, 0 for Monday.
        so_far: what today brought by now.
        passed: the part of today that is over, from 0 to 1.
    """

    def __init__(self, days: Sequence[Day], weekday: int, so_far: Decimal, passed: Decimal) -> None:
        self._days = tuple(days[-HISTORY_DAYS:])
        self._weekday = weekday
        self._so_far = so_far
        self._passed = passed
        self._known: dict[tuple[bool, int], Decimal] = {}
        sums = [_ZERO]
        for day in self._days:
            sums.append(sums[-1] + day.whole)
        self._sums = sums

    @property
    def method(self) -> str:
        """``weekday``, ``run_rate``, or ``none`` where nothing was spent yet or it only just began."""
        if len(self._days) >= LEARNED_DAYS[WEEKDAY] + MIN_ERRORS:
            return WEEKDAY
        if self._days or (self._so_far and self._passed >= SMALLEST_SHARE):
            return RUN_RATE
        return NONE

    @property
    def history_days(self) -> int:
        """How many days before today it looks at."""
        return len(self._days)

    @property
    def pattern(self) -> tuple[Decimal, ...] | None:
        """What each weekday usually comes to, Monday first; None where the history is too short to tell."""
        if self.method != WEEKDAY:
            return None
        return tuple(self._usual(len(self._days), (day - self._weekday) % 7) for day in range(7))

    def expect(self, days: int) -> Expected | None:
        """What the rest of today and so many days after it will bring; None where nothing can be said.

        The interval is the forecast, off by the tenth and by the ninetieth percentile of the shares by which earlier forecasts were
        off, (came - forecast) / forecast: at the positions 0.1 (n + 1) and 0.9 (n + 1) of the n shares in order, for of n + 1
        that are alike the next lies between them in eight of ten cases. A forecast below a tenth of the usual day counts as
        that much. The interval holds the forecast itself.

        Stretches that overlap share days; so errors are taken of stretches of which nine can lie side by side in the history, at
        most. Where L days are asked about and those are of l days, their shares are taken ``sqrt((L + L²/3) / (l + l²/3)) × l/L``
        times: days differ each for itself, and all together from what was usual.

        Source: https://theorempath.com/topics/split-conformal-prediction (why n + 1);
        https://cran.r-project.org/web/packages/greybox/vignettes/ro.html (rolling origin). Read 2026-11-22. The widening is our
        own: on 200 simulated ledgers each of sixteen weeks, whose days were independent, drifted, grew or shrank by a hundredth a
        day, intervals of one day held 84, 84, 83 and 84 %, and of thirty days 92, 84, 78 and 74 %. ``back_test`` says what they
        held on this ledger.
        """
        if self.method == NONE:
            return None
        today = len(self._days)
        amount = self._as_of(today, days)
        reach = self._reach(today, days)
        if reach is None:
            return Expected(amount=amount)
        low, high = self._between(today, days, reach)
        return Expected(amount=amount, low=low, high=high, measured_days=reach)

    def back_test(self, days: int) -> BackTest:
        """What ``expect`` of the same stretch would have said on each earlier day, at this time of day, and what came.

        The error of one is |came - forecast| / came, of the rest of the time alone: what was known already is not counted as
        foreseen.
        """
        shares: list[Decimal] = []
        forecasts = intervals = covered = 0
        first = LEARNED_DAYS.get(self.method, len(self._days))
        for origin in range(first, len(self._days) - days):
            expected, came = self._as_of(origin, days), self._came(origin, days)
            forecasts += 1
            if came:
                shares.append(abs(came - expected) * 100 / came)
            reach = self._reach(origin, days)
            if reach is not None:
                low, high = self._between(origin, days, reach)
                intervals += 1
                covered += low <= came <= high
        return BackTest(
            forecasts=forecasts,
            measured=len(shares),
            median_error_percent=median(shares) if shares else None,
            intervals=intervals,
            covered=covered,
        )

    def reaches(self, amount: Decimal, days: int) -> tuple[int, Decimal] | None:
        """When so much more will have been spent: in how many days (0: today), and in which part of what is left of that day.

        None where the rest of today and ``days`` days after it do not bring as much, or nothing can be said.
        """
        if self.method == NONE:
            return None
        spent, today = _ZERO, len(self._days)
        for ahead in range(days + 1):
            brought = self._rest(today, self._so_far) if ahead == 0 else self._whole(today, ahead)
            if brought and spent + brought >= amount:
                return ahead, max(_ZERO, amount - spent) / brought
            spent += brought
        return None

    def _reach(self, origin: int, days: int) -> int | None:
        """How many days after their first the forecasts reach whose errors count on a day; None where there are too few."""
        longest = (origin - LEARNED_DAYS[self.method] - MIN_ERRORS) // (MIN_ERRORS + 1)
        if longest < 0:
            return None
        reach = min(days, longest)
        # The rest of an evening brings nothing, every day: that it was foreseen says nothing of the days after.
        made = range(LEARNED_DAYS[self.method], origin - reach)
        return reach if reach == days or any(self._came(day, reach) for day in made) else None

    def _between(self, origin: int, days: int, reach: int) -> tuple[Decimal, Decimal]:
        """The interval round a forecast, from the errors of those that had ended before it was made."""
        made = range(LEARNED_DAYS[self.method], origin - reach)
        shares = [(self._came(day, reach) - self._as_of(day, reach)) / self._least(day, reach) for day in made]
        low, *_, high = quantiles(shares, n=10, method="exclusive")
        expected, unit = self._as_of(origin, days), self._least(origin, days) * _wider(days + 1, reach + 1)
        return max(_ZERO, expected + unit * min(low, _ZERO)), expected + unit * max(high, _ZERO)

    def _least(self, origin: int, days: int) -> Decimal:
        """A forecast as errors are shares of it: no less than a tenth of usual days."""
        usual_day = self._rate(origin, _ZERO)
        return max(self._as_of(origin, days), usual_day * (days + 1) / 10, _NANO)

    def _came(self, origin: int, days: int) -> Decimal:
        """What the rest of an earlier day and so many days after it brought."""
        return self._days[origin].after + self._sums[origin + days + 1] - self._sums[origin + 1]

    def _as_of(self, origin: int, days: int) -> Decimal:
        """What was to be expected on the day of this number; today's comes after the last."""
        so_far = self._so_far if origin == len(self._days) else self._days[origin].whole - self._days[origin].after
        rest = self._rest(origin, so_far)
        if self.method == RUN_RATE:
            return rest + days * self._rate(origin, so_far)
        weeks, more = divmod(days, 7)
        whole = sum((self._usual(origin, ahead) for ahead in range(7)), _ZERO) if weeks else _ZERO
        return rest + weeks * whole + sum((self._usual(origin, ahead) for ahead in range(1, more + 1)), _ZERO)

    def _rest(self, origin: int, so_far: Decimal) -> Decimal:
        if self.method == RUN_RATE:
            return (1 - self._passed) * self._rate(origin, so_far)
        return self._usual(origin, 0, after=True)

    def _whole(self, origin: int, ahead: int) -> Decimal:
        return self._usual(origin, ahead) if self.method == WEEKDAY else self._rate(origin, self._so_far)

    def _rate(self, origin: int, so_far: Decimal) -> Decimal:
        first = max(0, origin - RATE_DAYS)
        return (self._sums[origin] - self._sums[first] + so_far) / (origin - first + self._passed)

    def _usual(self, origin: int, ahead: int, *, after: bool = False) -> Decimal:
        """What the weekday so many days after ``origin`` usually brings, by the days before ``origin``."""
        last = origin - 7 + ahead % 7
        key = (after, last)
        if key not in self._known:
            places = range(last % 7, last + 1, 7)[-PATTERN_WEEKS:]
            self._known[key] = usual([self._days[n].after if after else self._days[n].whole for n in places])
        return self._known[key]


def _wider(days: int, measured: int) -> Decimal:
    """What shares of so many measured days are multiplied by for a stretch of ``days``."""
    asked, known = Decimal(days), Decimal(measured)
    return ((asked + asked * asked / 3) / (known + known * known / 3)).sqrt() * known / asked
