"""``hook`` among the commands: its help. ``__main__`` runs it without coming here."""

from __future__ import annotations

import click


@click.command()
@click.pass_context
def hook(ctx: click.Context) -> None:
    """Deny an agent what a spent enforcing budget forbids: a hook.

    Reads one event as JSON on stdin. PreToolUse and UserPromptSubmit are denied, with the reason, while a budget in mode enforce
    that covers the project, the session or the agent is spent; anything else is let through by printing nothing. When the budgets
    cannot be looked at, COST_MCP_HOOK_ON_ERROR (allow or deny; default: allow) decides.
    """
    from cost_mcp.cli.hook import hook as answer

    ctx.exit(answer())
