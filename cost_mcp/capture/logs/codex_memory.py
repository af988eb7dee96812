"""What reading a Codex log further has to know of the lines before: small, and the same as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, cast

from cost_mcp.capture.logs.codex_counts import Counts
from cost_mcp.capture.logs.codex_thread import Lineage, Thread
from cost_mcp.capture.logs.sighting import State

MOST_ECHOES = 16
"""So many responses may stand without their token count; one stands, as a rule."""


@dataclass(slots=True)
class Held:
    """A response whose ``token_usage_record`` was read, until the lines after it have told its plan and its kind."""

    key: str
    at: str
    counts: Counts
    thread: str
    model: str | None
    tier: str
    provider: str | None
    foreign: bool = False
    first: bool = False
    compaction: bool = False


@dataclass(slots=True)
class Memory:
    """``total`` is the thread's running total; ``whole`` says that it began at nothing within this file, ``copied`` that it was
    last read from copied history, ``opened`` that a call of the thread's own was told. ``echoes`` are the responses whose token
    count is to come, ``recorded`` the id of the last response that had a line of its own.
    """

    thread: Thread | None = None
    lineage: Lineage = field(default_factory=Lineage)
    model: str | None = None
    tier: str = "standard"
    cwd: str | None = None
    total: Counts | None = None
    whole: bool = False
    copied: bool = False
    opened: bool = False
    echoes: list[Counts] = field(default_factory=list[Counts])
    held: Held | None = None
    recorded: str | None = None
    subscribed: bool = False
    headless: dict[str, Any] = field(default_factory=dict[str, Any])

    def as_json(self) -> dict[str, Any]:
        """This as ``memory_of_json`` takes it; what is empty is left out."""
        return {name: value for name, value in asdict(self).items() if value not in (None, [], {})}


def memory_of_json(state: State) -> Memory:
    """The memory that ``Memory.as_json`` gave."""
    known = cast("dict[str, Any]", dict(state))
    thread, lineage = known.pop("thread", None), known.pop("lineage", {})
    held = dict(known.pop("held", None) or {})
    total, echoes = known.pop("total", None), known.pop("echoes", [])
    return Memory(
        **known,
        thread=None if thread is None else Thread(**_tuples(thread, "parents")),
        lineage=Lineage(**_tuples(lineage, "copied")),
        total=None if total is None else Counts(*total),
        echoes=[Counts(*counts) for counts in echoes],
        held=None if not held else Held(counts=Counts(*held.pop("counts")), **held),
    )


def _tuples(state: Mapping[str, Any], name: str) -> dict[str, Any]:
    """The state with its one list as the tuple it was."""
    return {**state, name: tuple(state.get(name, ()))}
