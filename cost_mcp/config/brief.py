"""The few settings a hook needs, read without a YAML parser where the files are as plain as they mostly are.

``load_settings`` takes 45 ms to import; a hook runs before every prompt and tool. Whatever is not plainly one ``key: word`` to
a line makes ``brief_settings`` answer None, and the hook then asks ``load_settings``: both never differ in what they say.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from cost_mcp.config.place import PROJECT_FOLDER, project_folder

WANTED = ("db", "tenant", "project", "agent", "session_id", "task_id", "enabled", "hook_on_error")
NEVER_IN_FILES = ("session_id", "task_id")
MAX_BYTES = 32_000

_WORD = re.compile(r"[A-Za-z][\w./-]{0,199}", re.ASCII)
_PATH = re.compile(r"/[\w./-]{1,255}", re.ASCII)
_KEY_LINE = re.compile(r"(\w+):(?: +(.*))?", re.ASCII)
_NOT_TEXT = {"yes", "no", "on", "off", "true", "false", "null"}


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


def brief_settings(environ: Mapping[str, str], cwd: Path) -> Brief | None:
    """The settings as ``load_settings`` has them; None where they have to be read in full.

    Raises:
        ConfigError: a folder on the way cannot be looked at.
    """
    found: dict[str, str] = {}
    user_file = _user_file(environ)
    folder = project_folder(cwd)
    for file, own in ((user_file, True), (None if folder is None else folder / "config.yaml", False)):
        said = {} if file is None else _said(file)
        # Of a project's file only the project's name counts unless the user trusts it, which takes reading it in full.
        if said is None or (not own and said.keys() - {"project"}):
            return None
        found.update(said)
    for name in WANTED:
        text = environ.get(f"COST_MCP_{name.upper()}", "")
        if not text.strip():
            continue
        if not (_PATH if name == "db" else _WORD).fullmatch(text):
            return None
        found[name] = text
    return _brief(found)


def _brief(found: Mapping[str, str]) -> Brief | None:
    enabled, on_error = found.get("enabled", "true"), found.get("hook_on_error", "allow")
    if enabled not in {"true", "false"} or on_error not in {"allow", "deny"}:
        return None
    if "db" in found:
        db = Path(found["db"])
    else:
        from cost_mcp.config.folders import data_folder

        db = data_folder() / "ledger.db"
    return Brief(
        db=db,
        tenant=found.get("tenant", "default"),
        project=found.get("project"),
        agent=found.get("agent"),
        session_id=found.get("session_id"),
        task_id=found.get("task_id"),
        enabled=enabled == "true",
        hook_on_error=on_error,
    )


def _user_file(environ: Mapping[str, str]) -> Path | None:
    named = environ.get("COST_MCP_CONFIG")
    if named is None:
        from cost_mcp.config.folders import config_folder

        return config_folder() / "config.yaml"
    return Path(named) if named.strip() else None


def _said(file: Path) -> dict[str, str] | None:
    """What a file says of what is wanted; None when it has to be read in full."""
    try:
        with file.open("rb") as opened:
            content = opened.read(MAX_BYTES + 1)
    except FileNotFoundError:
        # A file the environment names must be there: the full reader says so.
        return {} if file.name == "config.yaml" and file.parent.name in {PROJECT_FOLDER, "cost-mcp"} else None
    except OSError:
        return None
    if len(content) > MAX_BYTES or not content.isascii() or b"\t" in content or b"\r" in content:
        return None
    return _plain(content.decode().split("\n"))


def _plain(lines: list[str]) -> dict[str, str] | None:
    said: dict[str, str] = {}
    seen: set[str] = set()
    wanted_before = False
    for line in lines:
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        if line[0] == " " or line.startswith("- "):
            if wanted_before or not _closed(line):
                return None  # the wanted value goes on, or something does that may hold what looks like a key
            continue
        found = _KEY_LINE.fullmatch(line)
        if found is None or found[1] in seen or not _closed(line):
            return None
        seen.add(found[1])
        wanted_before = found[1] in WANTED
        if wanted_before and not _take(said, found[1], found[2] or ""):
            return None
    return said


def _take(said: dict[str, str], key: str, written: str) -> bool:
    """Whether a wanted value is as plain as it must be; it is then put into ``said``."""
    if key in NEVER_IN_FILES:
        return False
    text = written.partition(" #")[0].strip()
    quoted = len(text) > 2 and text[0] == text[-1] and text[0] in "\"'"
    text = text[1:-1] if quoted else text
    plain = (_PATH if key == "db" else _WORD).fullmatch(text) is not None
    switch = key == "enabled" and text in {"true", "false"}
    if not plain or (text.lower() in _NOT_TEXT and not switch and not quoted):
        return False
    said[key] = text
    return True


def _closed(line: str) -> bool:
    """Whether everything that a line opens ends on it: quotes, brackets. An apostrophe in a comment is no harm, only slower."""
    pairs = (("[", "]"), ("{", "}"))
    return all(line.count(q) % 2 == 0 for q in "\"'") and all(line.count(a) == line.count(b) for a, b in pairs)
