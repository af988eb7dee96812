"""Folders and files as nobody means them: an import says what it could not use, takes the rest, and never hangs or breaks."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from conftest import Cli


def said(number: int, **entry: Any) -> bytes:
    usage = {"input_tokens": 1000, "output_tokens": 100, "cache_read_input_tokens": 0, "cache_creation_input_tokens": 0}
    message: dict[str, Any] = {"id": f"msg_{number}", "type": "message", "role": "assistant", "content": []}
    message["model"] = "claude-sonnet-4-6"
    told = {"type": "assistant", "sessionId": "s1", "cwd": "/nowhere/shop", "timestamp": "2026-11-20T10:00:00Z"}
    own = {"stop_reason": "end_turn", "usage": usage | entry.pop("usage", {})}
    return json.dumps(told | entry | {"message": message | own | entry.get("message", {})}).encode() + b"\n"


@pytest.fixture
def logs(home: Path) -> Path:
    """Claude Code's folder of one project, with one sound log of one call."""
    folder = home / ".claude" / "projects" / "-nowhere-shop"
    folder.mkdir(parents=True)
    (folder / "sound.jsonl").write_bytes(said(1))
    return folder


def imported(cli: Cli, *words: str) -> dict[str, Any]:
    ran = cli("import", *words, "--json")
    assert ran.code == 0, ran.err
    return ran.json


def recorded(cli: Cli) -> tuple[int, str]:
    shape = cli("report", "--period", "total", "--json").json
    return shape["calls"], shape["total_cost_usd"]


def test_a_pipe_a_ring_of_links_and_a_folder_by_the_name_of_a_log_are_passed_by(cli: Cli, logs: Path):
    os.mkfifo(logs / "pipe.jsonl")
    (logs / "ring.jsonl").symlink_to(logs / "ring.jsonl")
    (logs / "around").symlink_to(logs)
    (logs / "folder.jsonl").mkdir()
    (logs / "folder.jsonl" / "inside.jsonl").write_bytes(said(2))
    assert (imported(cli)["files"], recorded(cli)[0]) == (2, 2)


def test_a_pipe_that_is_named_is_refused_and_not_waited_for(cli: Cli, logs: Path):
    os.mkfifo(logs / "pipe.jsonl")
    ran = cli("import", "claude-code", str(logs / "pipe.jsonl"))
    assert (ran.code, "neither a file nor a folder" in ran.err) == (2, True)


@pytest.mark.skipif(sys.platform != "linux", reason="it takes a file that can be opened and not read, whoever asks")
def test_a_file_that_cannot_be_read_is_told_of_and_read_when_it_can(cli: Cli, logs: Path):
    log = logs / "gone.jsonl"
    log.write_bytes(said(2))
    (logs / "closed.jsonl").symlink_to("/proc/self/mem")
    summary = imported(cli)
    assert (summary["calls"], summary["failed"], recorded(cli)[0]) == (2, 1, 2)
    assert "closed.jsonl cannot be read" in summary["problems"][0]


EMPTY_OR_ODD: dict[str, tuple[bytes, int, dict[str, int]]] = {
    "nothing": (b"", 0, {}),
    "nulls": (b"\0" * 5000 + b"\n" + said(2), 1, {}),
    "nulls-in-a-line": (said(3).replace(b"nowhere", b"no\0here") + said(2), 1, {"unreadable": 1}),
    "byte-order-mark": (b"\xef\xbb\xbf" + said(2) + said(3), 2, {}),
    "windows-line-ends": (said(2).replace(b"\n", b"\r\n") + said(3).replace(b"\n", b"\r\n"), 2, {}),
    "no-line-end": (said(2) + said(3)[:-1], 2, {}),
    "old-mac-line-ends": ((said(2) + said(3)).replace(b"\n", b"\r"), 0, {"unended": 1}),
    "not-utf8": (said(3).replace(b"nowhere", b"caf\xe9") + said(2), 1, {"unreadable": 1}),
    "deep": (b'{"type":"assistant","usage":' + b"[" * 200_000 + b"\n" + said(2), 1, {"unreadable": 1}),
    "utf-16": ((said(2) + said(3)).decode().encode("utf-16"), 0, {"utf-16": 1}),
}


@pytest.mark.parametrize("name", EMPTY_OR_ODD)
def test_odd_bytes_cost_their_own_line_and_no_other(cli: Cli, logs: Path, name: str):
    content, calls, skipped = EMPTY_OR_ODD[name]
    (logs / "odd.jsonl").write_bytes(content)
    summary = imported(cli)
    assert (summary["calls"], summary["skipped"]) == (1 + calls, skipped)
    assert imported(cli)["unchanged"] == 2
    assert recorded(cli) == (1 + calls, {1: "0.0045", 2: "0.009", 3: "0.0135"}[1 + calls])


