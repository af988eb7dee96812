"""``tasks``: what was worked on last, and what each task cost."""

from __future__ import annotations

import click

from cost_mcp.cli.options import WHOLE, as_json, filters, pass_surroundings, period, tags, timezone
from cost_mcp.cli.output import put_json, put_page
from cost_mcp.cli.surroundings import Surroundings
from cost_mcp.views.shape_activity import tasks_shape
from cost_mcp.views.terminal_activity import tasks_page


@click.command()
@period
@filters
@tags
@timezone
@click.option("--limit", type=WHOLE, help="Tasks to show (default: 50).")
@click.option("--cursor", help="The next_cursor of the page before (with --json).")
@as_json
@pass_surroundings
def tasks(around: Surroundings, as_json: bool, **fields: object) -> None:
    """Show the tasks worked on last, and what each cost.

    The one with the newest call stands first; what it cost is what its calls of the period cost.
    """
    with around.quick() as quick:
        answer = quick.tasks(fields)
        if as_json:
            put_json(tasks_shape(answer))
        else:
            put_page(tasks_page(answer, quick.clock()))
