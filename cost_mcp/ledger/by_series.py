"""Sums per series, and the names each series stands for."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from cost_mcp.ledger.arm import Asked
from cost_mcp.ledger.plan import Plan, Row
from cost_mcp.ledger.sums import sums
from cost_mcp.ledger.tally import Tally
from cost_mcp.model.report import SERIES_DIMENSIONS

_SERIES = (
    f"SELECT series_id, {', '.join(SERIES_DIMENSIONS)} FROM series WHERE series_id IN (SELECT value FROM json_each(:numbers))"
)


class BySeries:
    """Sums per series of a whole stretch."""

    def __init__(self, rows: Sequence[Row], names: dict[int, dict[str, str]]) -> None:
        self._rows = rows
        self._names = names

    def tally(self, dimensions: Sequence[str]) -> Tally:
        """The sums by the names in ``dimensions``."""
        tally = Tally()
        for row in self._rows:
            names = self._names[row[1]]
            tally.add(tuple(names[d] for d in dimensions), names["billing"], row[2:])
        return tally

    def tally_by(self, dimension: str) -> Tally:
        """The sums by the names of one dimension."""
        return self.tally((dimension,))


def by_series(asked: Asked) -> Plan[BySeries]:
    """The sums asked for, per series; ``asked.columns`` is ``("series_id",)``."""
    rows = yield from sums(asked)
    names = yield from names_of_series({row[1] for row in rows})
    return BySeries(rows, names)


def names_of_series(numbers: Iterable[int]) -> Plan[dict[int, dict[str, str]]]:
    """What each series is called in every one of ``SERIES_DIMENSIONS``; '' for what it lacks."""
    rows = yield _SERIES, {"numbers": json.dumps(sorted(numbers))}
    return {row[0]: {n: str(v) for n, v in zip(SERIES_DIMENSIONS, row[1:], strict=True)} for row in rows}
