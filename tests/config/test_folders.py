from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from cost_mcp.config.folders import replace_file
from cost_mcp.errors import ConfigError


def test_a_file_is_replaced_whole_and_for_its_owner_only(tmp_path: Path):
    file = tmp_path / "new" / "file"
    replace_file(file, b"one")
    file.chmod(0o644)
    replace_file(file, b"two")

    assert file.read_bytes() == b"two"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert os.listdir(file.parent) == ["file"]  # noqa: PTH208 (names are all that is asked)


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path):
    (tmp_path / "taken").write_bytes(b"")

    with pytest.raises(ConfigError, match="cannot be written") as refused:
        replace_file(tmp_path / "taken" / "file", b"one")
    assert str(tmp_path / "taken" / "file") in str(refused.value)
