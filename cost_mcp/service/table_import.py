"""Calls from a table into the ledger: every row read, priced and recorded, or refused by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, cast

from cost_mcp.budgets.windows import window_of
from cost_mcp.capture.tables.billing import is_export
from cost_mcp.capture.tables.calls import Wish, csv_calls, csv_columns, json_calls
from cost_mcp.capture.tables.columns import Columns
from cost_mcp.capture.tables.csv_rows import CsvRows
from cost_mcp.capture.tables.identity import Ordinals, content_digest
from cost_mcp.capture.tables.json_rows import json_rows
from cost_mcp.capture.tables.row import RowCall, RowProblem
from cost_mcp.errors import Conflict, CostError, InvalidInput
from cost_mcp.ledger.intake import Intake
from cost_mcp.ledger.outlook import Outlook, open_outlook
from cost_mcp.ledger.repeat import contradictions, corrects
from cost_mcp.model.call import Call, Rank
from cost_mcp.model.charge import PricedCall
from cost_mcp.model.receipt import CORRECTED, CREATED, EXISTS
from cost_mcp.model.succession import succeed
from cost_mcp.service.call_report import Reporter, read_call
from cost_mcp.service.import_summary import SourceTally

if TYPE_CHECKING:
    from cost_mcp.config.settings import Settings
    from cost_mcp.service.cheaper import Priced

CSV, JSONL = "csv", "jsonl"
BATCH = 500
MOST_PROBLEMS = 1000
"""The most problems kept to be shown; all are counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TableOrder:
    """How to import a table: its kind, what its columns mean, and whether only to say what would come of it."""

    kind: str
    wish: Wish
    delimiter: str | None = None
    dry_run: bool = False


@dataclass(slots=True, kw_only=True)
class TableSummary:
    """What came of a table: its counts, the problems by row (the first ``MOST_PROBLEMS`` of ``tally.refused``).

    ``columns`` is what the columns were taken for, None where every row has its own. ``made_ids`` counts rows without an id of
    their own. ``alerts`` were raised at the end.
    """

    kind: str
    dry_run: bool
    columns: Columns | None = None
    rows: int = 0
    made_ids: int = 0
    alerts: int = 0
    tally: SourceTally = field(default_factory=SourceTally)
    problems: list[RowProblem] = field(default_factory=list[RowProblem])

    def refuse(self, problem: RowProblem) -> None:
        """Count a row that cannot be taken."""
        self.tally.refused += 1
        if len(self.problems) < MOST_PROBLEMS:
            self.problems.append(problem)


def import_table(
    lines: Iterable[str], order: TableOrder, settings: Settings, prices: Priced, clock: Callable[[], datetime]
) -> TableSummary:
    """Import the calls of a table, five hundred to a transaction; rows that cannot be taken are left out and told.

    A row counts once under its id, however often it is imported: the one in its column, else one made of what the row says and
    of how many equal rows stand before it in the table. What was imported stays when a later row breaks off the import. A dry
    run looks at the rows five hundred at a time too: ids that contradict each other further apart it does not see.

    Raises:
        InvalidInput: the table cannot be read at all, or tracking is off.
        LedgerError: the ledger cannot be written.
    """
    if not settings.enabled:
        raise InvalidInput(
            "tracking is off (COST_MCP_ENABLED=false): nothing is imported.", field="enabled", hint="Set it to true to import."
        )
    summary = TableSummary(kind=order.kind, dry_run=order.dry_run)
    given = _calls(lines, order, summary)
    # A table is of many projects and sessions: what the environment binds fills gaps, and refuses nothing.
    open_to_all = replace(settings, bound=frozenset[str]())
    if order.dry_run:
        with closing(open_outlook(settings.ledger_path)) as outlook:
            _Table(summary, open_to_all, prices, clock, outlook, None).take(given)
        return summary
    with Intake(settings.ledger_path, now=clock(), window_of=window_of) as intake:
        try:
            _Table(summary, open_to_all, prices, clock, intake, intake).take(given)
        finally:
            intake.settle()
            intake.fold()
            summary.alerts = intake.raise_due(settings.tenant, clock())
    return summary


