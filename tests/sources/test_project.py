from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from cost_mcp.sources.project import name_of, repository


def git(folder: Path, *words: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run(["git", "-c", "user.name=a", "-c", "user.email=a@b.c", *words], cwd=folder, check=True, capture_output=True)


def test_a_folder_belongs_to_the_repository_above_it_and_a_worktree_to_the_one_it_was_made_from(tmp_path: Path):
    shop = tmp_path / "shop"
    git(shop, "init", "-q")
    git(shop, "commit", "-q", "--allow-empty", "-m", "first")
    git(shop, "worktree", "add", "-q", str(tmp_path / "elsewhere" / "wt"))
    (shop / "src" / "deep").mkdir(parents=True)
    assert repository(shop / "src" / "deep") == shop
    assert repository(tmp_path / "elsewhere" / "wt") == shop
    assert repository(tmp_path / "elsewhere") is None


def test_a_submodule_is_a_repository_of_its_own(tmp_path: Path):
    (tmp_path / "shop" / "lib").mkdir(parents=True)
    (tmp_path / "shop" / "lib" / ".git").write_text("gitdir: ../.git/modules/lib\n")
    assert repository(tmp_path / "shop" / "lib") == tmp_path / "shop" / "lib"


@pytest.mark.parametrize(
    ("path", "name"), [("/home/a/shop", "shop"), ("C:\\work\\shop\\", "shop"), ("/", None), ("C:\\", "C"), ("shop", "shop")]
)
def test_a_folder_of_another_machine_has_the_name_of_its_last_part(path: str, name: str | None):
    assert name_of(path) == name
