"""``import codex`` from its default places: forks, archived and packed sessions, and what the log says of the plan."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

LOGS = Path(__file__).parents[1] / "capture" / "logs" / "codex"


@pytest.fixture
def codex(home: Path) -> Callable[[str], Path]:
    """Lays a trap's logs where Codex keeps its own; gives its folder."""

    def laid(trap: str) -> Path:
        shutil.copytree(LOGS / trap, home / ".codex", dirs_exist_ok=True)
        return home / ".codex"

    return laid


def imported(cli: Any) -> dict[str, Any]:
    ran = cli("import", "codex", "--json")
    assert ran.code == 0, ran.err
    return ran.json


def counts(cli: Any) -> tuple[int, int]:
    report = cli("report", "--period", "total", "--json").json
    return report["calls"], report["total_tokens"]


@pytest.mark.parametrize(
    ("trap", "expected"),
    [
        ("fork-rewritten-times", (3, 40800)),
        ("fork-in-a-rush", (3, 40800)),
        ("remote-compaction", (3, 216700)),
        ("archived", (2, 22500)),
        ("half-written", (3, 37900)),
        ("subagents-alike", (4, 38580)),
    ],
)
def test_each_call_counts_once_and_none_again(cli: Any, codex: Callable[[str], Path], trap: str, expected: tuple[int, int]):
    codex(trap)
    imported(cli)
    assert counts(cli) == expected
    imported(cli)
    assert counts(cli) == expected


def test_a_session_that_was_packed_counts_and_one_that_was_imported_before_counts_once(cli: Any, codex: Callable[[str], Path]):
    folder = codex("fork-rewritten-times")
    parent, fork = sorted(folder.rglob("*.jsonl"))
    pack(parent)
    imported(cli)
    assert counts(cli) == (3, 40800)
    pack(fork)
    imported(cli)
    assert counts(cli) == (3, 40800)


def test_a_damaged_packed_session_is_told_of_and_stops_no_other(cli: Any, codex: Callable[[str], Path]):
    parent, fork = sorted(codex("fork-rewritten-times").rglob("*.jsonl"))
    packed = pack(parent)
    packed.write_bytes(packed.read_bytes()[:-20])
    ran = cli("import", "codex", "--json")
    assert "damaged" in ran.out + ran.err
    assert counts(cli)[0] == 1
    assert fork.exists()


def pack(log: Path) -> Path:
    """As Codex does a week after a session's last line."""
    packed = log.with_name(log.name + ".zst")
    packed.write_bytes(zstd.compress(log.read_bytes()))
    log.unlink()
    return packed
