"""``task``: what one task cost, and how it ended."""

from __future__ import annotations

import click

from cost_mcp.cli.options import as_json, pass_surroundings
from cost_mcp.cli.output import put_json, put_page
from cost_mcp.cli.surroundings import Surroundings, who
from cost_mcp.model.outcome import OUTCOMES
from cost_mcp.views.shape import task_shape
from cost_mcp.views.terminal import task_page


@click.command()
@click.argument("task_id", metavar="ID")
@as_json
@pass_surroundings
def task(around: Surroundings, task_id: str, as_json: bool) -> None:
    """Show what one task cost, by model, agent and purpose.

    And how that compares with earlier tasks of its type. `cost-mcp task done ID --outcome merged` notes how it ended.
    """
    with around.quick() as quick:
        answer = quick.task_cost(task_id)
        if as_json:
            put_json(task_shape(answer))
        else:
            put_page(task_page(answer, quick.settings.timezone, quick.clock()))


@click.command()
@click.argument("task_id", metavar="ID")
@click.option("--outcome", required=True, help=f"How it ended: {', '.join(OUTCOMES)}.")
@click.option("--at", help="When it ended, RFC 3339 (default: now).")
@as_json
@pass_surroundings
def task_done(around: Surroundings, task_id: str, outcome: str, at: str | None, as_json: bool) -> None:
    """Note how a task ended.

    The same again changes nothing; another outcome, or another time, stands above what was noted before, which is kept.
    """
    from cost_mcp.views.shape_efficiency import finish_shape
    from cost_mcp.views.terminal_efficiency import finish_page

    finish = around.within(lambda service: service.finish_task(task_id, outcome=outcome, at=at, by=who()))
    if as_json:
        put_json(finish_shape(finish))
    else:
        put_page(finish_page(finish))
