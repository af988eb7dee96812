"""One call of a tracked client, from the request to the end of its response."""

from __future__ import annotations

import weakref
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, cast

from cost_mcp.client.context import joined
from cost_mcp.client.recorder import Recorder
from cost_mcp.client.response import essence, from_body, has_usage, is_to_come, look
from cost_mcp.client.stream_reading import StreamReading
from cost_mcp.client.unread_body import UnreadBody

NO_USAGE = "the response carries no usage."
NO_STREAMED_USAGE = (
    "A stream carried no usage: its tokens are guessed from lengths, and the call is provisional. Ask for usage with "
    "stream_options={'include_usage': True}, or track the client with stream_usage=True, which asks for it in your place."
)
NOTHING: Mapping[str, object] = MappingProxyType({})
GUESSED = {"tokens": "guessed from lengths: the stream ended before it told its usage"}


class ObservedCall:
    """A call that is recorded when its response ends, once, whatever ends it. Nothing here raises into the program."""

    __slots__ = ("__weakref__", "_ended", "_fields", "_needs_usage", "_reading", "_recorder", "_request", "hides_usage")

    def __init__(
        self, recorder: Recorder, fields: Mapping[str, object], request: Mapping[str, object], *, needs_usage: bool
    ) -> None:
        """A call that is about to be made.

        Args:
            recorder: Where it is recorded.
            fields: Its context, and what is known of it beforehand.
            request: What is sent; looked at for the model's name, and for lengths where a stream is abandoned.
            needs_usage: Whether a response of this kind always carries usage, so that one without is missing.
        """
        self.hides_usage = False
        self._recorder = recorder
        self._fields = fields
        self._request: Mapping[str, object] = request
        self._needs_usage = needs_usage
        self._reading: StreamReading | None = None
        self._ended = False

    def watch(self, result: Any) -> Any:
        """The result, as the program gets it; what it says of usage is recorded when it is known."""
        try:
            if hasattr(result, "http_response"):
                self._watch_raw(result.http_response)
            elif hasattr(result, "__next__") or hasattr(result, "__anext__"):
                self._watch_stream(result)
            else:
                self.tell(essence(result))
        except Exception as error:  # noqa: BLE001 what is observed goes on, whatever shape it has
            self.fail(error)
        return result

    def see(self, event: object) -> bool:
        """Take in an event of the stream; whether it is to be kept from the program, which did not ask for it."""
        try:
            if self._reading is not None and not self._ended:
                self._reading.see(event)
                return self.hides_usage and look(event, "choices") == [] and look(event, "usage") is not None
        except Exception as error:  # noqa: BLE001 what is observed goes on
            self.fail(error)
        return False

    def finish(self) -> None:
        """The stream has ended, or nobody reads it any more."""
        if self._ended or self._reading is None:
            return
        try:
            reading, self._reading = self._reading, None
            taken = reading.response(self._request)
            if reading.unasked:
                self._recorder.missed.warn("no_usage_streamed", NO_STREAMED_USAGE)
            if taken:  # else it failed before it began: nothing was generated that anybody knows of
                self.tell(taken, provisional=not reading.complete)
            self._ended = True
        except Exception as error:  # noqa: BLE001 what is observed goes on
            self.fail(error)

    def tell(self, taken: dict[str, object], *, provisional: bool = False) -> None:
        """Have it recorded, once."""
        if self._ended:
            return
        self._ended = True
        model = look(self._request, "model")
        self._request = NOTHING
        if not has_usage(taken):
            if self._needs_usage and not is_to_come(taken):
                self._recorder.missed.note("no_usage", NO_USAGE)
            return
        fields = {**self._fields, "usage": taken}
        if "model" not in taken and isinstance(model, str):
            fields["model"] = model
        if provisional:
            fields |= joined(fields, {"provisional": True, "metadata": GUESSED})
        self._recorder.put(fields)

    def fail(self, error: BaseException) -> None:
        """Give up on it."""
        if not self._ended:
            self._ended = True
            self._recorder.missed.note("unexpected", f"{type(error).__name__} while its response was looked at.")

    def _watch_stream(self, stream: Any) -> None:
        inner = stream._iterator  # noqa: SLF001 the SDKs' streams have no other place where all ways of reading meet
        self._begin_reading()
        watched = WatchedEvents(inner, self) if hasattr(inner, "__next__") else WatchedAsyncEvents(inner, self)
        stream._iterator = watched  # noqa: SLF001 see above
        _on_close(stream.response, self.finish)

    def _watch_raw(self, response: Any) -> None:
        if response.is_stream_consumed or response.is_closed:
            self.tell(from_body(response.content))
            return
        streamed = "text/event-stream" in response.headers.get("content-type", "")
        if streamed:
            self._begin_reading()
        UnreadBody(self.see if streamed else None, self._told_body).observe(response)
        _on_close(response, self.finish)

    def _told_body(self, body: bytes | None) -> None:
        """What was read of a response the program reads itself: None of a stream, whose events were seen."""
        if body is None:
            self.finish()
        else:
            self.tell(from_body(body))

    def _begin_reading(self) -> None:
        self._reading = StreamReading()
        self._recorder.unended.add(self)


class _Watched:
    """A stream's events, seen in passing. It refers to no stream, so that a dropped one is let go of at once."""

    def __init__(self, events: Any, call: ObservedCall) -> None:
        self._events = events
        self._call = call

    def __getattr__(self, name: str) -> Any:
        return getattr(self._events, name)

    def __del__(self) -> None:
        self._call.finish()


class WatchedEvents(_Watched):
    """The events of a synchronous stream."""

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        while True:
            try:
                event = next(self._events)
            except BaseException:  # its end, too
                self._call.finish()
                raise
            if not self._call.see(event):
                return event


class WatchedAsyncEvents(_Watched):
    """The events of an asynchronous stream."""

    def __aiter__(self) -> AsyncIterator[Any]:
        return self

    async def __anext__(self) -> Any:
        while True:
            try:
                event = await anext(self._events)
            except BaseException:  # its end, too
                self._call.finish()
                raise
            if not self._call.see(event):
                return event


def _on_close(response: Any, tell: Callable[[], None]) -> None:
    """Hear when the program closes the HTTP response; by a weak reference, so that a dropped response is let go of at once."""
    there, kind = weakref.ref(response), cast("Any", type(response))

    def close() -> None:
        tell()
        found = there()
        if found is not None:
            kind.close(found)

    async def aclose() -> None:
        tell()
        found = there()
        if found is not None:
            await kind.aclose(found)

    kept = cast("dict[str, object]", vars(response))
    kept.setdefault("close", close)
    kept.setdefault("aclose", aclose)
