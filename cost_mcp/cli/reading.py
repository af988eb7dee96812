"""``today`` and ``report``: what was spent."""

from __future__ import annotations

import click

from cost_mcp.cli.activity import show_calls, show_calls_as_they_come, show_windows
from cost_mcp.cli.options import WHOLE, as_json, filters, pass_surroundings, period, tags, timezone
from cost_mcp.cli.output import put_json, put_page, to_people
from cost_mcp.cli.page_file import PageTo, to_page
from cost_mcp.cli.surroundings import Surroundings
from cost_mcp.model.totals import Totals
from cost_mcp.service.quick import Quick
from cost_mcp.views.shape import report_shape
from cost_mcp.views.terminal import report_page, today_page

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
    answer = quick.cost_report({"period": "today", "timezone": timezone, "trend": "hour" if to_people() else None})
    standings = quick.budget_status({}).standings
    put_page(today_page(answer, standings, _ever(quick, answer.report.totals), quick.clock()))


@click.command()
@period
@click.option("--group-by", help="Up to three of: project, agent, provider, model, task, session, day, week … with commas.")
@filters
@tags
@timezone
@click.option(
    "--compare", is_flag=True, default=None, help="Compare with the period before, as much of it as has passed of this one."
)
@click.option("--top", type=WHOLE, metavar="N", help="The N groups that cost most, and the rest in one row.")
@click.option(
    "--trend",
    is_flag=False,
    flag_value="auto",
    metavar="[hour|day|week|month]",
    help="How spend went, times without calls too.",
)
@click.option("--calls", is_flag=True, help="Every single call, newest first.")
@click.option("--follow", is_flag=True, help="Calls as they are recorded, by any program, until Ctrl-C.")
@click.option("--windows", metavar="5h|week|1d", help="A subscription's windows: what was used in each, where this one leads.")
@click.option("--limit", type=WHOLE, help="Rows to show (default: 50).")
@click.option("--cursor", help="The next_cursor of the page before (with --json).")
@to_page
@as_json
@pass_surroundings
def report(
    around: Surroundings, as_json: bool, calls: bool, follow: bool, windows: str | None, to: PageTo, **fields: object
) -> None:
    """Show what a period cost, grouped and filtered.

    Without --group-by: its days, then by model and by whatever context the calls name.
    """
    asked = {"--calls": calls, "--follow": follow, "--windows": windows is not None}
    to.check([option for option, is_asked in {"--json": as_json, **asked}.items() if is_asked])
    if chosen := [option for option, is_asked in asked.items() if is_asked]:
        _refuse_together(chosen, fields)
        if follow:
            show_calls_as_they_come(around, fields, as_json=as_json)
        elif calls:
            show_calls(around, fields, as_json=as_json)
        else:
            show_windows(around, {**fields, "windows": windows}, as_json=as_json)
        return
    with around.quick() as quick:
        if as_json:
            put_json(report_shape(quick.cost_report(fields)))
            return
        series = fields["trend"] is not None
        drawn = {"trend": "auto"} if to_people() and not series and fields["cursor"] is None else {}
        answer = quick.cost_report({**fields, **drawn})
        days = None
        if fields["group_by"] is None and answer.report.totals.calls and not series:
            by_day = quick.cost_report({**fields, "compare": None, "group_by": "day", "limit": MOST_DAYS})
            days = by_day if by_day.next_cursor is None else None
        to.put(report_page(answer, days, _ever(quick, answer.report.totals), series=series), around.cwd)


def _refuse_together(chosen: list[str], fields: dict[str, object]) -> None:
    given = ("group_by", "compare", "top", "trend", *(("limit", "cursor") if "--follow" in chosen else ()))
    more = [f"--{name.replace('_', '-')}" for name in given if fields[name] is not None]
    if "--windows" in chosen and fields["cursor"] is not None:
        more.append("--cursor")
    if len(chosen) > 1 or more:
        raise click.UsageError(f"{' and '.join([*chosen, *more])} do not go together.")
    for name in (*given, *(("cursor",) if "--windows" in chosen else ())):
        fields.pop(name, None)


def _ever(quick: Quick, shown: Totals) -> Totals:
    # Asked only where nothing is shown: it tells an idle period from a new ledger.
    return shown if shown.calls else quick.cost_report({"period": "total"}).report.totals
