"""What ``report`` shows of single calls and of a plan's windows; imported only where it is asked for them."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

from cost_mcp.cli.output import put_json, put_json_line, put_page

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cost_mcp.cli.surroundings import Surroundings

BEFORE = 10
"""So many calls are shown before those that come."""


def show_calls(around: Surroundings, fields: Mapping[str, object], *, as_json: bool) -> None:
    """Print a page of a period's calls, newest first."""
    from cost_mcp.views.shape_activity import calls_shape
    from cost_mcp.views.terminal_activity import calls_page

    with around.quick() as quick:
        answer = quick.calls(fields)
        if as_json:
            put_json(calls_shape(answer))
        else:
            put_page(calls_page(answer, quick.clock()))


def show_calls_as_they_come(around: Surroundings, fields: Mapping[str, object], *, as_json: bool) -> None:
    """Print the newest calls of a period, then every one as it is recorded, oldest first, until interrupted."""
    from cost_mcp.model.moment import zone
    from cost_mcp.service.following import follow
    from cost_mcp.service.opening import open_quick
    from cost_mcp.views.shape_activity import listed_call_shape
    from cost_mcp.views.terminal_activity import call_line

    settings = around.load().settings
    with around.quick() as quick:
        answer = quick.calls({**fields, "limit": BEFORE})
        known = quick.readings.version() is not None
    tz = zone(answer.question.query.period.timezone)
    query = replace(answer.question.query, after=None, as_of=None)
    coming = follow(
        query, settings.ledger_path, lambda: open_quick(settings).readings, time.sleep, answer.page.as_of if known else None
    )
    calls = tuple(reversed(answer.page.calls))
    while True:
        for call in calls:
            if as_json:
                put_json_line(listed_call_shape(call))
            else:
                put_page((call_line(call, tz, around.clock()),))
        calls = next(coming)


def show_windows(around: Surroundings, fields: Mapping[str, object], *, as_json: bool) -> None:
    """Print a subscription's windows, and how full logs say its allowance is."""
    from cost_mcp.views.shape_activity import windows_shape
    from cost_mcp.views.terminal_window import windows_page

    with around.quick() as quick:
        answer = quick.windows(fields)
        if as_json:
            put_json(windows_shape(answer))
        else:
            put_page(windows_page(answer))
