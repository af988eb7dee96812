"""Whose thread a Codex log tells of, and which of its lines another thread wrote first."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from cost_mcp.capture.fields import as_object
from cost_mcp.capture.logs.record import instant_of_text
from cost_mcp.capture.logs.sighting import FileFacts
from cost_mcp.model.moment import micros
from cost_mcp.model.name import MAX_NAME

BURST_MS = 1000
"""How far apart lines may lie that were copied in one go; a model takes longer than this to answer."""

RECORDS_SINCE = (0, 154)
"""The first version known to write a ``token_usage_record`` for each response (github.com/openai/codex/issues/47003)."""

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-([0-9a-f])[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}")
_NAMELESS = "default"
"""The role of a sub-agent that was given none."""


@dataclass(slots=True)
class Thread:
    """What the first ``session_meta`` of a file says of its thread; milliseconds since 1970 throughout.

    ``created`` is when the thread was made, ``born`` the same by its own id. ``parents`` are the threads it was forked off or
    started by, the nearest first. ``from_ordinal`` is where its own history begins in this file; ``continued`` says that it
    begins in another file, of which nothing is copied; ``spawned`` that it is a sub-agent's; ``records`` that this version of
    Codex gives every response a line of its own; ``headless`` that ``codex exec`` made it, which prints usage as well.

    Source: ``SessionMeta``, ``SessionSource`` and ``SubAgentSource`` in codex-rs/protocol/src/protocol.rs
    (github.com/openai/codex), read 2026-11-22.
    """

    id: str
    created: int | None = None
    born: int | None = None
    parents: tuple[str, ...] = ()
    from_ordinal: int | None = None
    continued: bool = False
    spawned: bool = False
    records: bool = False
    headless: bool = False
    provider: str | None = None
    branch: str | None = None
    cwd: str | None = None
    agent: str | None = None


def key_of_first(thread: str) -> str:
    """The key of the first call of a thread that ``codex exec`` made, and of all its calls together as that prints them.

    It is the same, so that the one takes the other's place: what is printed and what is logged never count twice.
    """
    return f"codex:{thread}:first"


def thread_of_meta(payload: Mapping[str, object]) -> Thread | None:
    """The thread a ``session_meta`` tells of; None when it has no id."""
    identity = text_of(payload, "id", "session_id")
    if identity is None:
        return None
    subagent = (as_object(payload.get("source")) or {}).get("subagent")
    spawn = as_object((as_object(subagent) or {}).get("thread_spawn")) or {}
    parents = (text_of(payload, "forked_from_id"), text_of(payload, "parent_thread_id"), text_of(spawn, "parent_thread_id"))
    ordinal = payload.get("subagent_history_start_ordinal")
    made = instant_of_text(payload.get("timestamp"))
    return Thread(
        id=identity,
        created=None if made is None else millis(made),
        born=millis_of_id(identity),
        parents=tuple(dict.fromkeys(parent for parent in parents if parent and parent != identity)),
        from_ordinal=ordinal if type(ordinal) is int else None,
        spawned=subagent is not None or text_of(payload, "parent_thread_id") is not None,
        records=_version(text_of(payload, "cli_version") or "") >= RECORDS_SINCE,
        headless=payload.get("source") == "exec",
        continued=as_object(payload.get("history_base")) is not None,
        provider=text_of(payload, "model_provider"),
        branch=text_of(as_object(payload.get("git")) or {}, "branch"),
        cwd=text_of(payload, "cwd"),
        agent=_agent(payload, spawn, subagent),
    )


def thread_of_name(facts: FileFacts) -> Thread | None:
    """The thread by the file's name, for a log whose beginning is gone; None when the name has no id.

    ``rollout-<time>-<thread>.jsonl``; a thread that goes on in a second file is ``…-<thread>_<part>.jsonl``.
    """
    found = _UUID.search(facts.stem)
    return None if found is None else Thread(id=found.group(), born=millis_of_id(found.group()))


def _version(text: str) -> tuple[int, int]:
    """The first two numbers of a version; (0, 0) for what is none."""
    found = re.match(r"(\d{1,6})\.(\d{1,6})", text)
    return (0, 0) if found is None else (int(found.group(1)), int(found.group(2)))


def _agent(payload: Mapping[str, object], spawn: Mapping[str, object], subagent: object) -> str | None:
    """A sub-agent's name: its role, which many sessions share, before the nickname that one sub-agent was given."""
    named = [text_of(where, "agent_role", "agent_type") for where in (payload, spawn)]
    role = next((name for name in named if name and name != _NAMELESS), None)
    nickname = text_of(payload, "agent_nickname") or text_of(spawn, "agent_nickname")
    return role or nickname or (subagent if isinstance(subagent, str) else None)


