"""``statusline`` among the commands: its help. ``__main__`` runs it without coming here."""

from __future__ import annotations

import click


@click.command()
@click.pass_context
def statusline(ctx: click.Context) -> None:
    """Print session, today and what a budget has left.

    One line, for Claude Code's status line, whose JSON it reads on stdin: what the session and the day cost, and what is left of
    the tightest budget that covers it. Without a session in it, only the day and the budget are shown.
    """
    from cost_mcp.cli.statusline import statusline as answer

    ctx.exit(answer())
