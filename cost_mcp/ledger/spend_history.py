"""The plan behind ``spend_history``: what each of the last days came to, cut at a time of day, and where budgets stand."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from cost_mcp.ledger.contract import WindowOf
from cost_mcp.ledger.cover import Stretch
from cost_mcp.ledger.fold import ROLLUP_SUMS
from cost_mcp.ledger.plan import Plan
from cost_mcp.ledger.standing import standings
from cost_mcp.ledger.sums import Asked, sums
from cost_mcp.model.budget import Standing
from cost_mcp.model.call import Context
from cost_mcp.model.model_name import model_names
from cost_mcp.model.moment import micros
from cost_mcp.model.name import EMPTY_TAGS
from cost_mcp.model.scope import Covered

_KEPT = ("calls", "unpriced_calls", "cost_nanos", "charged_nanos", "input_tokens", "output_tokens")
_PLACES = tuple(ROLLUP_SUMS.index(name) for name in _KEPT)
_NAMES = ("project", "agent", "feature", "purpose", "task_type")
_SERIES = (
    f"SELECT series_id, model, response_model, catalog_model, provider, {', '.join(_NAMES)} FROM series "
    "WHERE series_id IN (SELECT value FROM json_each(?))"
)


@dataclass(frozen=True, slots=True)
class DayCut:
    """A calendar day and the time of day it is cut at, in UTC."""

    start: datetime
    cut: datetime
    end: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryAsked:
    """Which days, as the calendar of a zone has them: ``cuts_of`` gives those up to and with today's, oldest first.

    ``budgets`` adds where the budgets stand (the one named ``budget`` where that is given) that cover ``asking`` (None: all),
    and the days of their own zones.
    """

    tenant: str
    now: datetime
    timezone: str
    cuts_of: Callable[[str], Sequence[DayCut]]
    filters: Mapping[str, str] = field(default_factory=lambda: EMPTY_TAGS)
    budgets: bool = True
    budget: str | None = None
    asking: Covered | None = None


class DaySum(NamedTuple):
    """What one day came to for the calls of one billing mode and series: the whole day, or what came ``after`` the cut.

    ``series_id`` is 0 where nothing asked for tells series apart.
    """

    day: int
    after: bool
    billing: str
    series_id: int
    calls: int
    unpriced_calls: int
    cost_nanos: int
    charged_nanos: int
    tokens: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SpendHistory:
    """The sums of the days by zone, what budgets look at of each series, and where the budgets stood at that moment."""

    days: Mapping[str, tuple[DaySum, ...]]
    series: Mapping[int, Covered]
    standings: tuple[Standing, ...] = ()


def spend_history(asked: HistoryAsked, window_of: WindowOf) -> Plan[SpendHistory]:
    """Days and budgets at one moment; read from rollups, but where a filter names a task or a session."""
    found: tuple[Standing, ...] = ()
    if asked.budgets:
        every = yield from standings(asked.tenant, asked.asking, asked.now, window_of)
        found = tuple(one for one in every if asked.budget in (None, one.budget.name))
    scoped = any(one.budget.scope.conditions or one.budget.each for one in found)
    days: dict[str, tuple[DaySum, ...]] = {}
    for zone in dict.fromkeys((asked.timezone, *(one.budget.timezone for one in found))):
        days[zone] = yield from _days(asked, asked.cuts_of(zone), scoped=scoped)
    numbers = sorted({row.series_id for rows in days.values() for row in rows} - {0})
    rows = (yield _SERIES, (json.dumps(numbers),)) if numbers else []
    return SpendHistory(days=days, series={row[0]: _covered(*row[1:]) for row in rows}, standings=found)


def _days(asked: HistoryAsked, cuts: Sequence[DayCut], *, scoped: bool) -> Plan[tuple[DaySum, ...]]:
    stretches: list[Stretch] = []
    for number, day in enumerate(cuts):
        stretches.append(Stretch(2 * number, micros(day.start), micros(day.end)))
        if number < len(cuts) - 1 and day.cut < day.end:  # what today still brings nobody knows
            stretches.append(Stretch(2 * number + 1, micros(day.cut), micros(day.end)))
    columns = ("billing", "series_id") if scoped else ("billing",)
    rows = yield from sums(Asked(tenant=asked.tenant, stretches=stretches, columns=columns, filters=asked.filters))
    found: list[DaySum] = []
    for row in rows:
        names, amounts = row[: 1 + len(columns)], row[1 + len(columns) :]
        calls, unpriced, cost, charged, tokens_in, tokens_out = (amounts[place] for place in _PLACES)
        number = names[2] if scoped else 0
        found.append(
            DaySum(names[0] // 2, bool(names[0] % 2), names[1], number, calls, unpriced, cost, charged, tokens_in + tokens_out)
        )
    return tuple(found)


def _covered(model: str, response_model: str, catalog_model: str, provider: str, *names: str) -> Covered:
    project, agent, feature, purpose, task_type = (name or None for name in names)
    return Covered(
        context=Context(project=project, agent=agent, feature=feature, purpose=purpose, task_type=task_type),
        provider=provider or None,
        models=model_names(model, response_model or None, catalog_model or None),
    )
