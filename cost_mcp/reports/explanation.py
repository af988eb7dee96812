"""What made the difference: which names of each dimension spent more than they usually do, and how much of the whole that is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal

from cost_mcp.model.report import NONE_GROUP, CostReport
from cost_mcp.model.totals import ZERO
from cost_mcp.reports.middle import median_of

DIMENSIONS = ("agent", "project", "task_type", "model")
"""What a difference is taken apart by, besides single tasks."""

MOST_NAMES = 5
"""The most names of a dimension that are told; of tasks, these alone are looked up in the days before."""

CANCELLING_PERCENT = Decimal(200)
"""A part of more than this of the whole is outweighed by others that went the other way: what is left over then tells of none."""

TELLING_PERCENT = Decimal(30)
"""From which share of the difference on a name is worth a word in one sentence."""

_NANO = Decimal("0.000000001")


@dataclass(frozen=True, slots=True, kw_only=True)
class Contribution:
    """What one name spent beside what it usually does.

    ``percent`` is how much of the whole difference that makes, rounded half to even; None where the whole has not changed. It is
    above 100 where others went the other way. ``new`` is a name that spent nothing at any time it was compared with.
    """

    name: str
    spent: Decimal
    usual: Decimal
    percent: Decimal | None
    new: bool

    @property
    def more(self) -> Decimal:
        """How much more than usual; negative for less."""
        return self.spent - self.usual


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """A whole beside what is usual, and by dimension the names that made the difference, the largest part of it first.

    Every usual amount is a median of its own, so the parts need not add up to the whole.
    """

    spent: Decimal
    usual: Decimal
    samples: int
    parts: Mapping[str, tuple[Contribution, ...]]

    @property
    def more(self) -> Decimal:
        """How much more than usual; negative for less."""
        return self.spent - self.usual


def usual_of(amounts: Iterable[Mapping[str, Decimal]], names: Iterable[str]) -> dict[str, Decimal]:
    """The median of what each name spent at each of the times compared with; where it stands in none of a time, nothing.

    So what is used on fewer than half of the days has no usual amount, and counts in full when it comes. The median is that of
    ``reports.anomaly``, by which the whole was found unusual.
    """
    times = list(amounts)
    if not times:
        return dict.fromkeys(names, ZERO)
    return {name: median_of(time.get(name, ZERO) for time in times).quantize(_NANO, rounding=ROUND_HALF_EVEN) for name in names}


def contributions(
    spent: Mapping[str, Decimal], earlier: Sequence[Mapping[str, Decimal]], whole: Decimal
) -> tuple[Contribution, ...]:
    """What each name has to do with a difference ``whole``; what has none is left out.

    In the order of how much it went the way of the whole: the largest increase first where the whole went up.

    Args:
        spent: by name, what it spent now.
        earlier: the same at each time that is compared with; one for a period before this.
        whole: how much more everything together is than usual, negative for less.
    """
    names = {*spent, *(name for time in earlier for name in time)}
    usual = usual_of(earlier, names)
    seen = {name for time in earlier for name, amount in time.items() if amount}
    found = [
        Contribution(
            name=name,
            spent=spent.get(name, ZERO),
            usual=usual[name],
            percent=_percent(spent.get(name, ZERO) - usual[name], whole),
            new=name not in seen,
        )
        for name in names
        if spent.get(name, ZERO) != usual[name]
    ]
    way = -1 if whole >= 0 else 1
    return tuple(sorted(found, key=lambda one: (one.more * way, one.name)))


def explain_change(now: CostReport, before: CostReport) -> Explanation:
    """What made the difference between two periods, by their breakdowns; each name's part is exact, and they add up."""
    more = now.totals.cost_usd - before.totals.cost_usd
    parts: dict[str, tuple[Contribution, ...]] = {}
    for dimension in DIMENSIONS:
        here, there = (
            {name: totals.cost_usd for name, totals in report.breakdowns.get(f"by_{dimension}", ())} for report in (now, before)
        )
        if (here.keys() | there.keys()) - {NONE_GROUP}:
            parts[dimension] = contributions(here, [there], more)[:MOST_NAMES]
    return Explanation(spent=now.totals.cost_usd, usual=before.totals.cost_usd, samples=1, parts=parts)


def told_shortly(explanation: Explanation) -> str:
    """The first name of each dimension that makes up a telling part of the difference, as part of a sentence; '' for none.

    ``agent builder (95 %), task T-9 (90 %, new)``
    """
    told: list[str] = []
    for dimension, parts in explanation.parts.items():
        first = parts[0] if parts else None
        if first is not None and first.percent is not None and TELLING_PERCENT <= first.percent <= CANCELLING_PERCENT:
            new = ", new" if first.new else ""
            told.append(f"{dimension.removesuffix('_id').replace('_', ' ')} {first.name} ({first.percent:f} %{new})")
    return ", ".join(told)


def _percent(part: Decimal, whole: Decimal) -> Decimal | None:
    return (part * 100 / whole).quantize(Decimal(1), rounding=ROUND_HALF_EVEN) if whole else None
