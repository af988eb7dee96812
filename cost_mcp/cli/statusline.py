"""``statusline``: what Claude Code shows below its prompt, one line, answered in a few dozen milliseconds.

Its input is described at https://code.claude.com/docs/en/statusline (read 2026-11-22): which session, in which folder. What Claude
Code itself estimates a session to have cost is left aside: the line shows what the ledger holds, and says nothing it does not know.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, cast

from cost_mcp.cli.whereabouts import main_agent, names_here
from cost_mcp.errors import CostError

if TYPE_CHECKING:
    from cost_mcp.config.brief import Brief
    from cost_mcp.config.settings import Settings
    from cost_mcp.ledger.glance import Came
    from cost_mcp.service.glance import Room

SEPARATOR = " | "


class Shown(NamedTuple):
    """What is read of the input; every field of it may be absent."""

    session_id: str | None
    cwd: Path | None


def statusline() -> int:
    """Read Claude Code's status on stdin and print one line; always 0: there is nobody to show another code to."""
    try:
        line = _line(_shown(sys.stdin.buffer.read()), os.environ, datetime.now(UTC))
    except CostError as error:
        line = f"cost-mcp: {error.sentence}"
    except Exception as error:  # noqa: BLE001 (a status line says what is wrong; nobody sees a traceback)
        line = f"cost-mcp: something broke ({type(error).__name__})."
    # The words may hold a name that was given from outside; a terminal that cannot show it gets something else in its place.
    encoding = sys.stdout.encoding or "utf-8"
    print(line.encode(encoding, "replace").decode(encoding))
    return 0


def _shown(content: bytes) -> Shown:
    given: Mapping[str, object] = {}
    try:
        read: object = json.loads(content)
        given = cast("dict[str, object]", read) if isinstance(read, dict) else {}
    except (ValueError, RecursionError):
        pass  # no session and no folder are known; the day and the budgets are shown all the same
    workspace = given.get("workspace")
    folders = cast("dict[str, object]", workspace) if isinstance(workspace, dict) else {}
    return Shown(
        session_id=_text(given.get("session_id")),
        cwd=next((Path(text) for place in (given.get("cwd"), folders.get("current_dir")) if (text := _text(place))), None),
    )


def _text(value: object) -> str | None:
    return value.strip() or None if isinstance(value, str) and "\0" not in value else None


def _line(shown: Shown, environ: Mapping[str, str], now: datetime) -> str:
    from cost_mcp.config.place import current_folder
    from cost_mcp.service.backlog import backlog_left
    from cost_mcp.service.glance import glimpse

    cwd = shown.cwd or current_folder()
    settings = _settings(environ, cwd)
    if not settings.enabled:
        return "cost-mcp is switched off"
    session = shown.session_id or settings.session_id
    names = names_here(settings, cwd, main_agent(environ), session or "")
    found = glimpse(_ledger(settings), settings.tenant, names, session, settings.timezone or "UTC", now)
    parts = [f"today {_money(found.today)}"]
    if found.session is not None:
        parts.insert(0, f"session {_money(found.session)}")
    if found.tightest is not None:
        parts.append(_room(found.tightest))
    if (left := backlog_left(_ledger(settings))) is not None:
        parts.append(f"reading logs {left[0]} %")
    return SEPARATOR.join(parts)


def _settings(environ: Mapping[str, str], cwd: Path) -> Brief | Settings:
    from cost_mcp.config.brief import brief_settings
    from cost_mcp.config.place import from_here

    environ = from_here(environ)
    brief = brief_settings(environ, cwd, zone=True)
    if brief is not None:
        return brief
    from cost_mcp.config.settings import load_settings

    return load_settings(environ, cwd).settings


def _ledger(settings: Brief | Settings) -> Path:
    return settings.db if isinstance(settings.db, Path) else cast("Settings", settings).ledger_path


def _money(came: Came) -> str:
    """What calls came to; ``+`` where some have no known price, and apart what a subscription covers, at list price."""
    plus = "+" if came.unpriced_calls else ""
    if came.subscription_nanos and not came.nanos:
        return f"{_usd(came.subscription_nanos)}{plus} (subscription)"
    beside = f" and {_usd(came.subscription_nanos)} (subscription)" if came.subscription_nanos else ""
    return f"{_usd(came.nanos)}{plus}{beside}"


def _room(room: Room) -> str:
    budget, left = room.budget, room.left
    over = left < 0
    if budget.limit_name == "limit_usd":
        amount, limit = _usd(-left) if over else _left(left), _usd(room.limit)
    else:
        amount, limit = f"{abs(left):,}", f"{room.limit:,} {budget.limit_name.removeprefix('limit_')}"
    most = "at most " if room.unsure and not over else "at least " if room.unsure else ""
    return f"{budget.name} {most}{amount} {'over' if over else 'left of'} {limit}"


def _usd(nanos: int) -> str:
    from cost_mcp.model.money import display_usd, usd

    return display_usd(usd(nanos))


def _left(nanos: int) -> str:
    from cost_mcp.model.money import display_left, usd

    return display_left(usd(nanos))
