"""``trust``: let a project's settings and prices count."""

from __future__ import annotations

from pathlib import Path

import click

from cost_mcp.cli.failure import REFUSED
from cost_mcp.cli.options import as_json
from cost_mcp.cli.output import put_json, put_page
from cost_mcp.cli.surroundings import Surroundings
from cost_mcp.views.terminal_page import Span, line


@click.command()
@click.option("--remove", is_flag=True, help="Take the trust back.")
@as_json
@click.pass_context
def trust(ctx: click.Context, remove: bool, as_json: bool) -> None:
    """Trust the settings and prices of this project, as they are now.

    Read .cost-mcp/config.yaml and .cost-mcp/prices.yaml first: they came with the code. A change of either ends its trust.
    """
    from cost_mcp.config.place import project_folder
    from cost_mcp.config.trust import distrust
    from cost_mcp.config.trust import trust as trust_files

    folder = project_folder(ctx.ensure_object(Surroundings).cwd)
    files: tuple[Path, ...] = ()
    if folder is not None:
        files = distrust(folder) if remove else trust_files(folder)
    if as_json:
        put_json({"distrusted" if remove else "trusted": [str(file) for file in files]})
    elif files:
        word = "No longer trusted: " if remove else "Trusted as it is now: "
        put_page(tuple(line(word, Span(str(file), "name")) for file in files))
    else:
        put_page((line("There is no project file here to trust: no .cost-mcp/config.yaml, no .cost-mcp/prices.yaml."),))
    if not files:
        ctx.exit(REFUSED)
