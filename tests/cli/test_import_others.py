"""``import`` of the agents whose logs are documents, telemetry or a database, from their default places."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from cost_mcp.config.settings import load_settings
from cost_mcp.service.import_order import ImportOrder, Machine, open_importing, take_anew
from cost_mcp.service.importing import Listener
from cost_mcp.sources.places import files_at, places

Clock = Callable[[], datetime]
LOGS = Path(__file__).parents[1] / "capture" / "logs"
NOON = 1_795_348_800_000  # 2026-11-22T12:00Z


@pytest.fixture
def opencode(home: Path) -> Iterator[sqlite3.Connection]:
    """OpenCode's database, which OpenCode has open: what it writes stays in the write-ahead log."""
    folder = home / ".local" / "share" / "opencode"
    folder.mkdir(parents=True)
    connection = sqlite3.connect(folder / "opencode.db", isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA wal_autocheckpoint = 0")
    connection.executescript("""
        CREATE TABLE session (id TEXT PRIMARY KEY, parent_id TEXT, directory TEXT NOT NULL);
        CREATE TABLE message (id TEXT PRIMARY KEY, session_id TEXT NOT NULL, time_created INTEGER NOT NULL,
            time_updated INTEGER NOT NULL, data TEXT NOT NULL);
    """)
    connection.execute("INSERT INTO session VALUES ('ses_1', NULL, '/home/kim/pong'), ('ses_2', 'ses_1', '/home/kim/pong')")
    yield connection
    connection.close()


def write(opencode: sqlite3.Connection, identity: str, session: str, changed: int, **facts: Any) -> None:
    data = {
        "role": "assistant", "providerID": "anthropic", "modelID": "claude-haiku-4-5", "agent": "build", "cost": 0,
        "time": {"created": NOON - 60_000}, "path": {"cwd": "/home/kim/pong", "root": "/home/kim/pong"},
        "tokens": {"input": 1000, "output": 100, "reasoning": 0, "cache": {"read": 0, "write": 0}}, **facts,
    }  # fmt: skip
    row = (identity, session, NOON - 60_000, changed, json.dumps(data))
    opencode.execute("INSERT OR REPLACE INTO message VALUES (?, ?, ?, ?, ?)", row)


def done(changed: int) -> dict[str, int]:
    return {"created": NOON - 60_000, "completed": changed}


def total(cli: Any, *words: str) -> tuple[str, int]:
    report = cli("report", "--period", "total", *words, "--json").json
    return report["total_cost_usd"], report["calls"]


def imported(cli: Any, *words: str) -> dict[str, Any]:
    ran = cli("import", *words, "--json")
    assert ran.code == 0, ran.err
    return ran.json


def test_a_database_is_imported_and_then_only_what_changed_in_it(cli: Any, opencode: sqlite3.Connection):
    write(opencode, "msg_1", "ses_1", NOON - 50_000, time=done(NOON - 50_000))
    imported(cli, "opencode")
    # 1,000 input at $1 and 100 output at $5 a million: a cost of 0 in the log is no price.
    assert total(cli) == ("0.0015", 1)
    imported(cli, "opencode")
    write(opencode, "msg_2", "ses_2", NOON - 40_000, agent="explore", time=done(NOON - 40_000))
    imported(cli, "opencode")
    assert total(cli) == ("0.003", 2)
    assert total(cli, "--session", "ses_1", "--agent", "explore") == ("0.0015", 1)
    assert total(cli, "--project", "pong") == ("0.003", 2)


def test_a_message_that_was_being_written_is_corrected_when_it_is_finished(cli: Any, opencode: sqlite3.Connection):
    write(opencode, "msg_1", "ses_1", NOON - 50_000)
    imported(cli, "opencode")
    assert total(cli) == ("0.0015", 1)
    tokens = {"input": 1000, "output": 300, "reasoning": 0, "cache": {"read": 0, "write": 0}}
    write(opencode, "msg_1", "ses_1", NOON - 30_000, tokens=tokens, time=done(NOON - 30_000))
    imported(cli, "opencode")
    assert total(cli) == ("0.0025", 1)


def test_a_message_in_a_file_and_in_the_database_it_was_moved_to_is_one_call(
    cli: Any, opencode: sqlite3.Connection, home: Path
):
    trap = LOGS / "opencode" / "cost_zero"
    shutil.copytree(trap / "storage", home / ".local" / "share" / "opencode" / "storage")
    for file in trap.rglob("msg_*.json"):
        message = json.loads(file.read_text())
        row = (message["id"], message["sessionID"], message["time"]["created"], NOON, file.read_text())
        opencode.execute("INSERT INTO message VALUES (?, ?, ?, ?, ?)", row)
    imported(cli, "opencode")
    assert total(cli)[1] == 3


def test_a_change_in_a_databases_log_is_news_of_the_database(opencode: sqlite3.Connection, home: Path, clock: Clock):
    settings = load_settings({"COST_MCP_DB": str(home / "ledger.db"), "COST_MCP_CONFIG": ""}, home).settings
    order, machine = ImportOrder(sources=("opencode",)), Machine(environ={}, home=home)
    write(opencode, "msg_1", "ses_1", NOON - 50_000, time=done(NOON - 50_000))
    database = home / ".local" / "share" / "opencode" / "opencode.db"
    with open_importing(order, settings, machine, clock, Listener()) as importing:
        take_anew(importing, order, machine, frozenset({str(home / "other.db-wal")}))
        assert importing.finish(0.0).total.calls == 0
        take_anew(importing, order, machine, frozenset({f"{database}-wal"}))
        assert importing.finish(0.0).total.calls == 1


def test_a_database_that_cannot_be_read_is_said_and_stops_nothing_else(cli: Any, home: Path):
    folder = home / ".local" / "share" / "opencode"
    shutil.copytree(LOGS / "opencode" / "failed" / "storage", folder / "storage")
    (folder / "opencode.db").write_bytes(b"no database at all " * 100)
    ran = cli("import", "opencode")
    assert "opencode.db cannot be read" in ran.out + ran.err
    assert total(cli)[1] == 1


def test_gemini_and_copilot_are_found_where_they_write(cli: Any, home: Path):
    shutil.copytree(LOGS / "gemini_cli" / "resumed_into_lines" / "tmp", home / ".gemini" / "tmp")
    shutil.copytree(LOGS / "copilot" / "summed_again" / "otel", home / ".copilot" / "otel")
    (home / ".gemini" / "tmp" / "pong" / "logs.json").write_text('[{"sessionId": "s", "type": "user", "message": "SECRET"}]')
    imported(cli)
    assert total(cli, "--source", "gemini-cli")[1] == 3
    # 8.1177 and 2.25 AI credits of a cent each.
    assert total(cli, "--source", "copilot") == ("0.103677", 2)
    imported(cli)
    assert total(cli)[1] == 5


def test_a_chat_of_gemini_belongs_to_the_project_whose_folder_is_noted_beside_it(cli: Any, home: Path, tmp_path: Path):
    repository = tmp_path / "ping"
    (repository / ".git").mkdir(parents=True)
    (repository / "deep").mkdir()
    chats = home / ".gemini" / "tmp"
    shutil.copytree(LOGS / "gemini_cli" / "resumed_into_lines" / "tmp", chats)
    (chats / "pong" / ".project_root").write_text(str(repository / "deep"))
    hashed = chats / sha256(b"/home/kim/paddle").hexdigest() / "chats"
    shutil.copytree(next((LOGS / "gemini_cli" / "document_rewritten").rglob("chats")), hashed)
    (home / ".gemini" / "projects.json").write_text(json.dumps({"projects": {"/home/kim/paddle": "paddle"}}))
    imported(cli, "gemini-cli")
    assert [total(cli, "--project", name)[1] for name in ("ping", "paddle", "pong")] == [3, 2, 0]


def test_agents_are_followed_to_where_their_environment_sends_them(home: Path, tmp_path: Path):
    elsewhere = tmp_path / "elsewhere"
    shutil.copytree(LOGS / "gemini_cli" / "resumed_into_lines" / "tmp", elsewhere / ".gemini" / "tmp")
    shutil.copy(next((LOGS / "copilot").glob("summed_again/otel/*.jsonl")), elsewhere / "spans.jsonl")
    (elsewhere / "notes.jsonl").write_text('{"attributes": {"gen_ai.usage.input_tokens": 1}}\n')
    environ = {"GEMINI_CLI_HOME": str(elsewhere), "COPILOT_OTEL_FILE_EXPORTER_PATH": str(elsewhere / "spans.jsonl")}
    found = [
        file.parts
        for source in ("gemini-cli", "copilot")
        for place in places(source, environ, home)
        for file in files_at(place)
    ]
    assert [parts[-1].partition("-")[0] for parts in found] == ["session", "session", "spans.jsonl"]
    inside = {
        "COPILOT_OTEL_FILE_EXPORTER_PATH": str(home / ".copilot" / "otel" / "spans.jsonl"),
        "OPENCODE_DB": "opencode-dev.db",
    }
    assert [len(places(source, inside, home)) for source in ("copilot", "opencode")] == [1, 1]
