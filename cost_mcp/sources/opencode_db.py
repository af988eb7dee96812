"""OpenCode's database, ``opencode.db`` or ``opencode-<channel>.db``: its messages as the JSON texts its files were.

The one place outside the ledger that speaks SQL: the file is another program's, opened read-only and never created, and none of
its tables are ours. It may be written to meanwhile; a read-only connection to a write-ahead log neither waits nor checkpoints.

Version 1 writes ``session``, ``message`` and ``part``; version 2 writes ``session_v2`` and ``session_message``, copies into them
what it finds of version 1, and leaves the older tables as they are. A session may have been begun in one and gone on in the
other, and betas of version 2 wrote copies under other ids: of a session that has older rows, only the newer rows from after the
last of them are read.

Source: anomalyco/opencode, packages/opencode/src/session/session.sql.ts at commit 063e8306, storage/db.ts (the file's names,
WAL) at commit 032cb74b, packages/core/src/session/projector.ts at commit 008d5715, issues 41217 and 50130 (what version 2 takes
over), ccusage/ccusage issue 1644 and pull request 1668, JingbiaoMei/Tokdash pull request 99; 2026. Read 2026-11-22.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from errno import EIO
from heapq import merge
from pathlib import Path

DATABASE = ".db"
"""How the name of an agent's database ends."""
OVERLAP_MS = 24 * 60 * 60 * 1000
"""A message is read again for a day after it was last seen to change: it is cheap, and no update can be missed."""

_MESSAGES = """
    SELECT id, session_id, {changed} AS changed, CAST(data AS BLOB) FROM message
    WHERE {since} AND instr(data, '"assistant"') > 0 ORDER BY changed, id
"""
_NEWER = """
    SELECT newer.id, newer.session_id, {changed} AS changed,
        CAST(CASE WHEN json_valid(data) THEN json_set(json_remove(data, '$.content'), '$.type', type) ELSE data END AS BLOB)
    FROM session_message AS newer {older} WHERE {since} AND type = 'assistant' {after} ORDER BY changed, newer.id
"""
_OLDER = """
    LEFT JOIN (SELECT session_id, max({changed}) AS ended FROM message GROUP BY session_id) AS older
    ON older.session_id = newer.session_id
"""
_AFTER = "AND newer.id NOT IN (SELECT id FROM message) AND {created} > coalesce(older.ended, -1)"
# A finished step is told in some three hundred bytes; where SQLite can tell a text's size without reading it, longer parts (files,
# what tools answered) are passed over unread.
_SHORT = "octet_length(data) < 4096 AND " if sqlite3.sqlite_version_info >= (3, 43) else ""
_STEPS = f"SELECT CAST(data AS BLOB) FROM part WHERE message_id = ? AND {_SHORT}instr(data, '\"step-finish\"') > 0 ORDER BY id"  # noqa: S608 our own words


@dataclass(frozen=True, slots=True)
class StoredMessage:
    """One message: its JSON ``text``, and when it ``changed`` last (milliseconds since 1970)."""

    text: bytes
    changed: int


def written_with(path: str) -> tuple[str, str]:
    """The paths of which a change is news of this file: its own, and its write-ahead log's if it is a database."""
    return path, path + "-wal"


def stat_with_log(database: Path) -> os.stat_result:
    """What the file system says of a database and its write-ahead log together: what is new stands in the log for a while.

    The size is the sum of both, the time that of the later one; everything else is the database's.

    Raises:
        OSError: there is no such database, or it cannot be looked at.
    """
    found = database.stat()
    try:
        log = database.with_name(f"{database.name}-wal").stat()
    except FileNotFoundError:
        return found
    plain = list(found)[:10]
    plain[6] = found.st_size + log.st_size
    return os.stat_result(plain, {"st_mtime_ns": max(found.st_mtime_ns, log.st_mtime_ns)})


def read_messages(database: Path, since: int = 0) -> Iterator[StoredMessage]:
    """The models' answers that changed since, the oldest change first; none where the tables are missing.

    A text is what OpenCode's file of the message held, with ``id`` and ``sessionID``, and besides: ``rootSessionID`` (the session
    a person started, of a sub-agent's), ``directory`` (the session's), ``steps`` (the ``step-finish`` parts, where there are
    several). Contents of messages are not read.

    Args:
        database: The file.
        since: The greatest ``changed`` of the last reading; what changed in the day before it is given again.

    Raises:
        OSError: the file is missing, is no database, is damaged, or is held by a program that lets nobody read.
    """
    try:
        with closing(sqlite3.connect(f"{database.absolute().as_uri()}?mode=ro", uri=True, timeout=5)) as connection:
            connection.execute("PRAGMA query_only = ON")
            yield from _read(connection, max(0, since - OVERLAP_MS))
    except sqlite3.Error as problem:
        raise OSError(EIO, f"OpenCode's database cannot be read: {problem}") from problem


