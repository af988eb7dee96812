"""``verify`` and ``rebuild``: totals against the calls they are made of."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cost_mcp.cli.failure import REFUSED
from cost_mcp.cli.options import as_json, pass_surroundings
from cost_mcp.cli.output import put_json, put_page
from cost_mcp.cli.surroundings import Surroundings
from cost_mcp.views.shape_call import verification_shape
from cost_mcp.views.terminal_call import rebuilt_page, verification_page

if TYPE_CHECKING:
    from cost_mcp.ledger.contract import Verification
    from cost_mcp.service.service import Service


@click.command()
@as_json
@click.pass_context
def verify(ctx: click.Context, as_json: bool) -> None:
    """Recompute every total from the calls and compare.

    Exit code 0 when all agree, 1 when anything differs.
    """

    async def work(service: Service) -> Verification:
        return await service.verify()

    found = ctx.ensure_object(Surroundings).within(work)
    if as_json:
        put_json(verification_shape(found))
    else:
        put_page(verification_page(found))
    if found.differences:
        ctx.exit(REFUSED)


@click.command()
@as_json
@pass_surroundings
def rebuild(around: Surroundings, as_json: bool) -> None:
    """Make totals and budget windows anew from the calls.

    The calls themselves are never changed. Says what was wrong before.
    """

    async def work(service: Service) -> Verification:
        return await service.rebuild()

    found = around.within(work)
    if as_json:
        put_json(verification_shape(found))
    else:
        put_page(rebuilt_page(found))
