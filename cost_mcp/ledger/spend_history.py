"""The plan behind ``spend_history``: what each of the last days came to, cut at a time of day, and where budgets stand."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from cost_mcp.ledger.bucket import ROLLUP_SUMS
from cost_mcp.ledger.contract import WindowOf
from cost_mcp.ledger.cover import Stretch
from cost_mcp.ledger.facet import by_facet
from cost_mcp.ledger.plan import Plan
from cost_mcp.ledger.standing import standings
from cost_mcp.ledger.summing import FACETS, FAR_BEHIND
from cost_mcp.ledger.sums import Asked, sums
from cost_mcp.model.budget import Budget, Standing
from cost_mcp.model.call import Context
from cost_mcp.model.model_name import model_names
from cost_mcp.model.moment import micros
from cost_mcp.model.name import EMPTY_TAGS
from cost_mcp.model.scope import Covered

_KEPT = ("calls", "unpriced_calls", "cost_nanos", "charged_nanos", "input_tokens", "output_tokens")
_PLACES = tuple(ROLLUP_SUMS.index(name) for name in _KEPT)
_NAMES = ("project", "agent", "feature", "purpose", "task_type")
_SERIES = f"SELECT series_id, model, response_model, catalog_model, provider, {', '.join(_NAMES)} FROM series WHERE tenant = ?"
_WATERMARKS = "SELECT (SELECT COALESCE(MAX(seq), 0) FROM entries), (SELECT value FROM state WHERE name = 'summed_seq')"
_FEWEST = "provider"
"""The kept dimension that has the fewest values: nobody asks for them here."""


@dataclass(frozen=True, slots=True)
class DayCut:
    """A calendar day and the time of day it is cut at, in UTC: at a whole hour, so that no single calls have to be read."""

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
    """A part of what one day came to, of one billing mode: of the whole day, or of what came ``after`` the cut."""

    day: int
    after: bool
    billing: str
    calls: int
    unpriced_calls: int
    cost_nanos: int
    charged_nanos: int
    tokens: int
    series_id: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SpendHistory:
    """The sums of the days by zone, and where the budgets stood at that moment.

    ``days`` are of all calls that the filters let through. ``scoped`` are of those that budgets with a scope or ``each`` may cover,
    apart by ``series_id``: what such a budget looks at of a series stands in ``series``.
    """

    days: Mapping[str, tuple[DaySum, ...]]
    scoped: Mapping[str, tuple[DaySum, ...]]
    series: Mapping[int, Covered]
    standings: tuple[Standing, ...] = ()


def spend_history(asked: HistoryAsked, window_of: WindowOf) -> Plan[SpendHistory]:
    """Days and budgets at one moment; read from kept sums, but where a filter names what only single calls say."""
    found: tuple[Standing, ...] = ()
    if asked.budgets:
        every = yield from standings(asked.tenant, asked.asking, asked.now, window_of)
        found = tuple(one for one in every if asked.budget in (None, one.budget.name))
    narrow = [one.budget for one in found if one.budget.scope.conditions or one.budget.each]
    whole = [one.budget for one in found if one.budget not in narrow]
    days: dict[str, tuple[DaySum, ...]] = {}
    for zone in dict.fromkeys((asked.timezone, *(budget.timezone for budget in whole))):
        days[zone] = yield from _days(asked, _stretches(asked.cuts_of(zone)))
    series: dict[int, Covered] = {}
    if narrow:
        rows = yield _SERIES, (asked.tenant,)
        known = ((row[0], _covered(*row[1:])) for row in rows)
        series = {number: covered for number, covered in known if any(_may_cover(budget, covered) for budget in narrow)}
    scoped: dict[str, tuple[DaySum, ...]] = {}
    for zone in dict.fromkeys(budget.timezone for budget in narrow) if series else ():
        scoped[zone] = yield from _days_of(asked, _stretches(asked.cuts_of(zone)), sorted(series))
    return SpendHistory(days=days, scoped=scoped, series=series, standings=found)


def _may_cover(budget: Budget, covered: Covered) -> bool:
    return budget.scope.covers(covered) and (budget.each is None or bool(covered.values(budget.each)))


def _stretches(cuts: Sequence[DayCut]) -> list[Stretch]:
    """The days under even labels, what came after the cuts under odd ones; of today's nobody knows what is still to come."""
    found: list[Stretch] = []
    for number, day in enumerate(cuts):
        found.append(Stretch(2 * number, micros(day.start), micros(day.end)))
        if number < len(cuts) - 1 and day.cut < day.end:
            found.append(Stretch(2 * number + 1, micros(day.cut), micros(day.end)))
    return found


def _days(asked: HistoryAsked, stretches: Sequence[Stretch]) -> Plan[tuple[DaySum, ...]]:
    ((recorded, summed),) = yield _WATERMARKS, ()
    dimension = next(iter(asked.filters), _FEWEST)
    if recorded - summed < FAR_BEHIND and len(asked.filters) <= 1 and dimension in FACETS:
        wanted = asked.filters.get(dimension)
        facets = yield from by_facet(asked.tenant, stretches, (dimension,), None)
        return tuple(
            _day_sum(label, billing, amounts)
            for label, value, billing, amounts in facets.rows(dimension)
            if wanted is None or value == wanted
        )
    rows = yield from sums(Asked(tenant=asked.tenant, stretches=stretches, columns=("billing",), filters=asked.filters))
    return tuple(_day_sum(row[0], row[1], row[2:]) for row in rows)


def _days_of(asked: HistoryAsked, stretches: Sequence[Stretch], series: Sequence[int]) -> Plan[tuple[DaySum, ...]]:
    rows = yield from sums(
        Asked(tenant=asked.tenant, stretches=stretches, columns=("billing", "series_id"), only={"series_id": series})
    )
    return tuple(_day_sum(row[0], row[1], row[3:], row[2]) for row in rows)


def _day_sum(label: int, billing: str, amounts: Sequence[int], series_id: int = 0) -> DaySum:
    calls, unpriced, cost, charged, tokens_in, tokens_out = (amounts[place] for place in _PLACES)
    return DaySum(label // 2, bool(label % 2), billing, calls, unpriced, cost, charged, tokens_in + tokens_out, series_id)


def _covered(model: str, response_model: str, catalog_model: str, provider: str, *names: str) -> Covered:
    project, agent, feature, purpose, task_type = (name or None for name in names)
    return Covered(
        context=Context(project=project, agent=agent, feature=feature, purpose=purpose, task_type=task_type),
        provider=provider or None,
        models=model_names(model, response_model or None, catalog_model or None),
    )
