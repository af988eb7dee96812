"""What a change was worth: the cost of a task before and after, what that saves a month, and whether the data can tell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from random import Random
from statistics import quantiles

RESAMPLES = 10_000
SEED = 20_261_122
LEVEL_PERCENT = 95

MIN_TASKS = 10
"""Fewer tasks on a side say nothing: resampling a handful gives intervals that are much too narrow."""

MOST_DRAWN = 200
"""The most tasks that are drawn for one resample of a side."""

DAYS_PER_MONTH = Decimal("30.436875")
"""A twelfth of a year of 365.2425 days."""

SAVES, COSTS_MORE, CANNOT_TELL = "saves", "costs_more", "cannot_tell"

NO_BASELINE, NO_CURRENT, FEW_BASELINE, FEW_CURRENT, SPANS_ZERO = (
    "no_baseline", "no_current", "few_baseline", "few_current", "spans_zero",
)  # fmt: skip

_NANO = Decimal("0.000000001")
_TENTH, _HUNDREDTH = Decimal("0.1"), Decimal("0.01")
_ZERO = Decimal(0)

Bounds = tuple[Decimal, Decimal]


@dataclass(frozen=True, slots=True, kw_only=True)
class Return:
    """What a change was worth. What cannot be said is None.

    ``before_usd`` and ``after_usd`` are means per task, ``saved_usd`` their difference with its interval ``saved``.
    ``percent_change`` is negative where tasks got cheaper. ``payback_months`` is there where something is saved;
    ``payback`` its bounds, the second None where the investment may never come back. ``verdict`` is one of ``SAVES``,
    ``COSTS_MORE``, ``CANNOT_TELL``, the last with its reason in ``why``.
    """

    verdict: str
    why: str | None = None
    before_usd: Decimal | None = None
    after_usd: Decimal | None = None
    saved_usd: Decimal | None = None
    saved: Bounds | None = None
    percent_change: Decimal | None = None
    tasks_per_month: Decimal | None = None
    monthly_saving_usd: Decimal | None = None
    monthly_saving: Bounds | None = None
    payback_months: Decimal | None = None
    payback: tuple[Decimal, Decimal | None] | None = None
    first_year_percent: Decimal | None = None


def work_out(
    before: Sequence[Decimal] | Decimal, after: Sequence[Decimal], investment: Decimal, tasks_per_month: Decimal | None
) -> Return:
    """What an investment brought, by the cost of single tasks.

    With amounts per task, and all money in US dollars::

        saved           = mean(before) - mean(after)
        percent change  = (mean(after) - mean(before)) / mean(before) × 100
        monthly saving  = saved × tasks per month
        payback         = investment / monthly saving                         (simple: no interest)
        first year      = (12 × monthly saving - investment) / investment × 100

    The verdict follows the interval of ``saved`` (``interval``): tasks got cheaper where it lies above zero, dearer where it
    lies below. Everything else is worked out with its ends too.

    Source: https://www.inchcalculator.com/payback-period-calculator/ (payback period), read 2026-11-22.

    Args:
        before: what each task cost, or one amount per task that is taken as known.
        after: what each task cost since.
        investment: what the change cost, once.
        tasks_per_month: how many tasks there are now; None where nobody can say.
    """
    means = (_mean(before) if not isinstance(before, Decimal) else before, _mean(after))
    known = Return(
        verdict=CANNOT_TELL, before_usd=_rounded(means[0]), after_usd=_rounded(means[1]), tasks_per_month=tasks_per_month
    )
    if means[0] is None or means[1] is None:
        return replace(known, why=NO_BASELINE if means[0] is None else NO_CURRENT)
    saved = means[0] - means[1]
    percent = ((means[1] - means[0]) * 100 / means[0]).quantize(_TENTH) + 0 if means[0] else None
    few = FEW_BASELINE if not isinstance(before, Decimal) and len(before) < MIN_TASKS else None
    few = FEW_CURRENT if few is None and len(after) < MIN_TASKS else few
    bounds = None if few is not None else interval(before, after)
    verdict, why = _verdict(bounds, few)
    monthly = None if tasks_per_month is None else saved * tasks_per_month
    return Return(
        verdict=verdict,
        why=why,
        before_usd=_rounded(means[0]),
        after_usd=_rounded(means[1]),
        saved_usd=_rounded(saved),
        saved=bounds,
        percent_change=percent,
        tasks_per_month=tasks_per_month,
        monthly_saving_usd=_rounded(monthly),
        monthly_saving=_times(bounds, tasks_per_month),
        payback_months=_months(investment, monthly),
        payback=_payback(investment, _times(bounds, tasks_per_month)),
        first_year_percent=_first_year(investment, monthly),
    )


def interval(before: Sequence[Decimal] | Decimal, after: Sequence[Decimal]) -> Bounds:
    """Between which amounts the true saving per task lies in 95 of 100 cases, by a percentile bootstrap.

    10,000 times both sides are drawn anew from their own tasks, with replacement and as many as there are, and the difference
    of their means is taken; the interval leaves out a fortieth of these at either end, interpolated between neighbours. Seeded:
    the same tasks give the same interval. Of a side with more than 200 tasks 200 are drawn, and how far their mean lies from the
    side's is taken ``sqrt(200 / n)`` times, as the mean of n varies less. Means and draws are floats: the interval is a
    statistic, not money.

    Source: https://docs.scipy.org/doc/scipy/reference/generated/scipy.stats.bootstrap.html (method "percentile");
    https://support.minitab.com "Methods and formulas for Bootstrapping for 2-Sample Means" (the ends). Read 2026-11-22. The limit
    on draws is our own.
    """
    rng = Random(SEED)  # noqa: S311 (a statistic that must come out the same again, no secret)
    known = isinstance(before, Decimal)
    drawn = [float(before)] * RESAMPLES if known else _resampled(sorted(map(float, before)), rng)
    saved = [one - other for one, other in zip(drawn, _resampled(sorted(map(float, after)), rng), strict=True)]
    cuts = quantiles(saved, n=2 * 100 // (100 - LEVEL_PERCENT), method="inclusive")
    return Decimal(cuts[0]).quantize(_NANO), Decimal(cuts[-1]).quantize(_NANO)


def _resampled(costs: list[float], rng: Random) -> list[float]:
    """The means of ``RESAMPLES`` draws from a side, as many tasks each as the side has."""
    drawn = min(len(costs), MOST_DRAWN)
    mean, nearer = sum(costs) / len(costs), (drawn / len(costs)) ** 0.5
    return [mean + (sum(rng.choices(costs, k=drawn)) / drawn - mean) * nearer for _ in range(RESAMPLES)]


def _verdict(bounds: Bounds | None, few: str | None) -> tuple[str, str | None]:
    if bounds is None:
        return CANNOT_TELL, few
    if bounds[0] > 0:
        return SAVES, None
    return (COSTS_MORE, None) if bounds[1] < 0 else (CANNOT_TELL, SPANS_ZERO)


def _payback(investment: Decimal, monthly: Bounds | None) -> tuple[Decimal, Decimal | None] | None:
    if monthly is None:
        return None
    soonest = _months(investment, monthly[1])
    return None if soonest is None else (soonest, _months(investment, monthly[0]))


def _months(investment: Decimal, monthly: Decimal | None) -> Decimal | None:
    return (investment / monthly).quantize(_HUNDREDTH) if monthly is not None and monthly > 0 else None


def _first_year(investment: Decimal, monthly: Decimal | None) -> Decimal | None:
    return ((12 * monthly - investment) * 100 / investment).quantize(_TENTH) if monthly is not None and investment else None


def _times(bounds: Bounds | None, times: Decimal | None) -> Bounds | None:
    if bounds is None or times is None:
        return None
    return (bounds[0] * times).quantize(_NANO), (bounds[1] * times).quantize(_NANO)


def _mean(costs: Sequence[Decimal]) -> Decimal | None:
    return sum(costs, _ZERO) / len(costs) if costs else None


def _rounded(amount: Decimal | None) -> Decimal | None:
    return None if amount is None else amount.quantize(_NANO)
