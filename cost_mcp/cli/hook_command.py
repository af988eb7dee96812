"""``hook`` among the commands: its help. ``__main__`` runs it without coming here."""

from __future__ import annotations

import click


@click.command()
@click.pass_context
def hook(ctx: click.Context) -> None:
    """Deny what a spent budget forbids; import what a turn cost.

    Reads one event as JSON on stdin. PreToolUse and UserPromptSubmit are denied, with the reason, while a budget in mode enforce
    that covers the project, the session or the agent is spent; anything else is let through by printing nothing. When the budgets
    cannot be looked at, COST_MCP_HOOK_ON_ERROR (allow or deny; default: allow) decides.

    Stop, SubagentStop and SessionEnd import that session's log, of its sub-agents too, from where it was left. They print nothing
    and never keep an agent from stopping; what went wrong is said on stderr.
    """
    from cost_mcp.cli.hook import hook as answer

    ctx.exit(answer())
