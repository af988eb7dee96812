"""Claude Code's log: one JSON object a line, several lines a message, a file a session or sub-agent."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import NamedTuple, cast

from cost_mcp.capture.logs.claude_counts import Counts, an_object, counts_of, token_sum
from cost_mcp.capture.logs.sighting import REASONS, FileFacts, LogFormat, Read, Sighting, Skip, State
from cost_mcp.errors import InvalidInput
from cost_mcp.model.call import INFERENCE_GEO
from cost_mcp.model.moment import EARLIEST, LATEST
from cost_mcp.model.name import EMPTY_METADATA, EMPTY_TAGS, clean_name

SOURCE = "claude-code"
SYNTHETIC = "<synthetic>"
SUBAGENT = "subagent"
"""The agent's name where a log only says that it was a sub-agent."""

RECENT = 16
"""Messages remembered after they were told of: lines of one message can stand apart, of at most so many agents at work."""

FREE_REFUSALS = datetime(2026, 6, 2, tzinfo=UTC)
"""From when a request is not billed that a model declined before it wrote anything.

Source: Claude Platform release notes of 2026-06-02, quoted at https://usingclaude.com/en/news; read 2026-11-22.
"""

NEEDLE = b'"usage"'
BEFORE, CONTENT, AFTER = b'"message":{', b'"content":[', b'],"stop_reason":'

Json = Mapping[str, object]

_DECODE: Callable[[str], object] = json.JSONDecoder().decode


class Standing(NamedTuple):
    """How good a line tells of its message, in the ledger's order: the final one first, then the one that saw more."""

    final: bool
    tokens: int


@dataclass(slots=True)
class Told:
    """One line about a message; of the lines of one message the best is kept."""

    key: str
    standing: Standing
    number: int
    at: datetime
    entry: Json
    message: Json
    usage: Json
    outer: Json


def cares(line: bytes) -> bool:
    """Whether a line can tell of a call. Text in a log is escaped, so that the words with their quotes are never text."""
    return NEEDLE in line and b'"assistant"' in line


class ClaudeCodeParser:
    """Reads one file.

    One message stands in 1 to n lines, one a content block, under one ``message.id``; early ones carry placeholders. They are
    held back until another message begins. Its key is that id, so that resumed, branched and side conversations, which copy
    whole lines under new session or request ids, tell of the same call.

    Source: https://github.com/ccusage/ccusage/pull/1155 (replays in side conversations), pull/985 (no request id behind
    gateways), https://github.com/anthropics/claude-code/issues/84223 (sub-agents without final usage), and logs published by
    many projects. Read 2026-11-22.
    """

    def __init__(self, facts: FileFacts, state: State | None) -> None:
        self._facts = facts
        self._held: Told | None = None
        self._spare: Told | None = None
        self._recent = _recent_of(state)

    def feed(self, line: bytes, number: int) -> Iterable[Read]:
        """As ``LogParser.feed``."""
        told = _read(line, number)
        if isinstance(told, Skip):
            return (told,)
        held = self._held
        if held is None or held.key != told.key:
            self._held = told
            return () if held is None else self._tell(held)
        if told.standing > held.standing:
            self._held, self._spare = told, held
            return (_placeholder(held, told),)
        self._spare = told
        return (_placeholder(told, held),)

    def finish(self) -> Iterable[Read]:
        """As ``LogParser.finish``."""
        held, self._held = self._held, None
        return () if held is None else self._tell(held)

    def state(self) -> State | None:
        """As ``LogParser.state``."""
        return {"recent": [[key, standing.final, standing.tokens] for key, standing in self._recent.items()]}

    def _tell(self, told: Told) -> tuple[Read, ...]:
        known = self._recent.get(told.key)
        if known is not None and told.standing <= known:
            return (Skip(told.number, "placeholder", "A line before it told as much of the same message."),)
        if _is_free(told):
            return (Skip(told.number, "declined", "The model declined before it wrote anything, which is not billed."),)
        try:
            sightings = self._sightings(told)
        except InvalidInput as problem:
            # A spoilt line must not take the place of a sound one that told of the same message.
            spare, self._spare = self._spare, None
            rest = self._tell(spare) if spare is not None and spare.key == told.key else ()
            return (Skip(told.number, "unreadable", problem.sentence), *rest)
        self._recent.pop(told.key, None)
        self._recent[told.key] = told.standing
        if len(self._recent) > RECENT:
            del self._recent[next(iter(self._recent))]
        return sightings

    def _sightings(self, told: Told) -> tuple[Sighting, ...]:
        advisor = _plain_name(told.entry.get("advisorModel"))
        model = clean_name(told.message.get("model"), "model")
        return tuple(self._sighting(told, counts, model) for counts in counts_of(told.message, told.usage, advisor))

    def _sighting(self, told: Told, counts: Counts, model: str) -> Sighting:
        entry, outer = told.entry, told.outer
        branched = an_object(entry.get("forkedFrom")) or an_object(outer.get("forkedFrom")) or {}
        session = branched.get("sessionId") or outer.get("sessionId") or entry.get("sessionId")
        agent, metadata = self._agent(entry, outer), dict[str, object]()
        if agent is not None:
            file = self._facts.stem
            identity = _plain_name(entry.get("agentId")) or (file.removeprefix("agent-") if file.startswith("agent-") else None)
            metadata = {"agent_id": identity} if identity else {}
        if counts.inference_geo:
            metadata[INFERENCE_GEO] = counts.inference_geo
        return Sighting(
            key=f"{told.key}:{counts.part}" if counts.part else told.key,
            occurred_at=told.at,
            model=counts.model or model,
            usage=counts.usage,
            provider=counts.provider,
            session_id=_plain_name(session) or (None if agent else _plain_name(self._facts.stem)),
            agent=agent,
            branch=_plain_name(outer.get("gitBranch")),
            cwd=_plain_path(outer.get("cwd")),
            service_tier=counts.service_tier,
            provisional=not told.standing.final,
            metadata=metadata or EMPTY_METADATA,
            tags=_tags(entry),
            uncounted=counts.uncounted,
            notes=counts.notes,
        )

    def _agent(self, entry: Json, outer: Json) -> str | None:
        """The sub-agent's kind; None for the main agent, which has no name."""
        side = entry.get("isSidechain") is True or entry is not outer or SUBAGENT + "s" in self._facts.parts
        return (_plain_name(entry.get("attributionAgent")) or SUBAGENT) if side else None


