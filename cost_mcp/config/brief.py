"""The few settings a hook needs, read without a YAML parser where the files are as plain as they mostly are.

``load_settings`` takes 45 ms to import; a hook runs before every prompt and tool. Where a file, or a value that is wanted, is not
plain enough to be told for certain, ``brief_settings`` answers None, and the hook then asks ``load_settings``: both never differ in
what they say.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from cost_mcp.config.place import project_folder
from cost_mcp.config.plain import Scalar, plain_entries

WANTED = ("db", "tenant", "project", "agent", "session_id", "task_id", "enabled", "hook_on_error")
ZONE = "timezone"
KNOWN_KEYS = frozenset({
    "db", "timezone", "week_start", "tenant", "project", "agent", "enabled", "price_book", "max_backdate_hours", "billing",
    "source_billing", "capture", "export_on_exit", "export_format", "warning_percent", "critical_percent", "hook_on_error",
    "anomalies", "anomalies_sensitivity", "anomalies_min_usd", "task_patterns", "budgets", "cost", "notifications",
})  # fmt: skip
"""The keys that a settings file may have; of another one, the full reader says what it may have meant."""
NEVER_IN_FILES = ("session_id", "task_id")
MAX_BYTES = 32_000
MAX_NAME = 256

_NOTHING: Mapping[str, str] = {}


class Brief(NamedTuple):
    """What a hook asks of the settings; None where nothing says."""

    db: Path
    tenant: str
    project: str | None
    agent: str | None
    session_id: str | None
    task_id: str | None
    enabled: bool
    hook_on_error: str
    timezone: str | None = None


def brief_settings(environ: Mapping[str, str], cwd: Path, *, zone: bool = False) -> Brief | None:
    """The settings as ``load_settings`` has them; None where they have to be read in full.

    The time zone is looked up only where ``zone`` asks for it: a hook needs none.

    Raises:
        ConfigError: a folder on the way cannot be looked at.
    """
    found: dict[str, str] = {}
    wanted = (*WANTED, ZONE) if zone else WANTED
    named = environ.get("COST_MCP_CONFIG")
    folder = project_folder(cwd)
    for said, own in (
        (_said_by_user(named, wanted), True),
        (_NOTHING if folder is None else _said(folder / "config.yaml", wanted), False),
    ):
        # Of a project's file only the project's name counts unless the user trusts it, which takes reading it in full.
        if said is None or (not own and said.keys() - {"project"}):
            return None
        found.update(said)
    for name in wanted:
        text = environ.get(f"COST_MCP_{name.upper()}", "")
        if not text.strip():
            continue
        taken = _taken(name, Scalar(text, word=True))
        if taken is None:
            return None
        found[name] = taken
    if zone and ZONE not in found:
        from cost_mcp.config.place import system_zone

        found[ZONE] = system_zone(environ) or "UTC"
    return _brief(found)


def _brief(found: Mapping[str, str]) -> Brief | None:
    enabled, on_error = found.get("enabled", "true"), found.get("hook_on_error", "allow")
    if on_error not in {"allow", "deny"}:
        return None
    db = _ledger(found.get("db"))
    if db is None:
        return None
    return Brief(
        db=db,
        tenant=found.get("tenant", "default"),
        project=found.get("project"),
        agent=found.get("agent"),
        session_id=found.get("session_id"),
        task_id=found.get("task_id"),
        enabled=enabled == "true",
        hook_on_error=on_error,
        timezone=found.get(ZONE),
    )


def _ledger(named: str | None) -> Path | None:
    if named is None:
        from cost_mcp.config.folders import data_folder

        return data_folder() / "ledger.db"
    try:
        path = Path(named).expanduser()
    except RuntimeError:  # no home is known
        return None
    return path if path.is_absolute() else None


def _said_by_user(named: str | None, wanted: Sequence[str]) -> Mapping[str, str] | None:
    if named is None:
        from cost_mcp.config.folders import config_folder

        return _said(config_folder() / "config.yaml", wanted)
    if not named.strip():
        return {}
    path = Path(named.strip())
    # One that the environment names must be there, and may begin at home or where the event was: the full reader knows.
    return _said(path, wanted, absent=None) if path.is_absolute() else None


def _said(file: Path, wanted: Sequence[str], absent: Mapping[str, str] | None = _NOTHING) -> Mapping[str, str] | None:
    """What a file says of what is wanted; ``absent`` where there is none; None when it has to be read in full."""
    try:
        with file.open("rb") as opened:
            content = opened.read(MAX_BYTES + 1)
    except FileNotFoundError:
        return absent
    except OSError:
        return None
    entries = plain_entries(content) if len(content) <= MAX_BYTES else None
    if entries is None:
        return None
    if not KNOWN_KEYS.issuperset(entries):
        return None
    said: dict[str, str] = {}
    for name, value in entries.items():
        if name not in wanted:
            continue
        taken = None if value is None or name in NEVER_IN_FILES else _taken(name, value)
        if taken is None:
            return None
        said[name] = taken
    return said


def _taken(name: str, value: Scalar) -> str | None:
    """The value as the full reader takes it; None where only that one can tell."""
    text = value.text.strip()
    if not text or len(text) > MAX_NAME or not text.isprintable():
        return None
    if name == "db" and ("://" in text or not text.startswith(("/", "~/"))):
        return None
    if name == ZONE and not _is_zone(text):
        return None
    if name == "enabled":
        return text if text in {"true", "false"} else None
    return text if value.word else None


def _is_zone(text: str) -> bool:
    from cost_mcp.errors import InvalidInput
    from cost_mcp.model.moment import zone

    try:
        return bool(zone(text))
    except InvalidInput:
        return False  # the full reader says so, with the nearest names
