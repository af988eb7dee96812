"""What ``codex exec --json`` prints: a thread's running total at the end of each turn, and little else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from cost_mcp.capture.logs.codex_counts import read_counts
from cost_mcp.capture.logs.codex_thread import key_of_first, millis_of_id, text_of
from cost_mcp.capture.logs.record import instant_of_millis, instant_of_text
from cost_mcp.capture.logs.sighting import Read, Sighting, Skip

STARTED, COMPLETED = "thread.started", "turn.completed"
UNSAID_MODEL = "unknown"
TOGETHER = "All of a thread's calls together, as codex exec prints them; its session log tells each by itself."


def read_headless(row: Mapping[str, object], number: int, memory: dict[str, Any]) -> Iterator[Read]:
    """What one event of ``codex exec --json`` tells; ``memory`` keeps the thread for the next event.

    ``usage`` of ``turn.completed`` is the thread's running total, what a resumed thread used before included. So a thread is
    one call here, whose key holds nothing but the thread: however often it is resumed and into however many files, the highest
    total counts, once. It is provisional: Codex writes a session log of the same thread (unless run with ``--ephemeral``) that
    tells each call, with its model; the first of them has this key and takes this one's place. The events have neither time
    nor model; the thread's id tells when it was made.

    Source: codex-rs/exec/src/exec_events.rs and event_processor_with_jsonl_output.rs (``last_total_token_usage``;
    github.com/openai/codex), read 2026-11-22.
    """
    if row.get("type") == STARTED:
        memory.update(thread=text_of(row, "thread_id"), at=_text(row.get("timestamp")))
        return
    counts, thread = read_counts(row.get("usage")), memory.get("thread")
    at = instant_of_text(row.get("timestamp")) or _made(memory)
    if counts is None or counts.nothing:
        yield Skip(number, "not-usage", "The turn used no tokens.")
    elif thread is None or at is None:
        yield Skip(number, "unreadable", "Nothing says which thread the turn belongs to, or when it was.")
    else:
        yield Sighting(
            key=key_of_first(thread),
            occurred_at=at,
            model=text_of(row, "model") or UNSAID_MODEL,
            usage=counts.usage(),
            session_id=thread,
            provisional=True,
            notes=(TOGETHER,),
        )


def _made(memory: Mapping[str, Any]) -> datetime | None:
    thread = memory.get("thread")
    said = instant_of_text(memory.get("at"))
    return said or (None if thread is None else instant_of_millis(millis_of_id(thread)))


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
