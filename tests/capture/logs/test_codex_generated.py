"""Codex sessions as they might have been: responses made up first, then logged as each version of Codex logs them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from cost_mcp.capture.logs.codex import FORMAT
from cost_mcp.capture.logs.codex_counts import Counts
from cost_mcp.capture.logs.sighting import FileFacts, Sighting

BEGAN = datetime(2026, 11, 20, 10, tzinfo=UTC)
NONE = Counts(0, 0, 0, 0, 0)
STYLES = ("turn ids", "own times", "ordinals", "in a rush")
"""How a version of Codex lets copied history be told from a thread's own."""


@st.composite
def responses(draw: st.DrawFn) -> Counts:
    given_, made = draw(st.integers(1, 200_000)), draw(st.integers(1, 5_000))
    cached = draw(st.integers(0, given_))
    return Counts(given_, cached, draw(st.integers(0, given_ - cached)), made, draw(st.integers(0, made)))


@dataclass
class Session:
    """One thread: its own responses, where it was forked off, and the lines of its log."""

    number: int
    began: datetime
    style: str
    parent: Session | None = None
    lines: list[tuple[datetime, str, dict[str, object]]] = field(default_factory=list[tuple[datetime, str, dict[str, object]]])
    total: Counts = NONE

    @property
    def id(self) -> str:
        """A UUID of version 7."""
        return identity(self.began, self.number)

    def log(self) -> bytes:
        """The file's bytes."""
        rows: list[bytes] = []
        for ordinal, (at, kind, payload) in enumerate(self.lines):
            row: dict[str, object] = {"timestamp": at.isoformat(timespec="milliseconds").replace("+00:00", "Z")}
            if self.style == "ordinals":
                row["ordinal"] = ordinal
            rows.append(json.dumps({**row, "type": kind, "payload": payload}, separators=(",", ":")).encode())
        return b"\n".join(rows)


def identity(at: datetime, number: int) -> str:
    digits = f"{int(at.timestamp()) * 1000:012x}"
    return f"{digits[:8]}-{digits[8:]}-7{number:03x}-8000-{number:012x}"


def usage(counts: Counts) -> dict[str, int]:
    given_, cached, written, made, reasoned = counts
    return {
        "input_tokens": given_,
        "cached_input_tokens": cached,
        "cache_write_input_tokens": written,
        "output_tokens": made,
        "reasoning_output_tokens": reasoned,
        "total_tokens": given_ + made,
    }


def token_count(total: Counts, last: Counts | None) -> dict[str, object]:
    info: dict[str, object] = {"total_token_usage": usage(total)}
    if last is not None:
        info["last_token_usage"] = usage(last)
    return {"type": "token_count", "info": info, "rate_limits": None}


