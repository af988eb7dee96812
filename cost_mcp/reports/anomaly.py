"""Whether what was spent in an hour or a day is far above what its own history makes usual."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_FLOOR, ROUND_HALF_EVEN, Decimal
from statistics import median

THRESHOLDS: Mapping[str, Decimal] = {"low": Decimal(5), "normal": Decimal("3.5"), "high": Decimal("2.5")}
"""The score from which spend is unusual, by sensitivity."""

HISTORY_DAYS = 56
"""How far back history reaches: eight of each weekday."""

MIN_DAYS = 7
MIN_SAME_WEEKDAY = 4
"""The fewest earlier days that make a history; the fewest of one weekday that make a history of their own."""

MAX_SCORE = Decimal(1000)
"""What a score is cut at: above days that all cost nothing, every amount is infinitely far."""

_MAD_SCALE = Decimal("0.6745")
_MEAN_SCALE = Decimal("1.253314")
_LEAST_SPREAD = Decimal("0.2")
_HUNDREDTH, _NANO = Decimal("0.01"), Decimal("0.000000001")


@dataclass(frozen=True, slots=True, kw_only=True)
class Unusual:
    """An amount beside its history: what is usual, how far amounts lie above that, and how many spreads this one does.

    ``samples`` is how many earlier days were compared with; all of one weekday where ``same_weekday``.
    """

    spent: Decimal
    median: Decimal
    spread: Decimal
    score: Decimal
    samples: int
    same_weekday: bool = False

    @property
    def excess(self) -> Decimal:
        """How much more than usual."""
        return self.spent - self.median


def measure(spent: Decimal, history: Sequence[Decimal]) -> Unusual:
    """How far above its history an amount lies, in spreads: the modified z-score of Iglewicz and Hoaglin, upper side.

    With m = median(history) and the deviations d = x - m of the amounts at or above m::

        spread = median(d) / 0.6745, or mean(d) × 1.253314 where median(d) is 0; at least 0.2 × m
        score  = (spent - m) / spread

    Median and median absolute deviation (MAD) do not move when a few days of the history were themselves out of hand. 0.6745
    is the 75 % point of the normal distribution, 1.253314 is √(π/2): both make the spread a standard deviation where amounts
    are normally distributed. The second form is needed where half of the days cost the same. Only deviations above the median
    are taken, because spend is skewed: the many cheap days would make the spread too small for the dear ones. A fifth of the
    median is the least spread, so that a bill that never changed does not alarm at the first dollar more.

    The score does not change when all amounts are multiplied, nor with the order of the history, and it never falls when
    ``spent`` grows. It is rounded down, cut at ``MAX_SCORE``, and 0 or below for what is not above the median.

    Source: B. Iglewicz and D. Hoaglin, How to Detect and Handle Outliers, ASQC 1993, pp. 11-13, as IBM Cognos Analytics 11.1
    ("Modified z score") describes it with the form for a MAD of 0 (its 1.486 is a misprint of 1 / 0.6745); the upper side alone:
    P. Rosenmai, Using the Median Absolute Deviation to Find Outliers, 2013, as real-statistics.com ("Double MAD") describes it.
    Both descriptions read 2026-11-22. The least spread is our own.

    Args:
        spent: the amount to judge.
        history: earlier amounts of the same kind, at least one, in any order.
    """
    usual = median(history)
    above = [amount - usual for amount in history if amount >= usual]
    middle, total, excess = median(above), sum(above, Decimal(0)), spent - usual
    # One division each: amounts multiplied alike must give the very same score.
    if middle:
        spread, score = middle / _MAD_SCALE, excess * _MAD_SCALE / middle
    elif total:
        spread, score = total * _MEAN_SCALE / len(above), excess * len(above) / (total * _MEAN_SCALE)
    else:
        spread, score = Decimal(0), MAX_SCORE if excess > 0 else Decimal(0)
    if usual and spread < usual * _LEAST_SPREAD:
        spread, score = usual * _LEAST_SPREAD, excess / (usual * _LEAST_SPREAD)
    return Unusual(
        spent=spent,
        median=usual,
        spread=spread.quantize(_NANO, rounding=ROUND_HALF_EVEN),
        score=min(score, MAX_SCORE).quantize(_HUNDREDTH, rounding=ROUND_FLOOR),
        samples=len(history),
    )


def compare(spent: Decimal, day: date, history: Mapping[date, Decimal]) -> Unusual | None:
    """An amount spent on ``day`` beside one amount for each earlier day of the last eight weeks; None for too few of them.

    Where the history holds at least four of the same weekday, these are a history too and the smaller score counts: a heavy
    Monday is usual where Mondays are heavy.

    Args:
        spent: what to judge: a day's spend, or an hour's.
        day: the day it was spent on.
        history: by day, what a whole day came to, or its dearest hour. Only days on which there were calls: days without any
            say how often work is done, not what it costs, and would make every use of what is used once a week an alarm.
    """
    earlier = {at: amount for at, amount in history.items() if 0 < (day - at).days <= HISTORY_DAYS}
    if len(earlier) < MIN_DAYS:
        return None
    found = measure(spent, tuple(earlier.values()))
    same = tuple(amount for at, amount in earlier.items() if at.weekday() == day.weekday())
    if len(same) < MIN_SAME_WEEKDAY:
        return found
    of_weekday = measure(spent, same)
    if of_weekday.score >= found.score:
        return found
    return Unusual(
        spent=spent,
        median=of_weekday.median,
        spread=of_weekday.spread,
        score=of_weekday.score,
        samples=of_weekday.samples,
        same_weekday=True,
    )


def level_of(found: Unusual, sensitivity: str, min_usd: Decimal) -> str | None:
    """``warning`` from the sensitivity's score on where at least ``min_usd`` more than usual was spent; ``critical`` from
    twice both on; None below.

    3.5 is what Iglewicz and Hoaglin recommend. On days whose amounts spread by a factor of two (log-normal), it warned six
    times a year and was critical every other year, in a simulation of 20 years of daily amounts compared as above.
    """
    threshold = THRESHOLDS[sensitivity]
    for level, times in (("critical", 2), ("warning", 1)):
        if found.score >= threshold * times and found.excess >= min_usd * times:
            return level
    return None
