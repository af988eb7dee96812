"""``serve``: the MCP server."""

from __future__ import annotations

import click


@click.command()
def serve() -> None:
    """Serve agents over MCP on stdin and stdout.

    Started by an agent's host, not by hand: claude mcp add cost-mcp -- cost-mcp serve
    """
    from cost_mcp.server.serve import serve as serve_stdio

    serve_stdio()
