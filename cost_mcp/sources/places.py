"""Where each agent keeps its logs, and the files there."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cost_mcp.sources.opencode_db import DATABASE, stat_with_log
from cost_mcp.sources.packed import PACKED

SEPARATORS = (",",)
MOST_DEPTH = 12
"""How far below an agent's folder files are looked for: no agent nests half as deep, and a link may lead in a circle."""


@dataclass(frozen=True, slots=True)
class Place:
    """One agent's folder: the parts of it that hold logs (relative, '' for all of it), and how their names end."""

    source: str
    folder: Path
    below: tuple[str, ...]
    endings: tuple[str, ...] = (".jsonl",)

    @property
    def roots(self) -> tuple[Path, ...]:
        """The folders that files are looked for in."""
        return tuple(self.folder / part if part else self.folder for part in self.below)


@dataclass(frozen=True, slots=True)
class LogFile:
    """A file found: whose log it is, where it lies, and the parts of its path below the agent's folder, its name last.

    A folder that may not be looked into is told like a file, so that reading it says why.
    """

    source: str
    path: str
    parts: tuple[str, ...]
    found: os.stat_result

    @property
    def name(self) -> str:
        """Its path as text that can be stored and shown, bytes that are no UTF-8 escaped in it."""
        return _text(self.path)


def _text(path: str) -> str:
    return path if path.isascii() else path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


_UNKNOWN = os.stat_result([0] * 10, {"st_mtime_ns": 0})


class NotAFile(OSError):
    """What was named is neither a file nor a folder: a pipe, a socket, a device."""

    def __init__(self) -> None:
        super().__init__(errno.EINVAL, "neither a file nor a folder")


_CLAUDE, _CODEX, _GEMINI, _OPENCODE, COPILOT = "claude-code", "codex", "gemini-cli", "opencode", "copilot"
SOURCES = (_CLAUDE, _CODEX, _GEMINI, _OPENCODE, COPILOT)
"""The agents whose default places are known."""

_BELOW: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    _CLAUDE: (("projects",), (".jsonl",)),
    _CODEX: (("sessions", "archived_sessions"), (".jsonl", PACKED)),
    _GEMINI: (("tmp",), (".json", ".jsonl")),
    _OPENCODE: (("storage/message", ""), (".json", ".db")),
    COPILOT: (("otel",), (".jsonl",)),
}


def places(source: str, environ: Mapping[str, str], home: Path) -> tuple[Place, ...]:
    """The folders of one agent on this machine, whether they are there or not.

    Source: https://code.claude.com/docs/en/settings and ccusage's documentation (``CLAUDE_CONFIG_DIR``, several, by commas;
    ``~/.config/claude`` beside ``~/.claude``); openai/codex (``CODEX_HOME``); google-gemini/gemini-cli (``~/.gemini/tmp``,
    ``GEMINI_CLI_HOME``); anomalyco/opencode (``XDG_DATA_HOME``, ``OPENCODE_DB``); github/copilot-cli (``~/.copilot``,
    ``COPILOT_HOME``, ``COPILOT_OTEL_FILE_EXPORTER_PATH``). Read 2026-11-22.
    """
    below, endings = _BELOW[source]
    known = [Place(source, folder, below, endings) for folder in dict.fromkeys(_folders(source, environ, home))]
    file = _named_file(source, environ, home)
    if file is not None and not any(file.parent in place.roots for place in known):  # nothing else in its folder is a log
        known.append(Place(source, file.parent, ("",), (file.name,)))
    return tuple(known)


def _named_file(source: str, environ: Mapping[str, str], home: Path) -> Path | None:
    """The one file that an agent's environment has it write to, beside or instead of those in its folder."""
    if source == COPILOT and (path := environ.get("COPILOT_OTEL_FILE_EXPORTER_PATH", "").strip()):
        return _at(path, home)
    if source == _OPENCODE and (path := environ.get("OPENCODE_DB", "").strip()).endswith(DATABASE):
        return _base("XDG_DATA_HOME", ".local/share", environ, home) / "opencode" / path
    return None


