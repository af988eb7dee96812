"""Exports: which rows are asked for, and reading them a batch at a time while what they come to is kept."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Protocol

from cost_mcp.model.call_row import CallRow
from cost_mcp.model.charge import UNPRICED
from cost_mcp.model.money import usd
from cost_mcp.model.report import FILTER_DIMENSIONS, GROUP_ALIASES, ReportQuery
from cost_mcp.service.fields import Fields, present, refuse_unknown
from cost_mcp.service.question import read_report_question

if TYPE_CHECKING:
    from cost_mcp.config.settings import Settings
    from cost_mcp.ledger.export_rows import Batch, Mark

EXPORT_FIELDS = ("period", "start", "end", "timezone", *FILTER_DIMENSIONS, *GROUP_ALIASES)


class Rows(Protocol):
    """What an export asks of a ledger."""

    def export_rows(self, query: ReportQuery, mark: Mark | None = None, limit: int | None = None) -> Batch:
        """As ``Readings.export_rows``."""
        ...


@dataclass(slots=True, kw_only=True)
class Export:
    """An export under way: what it covers, and what the rows come to that were read so far.

    ``calls`` counts a corrected call once, and ``unknown_calls`` those of them nobody knows the cost of. ``cost_usd`` and
    ``subscription_usd`` are a report's figures of the same names once all rows were read, lower bounds while
    ``unpriced_calls`` is not 0.
    """

    query: ReportQuery
    rows: int = 0
    calls: int = 0
    unpriced_calls: int = 0
    unknown_calls: int = 0
    _nanos: dict[str, int] = field(default_factory=lambda: {"api": 0, "subscription": 0})

    @property
    def cost_usd(self) -> Decimal:
        """What was billed by use."""
        return usd(self._nanos["api"])

    @property
    def subscription_usd(self) -> Decimal:
        """The list-price equivalent of what plans cover."""
        return usd(self._nanos["subscription"])

    def is_empty(self, ledger: Rows) -> bool:
        """Whether there is no row."""
        return not ledger.export_rows(self.query, limit=1).rows

    def batches(self, ledger: Rows) -> Iterator[tuple[CallRow, ...]]:
        """All rows in the order of time, reversals among them, as they were when the first were read."""
        mark: Mark | None = None
        while True:
            batch = ledger.export_rows(self.query, mark)
            if batch.rows:
                self._add(batch.rows)
                yield batch.rows
            if batch.mark is None:
                return
            mark = batch.mark

    def _add(self, rows: tuple[CallRow, ...]) -> None:
        self.rows += len(rows)
        for row in rows:
            self.calls += row.sign
            self._nanos[row.names.billing] += row.cost_nanos
            if row.unpriced_calls:
                self.unpriced_calls += row.unpriced_calls
                self.unknown_calls += row.sign if row.priced == UNPRICED else 0


def read_export(fields: Fields, settings: Settings, now: datetime) -> Export:
    """An export from raw fields: a period as for a report, and the same filters.

    Raises:
        InvalidInput, UnknownName: a field that cannot be taken; it is named.
    """
    given = present(fields)
    refuse_unknown(given, EXPORT_FIELDS, "export")
    return Export(query=read_report_question(given, settings, now).query)
