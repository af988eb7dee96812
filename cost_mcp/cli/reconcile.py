"""``reconcile``: a provider's billing export against the ledger."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import click

from cost_mcp.cli.failure import REFUSED, WRONG, tell
from cost_mcp.cli.options import WHOLE, as_json
from cost_mcp.cli.output import put_json, put_page
from cost_mcp.cli.surroundings import Surroundings
from cost_mcp.cli.table_file import open_table
from cost_mcp.errors import CostError, InvalidInput
from cost_mcp.model.money import parse_usd
from cost_mcp.reports.reconciliation import Tolerance
from cost_mcp.service.reconciling import Reconciled, ReconcileOrder, reconcile_export
from cost_mcp.views.shape_reconciliation import reconciled_shape
from cost_mcp.views.terminal_reconciliation import reconciled_page


@click.command()
@click.argument("file", metavar="FILE|-")
@click.option("--start", metavar="DAY", help="The first day to compare, in UTC (default: the file's first).")
@click.option("--end", metavar="DAY", help="The day after the last (default: after the file's last).")
@click.option("--project", help="Hold it against this project's calls only.")
@click.option("--tolerance-usd", metavar="USD", help="What dollars may differ by, a day and model (default: 0.01).")
@click.option("--tolerance-count", type=WHOLE, help="What tokens and searches may differ by, a day and model (default: 0).")
@as_json
@click.pass_context
def reconcile(
    ctx: click.Context,
    file: str,
    start: str | None,
    end: str | None,
    project: str | None,
    tolerance_usd: str | None,
    tolerance_count: int | None,
    as_json: bool,
) -> None:
    """Hold a provider's billing export against the ledger.

    By day and model. Takes the usage and cost exports (CSV) of platform.openai.com and of the Claude Console, as they come. Days are those of UTC,
    as in the exports; calls that a subscription covers are left out. The exit code is 0 when all matches, 1 when not, 2 for
    an error.
    """
    try:
        order = ReconcileOrder(
            start=_day(start, "start"),
            end=_day(end, "end"),
            project=project,
            tolerance=_tolerance(tolerance_usd, tolerance_count),
        )
        done = _reconciled(ctx.ensure_object(Surroundings), file, order)
    except CostError as error:
        tell(error, as_json=as_json)
        ctx.exit(WRONG)  # 1 would be a difference
    if as_json:
        put_json(reconciled_shape(done))
    else:
        put_page(reconciled_page(done))
    if not done.result.agrees:
        ctx.exit(REFUSED)


def _reconciled(around: Surroundings, file: str, order: ReconcileOrder) -> Reconciled:
    with open_table(file) as lines, around.quick() as quick:
        return reconcile_export(lines, order, quick.cost_report, around.clock())


def _tolerance(usd: str | None, count: int | None) -> Tolerance:
    tolerance = Tolerance()
    if count is not None and count < 0:
        raise InvalidInput("tolerance_count is negative.", field="tolerance_count", hint="Give 0 for equal counts.")
    return Tolerance(
        usd=tolerance.usd if usd is None else parse_usd(usd, "tolerance_usd", maximum=Decimal(10) ** 9),
        count=tolerance.count if count is None else count,
    )


def _day(text: str | None, field: str) -> date | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InvalidInput(f"{field} is not a day.", field=field, hint="Give it as 2026-11-22.") from None
