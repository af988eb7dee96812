"""Codex's session logs (``sessions/…/rollout-*.jsonl``, archived ones too) and what ``codex exec --json`` prints."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType

from cost_mcp.capture.fields import as_object
from cost_mcp.capture.logs.codex_counts import Counts, Moved, read_counts
from cost_mcp.capture.logs.codex_exec import COMPLETED, STARTED, UNSAID_MODEL, read_headless
from cost_mcp.capture.logs.codex_limits import SOURCE, NewestLimits, is_subscribed
from cost_mcp.capture.logs.codex_memory import MOST_ECHOES, Held, Memory, memory_of_json
from cost_mcp.capture.logs.codex_thread import Thread, key_of_first, text_of, thread_of_meta, thread_of_name
from cost_mcp.capture.logs.record import decode, instant_of_text
from cost_mcp.capture.logs.sighting import REASONS, FileFacts, LogFormat, Read, Sighting, Skip, State
from cost_mcp.errors import InvalidInput
from cost_mcp.model.name import EMPTY_METADATA

TIERS = {"fast": "priority", "priority": "priority", "flex": "flex", "batch": "batch"}
"""Codex's words → ours; any other is the standard tier. What Codex calls ``fast`` it asks the API for as ``priority``
(``ServiceTier::request_value``, codex-rs/protocol/src/config_types.rs, github.com/openai/codex, read 2026-11-22).
"""
COPIED = "A copy of another thread's history, at the head of a fork's or a sub-agent's log."
LOST = "The thread's total grew by more than the calls in this log: a line of it is lost, and this is what the line held."
PERHAPS = "It may be a copy, at the head of a log that goes on from another; what that other log tells takes its place."
ELSEWHERE = "Another thread's call, told in this thread's log; what that thread's own log tells takes its place."
UNKNOWN_MODEL = "The log does not say which model was called."

_WORDS = (
    "session_meta|turn_context|token_count|token_usage_record|thread_settings_applied|compacted|"
    "task_started|turn_started|thread[.]started|turn[.]completed"
)
_WANTED = re.compile(f'"(?:{_WORDS})"'.encode())
_HEAD = 256
_AS_WRITTEN = b'{"timestamp":"'


def cares(line: bytes) -> bool:
    """Whether a line may tell of usage, or of what usage needs; as Codex writes them, lines say so in their first bytes."""
    if _WANTED.search(line, 0, _HEAD) is not None:
        return True
    return not line.startswith(_AS_WRITTEN) and _WANTED.search(line) is not None


class CodexLog:
    """One rollout file, or what one ``codex exec --json`` printed.

    A call is one response of the model. Since version 0.154 each has a line of its own with its id (``token_usage_record``),
    and ``token_count`` tells the same counts again, except a compaction's, which it leaves out. Before, ``token_count`` is all
    there is: when the thread's running total has moved, a call was made, of ``last_token_usage``, or of what was added where
    that is missing. Such a call's key is the thread's id and its running total: unlike a place in the file it stays the same in
    a copy, in a second file of the thread, and where a line before it is lost; and that one was lost is seen by the total.

    Where copied history cannot be told from the thread's own (see ``Lineage``), the call is given its parent's key, as
    provisional: what the parent's log tells takes its place, whichever is read first, and nothing counts twice. No other file
    has to be at hand. ``finish`` tells a held response as provisional; should the file go on, it is told again in full.

    Source: github.com/openai/codex, codex-rs/protocol/src/protocol.rs (``RolloutLine``, ``TokenUsageInfo``,
    ``TokenCountEvent``, ``TokenUsageRecord``) and codex-rs/core/src/session (the record is written before the token count);
    https://github.com/openai/codex/issues/47003 (compaction). Read 2026-11-22.
    """

    def __init__(self, facts: FileFacts, state: State | None) -> None:
        self._named = thread_of_name(facts)
        self._memory = Memory() if state is None else memory_of_json(state)
        self._limits = NewestLimits()

    def feed(self, line: bytes, number: int) -> Iterable[Read]:
        """See ``LogParser.feed``."""
        if not cares(line):
            return
        row = decode(line)
        if row is None:
            yield Skip(number, "unreadable", "The line is not a JSON object.")
            return
        try:
            yield from self._row(row, number)
        except InvalidInput as problem:  # a count that is none, parts greater than their whole
            yield Skip(number, "unreadable", problem.sentence)

    def finish(self) -> Iterable[Read]:
        """See ``LogParser.finish``; the newest plan limits are told here."""
        if self._memory.held is not None:
            yield self._of_record(self._memory.held, provisional=True)
        yield from self._limits.taken()

    def state(self) -> State:
        """See ``LogParser.state``; under a kilobyte."""
        return self._memory.as_json()

    def _row(self, row: Mapping[str, object], number: int) -> Iterator[Read]:
        kind, payload = text_of(row, "type"), as_object(row.get("payload"))
        if kind in {STARTED, COMPLETED}:
            yield from read_headless(row, number, self._memory.headless)
            return
        if payload is None:
            yield Skip(number, "unreadable", "The line has no payload.")
            return
        told = text_of(payload, "type") if kind == "event_msg" else kind
        at = instant_of_text(row.get("timestamp"))
        if told == "session_meta":
            self._begin(payload)
        elif told in {"turn_context", "task_started", "turn_started"}:
            yield from self._release()
            self._turn(payload)
        elif told == "thread_settings_applied":
            self._set(as_object(payload.get("thread_settings")) or {})
        elif told in {"token_count", "token_usage_record", "compacted"}:
            yield from self._usage(told, payload, (at, row.get("ordinal"), number))
        if at is not None:
            self._memory.lineage.saw(at)

    # What tells of no usage.

    def _begin(self, payload: Mapping[str, object]) -> None:
        memory, told = self._memory, thread_of_meta(payload)
        if told is None:
            return
        if memory.thread is None:
            memory.thread, memory.cwd, memory.whole = told, told.cwd, not (told.parents or told.continued)
        elif told.id != memory.thread.id:
            memory.lineage.copies(told.id)

    def _turn(self, payload: Mapping[str, object]) -> None:
        self._memory.lineage.turned(payload)
        self._set(payload)
        self._memory.cwd = text_of(payload, "cwd") or self._memory.cwd

    def _set(self, settings: Mapping[str, object]) -> None:
        self._memory.model = text_of(settings, "model") or self._memory.model
        if "service_tier" in settings:
            self._memory.tier = _tier(settings["service_tier"])

    # What does.

    def _usage(self, told: str, payload: Mapping[str, object], place: tuple[datetime | None, object, int]) -> Iterator[Read]:
        at, ordinal, number = place
        thread = self._memory.thread = self._memory.thread or self._named
        if thread is None or at is None:
            yield Skip(number, "unreadable", "The line has no time." if thread else "Nothing says which thread the log is of.")
            return
        inherited = self._memory.lineage.inherited(thread, ordinal, at)
        if told == "token_count":
            yield from self._count(thread, payload, at, number, inherited=inherited)
        elif told == "compacted":
            yield from self._compacted(thread, payload, at, number, inherited=inherited)
        else:
            yield from self._release()
            yield from self._record(thread, payload, at, number, inherited=inherited)

    def _record(
        self, thread: Thread, payload: Mapping[str, object], at: datetime, number: int, *, inherited: bool | None
    ) -> Iterator[Read]:
        memory, key, counts = self._memory, text_of(payload, "response_id"), read_counts(payload.get("usage"))
        if key is None or counts is None:
            yield Skip(number, "unreadable", "The response has no id or no usage.")
            return
        if inherited:
            yield Skip(number, "replayed", COPIED)
            return
        counts.usage()  # refuses impossible ones here, where the line is known
        owner, total = text_of(payload, "thread_id") or thread.id, read_counts(payload.get("thread_token_usage"))
        memory.recorded = key
        memory.held = Held(
            key=key,
            at=at.isoformat(),
            counts=counts,
            thread=owner,
            model=text_of(payload, "model") or memory.model,
            tier=_tier(payload["service_tier"]) if payload.get("service_tier") else memory.tier,
            provider=text_of(payload, "model_provider") or thread.provider,
            foreign=owner != thread.id,
            first=owner == thread.id and total is not None and self._is_first(thread, total, counts),
        )
        if owner == thread.id:
            memory.opened = True
            memory.echoes = [*memory.echoes, counts][-MOST_ECHOES:]

    def _compacted(
        self, thread: Thread, payload: Mapping[str, object], at: datetime, number: int, *, inherited: bool | None
    ) -> Iterator[Read]:
        """A compaction names its response, which has a line of its own; a copy of that line lies in here as well."""
        memory, made_by = self._memory, text_of(payload, "compaction_response_id")
        copy = as_object(payload.get("latest_token_usage_record"))
        known = None if copy is None else text_of(copy, "response_id")
        if copy is not None and known not in {None, memory.recorded}:
            yield from self._release()
            yield from self._record(thread, copy, at, number, inherited=inherited)
        if memory.held is not None and memory.held.key == made_by:
            memory.held.compaction = True
        elif made_by is not None and made_by != memory.recorded and not inherited:
            yield Skip(number, "unrecorded", "The compaction's response has no line of its own; its tokens are not in the log.")
        yield from self._release()

    def _count(
        self, thread: Thread, payload: Mapping[str, object], at: datetime, number: int, *, inherited: bool | None
    ) -> Iterator[Read]:
        if inherited is False:
            self._plan(payload.get("rate_limits"), at)
        yield from self._release()
        info = as_object(payload.get("info"))
        if info is None:
            yield Skip(number, "not-usage", "It tells of the plan's limits only.")
            return
        memory, last = self._memory, read_counts(info.get("last_token_usage"))
        total, before = read_counts(info.get("total_token_usage")), memory.total
        if total is None:
            yield Skip(number, "unreadable", "The count has no running total.")
            return
        copied, memory.total, memory.copied = memory.copied, total, inherited is not False
        if inherited:
            yield Skip(number, "replayed", COPIED)
        elif total == before or (before is None and last is not None and last.nothing):
            yield Skip(number, "re-emitted", "The thread's running total has not moved.")
        else:
            sure = inherited is False and not (before is None and self._is_handed_down(thread, total, last))
            owner = thread if sure else replace(thread, id=memory.lineage.owner(thread))
            added = None if before is None else total.minus(before)
            call = last or added or (total if before is None and memory.whole else None)
            yield from self._moved(owner, Moved(total, call, last, None if copied else added), at, number, sure=sure)

    def _is_handed_down(self, thread: Thread, total: Counts, last: Counts | None) -> bool:
        """Whether a file's first count may be one that was told elsewhere: a log that does not begin at nothing repeats the
        total it goes on from, with the plan's limits, before a model is called.

        One that counts from nothing is its own where a sub-agent begins (many start alike: their first calls are not one), and
        where the other log is copied in here and held no call.
        """
        memory = self._memory
        own = total == last and (thread.spawned or bool(memory.lineage.copied))
        return not (memory.whole or memory.echoes or own)

    def _moved(self, owner: Thread, moved: Moved, at: datetime, number: int, *, sure: bool) -> Iterator[Read]:
        """The running total has moved: a call that has no line of its own, one that has, or no call at all."""
        echo, self._memory.echoes = moved.echo(self._memory.echoes), []
        if moved.call is None:
            yield Skip(number, "no-beginning", "The log's beginning is gone, and the line does not say what was added.")
            return
        if echo:
            yield Skip(number, "re-emitted", "The response had a line of its own, with these counts.")
        elif not sure and owner.records:
            yield Skip(number, "re-emitted", "The total the log goes on from; its own calls have lines of their own.")
            return
        elif moved.call.nothing:
            yield Skip(number, "not-usage", "An estimate of the context, not a call.")
        elif moved.total.minus(moved.call) is None:
            yield Skip(number, "unreadable", "The call's counts are above the thread's running total.")
            return
        else:
            yield self._of_total(owner, moved.total, moved.call, at, () if sure else (PERHAPS,))
        lost = None if echo == "added" else moved.lost()
        if lost is not None:
            yield self._of_total(owner, *lost, at, (LOST,))

    def _release(self) -> Iterator[Read]:
        if self._memory.held is not None:
            yield self._of_record(self._memory.held)
            self._memory.held = None

    def _plan(self, limits: object, at: datetime) -> None:
        subscribed = is_subscribed(limits)
        self._memory.subscribed = self._memory.subscribed if subscribed is None else subscribed
        self._limits.note(limits, at)

    def _of_record(self, held: Held, *, provisional: bool = False) -> Sighting:
        thread = self._memory.thread
        copied = held.foreign and thread is not None and bool(thread.parents)
        return self._sighting(
            key=key_of_first(held.thread) if held.first else held.key,
            at=datetime.fromisoformat(held.at),
            counts=held.counts,
            session=held.thread,
            model=held.model,
            provider=held.provider,
            tier=held.tier,
            provisional=provisional or copied,
            metadata={"compaction": True} if held.compaction else {},
            notes=(ELSEWHERE,) if copied else (),
        )

    def _of_total(self, owner: Thread, total: Counts, counts: Counts, at: datetime, doubts: tuple[str, ...]) -> Sighting:
        first, self._memory.opened = self._is_first(owner, total, counts), True
        return self._sighting(
            key=key_of_first(owner.id)
            if first
            else f"codex:{owner.id}:{total.given}.{total.cached}.{total.made}.{total.reasoned}",
            at=at,
            counts=counts,
            session=owner.id,
            model=self._memory.model,
            provider=owner.provider,
            tier=self._memory.tier,
            provisional=bool(doubts),
            notes=doubts,
        )

    def _is_first(self, thread: Thread, total: Counts, counts: Counts) -> bool:
        return thread.headless and not self._memory.opened and total.alike(counts)

    def _sighting(
        self,
        *,
        key: str,
        at: datetime,
        counts: Counts,
        session: str,
        model: str | None,
        provider: str | None,
        tier: str,
        provisional: bool,
        notes: tuple[str, ...],
        metadata: Mapping[str, object] = EMPTY_METADATA,
    ) -> Sighting:
        memory, thread = self._memory, self._memory.thread
        return Sighting(
            key=key,
            occurred_at=at,
            model=model or UNSAID_MODEL,
            usage=counts.usage(),
            provider=provider,
            session_id=session,
            agent=None if thread is None else thread.agent,
            branch=None if thread is None else thread.branch,
            cwd=memory.cwd,
            service_tier=tier,
            provisional=provisional,
            billing="subscription" if memory.subscribed else None,
            metadata=metadata,
            notes=notes if model else (*notes, UNKNOWN_MODEL),
        )


def _tier(word: object) -> str:
    return TIERS.get(word.lower(), "standard") if isinstance(word, str) else "standard"


def _open(facts: FileFacts, state: State | None) -> CodexLog:
    return CodexLog(facts, state)


FORMAT = LogFormat(
    source=SOURCE,
    open=_open,
    cares=cares,
    reasons=MappingProxyType(
        {
            **REASONS,
            "unrecorded": "Tokens were used, and the log does not say how many.",
            "no-beginning": "What came before is needed to know what the line adds, and is gone.",
        }
    ),
)
