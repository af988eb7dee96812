"""``roi``: whether an investment in cheaper work pays."""

from __future__ import annotations

import click

from cost_mcp.cli.options import WHOLE, as_json, filters, pass_surroundings, tags, timezone
from cost_mcp.cli.output import put_json, put_page
from cost_mcp.cli.surroundings import Surroundings


@click.command()
@click.option(
    "--baseline", metavar="PERIOD|AMOUNT", help="Before: last_month, 2026-09, 2026-09-01..2026-10-01, or 12.50 a task."
)
@click.option("--current", metavar="PERIOD", help="Since (default: month).")
@click.option("--investment", metavar="USD", help="What the change cost, once.")
@click.option("--tasks-per-month", type=WHOLE, help="Tasks a month (default: at the pace of the current period).")
@click.option("--outcome", help="Only tasks that ended so: merged, failed or abandoned; any: whose end was noted (task done).")
@filters
@tags
@timezone
@as_json
@pass_surroundings
def roi(around: Surroundings, as_json: bool, **fields: object) -> None:
    """Work out what an investment in cheaper work returns.

    Compares what tasks cost in two periods, or with an amount per task, and says what that saves a month, when the investment
    is paid back, and whether the data can tell at all. A period's last day is excluded where it is given as FIRST..LAST.
    """
    from cost_mcp.views.shape_roi import return_shape
    from cost_mcp.views.terminal_roi import return_page

    with around.quick() as quick:
        answer = quick.roi(fields)
        if as_json:
            put_json(return_shape(answer))
        else:
            put_page(return_page(answer))
