"""The repository a folder lies in, by the files git keeps (git itself is not asked), and the project named after it."""

from __future__ import annotations

from pathlib import Path

from cost_mcp.errors import InvalidInput
from cost_mcp.model.name import MAX_NAME, clean_name

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


def project_name(cwd: str) -> str | None:
    """The project of calls made in a folder for which nobody has named one: the repository's name, else the folder's.

    A folder that is not on this machine, or may not be looked into, has its own name; a root has none.
    """
    folder = Path(cwd) if "\0" not in cwd else None
    try:
        if folder is not None and folder.is_absolute() and folder.is_dir():
            root = repository(folder)
            return usable_name((folder if root is None else root).name)
    except OSError:  # it may not be looked into: its name is all there is
        pass
    return usable_name(name_of(cwd))


def usable_name(text: str | None) -> str | None:
    """A name from outside; None for what cannot be one: nothing is refused for how a folder or a branch is called."""
    if text is None:
        return None
    try:
        return clean_name(text[:MAX_NAME], "name")
    except InvalidInput:
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
