"""The plan behind ``report``: totals, breakdowns and groups of a period, at one moment."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType

from cost_mcp.errors import InvalidInput
from cost_mcp.ledger.arm import Asked
from cost_mcp.ledger.by_series import by_series
from cost_mcp.ledger.cover import Stretch
from cost_mcp.ledger.facet import by_facet
from cost_mcp.ledger.grouping import groups
from cost_mcp.ledger.plan import Plan
from cost_mcp.ledger.summing import FACETS, FAR_BEHIND
from cost_mcp.ledger.tally import Tally
from cost_mcp.ledger.uncounted import uncounted_in
from cost_mcp.model.moment import micros
from cost_mcp.model.report import CostReport, ReportQuery
from cost_mcp.model.totals import Totals

_RECORDED = "SELECT (SELECT COALESCE(MAX(seq), 0) FROM entries), (SELECT value FROM state WHERE name = 'summed_seq')"

Breakdowns = Mapping[str, "tuple[tuple[str, Totals], ...]"]


def report(query: ReportQuery) -> Plan[CostReport]:
    """The answer to a report query; its ``Totals`` carry no first and last call.

    Raises:
        InvalidInput: a mark of another kind of ledger.
    """
    ((recorded, summed),) = yield _RECORDED, ()
    as_of = None if query.as_of is None else _as_of(query.as_of)
    kept = recorded - summed < FAR_BEHIND
    totals, breakdowns = yield from _whole(query, as_of, kept=kept)
    found, count = yield from groups(query, as_of, kept=kept)
    start, end = micros(query.period.start), micros(query.period.end)
    uncounted = yield from uncounted_in(query.tenant, start, end, query.filters, as_of)
    return CostReport(
        query=query,
        as_of=str(recorded) if query.as_of is None else query.as_of,
        totals=totals,
        uncounted_calls=uncounted,
        groups=found,
        group_count=count,
        breakdowns=breakdowns,
    )


def _whole(query: ReportQuery, as_of: int | None, *, kept: bool) -> Plan[tuple[Totals, Breakdowns]]:
    """What the period comes to, and broken down by each of ``FACETS``."""
    period = query.period
    stretches = (Stretch(0, micros(period.start), micros(period.end)),)
    tally_of: Callable[[str], Tally]
    if kept and query.filters.keys() <= {"billing"}:
        facets = yield from by_facet(query.tenant, stretches, FACETS, as_of, billing=query.filters.get("billing"))
        totals = facets.tally(FACETS[0], lambda _label, _value: ()).totals(())
        tally_of = partial(facets.tally, key=lambda _label, value: (value,))
    else:
        asked = Asked(tenant=query.tenant, stretches=stretches, columns=("series_id",), filters=query.filters, as_of=as_of)
        found = yield from by_series(asked)
        totals = found.tally(()).totals(())
        tally_of = found.tally_by
    return totals, MappingProxyType({f"by_{name}": tally_of(name).named() for name in FACETS})


def _as_of(mark: str) -> int:
    if not mark.isdecimal() or len(mark) > 18:
        raise InvalidInput("cursor is not one of ours.", field="cursor", hint="Give next_cursor as it was answered.")
    return int(mark)
