from __future__ import annotations

import os
from pathlib import Path

import pytest

from cost_mcp.sources.fingerprint import Fingerprint, Stamp


def look(path: Path, before: Fingerprint) -> bool:
    with path.open("rb") as file:
        return before.is_of(file, path.stat().st_size)


@pytest.mark.parametrize(
    ("before", "after", "grown"),
    [
        pytest.param(b"one\ntwo\n", b"one\ntwo\nthree\n", True, id="appended to"),
        pytest.param(b"one\ntwo\n", b"one\ntwo\n", True, id="as it was"),
        pytest.param(b"one\ntwo\n", b"one\n", False, id="cut"),
        pytest.param(b"one\ntwo\n", b"uno\ntwo\nthree\n", False, id="another beginning"),
        pytest.param(b"one\n" * 999, b"one\n" * 998 + b"uno\none\n", False, id="the last line written over"),
        pytest.param(b"", b"one\n", True, id="empty before"),
    ],
)
def test_a_file_that_was_only_appended_to_is_told_from_every_other(tmp_path: Path, *, before: bytes, after: bytes, grown: bool):
    path = tmp_path / "log"
    path.write_bytes(before)
    with path.open("rb") as file:
        found = Fingerprint.of(file, len(before))
    path.write_bytes(after)
    assert look(path, Fingerprint.from_text(found.to_text())) is grown


def test_a_stamp_changes_with_what_is_in_the_file_and_not_with_its_name(tmp_path: Path):
    path = tmp_path / "log"
    path.write_bytes(b"one\n")
    found = Stamp.of(path.stat())
    assert Stamp.from_text(found.to_text()) == found
    assert Stamp.of(path.rename(tmp_path / "moved").stat()) == found
    with (tmp_path / "moved").open("ab") as file:
        file.write(b"two\n")
    assert Stamp.of(os.stat(tmp_path / "moved")) != found  # noqa: PTH116 (as the folder's listing tells it)
