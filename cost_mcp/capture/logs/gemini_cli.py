"""Gemini CLI's chats: ``tmp/<project>/chats/session-….jsonl``, one record a line, and before that ``….json``, one document.

A message of type ``gemini`` is one response of the model, with its ``tokens`` as Google counted them: ``input`` is the whole
prompt, cached content included; ``output`` leaves out ``thoughts``, and ``tool`` (prompts of tool use) stands beside
``input``. The message is written again, whole, whenever a tool call joins it, and again in a ``$set`` that rewrites the
history; ``$rewindTo`` takes it out of the history, but not out of what was spent. A session that is resumed goes on in its file,
and one from a ``.json`` is copied into a ``.jsonl`` with every message's id. Sub-agents write
``chats/<the parent's session>/<their own>.jsonl``. A chat names the folder it is held in only by a hash, unless folders were added
to it; files beside the chats name it. No file says how the model is paid for, and what the program asks of a model for itself
(routing, loop checks, summaries, attempts that failed) is in no chat.

Source: google-gemini/gemini-cli, packages/core/src/services/chatRecordingService.ts, chatRecordingTypes.ts
(``TokensSummary``) and core/geminiChat.ts at commit 5411f113 (2026-08-21); the document form at commit b5dd6f9e (2025-09-02),
lines since commit f7449135 (2026-04-09). Compared with ryoppippi/ccusage, adapter/gemini, at commit 5816e640 (2026-06-13).
Read 2026-11-22.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import cast

from cost_mcp.capture.fields import Fields, as_object, numbered_objects
from cost_mcp.capture.logs.record import decode, instant_of_text
from cost_mcp.capture.logs.sighting import REASONS, FileFacts, LogFormat, Read, Sighting, Skip, State
from cost_mcp.capture.usage import read_usage
from cost_mcp.errors import InvalidInput

SOURCE = "gemini-cli"
SUBAGENT = "subagent"
UNNAMED_MODEL = "The log does not name the model of this response; it is taken to be that of the response before."
UNKNOWN_MODEL = "unknown"
NO_MODEL = "The log does not name the model of this response, nor of one before."

_COUNTS = {
    "input": "promptTokenCount",
    "output": "candidatesTokenCount",
    "cached": "cachedContentTokenCount",
    "thoughts": "thoughtsTokenCount",
    "tool": "toolUsePromptTokenCount",
    "total": "totalTokenCount",
}
"""The chat's word for a count → Google's own."""
_HASH = re.compile(r"[0-9a-f]{64}")


def cares(line: bytes) -> bool:
    """Whether the bytes can hold a response's tokens or the session's head."""
    return b'"tokens"' in line or b'"projectHash"' in line


class GeminiChat:
    """One chat, as lines or as one document."""

    def __init__(self, facts: FileFacts, state: State | None) -> None:
        self._facts = facts
        self._document = False
        self._head: dict[str, str] = {}
        self._last: list[object] = []
        if state is not None:
            held = cast("Mapping[str, str]", as_object(state.get("head")) or {})
            self._head = dict(held)
            self._last = list(cast("list[object]", state.get("last") or []))

    def feed(self, line: bytes, number: int) -> Iterator[Read]:
        """The response a line tells of, or every response of a document."""
        if not cares(line):  # documents of other kinds lie beside the chats
            yield Skip(number, "not-usage", "It is no chat.")
            return
        record = decode(line)
        if record is None:
            yield Skip(number, "unreadable", "It is no JSON object.")
            return
        changed = as_object(record.get("$set"))
        self._remember(record if changed is None else changed)
        messages = (record if changed is None else changed).get("messages")
        if changed is not None and messages is not None:
            yield Skip(number, "re-emitted", "The history is rewritten with messages that stand further up.")
        elif messages is not None:
            self._document = True
            for _, message in numbered_objects(messages):
                yield from self._message(message, number)
        else:
            yield from self._message(record, number)

    def finish(self) -> Iterable[Read]:
        """Nothing: a response's tokens are known before it is written."""
        return ()

    def state(self) -> State | None:
        """The session's head and the last response; None for a document, which is rewritten whole."""
        return None if self._document else {"head": dict(self._head), "last": list(self._last)}

    def _remember(self, record: Mapping[str, object]) -> None:
        """The session's id, kind, start, first folder; a message has none of these names."""
        told = {name: record.get(name) for name in ("sessionId", "kind", "startTime")}
        folders = record.get("directories")
        if isinstance(folders, list) and folders:
            told["directory"] = cast("list[object]", folders)[0]
        self._head |= {name: value for name, value in told.items() if isinstance(value, str) and value}

    def _message(self, message: Mapping[str, object], number: int) -> Iterator[Read]:
        if message.get("type") != "gemini":
            return
        tokens = as_object(message.get("tokens"))
        if tokens is None:
            yield Skip(number, "no-tokens", "The response's tokens were not recorded, here or not yet.")
            return
        try:
            found = self._sighting(Fields(message, "message"), tokens)
        except InvalidInput as problem:
            yield Skip(number, "unreadable", problem.sentence)
            return
        if isinstance(found, str):
            yield Skip(number, "not-usage", found)
        elif self._last == [found.key, found.usage.input_tokens, found.usage.output_tokens]:
            yield Skip(number, "re-emitted", "The same response, written again with what its tools did.")
        else:
            self._last = [found.key, found.usage.input_tokens, found.usage.output_tokens]
            yield found

    def _sighting(self, message: Fields, tokens: Mapping[str, object]) -> Sighting | str:
        """The response, or why it is none.

        Raises:
            InvalidInput: counts or names that cannot be taken; no id; no instant.
        """
        read = read_usage({theirs: tokens.get(ours) for ours, theirs in _COUNTS.items()}, "google")
        if not read.usage.total_tokens:
            return "The response's tokens are all zero."
        model, notes = self._model(message)
        return Sighting(
            key=f"gemini:{_needed_name(message, 'id')}",
            occurred_at=self._instant(message),
            model=model,
            usage=read.usage,
            provider="google",
            session_id=self._session(),
            agent=SUBAGENT if self._head.get("kind") == SUBAGENT else None,
            cwd=self._facts.folder or self._head.get("directory"),
            metadata=self._metadata(),
            uncounted=read.uncounted,
            notes=(*notes, *read.notes),
        )

    def _model(self, message: Fields) -> tuple[str, tuple[str, ...]]:
        """The model, and what is to be said of it: a response without text is written without its model's name."""
        named = message.name("model")
        if named:
            self._head["model"] = named
            return named, ()
        known = self._head.get("model")
        return (known, (UNNAMED_MODEL,)) if known else (UNKNOWN_MODEL, (NO_MODEL,))

    def _instant(self, message: Fields) -> datetime:
        found = instant_of_text(message.values.get("timestamp")) or instant_of_text(self._head.get("startTime"))
        if found is None:
            raise InvalidInput("message.timestamp is no instant.", field="message.timestamp", hint="Nothing to do.")
        return found

    def _session(self) -> str | None:
        """The session, of a sub-agent the one that started it: its folder has that name."""
        folders = self._below_chats()
        return folders[0] if len(folders) > 1 else self._head.get("sessionId")

    def _metadata(self) -> Mapping[str, object]:
        told: dict[str, object] = {}
        if len(self._below_chats()) > 1 and "sessionId" in self._head:
            told["subagent_session"] = self._head["sessionId"]
        chats = self._facts.parts.index("chats") if "chats" in self._facts.parts else 0
        # Older versions name the project's folder by a hash of its path, which says nothing to anybody.
        if chats and not _HASH.fullmatch(self._facts.parts[chats - 1]):
            told["gemini_project"] = self._facts.parts[chats - 1]
        return told

    def _below_chats(self) -> tuple[str, ...]:
        parts = self._facts.parts
        return parts[parts.index("chats") + 1 :] if "chats" in parts else ()


def _needed_name(fields: Fields, name: str) -> str:
    found = fields.name(name)
    if found is None:
        raise InvalidInput(f"{fields.at(name)} is missing.", field=fields.at(name), hint="Nothing to do.")
    return found


FORMAT = LogFormat(
    source=SOURCE,
    open=GeminiChat,
    cares=cares,
    whole_suffixes=(".json",),
    reasons={**REASONS, "no-tokens": "A response whose tokens the agent did not record, or not yet."},
)