@dataclass
class World:
    """Every thread of one machine, and every response that was made on it."""

    draw: st.DrawFn
    recorded: bool
    made: list[Counts] = field(default_factory=list[Counts])
    sessions: list[Session] = field(default_factory=list[Session])
    now: datetime = BEGAN

    def later(self) -> datetime:
        """The next moment at which something happens; models are slower than copies."""
        self.now += timedelta(seconds=self.draw(st.integers(3, 900)))
        return self.now

    def begin(self, style: str, parent: Session | None = None) -> Session:
        """A new thread; a fork's log begins with a copy of its parent's."""
        at = self.later()
        new = Session(len(self.sessions) + 1, at, style, parent)
        self.sessions.append(new)
        meta: dict[str, object] = {
            "id": new.id,
            "timestamp": at.isoformat(),
            "cli_version": "0.155.0" if self.recorded else "0.145.0",
            "cwd": "/w",
            "source": "cli",
            "model_provider": "openai",
        }
        if parent is None:
            new.lines.append((at, "session_meta", meta))
            return new
        new.total = parent.total
        meta["forked_from_id"] = parent.id
        if style == "ordinals":
            meta["subagent_history_start_ordinal"] = len(parent.lines) + 1
        new.lines.append((at, "session_meta", meta))
        # A copy leaves the records out and, but for one way of it, gives every line the time of the fork.
        for when, kind, payload in parent.lines:
            if kind == "token_usage_record" and style != "ordinals":
                continue
            new.lines.append((when if style == "own times" else at, kind, payload))
        return new

    def turn(self, session: Session) -> None:
        """A turn of up to three responses."""
        at, turn = self.later(), len(self.made)
        context: dict[str, object] = {"model": "gpt-5.4", "cwd": "/w"}
        if session.style == "turn ids":
            context["turn_id"] = identity(at, turn)
        session.lines.append((at, "turn_context", context))
        for _ in range(self.draw(st.integers(0, 3))):
            self.respond(session)
            self.noise(session)

    def respond(self, session: Session) -> None:
        """A response, told by its record, by a count, or by both."""
        counts = self.draw(responses())
        self.made.append(counts)
        at = self.later()
        compaction = self.recorded and self.draw(st.booleans())
        key = f"resp_{len(self.made)}"
        if self.recorded:
            record = {"thread_id": session.id, "response_id": key, "usage": usage(counts)}
            session.lines.append(
                (at, "token_usage_record", {**record, "thread_token_usage": usage(session.total.plus(counts))})
            )
        if compaction:
            session.lines.append((at, "compacted", {"message": "", "compaction_response_id": key}))
            return
        session.total = session.total.plus(counts)
        last = None if session.parent is None and not self.recorded and self.draw(st.booleans()) else counts
        session.lines.append((at, "event_msg", token_count(session.total, last)))

    def noise(self, session: Session) -> None:
        """A line that looks like usage and is none."""
        what = self.draw(st.sampled_from(("nothing", "again", "limits", "message", "estimate")))
        at = self.now + timedelta(milliseconds=5)
        if what == "again" and session.total != NONE:
            session.lines.append((at, "event_msg", token_count(session.total, session.total)))
        elif what == "estimate" and session.total != NONE:
            session.lines.append((at, "event_msg", token_count(session.total, NONE)))
        elif what == "limits":
            session.lines.append((at, "event_msg", {"type": "token_count", "info": None, "rate_limits": None}))
        elif what == "message":
            content = [{"type": "output_text", "text": 'No usage: "token_count", "last_token_usage".'}]
            session.lines.append((at, "response_item", {"type": "message", "role": "assistant", "content": content}))


@st.composite
def worlds(draw: st.DrawFn, styles: tuple[str, ...] = STYLES, depth: int = 3) -> World:
    """A first session, and forks of it and of forks, of one version of Codex, all going on in turns."""
    style = draw(st.sampled_from(styles))
    world = World(draw, recorded=style == "ordinals" and draw(st.booleans()))
    world.turn(world.begin(style))
    for _ in range(draw(st.integers(0, 5))):
        # What only the rush tells, it tells of one parent: of a parent's parent such a log does not say.
        forkable = [one for one in world.sessions if style != "in a rush" or one.parent is None][:depth]
        if draw(st.booleans()):
            world.begin(style, draw(st.sampled_from(forkable)))
        world.turn(draw(st.sampled_from(world.sessions)))
    return world


def sightings(order: list[Session]) -> Iterator[Sighting]:
    for session in order:
        parser = FORMAT.open(FileFacts((f"rollout-2026-11-20T10-00-00-{session.id}.jsonl",)), None)
        for number, line in enumerate(session.log().split(b"\n"), start=1):
            yield from (read for read in parser.feed(line, number) if isinstance(read, Sighting))
        yield from (read for read in parser.finish() if isinstance(read, Sighting))


@given(data=st.data(), world=worlds())
def test_every_response_counts_once_however_its_log_was_copied(data: st.DataObject, world: World):
    order = data.draw(st.permutations([*world.sessions, *world.sessions[:1]]))
    best: dict[str, Sighting] = {}
    for seen in sightings(order):
        known = best.get(seen.key)
        if known is None or (not seen.provisional, seen.usage.total_tokens) > (not known.provisional, known.usage.total_tokens):
            best[seen.key] = seen
    told = sorted(
        (call.usage.input_tokens, call.usage.cache_read_input_tokens, call.usage.output_tokens) for call in best.values()
    )
    assert told == sorted((counts.given, counts.cached, counts.made) for counts in world.made)
    assert not any(call.provisional for call in best.values())