def test_a_line_of_a_hundred_megabytes_is_passed_over_and_the_next_counts(cli: Cli, logs: Path):
    with (logs / "long.jsonl").open("wb") as file:
        file.write(b'{"type":"assistant","usage":"')
        for _ in range(100):
            file.write(b"x" * 1_000_000)
        file.write(b'"}\n' + said(2))
    summary = imported(cli)
    assert (summary["calls"], summary["skipped"]) == (2, {"oversize": 1})


@pytest.mark.parametrize(
    "when",
    ["2026-11-20T10:00:00", "1999-12-31T23:59:59Z", "2201-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00", "yesterday", None, 5],
)
def test_a_time_that_is_none_or_when_no_calls_are_made_is_no_call(cli: Cli, logs: Path, when: object):
    (logs / "odd.jsonl").write_bytes(said(2, timestamp=when))
    summary = imported(cli)
    assert (summary["calls"], summary["skipped"]) == (1, {"unreadable": 1})
    assert cli("verify").code == 0


def test_a_call_by_a_clock_that_is_ahead_is_kept_and_told_at_its_own_time(cli: Cli, logs: Path):
    (logs / "ahead.jsonl").write_bytes(said(2, timestamp="2027-03-01T10:00:00Z"))
    cli("budget", "--daily", "1")
    assert imported(cli)["calls"] == 2
    assert cli("report", "--period", "2027-03", "--json").json["calls"] == 1
    assert cli("verify").code == 0


@pytest.mark.parametrize(
    ("usage", "reason"),
    [
        ({"input_tokens": -1}, "unreadable"),
        ({"output_tokens": 1.5}, "unreadable"),
        ({"input_tokens": "many"}, "unreadable"),
        ({"input_tokens": 10**400}, "unreadable"),
        ({"cache_read_input_tokens": 10**13}, "unreadable"),
    ],
)
def test_counts_that_cannot_be_are_no_call(cli: Cli, logs: Path, usage: dict[str, object], reason: str):
    (logs / "odd.jsonl").write_bytes(said(2, usage=usage) + said(3))
    summary = imported(cli)
    assert (summary["calls"], summary["skipped"]) == (2, {reason: 1})
    assert recorded(cli) == (2, "0.009")


def test_names_that_cannot_be_stored_cost_the_name_and_not_the_call(cli: Cli, logs: Path):
    odd = said(2, sessionId="\ud800", cwd="/nowhere/\udfff", gitBranch="a\nb", agentId="\0", version="\u2028")
    (logs / "odd.jsonl").write_bytes(odd + said(3, cwd="x" * 100_000) + said(4, message={"model": "\ud800"}))
    summary = imported(cli)
    assert summary["calls"] == 3
    assert cli("verify").code == 0


def test_paths_of_any_bytes_are_read_once(cli: Cli, logs: Path):
    odd = logs / os.fsdecode(b"caf\xe9 \xf0\x9f\x92\xb8\n'\"$(x)")
    odd.mkdir()
    (odd / os.fsdecode(b"\xff.jsonl")).write_bytes(said(2))
    assert imported(cli)["calls"] == 2
    assert imported(cli)["unchanged"] == 2
    told = cli("import", "--explain")
    assert (told.code, "caf\\xe9" in told.out) == (0, True)


@pytest.mark.parametrize("since", ["", "yesterday", "2026-13-01", "2026-11-20T10:00:00", "0001-01-01", "9999-12-31", "\0"])
@pytest.mark.usefixtures("logs")
def test_a_since_that_is_no_time_is_refused_by_name(cli: Cli, since: str):
    ran = cli("import", "--since", since)
    assert (ran.code, "since" in ran.err, "Traceback" in ran.err) == (2, True, False)
    assert recorded(cli)[0] == 0


@pytest.mark.usefixtures("logs")
def test_a_project_nobody_knows_leaves_everything_out_and_says_how_much(cli: Cli):
    summary = imported(cli, "--project", "no-such")
    assert (summary["calls"], summary["left_out"]) == (0, 1)
    assert "1 calls are not what was asked for" in cli("import", "--project", "no-such").out
    assert imported(cli)["calls"] == 1


@pytest.mark.parametrize("place", ["folder", "nonsense"])
@pytest.mark.usefixtures("logs")
def test_a_ledger_that_cannot_be_written_is_said_and_nothing_is_taken_for_read(cli: Cli, home: Path, place: str):
    ledger = home / "ledger.db"
    if place == "folder":
        ledger.mkdir()
    else:
        ledger.write_bytes(b"no ledger at all " * 300)
    ran = cli("import")
    assert ran.code == 2
    assert "Traceback" not in ran.err
    assert ran.err.startswith("error: ")
    if place == "folder":
        ledger.rmdir()
    else:
        ledger.unlink()
    assert imported(cli)["calls"] == 1