@dataclass(slots=True)
class Lineage:
    """Which lines of one file its thread inherited. All of it is seen from within the file: no other file is needed.

    Codex begins the file of a fork or a sub-agent with a copy of its parent's history, usage lines included and often with the
    copy's own time. What tells them apart, surest first: the line's ordinal against the one at which the thread's own history
    begins; a time before the thread was made; a turn whose id (they count milliseconds) is older than the thread's. Versions
    of Codex that write none of these are left with the rush in which a copy is written.

    Source: github.com/openai/codex, codex-rs/core (``submit``: turn ids are UUIDv7; sub-agents inherit every event but
    ``token_usage_record``) and codex-rs/rollout/src/ordinal.rs; https://github.com/openai/codex/issues and
    https://github.com/ccusage/ccusage/issues 950, 1371 and 1460 on what copies look like. Read 2026-11-22.
    """

    turn: int | None = None
    settled: bool = False
    last: int | None = None
    copied: tuple[str, ...] = ()

    def inherited(self, thread: Thread, ordinal: object, at: datetime) -> bool | None:
        """True for a line another thread wrote first, False for one of its own; None when it may be either."""
        if not thread.parents:
            return False
        moment = millis(at)
        if type(ordinal) is int and thread.from_ordinal is not None:
            return ordinal < thread.from_ordinal
        if thread.created is not None and moment < thread.created:
            return True
        if self.turn is not None and thread.born is not None and self.turn < thread.born:
            return True
        if type(ordinal) is int or self.settled or self._rested(moment):
            self.settled = True
            return False
        return True if len(self.copied) > 1 else None

    def _rested(self, moment: int) -> bool:
        return self.last is None or moment - self.last > BURST_MS

    def copies(self, thread: str) -> None:
        """The first line of another thread's history is in this file."""
        if thread not in self.copied:
            self.copied = (*self.copied, thread)

    def owner(self, thread: Thread) -> str:
        """The thread whose calls those are that may be inherited."""
        return self.copied[0] if self.copied else thread.parents[0] if thread.parents else thread.id

    def saw(self, at: datetime) -> None:
        """A line was read; the next one is held against its time."""
        self.last = millis(at)

    def turned(self, payload: Mapping[str, object]) -> None:
        """A turn began; one whose id says nothing of its time leaves the last one standing."""
        identity = text_of(payload, "turn_id")
        began = None if identity is None else millis_of_id(identity)
        self.turn = self.turn if began is None else began


def text_of(values: Mapping[str, object], *names: str) -> str | None:
    """The first of the fields that can serve as a name."""
    for name in names:
        value = values.get(name)
        if isinstance(value, str) and value.strip() and len(value) <= MAX_NAME and value.isprintable():
            return value.strip()
    return None


def millis(moment: datetime) -> int:
    """Milliseconds since 1970."""
    return micros(moment) // 1000


def millis_of_id(identity: str) -> int | None:
    """When an id was made, if it is a UUID of version 7: its first 48 bits (RFC 9562, section 5.7); None for others."""
    found = _UUID.fullmatch(identity)
    return int(identity[:8] + identity[9:13], 16) if found is not None and found.group(1) == "7" else None
