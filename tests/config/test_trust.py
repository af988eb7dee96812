from __future__ import annotations

import stat
from pathlib import Path

import pytest

from cost_mcp.config.trust import distrust, is_trusted, trust
from cost_mcp.errors import ConfigError


def test_trust_is_kept_on_the_users_side_and_readable_by_nobody_else(home: Path, repository: Path):
    folder = repository / ".cost-mcp"
    (folder / "config.yaml").write_text("billing: api\n", encoding="utf-8")

    trust(folder)

    store = home / "data" / "cost-mcp" / "trusted.json"
    assert stat.S_IMODE(store.stat().st_mode) == 0o600
    assert [path.name for path in folder.iterdir()] == ["config.yaml"]


@pytest.mark.usefixtures("home")
def test_the_same_contents_elsewhere_are_not_trusted(repository: Path, tmp_path: Path):
    folder = repository / ".cost-mcp"
    (folder / "config.yaml").write_bytes(b"billing: api\n")
    trust(folder)

    assert is_trusted(folder / "config.yaml", b"billing: api\n")
    assert not is_trusted(tmp_path / "config.yaml", b"billing: api\n")


@pytest.mark.usefixtures("home")
def test_a_folder_without_files_has_nothing_to_trust(repository: Path):
    assert trust(repository / ".cost-mcp") == ()
    assert distrust(repository / ".cost-mcp") == ()


@pytest.mark.usefixtures("home")
def test_trust_can_be_taken_back(repository: Path):
    file = repository / ".cost-mcp" / "prices.yaml"
    file.write_bytes(b"providers: {}\n")
    trust(file.parent)

    assert distrust(file.parent) == (file,)
    assert not is_trusted(file, b"providers: {}\n")


def test_a_damaged_list_is_named_and_trusts_nothing(home: Path, repository: Path):
    store = home / "data" / "cost-mcp" / "trusted.json"
    store.parent.mkdir(parents=True)
    store.write_text("[not json", encoding="utf-8")

    with pytest.raises(ConfigError, match=r"trusted\.json is damaged"):
        is_trusted(repository / ".cost-mcp" / "config.yaml", b"")
