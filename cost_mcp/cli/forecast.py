"""``forecast``: what day, week, month and the budgets' windows will come to."""

from __future__ import annotations

import click

from cost_mcp.cli.options import as_json, filters, pass_surroundings, tags, timezone
from cost_mcp.cli.output import put_json, put_page
from cost_mcp.cli.surroundings import Surroundings


@click.command()
@click.option("--period", help="Only the end of this one: day, week or month.")
@click.option("--budget", help="Only this budget.")
@filters
@tags
@timezone
@as_json
@pass_surroundings
def forecast(around: Surroundings, as_json: bool, **fields: object) -> None:
    """Forecast what day, week, month and budgets will come to.

    Days to come count as their weekday's usual; each forecast is tried out on earlier days, and says how wrong it was. With
    less than five and a half weeks of history: at the run rate. With a filter or a period, budgets are left out.
    """
    from cost_mcp.views.shape_forecast import forecast_shape
    from cost_mcp.views.terminal_forecast import forecast_page

    with around.quick() as quick:
        answer = quick.forecast(fields)
        if as_json:
            put_json(forecast_shape(answer))
        else:
            put_page(forecast_page(answer))
