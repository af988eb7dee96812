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


def test_what_a_run_printed_is_unpriced_and_provisional_until_its_log_tells_each_call(
    cli: Any, codex: Callable[[str], Path], tmp_path: Path
):
    """A printed total names no model: that is said everywhere and is never $0; the session's log then takes its place."""
    printed = tmp_path / "run.jsonl"
    shutil.copy(LOGS / "exec-json-and-log" / "old.jsonl", printed)
    first = cli("import", "codex", str(printed), "--json").json
    assert (first["calls"], first["provisional"], first["unpriced"], first["cost_usd"]) == (1, 1, 1, "0")
    report = cli("report", "--period", "total", "--json").json
    assert (report["unpriced_calls"], report["lower_bound"], report["provisional_calls"]) == (1, True, 1)
    assert "no known price" in cli("report", "--period", "total").out
    key = "codex:01a1f82f-1e80-7030-8000-000000000030:first"
    explained = cli("prices", "explain", key, "--json").json
    assert (explained["model"], explained["provisional"], "cost_usd" in explained) == ("unknown", True, False)
    assert "together" in " ".join(explained["warnings"])

    codex("exec-json-and-log")
    imported(cli)
    report = cli("report", "--period", "total", "--json").json
    assert (report["calls"], report["unpriced_calls"], report.get("provisional_calls", 0)) == (4, 0, 0)
    assert report["total_tokens"] == 31_590
    explained = cli("prices", "explain", key, "--json").json
    assert (explained["model"], explained["revision"], explained["earlier"][0]["model"]) == ("gpt-5.4", 2, "unknown")
    assert cli("import", "codex", str(printed), "--json").json["unchanged"] == 1
    assert cli("verify").code == 0


def test_how_full_the_plan_is_stands_with_the_doctor(cli: Any, codex: Callable[[str], Path]):
    codex("remote-compaction")
    imported(cli)
    plans = cli("doctor", "--json").json["plans"]
    assert plans
    assert all(" % used, said " in said for said in plans.values())
    assert "Plans, as their logs say" in cli("doctor").out


def pack(log: Path) -> Path:
    """As Codex does a week after a session's last line."""
    packed = log.with_name(log.name + ".zst")
    packed.write_bytes(zstd.compress(log.read_bytes()))
    log.unlink()
    return packed