def _folders(source: str, environ: Mapping[str, str], home: Path) -> Iterator[Path]:
    if source == _CLAUDE:
        named = [part.strip() for part in environ.get("CLAUDE_CONFIG_DIR", "").split(",") if part.strip()]
        yield from (_at(part, home) for part in named)
        if not named:
            yield _base("XDG_CONFIG_HOME", ".config", environ, home) / "claude"
            yield home / ".claude"
    elif source == _CODEX:
        named_home = environ.get("CODEX_HOME", "").strip()
        yield _at(named_home, home) if named_home else home / ".codex"
    elif source == _GEMINI:
        yield _base("GEMINI_CLI_HOME", "", environ, home) / ".gemini"
    elif source == _OPENCODE:
        yield _base("XDG_DATA_HOME", ".local/share", environ, home) / "opencode"
    else:
        yield _base("COPILOT_HOME", ".copilot", environ, home)


def _base(variable: str, default: str, environ: Mapping[str, str], home: Path) -> Path:
    given = environ.get(variable, "").strip()
    return _at(given, home) if given else home / default


def _at(text: str, home: Path) -> Path:
    return home / text[2:] if text.startswith("~/") else home / text


def files_at(place: Place) -> Iterator[LogFile]:
    """The log files of a place, each with what the file system says of it; nothing where there is no such folder.

    Pipes, sockets and devices are no logs. A folder that is reached twice, by links, is looked into once.
    """
    seen: set[tuple[int, int]] = set()
    for root, part in zip(place.roots, place.below, strict=True):
        above = tuple(part.split("/")) if part else ()
        # A place that is the agent's folder itself is not searched below: its other parts are places of their own.
        yield from _below(place, str(root), above, MOST_DEPTH if part else 0, seen)


def files_named(source: str, path: Path, endings: Sequence[str] = ()) -> Iterator[LogFile]:
    """The one file that was named, or the log files below the folder that was.

    Raises:
        OSError: there is nothing of this name, or it cannot be looked at.
    """
    known = tuple(endings) or _BELOW[source][1]
    found = stat_with_log(path) if path.name.endswith(DATABASE) else path.stat()
    absolute = path.absolute()
    parts = _parts_of(source, absolute)
    if stat.S_ISDIR(found.st_mode):
        yield from _below(Place(source, absolute, ("",), known), str(absolute), parts, MOST_DEPTH, set())
    elif stat.S_ISREG(found.st_mode):
        yield LogFile(source, str(absolute), parts or (_text(absolute.name),), found)
    else:
        raise NotAFile


def _parts_of(source: str, path: Path) -> tuple[str, ...]:
    """The parts from where the path looks like one in the agent's folder; its last three where it does not."""
    for first in (part.partition("/")[0] for part in _BELOW[source][0] if part):
        if first in path.parts:
            return path.parts[len(path.parts) - 1 - path.parts[::-1].index(first) :]
    return path.parts[-1:] if path.is_file() else ()


def _below(place: Place, folder: str, parts: tuple[str, ...], depth: int, seen: set[tuple[int, int]]) -> Iterator[LogFile]:
    try:
        found = Path(folder).stat()
        if (found.st_dev, found.st_ino) in seen:
            return
        seen.add((found.st_dev, found.st_ino))
        with os.scandir(folder) as listing:
            entries = sorted(listing, key=lambda entry: entry.name)
    except PermissionError:
        yield LogFile(place.source, folder, parts, _UNKNOWN)
        return
    except OSError:
        return  # it is not there, or went meanwhile
    for entry in entries:
        try:
            below = (*parts, _text(entry.name))
            if entry.is_dir():
                if depth > 0:
                    yield from _below(place, entry.path, below, depth - 1, seen)
            elif entry.name.endswith(place.endings):
                known = stat_with_log(Path(entry.path)) if entry.name.endswith(DATABASE) else entry.stat()
                if stat.S_ISREG(known.st_mode):
                    yield LogFile(place.source, entry.path, below, known)
        except OSError:
            continue  # gone between listing and looking, or a link that leads nowhere
