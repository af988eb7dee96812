"""``alerts test``: one message to each channel, and what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from cost_mcp.cli.failure import REFUSED
from cost_mcp.cli.options import as_json
from cost_mcp.cli.output import put_json, put_page
from cost_mcp.cli.surroundings import Surroundings
from cost_mcp.views.terminal_page import Column, Page, Span, Table, line

if TYPE_CHECKING:
    from cost_mcp.service.trial import Trial


@click.command("test")
@click.option("--channel", metavar="NAME", help="Only this channel; as `doctor` names them.")
@as_json
@click.pass_context
def test(ctx: click.Context, channel: str | None, as_json: bool) -> None:
    """Send a test to every channel, and say what came of it.

    Exit code 0 when every channel took it, 1 when one did not. Nothing is recorded, and nothing tried again.
    """
    import asyncio

    from cost_mcp.service.trial import try_channels

    around = ctx.ensure_object(Surroundings)
    trials = asyncio.run(try_channels(around.load().settings, channel, around.clock))
    if as_json:
        put_json({"channels": [_shape(trial) for trial in trials]})
    else:
        put_page(_page(trials))
    if any(trial.error is not None for trial in trials):
        ctx.exit(REFUSED)


def _shape(trial: Trial) -> dict[str, object]:
    told = {"error": trial.error, "note": trial.note}
    return {
        "channel": trial.channel,
        "address": trial.address,
        "delivered": trial.error is None,
        **{name: text for name, text in told.items() if text is not None},
    }


def _page(trials: Sequence[Trial]) -> Page:
    rows = tuple(
        (
            line(Span(trial.channel, "name")),
            line(Span("failed", "critical") if trial.error is not None else Span("delivered", "ok")),
            line(trial.address),
        )
        for trial in trials
    )
    columns = (Column(title="Channel"), Column(title="Outcome"), Column(title="Where", shortens=True))
    remarks = tuple(
        line(Span(f"{trial.channel}: ", "name"), text) for trial in trials if (text := trial.error or trial.note) is not None
    )
    return (Table(columns=columns, rows=rows), *remarks)
