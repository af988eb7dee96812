"""stdin and stdout as asyncio pipes: no thread between the wire and the event loop."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from types import TracebackType
from typing import Self

from mcp.shared.message import SessionMessage

from cost_mcp.server.message import LINE_BYTES_MAX, Unreadable, read_message, too_long, written

_PAUSE_ABOVE, _RESUME_BELOW = 256, 64
Arrival = SessionMessage | Exception


class Incoming(asyncio.Protocol):
    """Messages as they arrive on a pipe, in order; ends with the pipe, or when ``end`` is called."""

    def __init__(self, on_end: Callable[[], None] = lambda: None) -> None:
        self._on_end = on_end
        self._arrived: deque[Arrival] = deque()
        self._parts: list[bytes] = []
        self._size = 0
        self._waiter: asyncio.Future[None] | None = None
        self._transport: asyncio.ReadTransport | None = None
        self._paused = False
        self.ended = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The pipe is open."""
        assert isinstance(transport, asyncio.ReadTransport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Some bytes came: any number of lines, whole or in part."""
        head, newline, rest = data.partition(b"\n")
        self._keep(head)
        if newline:
            self._finish_line()
            *lines, tail = rest.split(b"\n")
            for line in lines:
                self._take(line)
            self._keep(tail)
        if len(self._arrived) > _PAUSE_ABOVE and not self._paused and self._transport is not None:
            self._paused = True
            self._transport.pause_reading()
        self._wake()

    def eof_received(self) -> None:
        """The client is done; a last line without a newline still counts."""
        if self._size:
            self._finish_line()
        self.end()

    def connection_lost(self, exc: Exception | None) -> None:
        """The pipe is gone."""
        del exc
        self.end()

    def end(self) -> None:
        """Nothing more is read; what arrived before is still handed out."""
        if not self.ended:
            self._on_end()
        self.ended = True
        self._wake()

    async def receive(self) -> Arrival:
        """The next message."""
        return await self.__anext__()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Arrival:
        while not self._arrived:
            if self.ended:
                raise StopAsyncIteration
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter
        if self._paused and len(self._arrived) < _RESUME_BELOW and self._transport is not None:
            self._paused = False
            self._transport.resume_reading()
        return self._arrived.popleft()

    async def aclose(self) -> None:
        """Stop reading."""
        self.end()
        if self._transport is not None:
            self._transport.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc_val: BaseException | None, exc_tb: TracebackType | None
    ) -> None:
        await self.aclose()

    def _keep(self, part: bytes) -> None:
        self._size += len(part)
        if self._size <= LINE_BYTES_MAX:
            self._parts.append(part)
        else:
            self._parts.clear()

    def _finish_line(self) -> None:
        line, too_big = b"".join(self._parts), self._size > LINE_BYTES_MAX
        self._parts.clear()
        self._size = 0
        if too_big:
            self._arrived.append(too_long())
        else:
            self._take(line)

    def _take(self, line: bytes) -> None:
        if line.strip():
            try:
                self._arrived.append(SessionMessage(read_message(line)))
            except Unreadable as error:
                self._arrived.append(error)

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


class Outgoing(asyncio.Protocol):
    """Messages to write on a pipe; waits while the client is slow to read, and tells when it has gone."""

    def __init__(self) -> None:
        self._transport: asyncio.WriteTransport | None = None
        self._drained = asyncio.Event()
        self._drained.set()
        self.lost: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The pipe is open."""
        assert isinstance(transport, asyncio.WriteTransport)
        self._transport = transport

    def pause_writing(self) -> None:
        """The client does not keep up."""
        self._drained.clear()

    def resume_writing(self) -> None:
        """The client has caught up."""
        self._drained.set()

    def connection_lost(self, exc: Exception | None) -> None:
        """The client no longer reads."""
        del exc
        self._drained.set()
        if not self.lost.done():
            self.lost.set_result(None)

    async def send(self, item: SessionMessage, /) -> None:
        """Write one message."""
        assert self._transport is not None
        if not self._transport.is_closing():
            self._transport.write(written(item.message))
        if not self._drained.is_set():
            await self._drained.wait()

    async def aclose(self) -> None:
        """Write what waits to be written, then let go of the pipe."""
        if self._transport is not None:
            self._transport.close()
            await self.lost

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc_val: BaseException | None, exc_tb: TracebackType | None
    ) -> None:
        await self.aclose()
