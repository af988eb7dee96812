from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path

import pytest

from cost_mcp.sources.gemini_folder import folder_of
from cost_mcp.sources.places import LogFile, files_at, files_named, places

HASH = sha256(b"/home/kim/pong").hexdigest()


def chat(home: Path, identity: str, *below: str) -> LogFile:
    path = home.joinpath(".gemini", "tmp", identity, "chats", *below, "session-1.jsonl")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("{}\n")
    return next(files_named("gemini-cli", path))


def register(home: Path, *folders: str) -> None:
    projects = {folder: f"project-{number}" for number, folder in enumerate(folders)}
    (home / ".gemini" / "projects.json").write_text(json.dumps({"projects": projects}))


@pytest.mark.parametrize("below", [(), ("1e4d5f60-aaaa-4b1c-8d2e-91f3a5b7c904",)], ids=["session", "sub-agent"])
def test_a_chat_was_held_in_the_folder_that_the_mark_beside_the_chats_names(tmp_path: Path, below: tuple[str, ...]):
    log = chat(tmp_path, "pong", *below)
    assert folder_of(log) is None
    (tmp_path / ".gemini/tmp/pong/.project_root").write_text("/home/kim/pong\n")
    assert folder_of(log) == "/home/kim/pong"


def test_an_older_chat_was_held_in_the_registered_folder_that_has_the_hash_it_lies_under(tmp_path: Path):
    log = chat(tmp_path, HASH)
    register(tmp_path, "/home/kim/ping", "/home/kim/pong")
    assert folder_of(log) == "/home/kim/pong"
    register(tmp_path, "/home/kim/ping", "/home/kim/Pong")
    assert folder_of(log) is None, "a folder that is only alike is no folder of this chat"


def test_a_short_name_alone_says_nothing_even_if_a_folder_is_registered_under_it(tmp_path: Path):
    log = chat(tmp_path, "project-0")
    register(tmp_path, "/home/kim/pong")
    assert folder_of(log) is None


@pytest.mark.parametrize("content", ["", "{", "[]", '{"projects": []}', '{"projects": {"\\ud800": "a"}}', "[" * 100_000])
def test_a_registry_that_is_none_names_no_folder(tmp_path: Path, content: str):
    log = chat(tmp_path, HASH)
    (tmp_path / ".gemini" / "projects.json").write_text(content)
    assert folder_of(log) is None


@pytest.mark.parametrize("content", [b"", b" \n", b"\xff\xfe/home"])
def test_a_mark_that_says_nothing_names_no_folder(tmp_path: Path, content: bytes):
    log = chat(tmp_path, "pong")
    (tmp_path / ".gemini/tmp/pong/.project_root").write_bytes(content)
    assert folder_of(log) is None


def test_logs_of_other_agents_and_files_that_are_no_chats_have_no_such_folder(tmp_path: Path):
    other = tmp_path / ".codex/sessions/chats/rollout-1.jsonl"
    other.parent.mkdir(parents=True)
    other.write_text("{}\n")
    (other.parent.parent / ".project_root").write_text("/home/kim/pong")
    assert [folder_of(file) for place in places("codex", {}, tmp_path) for file in files_at(place)] == [None]
    (tmp_path / ".gemini/tmp/pong").mkdir(parents=True)
    (tmp_path / ".gemini/tmp/pong/logs.json").write_text("[]")
    assert [folder_of(file) for place in places("gemini-cli", {}, tmp_path) for file in files_at(place)] == [None]
