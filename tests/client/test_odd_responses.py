"""Whatever shape a response has, the program gets it as it came, and what cannot be counted is counted as missing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest


class Options:
    """A request as the SDKs' clients hand it to ``request``."""

    def __init__(self, url: str = "/v1/messages") -> None:
        self.url = url
        self.headers: Mapping[str, str] = {}
        self.json_data: object = {"model": "claude-opus-4-6", "messages": []}


class Client:
    """A client made like the SDKs': everything goes through ``request``."""

    base_url = "https://api.anthropic.com"

    def __init__(self, answer: Callable[[], Any]) -> None:
        self._answer = answer

    def post(self, url: str = "/v1/messages") -> Any:
        """Ask."""
        return self.request(object, Options(url))

    def request(self, cast_to: object, options: Options, *, stream: bool = False) -> Any:  # noqa: ARG002 (the SDKs' signature)
        """Answer."""
        return self._answer()


class Hostile:
    """An object that cannot be looked at."""

    def __getattribute__(self, name: str) -> object:
        raise RuntimeError("Die Milch ist alle")


class Stream:
    """A stream that is read in a way of its own."""

    def __next__(self) -> object:
        raise StopIteration


class Response:
    """What is read of the network."""

    def close(self) -> None:
        """Close."""


class OddStream:
    """A stream like the SDKs', of odd events."""

    def __init__(self, *events: object, broken: bool = False) -> None:
        self.response = Response()
        self._broken = broken
        self._iterator = self._events(events)

    def _events(self, events: tuple[object, ...]) -> Iterator[object]:
        yield from events
        if self._broken:
            raise ConnectionError

    def __iter__(self) -> Iterator[object]:
        yield from self._iterator

    def __next__(self) -> object:
        return next(self._iterator)


MESSAGE = {
    "id": "msg_1",
    "type": "message",
    "model": "claude-opus-4-6",
    "stop_reason": None,
    "usage": {"input_tokens": 5, "output_tokens": 1},
}


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (lambda: None, "no_usage"),
        (lambda: "text", "no_usage"),
        (lambda: {"id": "x", "usage": "many"}, "no_usage"),
        (lambda: {"id": "x", "usage": {"input_tokens": -1, "output_tokens": 1}}, "invalid_input"),
        (lambda: {"id": "x", "usage": {"tokens": 7}}, "invalid_input"),
        (Hostile, "unexpected"),
        (Stream, "unexpected"),
    ],
)
def test_what_cannot_be_counted_is_given_through_and_counted_as_missing(
    answer: Callable[[], Any], reason: str, tracked: Any, caplog: pytest.LogCaptureFixture
):
    made: list[Any] = []

    def once() -> Any:
        made.append(answer())
        return made[0]

    client = tracked.tracker().track(Client(once))
    assert client.post() is made[0]
    assert tracked.recorder.flush(60)
    assert tracked.recorder.missed.counts == {reason: 1}
    assert "Milch" not in caplog.text


def test_an_event_that_cannot_be_looked_at_reaches_the_program(tracked: Any):
    hostile = Hostile()
    stream = OddStream({"type": "message_start", "message": MESSAGE}, hostile, {"type": "ping"})
    client = tracked.tracker().track(Client(lambda: stream))
    assert list(client.post())[1] is hostile
    assert tracked.recorder.missed.counts == {"unexpected": 1}


def test_a_stream_that_breaks_off_breaks_off_for_the_program_and_is_provisional(tracked: Any):
    delta = {"type": "content_block_delta", "delta": {"type": "input_json_delta", "partial_json": "x" * 35}}
    client = tracked.tracker().track(
        Client(lambda: OddStream({"type": "message_start", "message": MESSAGE}, delta, broken=True))
    )
    stream = client.post()
    with pytest.raises(ConnectionError):
        list(stream)
    call = tracked.call("msg_1").priced.call
    assert (call.provisional, call.usage.output_tokens) == (True, 10)


def test_a_stream_that_never_began_is_nothing_to_record(tracked: Any):
    client = tracked.tracker().track(Client(lambda: OddStream(broken=True)))
    with pytest.raises(ConnectionError):
        next(client.post())
    assert tracked.count() == 0
    assert not tracked.recorder.missed.counts


@pytest.mark.parametrize("url", ["/v1/threads/t/messages", "/v1/messages/batches", "/v1/models", "/v1/responses/input_tokens"])
def test_other_resources_are_left_alone(url: str, tracked: Any):
    client = tracked.tracker().track(Client(lambda: MESSAGE))
    client.post(url)
    assert tracked.count() == 0


def test_a_response_in_the_background_is_recorded_when_it_is_done(tracked: Any):
    begun: dict[str, Any] = {"id": "resp_1", "object": "response", "model": "gpt-5.1", "status": "queued", "usage": None}
    done: dict[str, Any] = {
        **begun,
        "status": "completed",
        "usage": {"input_tokens": 10, "output_tokens": 2, "input_tokens_details": {}},
    }
    answers = iter([begun, done])
    client = tracked.tracker().track(Client(lambda: next(answers)))
    client.post("/responses")
    assert tracked.count() == 0
    client.post("/responses/resp_1")
    assert tracked.count() == 1
    assert not tracked.recorder.missed.counts


def test_groqs_usage_is_found_in_the_last_chunk(tracked: Any):
    chunk: dict[str, Any] = {"id": "chatcmpl-g", "object": "chat.completion.chunk", "model": "llama-3.3-70b-versatile"}
    usage: dict[str, Any] = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15, "queue_time": 0.1}
    call: dict[str, Any] = {"function": {"arguments": "{}"}}
    stream = OddStream(
        {**chunk, "x_groq": {"id": "req"}, "choices": [{"delta": {"content": "Mi", "tool_calls": [call]}}]},
        {**chunk, "x_groq": {"id": "req", "usage": usage}, "choices": [{"delta": None, "finish_reason": "stop"}]},
    )
    list(tracked.tracker().track(Client(lambda: stream)).post("/openai/v1/chat/completions"))
    call_ = tracked.call("chatcmpl-g").priced.call
    assert (call_.provisional, call_.usage.input_tokens, call_.usage.output_tokens) == (False, 10, 5)


def test_a_request_of_an_odd_shape_is_made_all_the_same(tracked: Any):
    client = tracked.tracker().track(Client(lambda: MESSAGE))
    assert client.request(object, None) is MESSAGE
    assert tracked.recorder.missed.counts == {"unexpected": 1}


@pytest.mark.parametrize(
    ("base_url", "provider"),
    [
        ("https://openrouter.ai/api/v1/", "openrouter"),
        ("https://mine.openai.azure.com/openai", "azure"),
        ("https://api.deepseek.com", "deepseek"),
        ("https://api.x.ai/v1", "x-ai"),
        ("https://notopenrouter.ai/v1", None),
        ("", None),
    ],
)
def test_who_bills_is_told_by_the_address_where_that_is_known(base_url: str, provider: str | None, tracked: Any):
    usage = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}
    client = Client(lambda: {"id": "c-1", "object": "chat.completion", "model": "some-model", "usage": usage})
    client.base_url = base_url
    tracked.tracker().track(client).post("/chat/completions")
    assert tracked.call("c-1").priced.call.provider == provider
