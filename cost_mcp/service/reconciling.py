"""A provider's billing export held against the ledger."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from cost_mcp.capture.tables.billing import Billed, Export, billed_rows, export_of
from cost_mcp.capture.tables.csv_rows import CsvRows
from cost_mcp.errors import InvalidInput
from cost_mcp.model.totals import Totals
from cost_mcp.pricing.spelling import exact_spellings, shorter_spellings
from cost_mcp.reports.page import MAX_LIMIT
from cost_mcp.reports.reconciliation import Key, Reconciliation, Side, Tolerance, reconcile
from cost_mcp.service.answer import ReportAnswer
from cost_mcp.service.fields import Fields

_DAY = timedelta(days=1)
_FIRST = re.compile(r"^(claude-[a-z]+-\d)-0$")
_NUMBER_FIRST = re.compile(r"^claude-(\d(?:-\d)?)-([a-z]+)$")
_RECORDED = (
    "calls", "input_tokens", "output_tokens", "cache_read_input_tokens", "cache_creation_input_tokens", "web_search_requests",
    "cost_usd",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class ReconcileOrder:
    """What of an export to compare with what: days from ``start`` up to before ``end``, one project's calls, and how exactly."""

    start: date | None = None
    end: date | None = None
    project: str | None = None
    tolerance: Tolerance = field(default_factory=Tolerance)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciled:
    """A comparison, and what was compared: the days from ``first`` to ``last`` in UTC, calls billed by use.

    ``by_model`` is False where the export names no models: days are then compared whole. ``unfinished`` says that the last day
    is not over: the export cannot have all of it.
    """

    export: Export
    first: date
    last: date
    by_model: bool
    unfinished: bool
    result: Reconciliation


def reconcile_export(
    lines: Iterable[str], order: ReconcileOrder, report: Callable[[Fields], ReportAnswer], now: datetime
) -> Reconciled:
    """Hold an export against what ``report``, the reporting verb, answers for its days.

    Raises:
        InvalidInput: no export that is known, a row that cannot be read, or no day to compare.
    """
    rows = CsvRows(lines)
    export = export_of(rows.columns)
    bill = _Bill(order)
    for billed in billed_rows(rows, export):
        bill.add(billed)
    first, last = bill.days()
    recorded = _recorded(report, export, first, last, order, by_model=bill.by_model)
    result = reconcile(bill.sides(), recorded, export.measures, order.tolerance)
    unfinished = last >= now.astimezone(UTC).date()
    return Reconciled(export=export, first=first, last=last, by_model=bill.by_model, unfinished=unfinished, result=result)


def one_name(model: str) -> str:
    """The one name for a model's display name, dated snapshots and aliases: what a bill and a caller both may call it.

    Claude's models are named with the family first, as they have been since 4: ``claude-3-5-haiku`` is claude-haiku-3-5, as the
    Console shows it; ``claude-opus-4-0`` is an alias of claude-opus-4.

    Source: the exports named in ``capture/tables/billing.py``, read 2026-11-22. The aliases are those of Anthropic's page of models
    (https://docs.claude.com/en/docs/about-claude/models/overview), which was not opened that day.
    """
    spelled = re.sub(r"\s+", "-", model.strip().lower()).rpartition("/")[2]
    names = (*exact_spellings(spelled), *shorter_spellings(spelled))
    shortest = min(names, key=lambda name: (len(name), name))
    return _NUMBER_FIRST.sub(r"claude-\2-\1", _FIRST.sub(r"\1", shortest))


class _Bill:
    def __init__(self, order: ReconcileOrder) -> None:
        self._order = order
        self._sums: dict[Key, Side] = {}
        self._first: date | None = order.start
        self._last: date | None = None if order.end is None else order.end - _DAY
        self.by_model = False

    def add(self, billed: Billed) -> None:
        start, end = self._order.start, self._order.end
        if (start is not None and billed.day < start) or (end is not None and billed.day >= end):
            return
        if start is None:
            self._first = billed.day if self._first is None else min(self._first, billed.day)
        if end is None:
            self._last = billed.day if self._last is None else max(self._last, billed.day)
        if not billed.figures:
            return
        model = None if billed.model is None else one_name(billed.model)
        self.by_model = self.by_model or model is not None
        key = (billed.day, model)
        side = Side(figures=billed.figures, slack_usd=billed.slack_usd)
        self._sums[key] = self._sums[key] + side if key in self._sums else side

    def days(self) -> tuple[date, date]:
        if self._first is None or self._last is None or self._last < self._first:
            raise InvalidInput("the export has no days to compare.", field="file", hint="Export a range that has some.")
        return self._first, self._last

    def sides(self) -> Mapping[Key, Side]:
        return self._sums


def _recorded(
    report: Callable[[Fields], ReportAnswer], export: Export, first: date, last: date, order: ReconcileOrder, *, by_model: bool
) -> Mapping[Key, Side]:
    asked: dict[str, object] = {
        "start": first.isoformat(),
        "end": (last + _DAY).isoformat(),
        "timezone": "UTC",
        "group_by": ["day", "model"] if by_model else ["day"],
        "provider": export.provider,
        "billing": "api",  # what a plan covers is on no bill by use
        "limit": MAX_LIMIT,
    }
    if order.project is not None:
        asked["project"] = order.project
    found: dict[Key, Side] = {}
    cursor: str | None = None
    while True:
        answer = report({**asked, "cursor": cursor})
        for group in answer.rows:
            day, *rest = group.key
            assert day is not None
            model = one_name(rest[0]) if rest and rest[0] is not None else None
            key = (date.fromisoformat(day), model)
            side = _side(group.totals)
            found[key] = found[key] + side if key in found else side
        cursor = answer.next_cursor
        if cursor is None:
            return found


def _side(totals: Totals) -> Side:
    return Side(figures={name: Decimal(getattr(totals, name)) for name in _RECORDED}, unpriced_calls=totals.unpriced_calls)
