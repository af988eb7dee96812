"""``efficiency``: what finished tasks cost, by type, outcome and model."""

from __future__ import annotations

import click

from cost_mcp.cli.options import as_json, option, pass_surroundings, period, timezone
from cost_mcp.cli.output import put_json, put_page
from cost_mcp.cli.surroundings import Surroundings
from cost_mcp.views.shape_efficiency import efficiencies_shape
from cost_mcp.views.terminal_efficiency import efficiency_page


@click.command()
@option("task_type", "Only tasks of this type.")
@option("project", "Only tasks of this project; what is usual is told by those of all.")
@period
@timezone
@as_json
@pass_surroundings
def efficiency(around: Surroundings, as_json: bool, **fields: object) -> None:
    """Compare finished tasks with what their type usually costs.

    By type, by outcome and by model. A task has finished once its outcome is noted, or a day after its last call. Its score is what
    the tasks of its type before it usually cost (the median) through what it cost: 1 is as usual, 2 half as dear.
    """
    with around.quick() as quick:
        answer = quick.efficiency(fields)
        if as_json:
            put_json(efficiencies_shape(answer))
        else:
            put_page(efficiency_page(answer))
