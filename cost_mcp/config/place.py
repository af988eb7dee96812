"""What the machine itself says: its time zone, and the project a folder lies in."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from cost_mcp.errors import ConfigError, InvalidInput
from cost_mcp.model.moment import zone

PROJECT_FOLDER = ".cost-mcp"
_ZONE_TREE = "zoneinfo/"
_UTC_NAMES = ("Etc/UTC", "Etc/UCT", "Etc/Universal", "Etc/Zulu", "UCT", "Universal", "Zulu")


def system_zone(environ: Mapping[str, str], *, root: Path = Path("/etc")) -> str | None:
    """The system's IANA zone: ``TZ``, else what ``localtime`` links to, else the name in ``timezone``; None when none tells.

    Source: tzset(3) for TZ, localtime(5) for /etc/localtime, Debian's /etc/timezone; read 2026-11-22.
    """
    for name in (environ.get("TZ", "").removeprefix(":"), _linked(root / "localtime"), _written(root / "timezone")):
        if not name:
            continue
        try:
            key = zone(name).key
        except InvalidInput:
            continue  # a POSIX rule (CET-1CEST) or a file path is no zone we can name: ask the next
        return "UTC" if key in _UTC_NAMES else key
    return None


def _linked(path: Path) -> str:
    try:
        target = str(path.readlink())
    except OSError:
        return ""
    return target.rpartition(_ZONE_TREE)[2] if _ZONE_TREE in target else ""


def _written(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return ""


def current_folder() -> Path:
    """The folder this process runs in.

    Raises:
        ConfigError: it was removed meanwhile.
    """
    try:
        return Path.cwd()
    except OSError:
        raise ConfigError(
            "The folder this runs in is gone, or cannot be read.", field="folder", hint="Start it in a folder that is there."
        ) from None


def project_folder(cwd: Path) -> Path | None:
    """The nearest ``.cost-mcp`` folder at or above ``cwd``, not above the repository it lies in; None when there is none."""
    here = cwd.absolute()
    for folder in (here, *here.parents):
        if (folder / PROJECT_FOLDER).is_dir():
            return folder / PROJECT_FOLDER
        if (folder / ".git").exists():  # a folder, or in a worktree a file
            return None
    return None


def from_here(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment with the paths that gates need made absolute: they start where this process was started.

    A hook and a status line are told a session's folder, which is another one; there a relative ledger would not be found, and
    nothing spent would be read.
    """
    made = dict(environ)
    for name in ("COST_MCP_DB", "COST_MCP_CONFIG"):
        text = made.get(name, "").strip()
        if text and "://" not in text and not text.startswith("~"):
            made[name] = str(Path(text).absolute())
    return made