def _read(connection: sqlite3.Connection, changed_from: int) -> Iterator[StoredMessage]:
    tables = {name: _columns(connection, name) for name in ("session", "session_v2", "message", "part", "session_message")}
    sessions = _sessions(connection, tables)
    forms: list[Iterator[StoredMessage]] = []
    if tables["message"]:
        rows = connection.execute(_asked(_MESSAGES, tables["message"]), {"since": changed_from})
        forms.append(_message(row, sessions, _steps(connection, row[0], told=bool(tables["part"]))) for row in rows)
    if tables["session_message"]:
        older = _OLDER.format(changed=_changed(tables["message"])) if tables["message"] else ""
        after = _AFTER.format(created=_created(tables["session_message"])) if tables["message"] else ""
        asked = _asked(_NEWER, tables["session_message"], older=older, after=after)
        newer = connection.execute(asked, {"since": changed_from})
        forms.append(_message(row, sessions, []) for row in newer)
    yield from merge(*forms, key=lambda stored: stored.changed)


def _columns(connection: sqlite3.Connection, table: str) -> frozenset[str]:
    """The names of a table's columns; none where there is no such table."""
    return frozenset(name for (name,) in connection.execute("SELECT name FROM pragma_table_info(?)", (table,)))


def _asked(question: str, columns: frozenset[str], **parts: str) -> str:
    """The question for a table with these columns; a table without times is read whole."""
    since = f"{_changed(columns)} >= :since" if {"time_created", "time_updated"} & columns else ":since >= 0"
    return question.format(changed=_changed(columns), since=since, **parts)


def _changed(columns: frozenset[str]) -> str:
    """When a row changed last; 0 where the table does not say."""
    told = sorted({"time_created", "time_updated"} & columns)
    return f"max({', '.join(told)})" if len(told) > 1 else told[0] if told else "0"


def _created(columns: frozenset[str]) -> str:
    """When a row's message began."""
    return "time_created" if "time_created" in columns else "json_extract(data, '$.time.created')"


def _sessions(connection: sqlite3.Connection, tables: Mapping[str, frozenset[str]]) -> Mapping[str, tuple[str | None, str]]:
    """Every session → the one it was started from, and its folder; as the newest version tells them."""
    found: dict[str, tuple[str | None, str]] = {}
    for table in ("session", "session_v2"):
        if {"parent_id", "directory"} <= tables[table]:
            rows = connection.execute(f"SELECT id, parent_id, directory FROM {table}")  # noqa: S608 one of two names above
            found |= {identity: (parent, directory) for identity, parent, directory in rows}
    return found


def _steps(connection: sqlite3.Connection, message: str, *, told: bool) -> list[bytes]:
    """The steps of a message that has several; of most, the one step is the message."""
    steps = [data for (data,) in connection.execute(_STEPS, (message,))] if told else []
    return steps if len(steps) > 1 else []


def _message(
    row: tuple[str, str, int, bytes], sessions: Mapping[str, tuple[str | None, str]], steps: list[bytes]
) -> StoredMessage:
    identity, session, changed, data = row
    body = data.strip()
    if not (body.startswith(b"{") and body.endswith(b"}")):
        return StoredMessage(data, changed)  # not ours to judge
    head: dict[str, str] = {"id": identity, "sessionID": session, "rootSessionID": _root(session, sessions)}
    if session in sessions and sessions[session][1]:
        head["directory"] = sessions[session][1]
    parts = [json.dumps(head).encode()[1:-1], body[1:-1].strip()]
    if steps:
        parts.append(b'"steps":[' + b",".join(steps) + b"]")
    return StoredMessage(b"{" + b",".join(part for part in parts if part) + b"}", changed)


def _root(session: str, sessions: Mapping[str, tuple[str | None, str]]) -> str:
    """The session at the beginning of the chain of parents; a ring of them, which no program writes, ends where it closes."""
    seen: set[str] = set()
    while session not in seen:
        seen.add(session)
        parent = sessions.get(session, (None, ""))[0]
        if parent is None:
            break
        session = parent
    return session
