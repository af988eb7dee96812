"""What a log tells of one call, what in it tells of none, and how every kind of log is read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Protocol

from cost_mcp.model.call import Rank
from cost_mcp.model.name import EMPTY_METADATA, EMPTY_TAGS
from cost_mcp.model.plan_limit import PlanLimit
from cost_mcp.model.usage import Usage

State = Mapping[str, object]
"""What a parser needs to go on reading a file later: a small JSON object."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """One call as a log tells of it.

    ``key`` is the call's id: the provider's response id where the log has one, else an id made only of ids and counters in the
    log itself (``codex:<thread>:<n>``), so that copies, splits, moves and re-imports of a file give the same one; never made
    from text content. ``occurred_at`` is aware and in UTC. ``agent`` is a sub-agent's name, ``cwd`` the folder as the log says
    it, ``title`` the session's. ``stated_cost_usd`` only where the log's own cost may be trusted; ``billing`` only where the
    log says it. ``uncounted`` are those of the ``notes`` that tell of a cost which is in no count. ``provisional``: the final
    usage was not seen; a later, better sighting of the same key replaces this one.
    """

    key: str
    occurred_at: datetime
    model: str
    usage: Usage
    provider: str | None = None
    session_id: str | None = None
    agent: str | None = None
    branch: str | None = None
    cwd: str | None = None
    title: str | None = None
    service_tier: str = "standard"
    response_model: str | None = None
    provisional: bool = False
    stated_cost_usd: Decimal | None = None
    billing: str | None = None
    metadata: Mapping[str, object] = field(default_factory=lambda: EMPTY_METADATA)
    tags: Mapping[str, str] = field(default_factory=lambda: EMPTY_TAGS)
    uncounted: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Skip:
    """A line that was looked at and makes no call of its own.

    ``reason`` is one of the format's ``reasons``; ``detail`` a sentence for ``import --explain``, never content of the log.
    """

    line: int
    reason: str
    detail: str = ""


Read = Sighting | Skip | PlanLimit
"""What reading a line settles. Of the plan limits a log tells over time, the caller keeps the newest of each ``key``."""

REASONS: Mapping[str, str] = MappingProxyType(
    {
        "synthetic": "The agent wrote this message itself; no model was called.",
        "api-error": "An error the agent shows as a message; no model answered.",
        "not-usage": "It carries no usage of a model call.",
        "unreadable": "It is not what this log's lines look like, or its counts are impossible.",
        "placeholder": "An early line of a call whose fuller line was taken.",
        "replayed": "A copy of a call that another session made.",
        "re-emitted": "The same running total told again.",
    }
)
"""The words a line is skipped with, and what they mean; a format may declare more."""


@dataclass(frozen=True, slots=True)
class FileFacts:
    """Where a log lies: the parts of its path below the agent's folder, the file's name last.

    ``folder`` is the one its agent worked in, where a file beside the log says so. Nothing else is known of it.
    """

    parts: tuple[str, ...] = ()
    folder: str | None = None

    @property
    def stem(self) -> str:
        """The file's name without its last suffix; empty when the path is."""
        name = self.parts[-1] if self.parts else ""
        return name.rpartition(".")[0] or name


class LogParser(Protocol):
    """Reads one file, line by line in order. It may be told of further lines after ``finish``."""

    def feed(self, line: bytes, number: int) -> Iterable[Read]:
        """What a complete line, without its line break, settles; the ``number`` counts from 1. Bad content gives a Skip.

        The caller reads all that is given before it feeds the next line: it may be a generator.
        """
        ...

    def finish(self) -> Iterable[Read]:
        """What was held back until the file's present end; afterwards nothing is held, and more lines may follow."""
        ...

    def state(self) -> State | None:
        """After ``finish``: what to open a parser with that goes on at the next byte; None: a grown file is read anew."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class LogFormat:
    """One agent's kind of log.

    ``cares`` is a cheap test of the bytes: a line it answers False for may be left out without being fed; most bytes of a log
    are no usage and are never decoded. ``needle``: bytes that every line it answers True for holds, so that the others need not
    even be cut out of their file. ``whole``: the file is one JSON document, fed at once as line 1; ``whole_suffixes``: so
    are the files whose names end like this, where others are read by line (ask ``is_whole``). ``open`` takes a state of
    ``LogParser.state``, or None for a file's beginning; ``version`` is raised when states become others, and those of before are
    not gone on from. ``reasons`` are the words of its skips and what they mean.
    """

    source: str
    open: Callable[[FileFacts, State | None], LogParser]
    cares: Callable[[bytes], bool]
    rank: Rank = Rank.LOG
    needle: bytes = b""
    whole: bool = False
    whole_suffixes: tuple[str, ...] = ()
    version: int = 1
    reasons: Mapping[str, str] = field(default_factory=lambda: REASONS)

    def is_whole(self, facts: FileFacts) -> bool:
        """Whether this file is one JSON document, to be fed at once."""
        return self.whole or bool(facts.parts and facts.parts[-1].endswith(self.whole_suffixes))
