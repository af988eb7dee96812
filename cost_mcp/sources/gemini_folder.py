"""The folder that Gemini CLI was started in for a chat: the chat names a hash of it, files beside the chats name it itself."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from cost_mcp.sources.places import LogFile

SOURCE, CHATS = "gemini-cli", "chats"
MARK, REGISTRY = ".project_root", "projects.json"
_HASH_DIGITS = 64
_MOST_BYTES = 4 << 20


def folder_of(log: LogFile) -> str | None:
    """The folder a chat of Gemini CLI was held in; None for other logs, and where no file says it.

    Chats lie in ``tmp/<id>/chats``. Since February 2026 the id is a short name, and ``tmp/<id>/.project_root`` holds the folder;
    before, it was the SHA-256 of the folder's path: then it is that path among the keys of ``projects.json`` which has this hash.

    Source: google-gemini/gemini-cli, packages/core/src/config/projectRegistry.ts, storage.ts (``performMigration``) and
    utils/paths.ts (``getProjectHash``) at commit 5411f113 (2026-08-21). Read 2026-11-22.
    """
    if log.source != SOURCE:
        return None
    path = Path(log.path)
    home = next((above.parent for above in path.parents if above.name == CHATS), None)
    if home is None:
        return None
    return _text(home / MARK) or _hashed(home.parent.parent / REGISTRY, home.name)


def _hashed(registry: Path, name: str) -> str | None:
    """The folder in the registry whose hash is this name."""
    if len(name) != _HASH_DIGITS:
        return None
    from hashlib import sha256

    try:
        told: object = json.loads(_text(registry) or "null")
    except (ValueError, RecursionError):
        return None
    projects = cast("dict[str, object]", told).get("projects") if isinstance(told, dict) else None
    folders = cast("dict[str, object]", projects) if isinstance(projects, dict) else {}
    return next((folder for folder in folders if sha256(folder.encode("utf-8", "replace")).hexdigest() == name), None)


def _text(file: Path) -> str | None:
    """What a small file says; None where there is none, or nothing that can be read."""
    try:
        if not file.is_file():
            return None
        with file.open("rb") as opened:
            return opened.read(_MOST_BYTES).decode().strip() or None
    except (OSError, UnicodeDecodeError):
        return None
