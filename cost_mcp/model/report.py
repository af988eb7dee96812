"""Questions about spend, and their answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from cost_mcp.model.call import DEFAULT_TENANT
from cost_mcp.model.name import EMPTY_TAGS
from cost_mcp.model.period import Period
from cost_mcp.model.totals import NOTHING, Totals

SERIES_DIMENSIONS = ("project", "agent", "provider", "model", "feature", "purpose", "task_type", "source", "billing")
"""Dimensions that rollups are kept by; grouping and filtering by these never reads single calls."""

CALL_DIMENSIONS = ("task_id", "session_id")
TAG = "tag:"
"""Before a tag's name where it is grouped or filtered by. A call has one value of each tag at most, so such groups add up."""
TIME_DIMENSIONS = ("hour", "day", "week", "month")
GROUP_DIMENSIONS = (*SERIES_DIMENSIONS, *CALL_DIMENSIONS, "tenant", *TIME_DIMENSIONS)
"""What reports are grouped by, beside ``tag:NAME``."""
FILTER_DIMENSIONS = (*SERIES_DIMENSIONS, *CALL_DIMENSIONS)
GROUP_ALIASES = {"task": "task_id", "session": "session_id"}
MAX_GROUPING = 3
NONE_GROUP = "(none)"
OTHER_GROUP = "(other)"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportQuery:
    """Which calls to sum, and by what. ``week_start`` is 0 for Monday … 6 for Sunday; times group in ``period.timezone``.

    ``group_by`` and ``filters`` may name a tag as ``tag:NAME``. ``as_of`` is the mark of an earlier answer: only what was recorded
    by then counts, as it was then. ``limit`` asks for no more groups than that, from the place ``offset`` on: found among all, but
    the others are not summed up one by one.
    """

    period: Period
    tenant: str = DEFAULT_TENANT
    group_by: tuple[str, ...] = ()
    filters: Mapping[str, str] = field(default_factory=lambda: EMPTY_TAGS)
    week_start: int = 0
    as_of: str | None = None
    limit: int | None = None
    offset: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """One row of a report: its values in the order of ``group_by`` (None where calls lack it) and its sums.

    A time value is the text of the bucket's first moment in the report's zone: ``2026-11-22`` for a day, a week (its first
    day) and ``2026-11`` for a month, ``2026-11-22T10:00+01:00`` for an hour.
    """

    key: tuple[str | None, ...]
    totals: Totals


@dataclass(frozen=True, slots=True, kw_only=True)
class CostReport:
    """The answer to a ``ReportQuery``: the whole, the groups asked for, and the standard breakdowns (largest first).

    ``groups`` are those of the query's page, ``group_count`` how many there are in all; they are by cost, largest first, or in the
    order of time where that is the first dimension, and by name where that is equal. ``breakdowns`` maps ``by_agent``,
    ``by_model`` … to (name, totals) pairs. ``as_of`` marks what had been recorded when it was answered, for a query that is to be
    answered from the same; only the ledger can read it. ``uncounted_calls`` are kept and in no sum: a better source tells what
    their sessions spent.
    """

    query: ReportQuery
    as_of: str = field(default="", compare=False)
    totals: Totals = NOTHING
    uncounted_calls: int = 0
    groups: tuple[Group, ...] = ()
    group_count: int = 0
    breakdowns: Mapping[str, tuple[tuple[str, Totals], ...]] = field(
        default_factory=dict[str, "tuple[tuple[str, Totals], ...]"]
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskCost:
    """What one task came to. ``known`` is False for a task nothing was recorded for; ``nearest`` then names similar ids.

    ``uncounted_calls`` as in ``CostReport``.
    """

    task_id: str
    known: bool
    title: str | None = None
    task_type: str | None = None
    totals: Totals = NOTHING
    breakdowns: Mapping[str, tuple[tuple[str, Totals], ...]] = field(
        default_factory=dict[str, "tuple[tuple[str, Totals], ...]"]
    )
    nearest: tuple[str, ...] = ()
    uncounted_calls: int = 0
