"""Sums by one dimension alone, exact at every moment: from those kept by it, and from other sums where none are kept."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from cost_mcp.ledger.arm import Asked
from cost_mcp.ledger.bucket import ROLLUP_SUMS
from cost_mcp.ledger.by_series import names_of_series
from cost_mcp.ledger.cover import HourCover, Stretch, cover_hours
from cost_mcp.ledger.plan import Plan, Row
from cost_mcp.ledger.sums import sums
from cost_mcp.ledger.tally import Key, Tally

_KEPT = (
    "FROM spans x CROSS JOIN json_each(:dimensions) d CROSS JOIN facets f ON f.tenant = :tenant AND f.grain = x.grain "
    "AND f.dimension = d.value AND f.bucket >= x.first AND f.bucket < x.after"
)
_SPANS = (
    "WITH spans (label, grain, first, after, sign) AS MATERIALIZED (SELECT json_extract(value, '$[0]'), "
    "json_extract(value, '$[1]'), json_extract(value, '$[2]'), json_extract(value, '$[3]'), json_extract(value, '$[4]') "
    "FROM json_each(:spans))"
)
_FACETS = (
    f"{_SPANS} SELECT x.label, f.dimension, f.value, f.billing, {', '.join(f'SUM(f.{c})' for c in ROLLUP_SUMS)} {_KEPT} "
    "WHERE :billing IN ('', f.billing) GROUP BY x.label, f.dimension, f.value, f.billing"
)
_FACETS_SIGNED = _FACETS.replace("SUM(f.", "SUM(x.sign * f.")
_SUMMED = "SELECT value FROM state WHERE name = 'summed_seq'"


class ByFacet:
    """Sums per label and value of each dimension asked for, some of them still by series."""

    def __init__(self, kept: Sequence[Row], rest: Sequence[Row], names: dict[int, dict[str, str]]) -> None:
        self._kept, self._rest, self._names = kept, rest, names

    def tally(self, dimension: str, key: Callable[[int, str], Key]) -> Tally:
        """The sums of a dimension under ``key(label, value)``."""
        tally = Tally()
        for label, value, billing, amounts in self.rows(dimension):
            tally.add(key(label, value), billing, amounts)
        return tally

    def rows(self, dimension: str) -> Iterator[tuple[int, str, str, Sequence[int]]]:
        """(label, value, billing, sums) of a dimension; what is to be summed may stand in several rows."""
        for label, of, value, billing, *amounts in self._kept:
            if of == dimension:
                yield label, value, billing, amounts
        for label, series, *amounts in self._rest:
            names = self._names[series]
            yield label, names[dimension], names["billing"], amounts


def by_facet(
    tenant: str, stretches: Sequence[Stretch], dimensions: Sequence[str], as_of: int | None, *, billing: str | None = None
) -> Plan[ByFacet]:
    """The sums of the stretches by each of these dimensions, of one billing mode or (None) both; ``as_of`` as for ``Asked``."""
    parts = cover_hours(stretches)
    spans = [(*span, 1) for span in parts.spans] + [(*span, -1) for span in parts.excess]
    ((summed,),) = yield _SUMMED, ()
    statement = _FACETS_SIGNED if parts.excess else _FACETS
    values = {"tenant": tenant, "spans": json.dumps(spans), "dimensions": json.dumps(dimensions), "billing": billing or ""}
    kept = yield statement, values
    filters = {} if billing is None else {"billing": billing}
    columns = (dimensions[0], "billing") if len(dimensions) == 1 else ("series_id",)
    # The hours know what was entered up to the watermark: what came behind it is added, what is to count no longer taken off.
    sign, since, until = (1, summed, as_of) if as_of is None or as_of >= summed else (-1, as_of, summed)
    moving = Asked(tenant=tenant, stretches=parts.whole, columns=columns, filters=filters, since=since, as_of=until)
    moved = yield from sums(moving)
    rest = [_signed(row, row[0], sign) for row in moved]
    rest += yield from _between_hours(parts, Asked(tenant=tenant, stretches=(), columns=columns, filters=filters, as_of=as_of))
    if len(dimensions) == 1:
        return ByFacet([*kept, *((row[0], dimensions[0], *row[1:]) for row in rest)], (), {})
    names = yield from names_of_series({row[1] for row in rest})
    return ByFacet(kept, rest, names)


def _between_hours(parts: HourCover, asked: Asked) -> Plan[list[Row]]:
    """What lies between the hours and the ends of the stretches. What one stretch has less its neighbour has more: read once."""
    wanted: dict[tuple[int, int], list[tuple[int, int]]] = {}
    for sign, pieces in ((1, parts.added), (-1, parts.taken)):
        for piece in pieces:
            wanted.setdefault((piece.start, piece.end), []).append((piece.label, sign))
    if not wanted:
        return []
    pieces = [Stretch(number, start, end) for number, (start, end) in enumerate(wanted)]
    rows = yield from sums(replace(asked, stretches=pieces))
    of_piece: list[list[tuple[int, int]]] = [*wanted.values()]
    found: list[Row] = []
    for row in rows:
        number: int = row[0]
        found += [_signed(row, label, sign) for label, sign in of_piece[number]]
    return found


def _signed(row: Row, label: int, sign: int) -> Row:
    names = len(row) - len(ROLLUP_SUMS)
    return (label, *row[1:names], *(sign * amount for amount in row[names:]))
