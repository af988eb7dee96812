"""What earlier days cost, and their dearest hours: the history that spend is compared with."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import date, timedelta
from decimal import Decimal

from cost_mcp.model.moment import zone
from cost_mcp.model.period import Period, day_start
from cost_mcp.model.report import CostReport, ReportQuery
from cost_mcp.model.totals import ZERO, Totals

Report = Callable[[ReportQuery], Awaitable[CostReport]]
LEDGER = "ledger"
"""The dimension of everything together; its one value is ''."""

Days = Mapping[date, Mapping[str, Totals]]
"""By day and by value of a dimension, what was spent; only where there were calls."""

DearestHours = Mapping[date, Mapping[str, Decimal]]
"""By day and by value, what the dearest clock hour cost."""


class History:
    """Days as reports tell them. Their hours are kept between questions, and read again where what a day holds has changed.

    A correction that moves a call to another hour of its day and changes nothing else is seen when the day leaves the memory
    of the process, or in the next one.

    Args:
        report: the ledger's verb.
        tenant: whose ledger.
        timezone: the zone whose calendar days and clock hours follow.
    """

    def __init__(self, report: Report, tenant: str, timezone: str) -> None:
        self._report = report
        self._tenant = tenant
        self._timezone = timezone
        self._kept: dict[tuple[str, date], tuple[Mapping[str, Totals], Mapping[str, Decimal]]] = {}

    async def days(self, dimension: str, first: date, after: date) -> Days:
        """What each value of a dimension spent on each day of ``[first, after)``."""
        days: dict[date, dict[str, Totals]] = {}
        columns = () if dimension == LEDGER else (dimension,)
        for group in (await self._report(self._query(first, after, "day", *columns))).groups:
            value = group.key[1] if columns else ""
            if value is not None:  # what no agent is named for is no agent's
                days.setdefault(date.fromisoformat(group.key[0] or ""), {})[value] = group.totals
        return days

    async def dearest_hours(self, dimension: str, days: Days) -> DearestHours:
        """The dearest hours of these days, as ``days`` answered them; hours of other days are forgotten."""
        self._kept = {
            key: kept for key, kept in self._kept.items() if key[0] != dimension or days.get(key[1], _NOBODY) == kept[0]
        }
        found: dict[date, Mapping[str, Decimal]] = {}
        for day, spent in days.items():
            kept = self._kept.get((dimension, day))
            if kept is None:
                # One report a day, not one for all: between them, a server answers its callers.
                kept = self._kept[dimension, day] = (spent, await self._dearest(dimension, day))
            found[day] = kept[1]
        return found

    async def totals(self, first: date, after: date) -> Totals:
        """Everything of ``[first, after)`` together."""
        return (await self._report(self._query(first, after))).totals

    async def _dearest(self, dimension: str, day: date) -> Mapping[str, Decimal]:
        dearest: dict[str, Decimal] = {}
        columns = () if dimension == LEDGER else (dimension,)
        for group in (await self._report(self._query(day, day + timedelta(days=1), "hour", *columns))).groups:
            value = group.key[1] if columns else ""
            if value is not None:
                dearest[value] = max(dearest.get(value, ZERO), group.totals.cost_usd)
        return dearest

    def _query(self, first: date, after: date, *group_by: str) -> ReportQuery:
        tz = zone(self._timezone)
        period = Period(name="custom", start=day_start(first, tz), end=day_start(after, tz), timezone=self._timezone)
        return ReportQuery(period=period, tenant=self._tenant, group_by=group_by)


_NOBODY: Mapping[str, Totals] = {}
