"""A home of its own for every test: nothing is read from, or written to, the developer's folders."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home folder with the platform's settings and data folders inside."""
    folder = tmp_path / "home"
    for variable, part in (("HOME", "."), ("XDG_CONFIG_HOME", "config"), ("XDG_DATA_HOME", "data")):
        monkeypatch.setenv(variable, str(folder / part))
    (folder / "config" / "cost-mcp").mkdir(parents=True)
    return folder


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A cloned project: a ``.git`` folder and an empty ``.cost-mcp`` folder."""
    folder = tmp_path / "code" / "shop"
    (folder / ".git").mkdir(parents=True)
    (folder / ".cost-mcp").mkdir()
    return folder
