"""The largest groups, and everything else in one row that makes up the sum."""

from __future__ import annotations

from dataclasses import replace

from cost_mcp.model.report import OTHER_GROUP, CostReport, Group
from cost_mcp.model.totals import NOTHING, SUMMED, Totals

Key = tuple[str | None, ...]


def is_rest(key: Key) -> bool:
    """Whether a group's key is that of the rest: ``(other)`` for every dimension."""
    return bool(key) and all(part == OTHER_GROUP for part in key)


def top_of(report: CostReport, most: int) -> tuple[Group, ...]:
    """The ``most`` groups that cost most (of both billing modes), largest first, and one for the exact rest, where there is one.

    A group that is really called ``(other)`` is part of the rest, so that no name stands twice.

    Args:
        report: with all of its groups, or with at least one more than ``most`` of the largest.
        most: how many are named.
    """
    named = [group for group in report.groups if not is_rest(group.key)]
    named.sort(key=lambda group: (-(group.totals.cost_usd + group.totals.subscription_usd), [part or "" for part in group.key]))
    del named[most:]
    if len(named) == report.group_count:
        return tuple(named)
    rest = _less(report.totals, sum((group.totals for group in named), NOTHING))
    return (*named, Group(key=(OTHER_GROUP,) * len(report.query.group_by), totals=rest))


def _less(whole: Totals, part: Totals) -> Totals:
    return replace(whole, **{name: getattr(whole, name) - getattr(part, name) for name in SUMMED})