def _calls(lines: Iterable[str], order: TableOrder, summary: TableSummary) -> Iterable[RowCall | RowProblem]:
    if order.kind == JSONL:
        return json_calls(json_rows(lines), order.wish)
    rows = CsvRows(lines, order.delimiter)
    if not order.wish.said and is_export(rows.columns):
        raise InvalidInput(
            "the table is a provider's billing export: its rows are sums, not calls.",
            field="file",
            hint="Hold it against the ledger with `cost-mcp reconcile`; --map imports its rows as calls all the same.",
        )
    summary.columns = csv_columns(rows.columns, order.wish)
    return csv_calls(rows, summary.columns, order.wish)


class _Table:
    def __init__(
        self,
        summary: TableSummary,
        settings: Settings,
        prices: Priced,
        clock: Callable[[], datetime],
        outlook: Outlook,
        intake: Intake | None,
    ) -> None:
        self._summary = summary
        self._settings = settings
        self._prices = prices
        self._clock = clock
        self._outlook = outlook
        self._intake = intake
        self._reporter = Reporter(source=summary.kind, rank=Rank.LOG)
        self._told = Ordinals()

    def take(self, given: Iterable[RowCall | RowProblem]) -> None:
        """Everything, a batch at a time."""
        rows = iter(given)
        while batch := list(islice(rows, BATCH)):
            self._batch(batch)

    def _batch(self, batch: Sequence[RowCall | RowProblem]) -> None:
        summary, now = self._summary, self._clock()
        summary.rows += len(batch)
        called = [row for row in batch if isinstance(row, RowCall)]
        summary.made_ids += sum(row.made_id for row in called)
        tenant = self._settings.tenant
        stored = self._outlook.known(tenant, [_id(row) for row in called])
        known = {call_id: entry.priced for call_id, entry in stored.items()}
        told = {call_id: before.call for call_id, before in known.items()}
        priced: list[tuple[RowCall, PricedCall]] = []
        for row in batch:
            if isinstance(row, RowProblem):
                summary.refuse(row)
                continue
            if row.made_id and _id(row) in known:
                summary.tally.merged += 1  # an id made of everything that is said: there is nothing else to say
                continue
            try:
                call = self._priced(row, known, now)
                _check_told_once(told.get(call.call.call_id), call.call)
                priced.append((row, call))
                told.setdefault(call.call.call_id, call.call)
            except CostError as error:
                summary.refuse(row.problem(error))
        if self._intake is None:
            answers = [self._foretold(call, known) for _, call in priced]
        else:
            answers = self._intake.bring_in(tenant, [call for _, call in priced], now)
        for (row, call), answer in zip(priced, answers, strict=True):
            if isinstance(answer, CostError):
                summary.refuse(row.problem(answer))
            else:
                self._count(call, answer, known)

    def _priced(self, row: RowCall, known: Mapping[str, PricedCall], now: datetime) -> PricedCall:
        call, remarks = read_call(row.fields, self._reporter, self._settings, now)
        before = known.get(call.call_id)
        unchecked = False
        if before is not None:
            call = succeed(call, before.call)
            if call.stated_cost_usd is None and before.call.stated_cost_usd is not None:
                told = replace(call, stated_cost_usd=before.call.stated_cost_usd)
                if self._prices.price(call).cost_usd is None:
                    call, unchecked = told, before.pricing.partial
        pricing = remarks.on(self._prices.price(call), self._reporter.source)
        return PricedCall(call=call, pricing=pricing.unchecked() if unchecked else pricing)

    def _foretold(self, call: PricedCall, known: Mapping[str, PricedCall]) -> str | CostError:
        """What recording would answer."""
        before = known.get(call.call.call_id)
        if self._told.next(content_digest({"call_id": call.call.call_id})) > 1:
            return EXISTS
        if before is None:
            return CREATED
        try:
            return CORRECTED if corrects(before.call, call.call) else EXISTS
        except CostError as refusal:
            return refusal

    def _count(self, call: PricedCall, outcome: str, known: Mapping[str, PricedCall]) -> None:
        tally = self._summary.tally
        if outcome == EXISTS:
            tally.merged += 1
        else:
            tally.took(call, known.get(call.call.call_id) if outcome == CORRECTED else None)


def _check_told_once(before: Call | None, call: Call) -> None:
    # Of two lines of a log about one call the fuller counts; a table whose ids are not those of calls has to be heard of.
    differing = () if before is None or before.source not in (CSV, JSONL) else contradictions(before, call)
    if differing:
        raise Conflict(
            f"the id was imported before with other contents: {', '.join(differing)}.",
            field="call_id",
            hint="The first row stands. Map a column to call_id that is another for every call, or none.",
        )


def _id(row: RowCall) -> str:
    return cast("str", row.fields["call_id"])
