"""One client from its first message to its last, in whichever eras of the protocol it speaks.

The SDK settles a connection's era with the first request. A client that asks ``server/discover`` first and then falls back
to ``initialize`` would be refused for ever; here the handshake ends the era before it and begins another on the same pipe.
At the end of input, requests still in work are finished and answered, for as long as the client may be expected to wait.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Any, Protocol, Self

from mcp.server.lowlevel import Server
from mcp.server.runner import serve_loop
from mcp.shared.message import SessionMessage
from mcp_types import (
    PARSE_ERROR,
    PROTOCOL_VERSION_META_KEY,
    JSONRPCError,
    JSONRPCNotification,
    JSONRPCRequest,
    JSONRPCResponse,
)

from cost_mcp.server.message import Unreadable, unreadable
from cost_mcp.server.refusal import refusal
from cost_mcp.server.tool import admit_any_arguments

Arrival = SessionMessage | Exception

FINISH_SECONDS_MAX = 0.6
"""How long calls in work may take to finish once the input has ended; they are cancelled then."""

HANDSHAKE_SECONDS_MAX = 20.0
"""How long calls in work may take to finish before a later handshake is answered: the client is there and waits for both."""

IN_WORK_MAX = 1000
"""How many requests may be in work at once; further ones wait in the pipe."""


class Arrivals(Protocol):
    """Where messages come from."""

    async def __anext__(self) -> Arrival:
        """The next message; ``StopAsyncIteration`` at the end of input."""
        ...


class Departures(Protocol):
    """Where answers go to."""

    async def send(self, item: SessionMessage, /) -> None:
        """Write one message."""
        ...


async def converse(
    server: Server[Any], arrivals: Arrivals, departures: Departures, on_first_answer: Callable[[], None] | None = None
) -> None:
    """Serve one client until its input ends."""
    talk = _Talk(arrivals, departures, on_first_answer)
    options = server.create_initialization_options()
    while await talk.has_more():
        if talk.begins_with_handshake:
            # What ``run`` would choose; asking for it by name saves two hops on the way of every message.
            async with server.lifespan(server) as state:
                await serve_loop(server, _Reader(talk), _Writer(talk), lifespan_state=state, init_options=options)
        else:
            await server.run(_Reader(talk), _Writer(talk), options)


class _Talk:
    """What arrived and is not yet handed out, and which requests are in work."""

    def __init__(self, arrivals: Arrivals, departures: Departures, on_first_answer: Callable[[], None] | None) -> None:
        self._arrivals = arrivals
        self._departures = departures
        self._on_first_answer = on_first_answer
        self._held: Arrival | None = None
        self._in_work: dict[str, JSONRPCRequest] = {}  # ids as text: a cancellation may name the number 7 as "7"
        self._settled = asyncio.Event()
        self._modern = False
        self._begun = False

    @property
    def begins_with_handshake(self) -> bool:
        """Whether the message that begins the era is ``initialize``."""
        message = self._held.message if isinstance(self._held, SessionMessage) else None
        return isinstance(message, JSONRPCRequest) and message.method == "initialize"

    async def has_more(self) -> bool:
        """Whether another message has come, which then begins an era."""
        self._begun = False
        if self._held is None:
            with suppress(StopAsyncIteration):
                self._held = await self._readable()
        return self._held is not None

    async def next(self) -> Arrival:
        """The era's next message; ``StopAsyncIteration`` when it is over and what was in work is settled."""
        while len(self._in_work) >= IN_WORK_MAX:
            await self._one_settled()
        item, self._held = self._held, None
        if item is None:
            try:
                item = await self._readable()
            except StopAsyncIteration:
                await self._settle(FINISH_SECONDS_MAX)
                raise
        message = item.message if isinstance(item, SessionMessage) else None
        if isinstance(message, JSONRPCRequest):
            if self._begun and self._modern and message.method == "initialize":
                self._held = item
                await self._settle(HANDSHAKE_SECONDS_MAX)
                raise StopAsyncIteration
            if not self._begun:
                self._begun = True
                self._modern = message.method != "initialize" and _is_modern(message.params)
            self._in_work[str(message.id)] = message
            if message.method == "tools/call":
                admit_any_arguments(message.params)
        elif isinstance(message, JSONRPCNotification) and message.method == "notifications/cancelled":
            self._done((message.params or {}).get("requestId"))
        return item

    async def send(self, item: SessionMessage) -> None:
        """Write one message; an answer settles its request."""
        if isinstance(item.message, JSONRPCError) and (asked := self._in_work.get(str(item.message.id))) is not None:
            item = SessionMessage(refusal(item.message, asked))
        try:
            await self._departures.send(item)
        finally:
            if isinstance(item.message, JSONRPCResponse | JSONRPCError):
                self._done(item.message.id)
        if self._on_first_answer is not None:
            self._on_first_answer()
            self._on_first_answer = None

    async def _readable(self) -> Arrival:
        while True:
            item = await self._arrivals.__anext__()
            if isinstance(item, SessionMessage):
                return item
            error = item if isinstance(item, Unreadable) else unreadable(PARSE_ERROR, "The line is not a JSON-RPC message.")
            await self._departures.send(SessionMessage(error.answer))

    def _done(self, request_id: object) -> None:
        self._in_work.pop(str(request_id), None)
        self._settled.set()

    async def _one_settled(self) -> None:
        self._settled.clear()
        await self._settled.wait()

    async def _settle(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while self._in_work:
                    await self._one_settled()
        self._in_work.clear()


def _is_modern(params: dict[str, Any] | None) -> bool:
    meta = (params or {}).get("_meta")
    return isinstance(meta, dict) and PROTOCOL_VERSION_META_KEY in meta


class _Reader:
    """One era's messages, in the shape the SDK reads from."""

    def __init__(self, talk: _Talk) -> None:
        self._talk = talk

    async def receive(self) -> Arrival:
        return await self._talk.next()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Arrival:
        return await self._talk.next()

    async def aclose(self) -> None:
        """The pipe outlives the era."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc_val: BaseException | None, exc_tb: TracebackType | None
    ) -> None:
        pass


class _Writer:
    """Answers, in the shape the SDK writes to."""

    def __init__(self, talk: _Talk) -> None:
        self._talk = talk

    async def send(self, item: SessionMessage, /) -> None:
        await self._talk.send(item)

    async def aclose(self) -> None:
        """The pipe outlives the era."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc_val: BaseException | None, exc_tb: TracebackType | None
    ) -> None:
        pass
