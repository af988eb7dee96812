from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from cost_mcp.sources.places import SOURCES, files_at, files_named, places

LOGS = {
    "claude-code": (".claude/projects/-w-p/s1.jsonl", ".config/claude/projects/-w-p/s1/subagents/workflows/wf_1/agent-1.jsonl"),
    "codex": (".codex/sessions/2026/11/22/rollout-1.jsonl", ".codex/archived_sessions/rollout-2.jsonl"),
    "gemini-cli": (".gemini/tmp/hash/chats/session-1.json", ".gemini/tmp/hash/chats/session-2.jsonl"),
    "opencode": (".local/share/opencode/storage/message/ses_1/msg_1.json", ".local/share/opencode/opencode.db"),
    "copilot": (".copilot/otel/one.jsonl",),
}


def put(home: Path, *names: str) -> None:
    for name in names:
        path = home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"{}\n")


def found(home: Path, source: str, **environ: str) -> set[str]:
    return {str(Path(file.path).relative_to(home)) for place in places(source, environ, home) for file in files_at(place)}


@pytest.mark.parametrize("source", SOURCES)
def test_the_logs_of_an_agent_are_found_where_it_keeps_them(tmp_path: Path, source: str):
    put(
        tmp_path,
        *(name for names in LOGS.values() for name in names),
        ".claude/history.jsonl",
        ".claude/projects/-w-p/notes.md",
    )
    assert found(tmp_path, source) == set(LOGS[source])


@pytest.mark.parametrize("source", SOURCES)
def test_a_machine_without_the_agent_has_no_logs_of_it(tmp_path: Path, source: str):
    assert found(tmp_path, source) == set()


def test_folders_that_the_environment_names_are_looked_through_instead(tmp_path: Path):
    put(tmp_path, *LOGS["claude-code"], "a/projects/p/s.jsonl", "b/projects/p/s.jsonl", "codex/sessions/r.jsonl")
    assert found(tmp_path, "claude-code", CLAUDE_CONFIG_DIR=f"{tmp_path}/a, ~/b") == {
        "a/projects/p/s.jsonl",
        "b/projects/p/s.jsonl",
    }
    assert found(tmp_path, "codex", CODEX_HOME=str(tmp_path / "codex")) == {"codex/sessions/r.jsonl"}


def test_a_file_is_told_of_with_the_parts_of_its_path_below_the_agents_folder(tmp_path: Path):
    put(tmp_path, *LOGS["claude-code"])
    by_place = {file.parts for place in places("claude-code", {}, tmp_path) for file in files_at(place)}
    assert by_place == {
        ("projects", "-w-p", "s1.jsonl"),
        ("projects", "-w-p", "s1", "subagents", "workflows", "wf_1", "agent-1.jsonl"),
    }
    named = [file for name in LOGS["claude-code"] for file in files_named("claude-code", tmp_path / name)]
    assert {file.parts for file in named} == by_place


def test_a_folder_that_is_named_is_looked_through_to_the_bottom(tmp_path: Path):
    put(tmp_path, "copied/deep/er/s1.jsonl", "copied/readme.txt")
    assert [file.parts for file in files_named("claude-code", tmp_path / "copied")] == [("deep", "er", "s1.jsonl")]


def test_a_ring_of_links_is_walked_once(tmp_path: Path):
    put(tmp_path, ".claude/projects/p/s.jsonl")
    for name in ("again", "and-again", "zz"):
        (tmp_path / ".claude/projects/p" / name).symlink_to(tmp_path / ".claude/projects")
    assert found(tmp_path, "claude-code") == {".claude/projects/p/s.jsonl"}


def test_what_is_no_file_is_no_log_and_a_folder_may_be_called_like_one(tmp_path: Path):
    put(tmp_path, ".codex/sessions/day.jsonl/s.jsonl")
    sessions = tmp_path / ".codex/sessions"
    os.mkfifo(sessions / "pipe.jsonl")
    (sessions / "itself.jsonl").symlink_to(sessions / "itself.jsonl")
    (sessions / "nowhere.jsonl").symlink_to(sessions / "gone.jsonl")
    assert found(tmp_path, "codex") == {".codex/sessions/day.jsonl/s.jsonl"}
    with pytest.raises(OSError, match="neither a file nor a folder"):
        list(files_named("codex", sessions / "pipe.jsonl"))


def test_a_folder_that_may_not_be_looked_into_is_told_so_that_reading_it_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """The system's own refusal, given by hand: who runs the tests may be allowed everything."""
    put(tmp_path, ".codex/sessions/2026/s.jsonl", ".codex/sessions/2025/s.jsonl")
    scandir = os.scandir

    def refuse(folder: str) -> object:
        if folder.endswith("2025"):
            raise PermissionError(errno.EACCES, "Permission denied", folder)
        return scandir(folder)

    monkeypatch.setattr(os, "scandir", refuse)
    assert found(tmp_path, "codex") == {".codex/sessions/2026/s.jsonl", ".codex/sessions/2025"}


def test_a_name_that_is_no_utf8_can_be_opened_stored_and_shown(tmp_path: Path):
    put(tmp_path, os.fsdecode(b".codex/sessions/caf\xe9\n.jsonl"))
    (log,) = [file for place in places("codex", {}, tmp_path) for file in files_at(place)]
    assert Path(log.path).read_bytes() == b"{}\n"
    assert log.name == f"{tmp_path}/.codex/sessions/caf\\xe9\n.jsonl"
    assert log.parts == ("sessions", "caf\\xe9\n.jsonl")
