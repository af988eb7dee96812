"""The repository a folder lies in, by the files git keeps; git itself is not asked."""

from __future__ import annotations

from pathlib import Path

_MOST_BYTES = 4096


def repository(folder: Path) -> Path | None:
    """The root of the repository a folder lies in, for a linked worktree that of the repository it was made from; else None.

    Source: https://git-scm.com/docs/gitrepository-layout (a ``.git`` file with ``gitdir:``, ``worktrees/<id>``), read 2026-11-22.
    """
    for root in (folder, *folder.parents):
        mark = root / ".git"
        try:
            if mark.is_dir():
                return root
            if mark.is_file():
                return _made_from(mark) or root
        except OSError:  # a folder on the way that may not be looked into
            return None
    return None


def name_of(path: str) -> str | None:
    """The last part of a folder's path as some machine wrote it, with either slash; None for a root."""
    return path.replace("\\", "/").rstrip("/").rpartition("/")[2].removesuffix(":") or None


def _made_from(mark: Path) -> Path | None:
    try:
        with mark.open("rb") as file:
            said = file.read(_MOST_BYTES).decode("utf-8", "replace")
    except OSError:
        return None
    path = Path(said.partition("gitdir:")[2].strip())
    parts = path.parts
    if "worktrees" not in parts:
        return None  # a submodule, which is a repository of its own
    shared = Path(*parts[: len(parts) - 1 - parts[::-1].index("worktrees")])
    return shared.parent if shared.name == ".git" else shared
