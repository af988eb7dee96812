"""The largest groups, and everything else in one row that makes up the sum."""

from __future__ import annotations

from collections.abc import Sequence

from cost_mcp.model.report import OTHER_GROUP, Group
from cost_mcp.model.totals import NOTHING

Key = tuple[str | None, ...]


def is_rest(key: Key) -> bool:
    """Whether a group's key is that of the rest: ``(other)`` for every dimension."""
    return bool(key) and all(part == OTHER_GROUP for part in key)


def top(groups: Sequence[Group], most: int) -> tuple[Group, ...]:
    """The ``most`` groups that cost most (of both billing modes), largest first, and one for the exact rest, where there is one.

    A group that is really called ``(other)`` is part of the rest, so that no name stands twice.
    """
    named = [group for group in groups if not is_rest(group.key)]
    named.sort(key=lambda group: (-(group.totals.cost_usd + group.totals.subscription_usd), [part or "" for part in group.key]))
    rest = [*named[most:], *(group for group in groups if is_rest(group.key))]
    if not rest:
        return tuple(named)
    return (*named[:most], Group(key=(OTHER_GROUP,) * len(rest[0].key), totals=sum((g.totals for g in rest), NOTHING)))
