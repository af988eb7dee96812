"""``dashboard``: the ledger in a browser."""

from __future__ import annotations

import click

from cost_mcp.cli.options import pass_surroundings
from cost_mcp.cli.surroundings import Surroundings
from cost_mcp.errors import ConfigError


@click.command()
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8765, show_default=True, help="Where to listen; 0 for any free port."
)
@click.option("--open/--no-open", "opens", default=True, help="Open a browser (default), or only print the address.")
@pass_surroundings
def dashboard(around: Surroundings, port: int, opens: bool) -> None:
    """Look at the ledger in a browser on this machine.

    It answers to localhost only. The address that is printed lets one browser in, once. From another machine: `ssh -L`.
    """
    try:
        from cost_mcp.web.pages import House
        from cost_mcp.web.serving import serve_dashboard
    except ModuleNotFoundError as missing:
        raise ConfigError(
            f"the dashboard needs {missing.name}.", field="dashboard", hint="Install it: pip install 'cost-mcp[dashboard]'."
        ) from None
    first = True

    def told(address: str) -> None:
        nonlocal first
        print(f"Open {address}" if first else f"For another browser: {address}", flush=True)
        if first and opens:
            import webbrowser

            webbrowser.open(address)
        first = False

    serve_dashboard(House(settings=around.load().settings, clock=around.clock), port, told)
