from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cost_mcp.sources.opencode_db import OVERLAP_MS, StoredMessage, read_messages, stat_with_log

NOON = 1_791_201_600_000
SCHEMA = """
CREATE TABLE session (id TEXT PRIMARY KEY, parent_id TEXT, directory TEXT NOT NULL, title TEXT NOT NULL);
CREATE TABLE message (id TEXT PRIMARY KEY, session_id TEXT NOT NULL, time_created INTEGER NOT NULL,
    time_updated INTEGER NOT NULL, data TEXT NOT NULL);
CREATE TABLE part (id TEXT PRIMARY KEY, message_id TEXT NOT NULL, session_id TEXT NOT NULL, time_created INTEGER NOT NULL,
    time_updated INTEGER NOT NULL, data TEXT NOT NULL);
CREATE TABLE session_message (id TEXT PRIMARY KEY, session_id TEXT NOT NULL, type TEXT NOT NULL,
    time_created INTEGER NOT NULL, time_updated INTEGER NOT NULL, data TEXT NOT NULL);
"""


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "opencode.db"


@pytest.fixture
def writer(database: Path) -> Iterator[sqlite3.Connection]:
    """OpenCode itself, which keeps its database open in WAL mode."""
    connection = sqlite3.connect(database, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.executescript(SCHEMA)
    connection.executemany(
        "INSERT INTO session VALUES (?, ?, ?, 'SECRET')",
        [
            ("ses_top", None, "/home/kim/pong"),
            ("ses_sub", "ses_top", "/home/kim/pong"),
            ("ses_deep", "ses_sub", "/home/kim/pong"),
        ],
    )
    yield connection
    connection.close()


def answer(**facts: object) -> str:
    return json.dumps({"role": "assistant", "modelID": "gpt-5.2", "tokens": {"input": 1, "output": 2}, "cost": 0.1, **facts})


def write(writer: sqlite3.Connection, identity: str, session: str, changed: int, data: str) -> None:
    writer.execute("INSERT INTO message VALUES (?, ?, ?, ?, ?)", (identity, session, changed - 5, changed, data))


def texts(messages: Iterator[StoredMessage]) -> list[dict[str, Any]]:
    return [json.loads(message.text) for message in messages]


def test_a_row_is_told_as_the_file_of_the_message_was_with_its_ids_and_folder(database: Path, writer: sqlite3.Connection):
    write(writer, "msg_1", "ses_top", NOON, answer())
    assert texts(read_messages(database)) == [
        {
            "id": "msg_1", "sessionID": "ses_top", "rootSessionID": "ses_top", "directory": "/home/kim/pong",
            "role": "assistant", "modelID": "gpt-5.2", "tokens": {"input": 1, "output": 2}, "cost": 0.1,
        }
    ]  # fmt: skip


def test_a_sub_agents_message_names_the_session_a_person_started(database: Path, writer: sqlite3.Connection):
    write(writer, "msg_1", "ses_deep", NOON, answer())
    (told,) = texts(read_messages(database))
    assert (told["sessionID"], told["rootSessionID"]) == ("ses_deep", "ses_top")


def test_messages_come_by_when_they_changed_and_what_people_wrote_does_not_come_at_all(
    database: Path, writer: sqlite3.Connection
):
    write(writer, "msg_1", "ses_top", NOON + 2, answer())
    write(writer, "msg_2", "ses_top", NOON + 1, json.dumps({"role": "user", "summary": {"title": "SECRET"}}))
    write(writer, "msg_3", "ses_top", NOON, answer())
    found = list(read_messages(database))
    assert [(json.loads(message.text)["id"], message.changed) for message in found] == [("msg_3", NOON), ("msg_1", NOON + 2)]
    assert b"SECRET" not in b"".join(message.text for message in found)


def test_only_what_changed_lately_is_read_again(database: Path, writer: sqlite3.Connection):
    write(writer, "msg_old", "ses_top", NOON - OVERLAP_MS - 1, answer())
    write(writer, "msg_today", "ses_top", NOON - OVERLAP_MS, answer())
    assert [told["id"] for told in texts(read_messages(database, since=NOON))] == ["msg_today"]


def test_a_message_with_several_steps_brings_them_in_their_order(database: Path, writer: sqlite3.Connection):
    write(writer, "msg_1", "ses_top", NOON, answer())
    write(writer, "msg_2", "ses_top", NOON, answer())
    parts = [
        ("prt_2", "msg_1", {"type": "step-finish", "tokens": {"input": 20}}),
        ("prt_1", "msg_1", {"type": "step-finish", "tokens": {"input": 10}}),
        ("prt_3", "msg_1", {"type": "text", "text": 'SECRET {"type":"step-finish"}'}),
        ("prt_4", "msg_2", {"type": "step-finish", "tokens": {"input": 30}}),
    ]
    for identity, message, data in parts:
        writer.execute("INSERT INTO part VALUES (?, ?, 'ses_top', 0, 0, ?)", (identity, message, json.dumps(data)))
    first, second = texts(read_messages(database))
    assert [step["tokens"] for step in first["steps"]] == [{"input": 10}, {"input": 20}]
    assert "steps" not in second


def write_newer(writer: sqlite3.Connection, identity: str, session: str, created: int, kind: str = "assistant") -> None:
    told = {"agent": "build", "model": {"id": "gpt-5.2"}, "content": [{"text": "SECRET"}], "tokens": {"input": 1}}
    row = (identity, session, kind, created, created + 5, json.dumps(told))
    writer.execute("INSERT INTO session_message VALUES (?, ?, ?, ?, ?, ?)", row)


def ids(database: Path) -> list[str]:
    return [told["id"] for told in texts(read_messages(database))]


def test_the_newer_form_of_a_message_is_told_with_its_kind_and_without_its_contents(database: Path, writer: sqlite3.Connection):
    writer.execute("CREATE TABLE session_v2 AS SELECT * FROM session")
    writer.execute("UPDATE session_v2 SET directory = '/home/kim/moved'")
    writer.execute("DROP TABLE session")
    writer.execute("DROP TABLE message")
    write_newer(writer, "msg_a", "ses_deep", NOON)
    write_newer(writer, "msg_b", "ses_deep", NOON, "user")
    (told,) = texts(read_messages(database))
    assert (told["type"], told["rootSessionID"], told["directory"]) == ("assistant", "ses_top", "/home/kim/moved")
    assert "content" not in told


def test_a_session_that_went_on_in_the_newer_version_is_told_once_and_whole(database: Path, writer: sqlite3.Connection):
    write(writer, "msg_1", "ses_top", NOON, answer())
    write_newer(writer, "msg_1", "ses_top", NOON - 5)  # taken over, its id kept
    write_newer(writer, "msg_other", "ses_top", NOON - 4)  # a copy from the time before the newer version was released
    write_newer(writer, "msg_2", "ses_top", NOON + 60_000)
    write_newer(writer, "msg_3", "ses_sub", NOON - 60_000)
    assert ids(database) == ["msg_3", "msg_1", "msg_2"]


def test_a_table_without_times_is_read_whole(database: Path, writer: sqlite3.Connection):
    writer.executescript("""
        DROP TABLE message;
        DROP TABLE session_message;
        CREATE TABLE session_message (id TEXT PRIMARY KEY, session_id TEXT NOT NULL, type TEXT NOT NULL, data TEXT NOT NULL);
        INSERT INTO session_message VALUES ('msg_1', 'ses_top', 'assistant', '{"time":{"created":5},"tokens":{"input":1}}');
    """)
    assert [message.changed for message in read_messages(database, since=NOON)] == [0]


def test_rows_that_are_no_objects_are_left_to_the_parser(database: Path, writer: sqlite3.Connection):
    write(writer, "msg_1", "ses_top", NOON, '["assistant"]')
    write(writer, "msg_2", "ses_gone", NOON, '{"role":"assistant"')
    write(writer, "msg_3", "ses_gone", NOON + 1, "{} ")
    writer.execute("UPDATE message SET data = '{ \"role\": \"assistant\" }' WHERE id = 'msg_3'")
    found = [message.text for message in read_messages(database)]
    assert found[:2] == [b'["assistant"]', b'{"role":"assistant"']
    assert json.loads(found[2]) == {"id": "msg_3", "sessionID": "ses_gone", "rootSessionID": "ses_gone", "role": "assistant"}


def test_a_reader_neither_changes_the_database_nor_keeps_its_owner_waiting(database: Path, writer: sqlite3.Connection):
    write(writer, "msg_1", "ses_top", NOON, answer())
    write(writer, "msg_2", "ses_top", NOON, answer())
    before = writer.execute("PRAGMA data_version").fetchone()
    reading = read_messages(database)
    next(reading)
    write(writer, "msg_3", "ses_top", NOON + 1, answer())
    assert len(list(reading)) == 1
    assert writer.execute("PRAGMA data_version").fetchone() == before


def test_what_is_new_shows_though_the_database_itself_is_not_written_to(database: Path, writer: sqlite3.Connection):
    writer.execute("PRAGMA wal_autocheckpoint = 0")
    before, alone = stat_with_log(database), database.stat()
    write(writer, "msg_1", "ses_top", NOON, answer())
    after = stat_with_log(database)
    assert (database.stat().st_size, database.stat().st_mtime_ns) == (alone.st_size, alone.st_mtime_ns)
    assert after.st_size > before.st_size
    assert after.st_mtime_ns >= before.st_mtime_ns
    assert (after.st_ino, after.st_dev) == (alone.st_ino, alone.st_dev)


def test_a_database_without_a_log_is_told_of_alone(tmp_path: Path):
    (tmp_path / "opencode.db").write_bytes(b"")
    assert stat_with_log(tmp_path / "opencode.db") == (tmp_path / "opencode.db").stat()


def test_a_database_of_something_else_holds_no_messages(tmp_path: Path):
    other = tmp_path / "opencode.db"
    with sqlite3.connect(other) as connection:
        connection.execute("CREATE TABLE other (id TEXT)")
    connection.close()
    assert list(read_messages(other)) == []


def test_a_file_that_cannot_be_read_is_an_error_and_a_missing_one_is_not_made(tmp_path: Path):
    broken = tmp_path / "opencode.db"
    broken.write_bytes(b"no database at all, but longer than a header of one hundred bytes " * 20)
    for path in (broken, tmp_path / "missing.db"):
        with pytest.raises(OSError, match="cannot be read"):
            list(read_messages(path))
    assert not (tmp_path / "missing.db").exists()