def _is_free(told: Told) -> bool:
    refused = told.message.get("stop_reason") == "refusal" and told.usage.get("output_tokens") == 0
    return refused and told.at >= FREE_REFUSALS


def _read(line: bytes, number: int) -> Told | Skip:
    outer = _decoded(line)
    if outer is None:
        return Skip(number, "unreadable", "The line is not a whole JSON object.")
    entry = _entry(outer)
    message = an_object(entry.get("message")) if entry else None
    usage = an_object(message.get("usage")) if message else None
    if entry is None or message is None or usage is None:
        return Skip(number, "not-usage", "It is no message of the model with usage.")
    if entry.get("isApiErrorMessage") is True:
        return Skip(number, "api-error", "Claude Code shows an error of the API; nothing was billed.")
    if message.get("model") == SYNTHETIC:
        return Skip(number, "synthetic", "Claude Code wrote the message itself; no model was called.")
    key, tokens, at = _key(entry, message), token_sum(usage), _instant(entry.get("timestamp") or outer.get("timestamp"))
    if key is None or at is None or tokens is None:
        lacking = "id" if key is None else "time" if at is None else "count of tokens"
        return Skip(number, "unreadable", f"It has no {lacking} that can be taken.")
    # What the main agent's file tells of a sub-agent while it works comes before the last word, which is in a file of its own.
    final = entry is outer and (message.get("stop_reason") is not None or "stop_reason" not in message)
    return Told(key, Standing(final, tokens), number, at, entry, message, usage, outer)


def _decoded(line: bytes) -> Json | None:
    """The line's object, its content left out where it can be cut: what a model wrote is most of a line, and not ours to read.

    A cut at the wrong place would leave brackets open, and then the whole line is decoded.
    """
    start, end = line.find(CONTENT, line.find(BEFORE) + 1), line.rfind(AFTER)
    if 0 < start < end:
        cut = _object(line[: start + len(CONTENT)] + line[end:])
        message = an_object(cut.get("message")) if cut else None
        if message is not None and "usage" in message:
            return cut
    return _object(line)


def _object(line: bytes) -> Json | None:
    try:
        return an_object(_DECODE(line.decode()))
    except (ValueError, RecursionError):
        return None


def _entry(outer: Json) -> Json | None:
    """The assistant's entry: the line itself, or what it tells of a sub-agent at work."""
    if outer.get("type") == "assistant":
        return outer
    data = an_object(outer.get("data")) if outer.get("type") == "progress" else None
    entry = an_object(data.get("message")) if data else None
    return entry if entry is not None and entry.get("type") == "assistant" else None


def _key(entry: Json, message: Json) -> str | None:
    """The message's id; behind gateways that give none, the request's or the line's own."""
    named = _plain_name(message.get("id"))
    if named is not None:
        return named
    other = _plain_name(entry.get("requestId")) or _plain_name(entry.get("uuid"))
    return None if other is None else f"{SOURCE}:{other}"


def _instant(value: object) -> datetime | None:
    if not isinstance(value, str):
        return None
    try:
        at = datetime.fromisoformat(value)
        at = at if at.tzinfo is UTC else at.astimezone(UTC) if at.utcoffset() is not None else None
    except (ValueError, OverflowError):
        return None
    return at if at is not None and EARLIEST <= at <= LATEST else None


def _tags(entry: Json) -> Mapping[str, str]:
    skill, plugin = entry.get("attributionSkill"), entry.get("attributionPlugin")
    if skill is None and plugin is None:
        return EMPTY_TAGS
    told = {"skill": _plain_name(skill), "plugin": _plain_name(plugin)}
    return {name: value for name, value in told.items() if value is not None}


def _plain_name(value: object) -> str | None:
    return _clean(value) if isinstance(value, str) and value else None


@lru_cache(maxsize=4096)
def _clean(value: str) -> str | None:
    try:
        return clean_name(value, "name")
    except InvalidInput:
        return None


def _plain_path(value: object) -> str | None:
    return value if isinstance(value, str) and value and "\0" not in value else None


def _placeholder(line: Told, better: Told) -> Skip:
    return Skip(line.number, "placeholder", f"Line {better.number} tells of the same message, and no less.")


def _recent_of(state: State | None) -> dict[str, Standing]:
    """The messages a state remembers; a state that is none remembers nothing, which costs a repeat and no call."""
    recent: dict[str, Standing] = {}
    rows = state.get("recent") if state else None
    for row in cast("list[object]", rows) if isinstance(rows, list) else ():
        match row:
            case [str(key), bool(final), int(tokens)]:
                recent[key] = Standing(final, tokens)
            case _:
                continue
    return recent


FORMAT = LogFormat(
    source=SOURCE,
    open=ClaudeCodeParser,
    cares=cares,
    needle=NEEDLE,
    reasons={**REASONS, "declined": "A model declined it before writing anything, which is not billed."},
)
