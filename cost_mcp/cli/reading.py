"""``today``, ``report`` and ``task``: what was spent."""

from __future__ import annotations

import click

from cost_mcp.cli.options import WHOLE, as_json, filters, pass_surroundings, timezone
from cost_mcp.cli.output import put_json, put_page
from cost_mcp.cli.surroundings import Surroundings
from cost_mcp.model.totals import Totals
from cost_mcp.service.quick import Quick
from cost_mcp.views.shape import report_shape, task_shape
from cost_mcp.views.terminal import report_page, task_page, today_page

MOST_DAYS = 31
"""A report shows its days one by one up to a month of them."""


@click.command()
@timezone
@as_json
@pass_surroundings
def today(around: Surroundings, timezone: str | None, as_json: bool) -> None:
    """Show what was spent today, by model.

    Prompt tokens are all input, the cached ones included; completion tokens are all output. Budgets stand below.
    """
    with around.quick() as quick:
        if as_json:
            put_json(report_shape(quick.cost_report({"period": "today", "timezone": timezone})))
        else:
            show_today(quick, timezone)


def show_today(quick: Quick, timezone: str | None) -> None:
    """Print today's page."""
    answer = quick.cost_report({"period": "today", "timezone": timezone})
    standings = quick.budget_status({}).standings
    put_page(today_page(answer, standings, _ever(quick, answer.report.totals), quick.clock()))


@click.command()
@click.option("--period", help="today, yesterday, week, last_week, month, year, total, 7d, 4w, 24h, 2026-11 … (default: month)")
@click.option("--start", help="First day or instant, instead of a period.")
@click.option("--end", help="The day or instant after the last (default: now).")
@click.option("--group-by", help="Up to three of: project, agent, provider, model, task, session, day, week … with commas.")
@filters
@timezone
@click.option("--limit", type=WHOLE, help="Rows of groups to show (default: 50).")
@click.option("--cursor", help="The next_cursor of the page before (with --json).")
@as_json
@pass_surroundings
def report(around: Surroundings, as_json: bool, **fields: object) -> None:
    """Show what a period cost, grouped and filtered.

    Without --group-by: its days, then by model and by whatever context the calls name.
    """
    with around.quick() as quick:
        answer = quick.cost_report(fields)
        if as_json:
            put_json(report_shape(answer))
            return
        days = None
        if fields["group_by"] is None and answer.report.totals.calls:
            by_day = quick.cost_report({**fields, "group_by": "day", "limit": MOST_DAYS})
            days = by_day if by_day.next_cursor is None else None
        put_page(report_page(answer, days, _ever(quick, answer.report.totals)))


@click.command()
@click.argument("task_id", metavar="ID")
@as_json
@pass_surroundings
def task(around: Surroundings, task_id: str, as_json: bool) -> None:
    """Show what one task cost, by model, agent and purpose."""
    with around.quick() as quick:
        answer = quick.task_cost(task_id)
        if as_json:
            put_json(task_shape(answer))
        else:
            put_page(task_page(answer, quick.settings.timezone, quick.clock()))


def _ever(quick: Quick, shown: Totals) -> Totals:
    # Asked only where nothing is shown: it tells an idle period from a new ledger.
    return shown if shown.calls else quick.cost_report({"period": "total"}).report.totals
