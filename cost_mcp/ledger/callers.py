"""What the tasks of event loops ask of the writer: handed over once in each turn of a loop, given up after too long."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(slots=True)
class _Waiting(Generic[T]):
    asked: list[T] = field(default_factory=list[T])
    since: dict[T, float] = field(default_factory=dict[T, float])


class Callers(Generic[T]):
    """Those who wait, by event loop; only a loop's own thread touches what waits in it.

    The tasks that one commit has answered ask for the next one in the same turn of their loop: handed over together, they wake
    the writer once and are in one commit. And one timer looks after all of them: making one for each costs more than asking.
    """

    def __init__(self, seconds: float, hand_over: Callable[[list[T]], None], give_up: Callable[[T], None]) -> None:
        self._seconds = seconds
        self._hand_over = hand_over
        self._give_up = give_up
        self._loops: dict[asyncio.AbstractEventLoop, _Waiting[T]] = {}

    def ask(self, loop: asyncio.AbstractEventLoop, one: T) -> None:
        """Hand ``one`` over in the next turn of the running ``loop``, and give it up when it then waits too long."""
        waiting = self._loops.get(loop)
        if waiting is None:
            waiting = self._loops[loop] = _Waiting[T]()
            loop.call_later(self._seconds, self._look, loop)
        if not waiting.asked:
            loop.call_soon(self.flush, loop)
        waiting.asked.append(one)
        waiting.since[one] = loop.time()

    def answered(self, loop: asyncio.AbstractEventLoop, one: T) -> None:
        """``one`` waits no more."""
        waiting = self._loops.get(loop)
        if waiting is not None:
            waiting.since.pop(one, None)

    def flush(self, loop: asyncio.AbstractEventLoop) -> None:
        """Hand over at once what was asked in this turn of ``loop``."""
        waiting = self._loops.get(loop)
        if waiting is not None and waiting.asked:
            asked, waiting.asked = waiting.asked, []
            self._hand_over(asked)

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        waiting = self._loops[loop]
        since = waiting.since
        over = loop.time() - self._seconds
        for one in [one for one, began in since.items() if began <= over]:
            del since[one]
            self._give_up(one)
        if since or waiting.asked:
            loop.call_at(min(since.values(), default=loop.time()) + self._seconds, self._look, loop)
        else:
            del self._loops[loop]
