"""Single calls and tasks as lists show them: what they were, what they came to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from cost_mcp.model.call import DEFAULT_TENANT
from cost_mcp.model.name import EMPTY_TAGS
from cost_mcp.model.period import Period
from cost_mcp.model.totals import Totals

Position = tuple[int, int]
"""Where a list goes on: the microsecond a call was made in, and its number in the ledger. Only the ledger can read it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListQuery:
    """Which calls, or tasks by their calls: the newest ``limit`` of a period, or those after a position.

    ``as_of`` is the mark of an earlier answer: what was recorded since is left out, so that pages fit together.
    """

    period: Period
    limit: int
    tenant: str = DEFAULT_TENANT
    filters: Mapping[str, str] = field(default_factory=lambda: EMPTY_TAGS)
    after: Position | None = None
    as_of: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedCall:
    """One call as it now counts. ``cost_usd`` is None while it is unpriced, and ``partial`` marks one that is a lower bound.

    ``counted`` is False for a call that another source's rows of the same session stand for. ``revision`` is above 1 for a call
    that was corrected.
    """

    call_id: str
    occurred_at: datetime
    recorded_at: datetime
    model: str
    source: str
    billing: str
    cost_usd: Decimal | None
    input_tokens: int
    output_tokens: int
    cache_read_input_tokens: int
    cache_creation_input_tokens: int
    provider: str | None = None
    project: str | None = None
    agent: str | None = None
    task_id: str | None = None
    session_id: str | None = None
    purpose: str | None = None
    partial: bool = False
    provisional: bool = False
    counted: bool = True
    revision: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedCalls:
    """A page of calls; ``following`` is the position after it, None where nothing follows; ``as_of`` marks what it was read from."""

    calls: tuple[ListedCall, ...] = ()
    following: Position | None = None
    as_of: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedTask:
    """What a task came to in a period, its ``totals`` with first and last call there; ``outcome`` where one was recorded."""

    task_id: str
    totals: Totals
    title: str | None = None
    task_type: str | None = None
    outcome: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedTasks:
    """A page of tasks, as ``ListedCalls``."""

    tasks: tuple[ListedTask, ...] = ()
    following: Position | None = None
    as_of: str = ""
