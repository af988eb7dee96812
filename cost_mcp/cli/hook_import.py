"""The log of a turn, a sub-agent or a session that has ended, imported; apart, because what it takes no other hook needs."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from cost_mcp.errors import CostError

if TYPE_CHECKING:
    from cost_mcp.config.settings import Settings

SOURCE = "claude-code"
LATER = "No call is lost: `cost-mcp import` brings it in later."


def import_told(transcripts: tuple[Path, ...], environ: Mapping[str, str], cwd: Path | None) -> int:
    """Import a session's log and those of its sub-agents from where each was left; always 0, problems are said on stderr.

    A log that is not there is no problem: Claude Code can be told to write none.
    """
    from cost_mcp.config.place import current_folder, from_here
    from cost_mcp.config.settings import load_settings

    try:
        paths = _paths(transcripts)
        settings = load_settings(from_here(environ), cwd or current_folder()).settings
        problems = _import(paths, settings, environ) if paths and settings.enabled else ()
    except CostError as error:
        problems = (str(error),)
    except Exception as error:  # noqa: BLE001 (an agent must not be kept from stopping by what breaks here)
        problems = (f"Something broke inside cost-mcp ({type(error).__name__}).",)
    for problem in problems:
        print(f"cost-mcp could not import the session: {problem} {LATER}", file=sys.stderr)
    return 0


def _paths(transcripts: tuple[Path, ...]) -> tuple[Path, ...]:
    """The logs that are there, and the folder beside a session's that holds those of its sub-agents."""
    found: dict[Path, None] = {}
    for path in transcripts:
        log = path.expanduser()
        beside = log.with_suffix("")
        found.update(dict.fromkeys(one for one in (log, beside) if one.exists() and not _is_in(one, found)))
    return tuple(found)


def _is_in(path: Path, folders: Mapping[Path, None]) -> bool:
    return any(folder in path.parents for folder in folders)


def _import(paths: tuple[Path, ...], settings: Settings, environ: Mapping[str, str]) -> tuple[str, ...]:
    from datetime import UTC, datetime
    from time import monotonic

    from cost_mcp.capture.logs.formats import FORMATS
    from cost_mcp.service.import_order import ImportOrder, Machine, find_files, open_importing
    from cost_mcp.service.importing import Listener

    order = ImportOrder(sources=(SOURCE,), paths=paths)
    machine = Machine(environ=environ, home=Path.home())
    began = monotonic()
    with open_importing(order, settings, machine, lambda: datetime.now(UTC), Listener()) as importing:
        importing.take(find_files(order, machine, FORMATS))
        return importing.finish(began).problems
