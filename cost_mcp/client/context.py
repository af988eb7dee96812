"""What the calls inside a block are for, and whether they are recorded: kept by context variables.

A context variable follows what Python itself follows: asyncio tasks and ``asyncio.to_thread`` take a copy of it, a thread
started by hand does where it is run in ``contextvars.copy_context()``.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from contextvars import ContextVar, Token
from types import MappingProxyType
from typing import Any, Protocol, TypedDict, Unpack, cast

_NOTHING: Mapping[str, object] = MappingProxyType({})
_fields: ContextVar[Mapping[str, object]] = ContextVar("cost_mcp_context", default=_NOTHING)
_off: ContextVar[bool] = ContextVar("cost_mcp_untracked", default=False)


class CallContext(TypedDict, total=False):
    """What a call is for. Names are text; of anything else (a number, a UUID) its text is taken, and None counts as absent."""

    task_id: object
    task_title: object
    task_type: object
    session_id: object
    agent: object
    project: object
    feature: object
    purpose: object
    billing: object
    tags: Mapping[str, object] | None
    metadata: Mapping[str, object] | None


class Flushing(Protocol):
    """Who records later, and can be waited for."""

    def flush(self, timeout: float | None = ...) -> bool:
        """Wait; False when the time was not enough."""
        ...


class HeldCall:
    """A reservation around a block, which the first tracked call inside it settles."""

    __slots__ = ("_reservation_id", "taken_by")

    def __init__(self, reservation_id: str) -> None:
        self._reservation_id = reservation_id
        self.taken_by: Flushing | None = None

    def take(self, by: Flushing) -> str | None:
        """The reservation's id, for a call that ``by`` will record; None when an earlier call has it."""
        if self.taken_by is not None:
            return None
        self.taken_by = by
        return self._reservation_id


_held: ContextVar[HeldCall | None] = ContextVar("cost_mcp_held", default=None)
CONTEXT_FIELDS = tuple(CallContext.__annotations__)


def as_fields(given: CallContext) -> dict[str, object]:
    """A context as fields of a recording.

    Raises:
        TypeError: a name that a call's context has not; it is a slip of the program's author.
    """
    plain: dict[str, object] = {}
    for name, value in cast("dict[str, object]", given).items():
        if name not in CONTEXT_FIELDS:
            raise TypeError(f"a call's context has no {name}; it has: {', '.join(CONTEXT_FIELDS)}")
        if value is not None:
            plain[name] = value if isinstance(value, str | Mapping) else str(value)
    return plain


def joined(outer: Mapping[str, object], inner: Mapping[str, object]) -> dict[str, object]:
    """Two contexts as one: the inner one's word holds, tags and metadata are put together."""
    both = {**outer, **inner}
    for name in ("tags", "metadata"):
        above, below = outer.get(name), inner.get(name)
        if isinstance(above, Mapping) and isinstance(below, Mapping):
            both[name] = {**cast("Mapping[str, object]", above), **cast("Mapping[str, object]", below)}
    return both


def context(**given: Unpack[CallContext]) -> AbstractContextManager[None]:
    """What the calls inside a block are for: ``with cost_mcp.context(task_id="T-1", agent="planner"): …``.

    Blocks inside blocks add to it, and the innermost word holds. It holds for tracked clients, the LiteLLM logger and
    ``@tracked`` functions, in the asyncio tasks and copied contexts that begin inside.
    """
    return within(as_fields(given))


@contextmanager
def within(fields: Mapping[str, object]) -> Generator[None]:
    """The context of the block: what holds around it, and these."""
    token = _fields.set(joined(_fields.get(), fields))
    try:
        yield
    finally:
        _give_back(_fields, token)


@contextmanager
def untracked() -> Generator[None]:
    """A block whose calls are not recorded: ``with cost_mcp.untracked(): …``."""
    token = _off.set(True)
    try:
        yield
    finally:
        _give_back(_off, token)


@contextmanager
def holding(held: HeldCall, fields: Mapping[str, object]) -> Generator[None]:
    """A block that budget is held for; what it is for is what its calls are for."""
    token = _held.set(held)
    try:
        with within({name: value for name, value in fields.items() if name in CONTEXT_FIELDS and value is not None}):
            yield
    finally:
        _give_back(_held, token)


def held_here() -> HeldCall | None:
    """The reservation around this."""
    return _held.get()


def current() -> Mapping[str, object]:
    """The context that holds here."""
    return _fields.get()


def is_untracked() -> bool:
    """Whether calls made here are left out."""
    return _off.get()


def _give_back(variable: ContextVar[Any], token: Token[Any]) -> None:
    # A generator can be closed in another context than the one it was begun in; there is nothing to give back there.
    with suppress(ValueError):
        variable.reset(token)
