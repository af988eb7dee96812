"""``import --watch``: what agents write while it runs, brought in within a second."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from threading import Event, Thread
from time import monotonic
from typing import TYPE_CHECKING

from cost_mcp.cli.output import put_page
from cost_mcp.service.backlog import Backlog
from cost_mcp.service.import_order import followed, open_importing, take_anew
from cost_mcp.service.importing import Listener
from cost_mcp.sources.follow import follow
from cost_mcp.views.terminal_import import import_page, news_page

if TYPE_CHECKING:
    from cost_mcp.cli.surroundings import Surroundings
    from cost_mcp.config.settings import Settings
    from cost_mcp.service.import_order import ImportOrder, Machine

BESIDE_OTHERS = 64
"""Calls in one transaction of a reading that goes on beside other work."""


def watch_for_a_server(order: ImportOrder, settings: Settings, machine: Machine, around: Surroundings) -> None:
    """As ``watch_logs``, for a server that lives as long as standard input is open: others come first, and hear how far it is."""
    ended = Event()
    Thread(target=_wait_for_the_end, args=(ended,), name="wait for the server's end", daemon=True).start()
    if hasattr(os, "nice"):
        os.nice(10)
    backlog = Backlog(settings.ledger_path)
    try:
        watch_logs(order, settings, machine, around, ended, backlog)
    finally:
        backlog.done()


def _wait_for_the_end(ended: Event) -> None:
    while os.read(sys.stdin.fileno(), 4096):
        pass
    ended.set()


def watch_logs(
    order: ImportOrder,
    settings: Settings,
    machine: Machine,
    around: Surroundings,
    ended: Event,
    backlog: Backlog | None = None,
) -> None:
    """Bring in the backlog, say what it came to, then bring in what is written, and say so, until interrupted or ended."""
    from cost_mcp.cli.import_command import deliver

    listener = Listener(progress=None if backlog is None else backlog.say, ended=ended.is_set)
    with open_importing(order, settings, machine, around.clock, listener) as importing:
        if backlog is not None:
            importing.at_once = BESIDE_OTHERS
        began = monotonic()
        take_anew(importing, order, machine, None)
        first = importing.finish(began)
        put_page(import_page(first))
        told = set(first.problems)  # a file that cannot be read is tried again each time, and told of once
        if backlog is not None:
            backlog.done()
            importing.listener = Listener(ended=ended.is_set)
        for paths in follow(lambda: followed(order, machine), ended):
            began = monotonic()
            take_anew(importing, order, machine, paths)
            summary = importing.finish(began)
            summary = replace(summary, problems=tuple(problem for problem in summary.problems if problem not in told))
            told.update(summary.problems)
            if summary.total.calls or summary.total.corrected or summary.problems:
                put_page(news_page(summary, around.clock(), settings.timezone))
            if summary.alerts:
                deliver(around, settings)
