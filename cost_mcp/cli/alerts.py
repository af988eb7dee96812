"""``alerts``: what budgets and unusual spend told, who has seen it, whether it arrived."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cost_mcp.cli.alerts_test_command import test
from cost_mcp.cli.options import WHOLE, as_json, pass_surroundings
from cost_mcp.cli.output import put_json, put_page
from cost_mcp.cli.surroundings import Surroundings, who
from cost_mcp.views.shape_alert import alerts_shape
from cost_mcp.views.terminal_alert import acknowledged_page, alerts_page, no_alerts_page, retried_page

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cost_mcp.model.alert import Alert
    from cost_mcp.service.service import Service

listed_all = click.option("--all", "every", is_flag=True, help="Acknowledged ones too.")
listed_limit = click.option("--limit", type=WHOLE, help="The most to show, newest first (default: 50).")
alert_ids = click.argument("alert_ids", metavar="[ID]...", nargs=-1)


@click.group(invoke_without_command=True)
@listed_all
@listed_limit
@as_json
@click.pass_context
def alerts(ctx: click.Context, every: bool, limit: int | None, as_json: bool) -> None:
    """See what reached a level, and whether it arrived.

    Unusual spend is told here too. Every budget tells once when what is spent reaches a level: 50, 80, 95 and 100 % of its limit unless set otherwise.
    """
    if ctx.invoked_subcommand is None:
        ctx.invoke(list_alerts, every=every, limit=limit, as_json=as_json)
    elif every or limit is not None or as_json:
        raise click.UsageError("--all, --limit and --json stand behind the command they are for.", ctx)


@alerts.command("list")
@listed_all
@listed_limit
@as_json
@pass_surroundings
def list_alerts(around: Surroundings, every: bool, limit: int | None, as_json: bool) -> None:
    """Show the alerts nobody has acknowledged, newest first."""
    with around.quick(in_step=True) as quick:
        found = quick.alerts({"all": every, "limit": limit})
        if as_json:
            put_json(alerts_shape(found))
        elif found:
            channels = bool(quick.settings.notifications)
            put_page(alerts_page(found, quick.settings.timezone, quick.clock(), channels=channels))
        else:
            earlier = not every and bool(quick.alerts({"all": True, "limit": 1}))
            put_page(no_alerts_page(quick.budgets(), earlier=earlier))


@alerts.command("ack")
@alert_ids
@click.option("--all", "every", is_flag=True, help="All that are open.")
@as_json
@click.pass_context
def ack(ctx: click.Context, alert_ids: tuple[str, ...], every: bool, as_json: bool) -> None:
    """Note that alerts were seen: they are not listed, and not sent any more."""
    _check(ctx, alert_ids, every=every)

    async def work(service: Service) -> Sequence[Alert]:
        if every:
            return await service.acknowledge_alerts(by=who())
        return [await service.acknowledge_alert(alert_id, by=who()) for alert_id in alert_ids]

    done = ctx.ensure_object(Surroundings).within(work)
    if as_json:
        put_json(alerts_shape(done))
    else:
        put_page(acknowledged_page(done))


@alerts.command("retry")
@alert_ids
@click.option("--all", "every", is_flag=True, help="All open ones that did not arrive.")
@as_json
@click.pass_context
def retry(ctx: click.Context, alert_ids: tuple[str, ...], every: bool, as_json: bool) -> None:
    """Send alerts again where they did not arrive, at once.

    This command does, for some seconds; then whichever cost-mcp process is alive.
    """
    _check(ctx, alert_ids, every=every)

    def show(done: Sequence[Alert]) -> None:
        if as_json:
            put_json(alerts_shape(done))
        else:
            put_page(retried_page(done))

    async def work(service: Service) -> None:
        show(await service.retry_alerts() if every else [await service.retry_alert(alert_id) for alert_id in alert_ids])
        await service.deliver_briefly()

    ctx.ensure_object(Surroundings).within(work)


@alerts.command("explain")
@click.argument("alert_id", metavar="ID")
@as_json
@pass_surroundings
def explain(around: Surroundings, alert_id: str, as_json: bool) -> None:
    """Show what made an unusual hour or day: which agents, models and tasks.

    Each beside its own usual amount on the days that the alert compared with, as the ledger knows them now.
    """
    from cost_mcp.views.shape_explanation import explained_shape
    from cost_mcp.views.terminal_explanation import explained_page

    with around.quick() as quick:
        explained = quick.explain_alert(alert_id)
        if as_json:
            put_json(explained_shape(explained))
        else:
            put_page(explained_page(explained))


alerts.add_command(test)


def _check(ctx: click.Context, alert_ids: Sequence[str], *, every: bool) -> None:
    if bool(alert_ids) == every:
        raise click.UsageError("give the ids of alerts, or --all.", ctx)
