"""``import --watch``: what agents write while it runs, brought in within a second."""

from __future__ import annotations

from threading import Event
from time import monotonic
from typing import TYPE_CHECKING

from cost_mcp.cli.output import put_page
from cost_mcp.service.import_order import followed, open_importing, take_anew
from cost_mcp.service.importing import Listener
from cost_mcp.sources.follow import follow
from cost_mcp.views.terminal_import import import_page, news_page

if TYPE_CHECKING:
    from cost_mcp.cli.surroundings import Surroundings
    from cost_mcp.config.settings import Settings
    from cost_mcp.service.import_order import ImportOrder, Machine


def watch_logs(
    order: ImportOrder, settings: Settings, machine: Machine, around: Surroundings, stop: Event | None = None
) -> None:
    """Bring in the backlog, say what it came to, then bring in what is written, and say so, until interrupted."""
    from cost_mcp.cli.import_command import deliver

    ended = stop or Event()
    with open_importing(order, settings, machine, around.clock, Listener()) as importing:
        began = monotonic()
        take_anew(importing, order, machine, None)
        put_page(import_page(importing.finish(began)))
        for paths in follow(lambda: followed(order, machine), ended):
            began = monotonic()
            take_anew(importing, order, machine, paths)
            summary = importing.finish(began)
            if summary.total.calls or summary.total.corrected or summary.problems:
                put_page(news_page(summary, around.clock(), settings.timezone))
            if summary.alerts:
                deliver(around, settings)
