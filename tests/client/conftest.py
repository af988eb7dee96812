"""A model provider on the loopback, and a ledger that tracked clients of the real SDKs record into."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from cost_mcp.client.recorder import Recorder
from cost_mcp.client.tracking import Tracker
from cost_mcp.config.settings import Settings
from cost_mcp.ledger.contract import StoredCall
from cost_mcp.service.opening import open_quick

SECRET = "Die Milch ist alle"
"""What prompts and answers say here; it must be found nowhere afterwards."""

ANTHROPIC_USAGE = {"input_tokens": 1000, "output_tokens": 100, "cache_read_input_tokens": 2000, "service_tier": "standard"}
MESSAGE: dict[str, Any] = {
    "id": "msg_01AbC", "type": "message", "role": "assistant", "model": "claude-opus-4-6", "stop_reason": "end_turn",
    "stop_sequence": None, "content": [{"type": "text", "text": SECRET}], "usage": ANTHROPIC_USAGE,
}  # fmt: skip
CHAT_USAGE = {
    "prompt_tokens": 1000, "completion_tokens": 100, "total_tokens": 1100,
    "prompt_tokens_details": {"cached_tokens": 400}, "completion_tokens_details": {"reasoning_tokens": 60},
}  # fmt: skip
CHAT: dict[str, Any] = {
    "id": "chatcmpl-7", "object": "chat.completion", "created": 1_790_000_000, "model": "gpt-5.1-2025-11-13",
    "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": SECRET}}],
    "usage": CHAT_USAGE, "service_tier": "default",
}  # fmt: skip
RESPONSE: dict[str, Any] = {
    "id": "resp_9", "object": "response", "created_at": 1_790_000_000, "status": "completed", "model": "gpt-5.1-2025-11-13",
    "output": [
        {"type": "web_search_call", "id": "ws_1", "status": "completed", "action": {"type": "search", "query": SECRET}},
        {"type": "message", "id": "m_1", "role": "assistant", "status": "completed",
         "content": [{"type": "output_text", "text": SECRET, "annotations": []}]},
    ],
    "parallel_tool_calls": True, "tool_choice": "auto", "tools": [],
    "usage": {"input_tokens": 1000, "output_tokens": 100, "total_tokens": 1100,
              "input_tokens_details": {"cached_tokens": 400}, "output_tokens_details": {"reasoning_tokens": 60}},
}  # fmt: skip
EMBEDDING: dict[str, Any] = {
    "object": "list", "model": "text-embedding-3-small", "usage": {"prompt_tokens": 8, "total_tokens": 8},
    "data": [{"object": "embedding", "index": 0, "embedding": [0.1]}],
}  # fmt: skip


def message_events() -> list[tuple[str | None, Any]]:
    """Anthropic's stream, with counts that grow."""
    begun: dict[str, Any] = {**MESSAGE, "content": [], "stop_reason": None, "usage": {**ANTHROPIC_USAGE, "output_tokens": 2}}
    return [
        ("message_start", {"type": "message_start", "message": begun}),
        ("content_block_start",
         {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}),
        ("ping", {"type": "ping"}),
        ("content_block_delta",
         {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": SECRET[:9]}}),
        ("content_block_delta",
         {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": SECRET[9:]}}),
        ("content_block_stop", {"type": "content_block_stop", "index": 0}),
        ("message_delta",
         {"type": "message_delta", "delta": {"stop_reason": "end_turn", "stop_sequence": None}, "usage": {"output_tokens": 100}}),
        ("message_stop", {"type": "message_stop"}),
    ]  # fmt: skip


def chat_events(body: Mapping[str, Any]) -> list[tuple[str | None, Any]]:
    """A stream of Chat Completions; usage comes last, to those who ask."""
    options: dict[str, Any] = body.get("stream_options") or {}
    asked = bool(options.get("include_usage"))
    chunk: dict[str, Any] = {**CHAT, "object": "chat.completion.chunk", "choices": [], "usage": None}
    if not asked:
        del chunk["usage"]

    def said(delta: dict[str, Any], reason: str | None = None) -> tuple[None, Any]:
        return None, {**chunk, "choices": [{"index": 0, "delta": delta, "finish_reason": reason}]}

    last = [(None, {**chunk, "usage": CHAT_USAGE})] if asked else []
    return [said({"role": "assistant", "content": ""}), said({"content": SECRET}), said({}, "stop"), *last, (None, "[DONE]")]


def response_events() -> list[tuple[str | None, Any]]:
    """OpenAI's stream of Responses."""
    begun: dict[str, Any] = {**RESPONSE, "status": "in_progress", "output": [], "usage": None}
    text: dict[str, Any] = {"item_id": "m_1", "output_index": 0, "content_index": 0, "logprobs": []}
    item: dict[str, Any] = {"type": "message", "id": "m_1", "role": "assistant", "status": "in_progress", "content": []}
    part: dict[str, Any] = {"type": "output_text", "text": "", "annotations": []}
    events: list[dict[str, Any]] = [
        {"type": "response.created", "response": begun},
        {"type": "response.in_progress", "response": begun},
        {"type": "response.output_item.added", "output_index": 0, "item": item},
        {"type": "response.content_part.added", **text, "part": part},
        {"type": "response.output_text.delta", **text, "delta": SECRET},
        {"type": "response.completed", "response": RESPONSE},
    ]
    return [(event["type"], {**event, "sequence_number": number}) for number, event in enumerate(events)]


Answer = Callable[[Mapping[str, Any]], Any]


def _answers() -> dict[str, Answer]:
    def either(whole: Any, events: Answer) -> Answer:
        return lambda body: Events(events(body)) if body.get("stream") else whole

    return {
        "/v1/messages": either(MESSAGE, lambda _: message_events()),
        "/v1/messages/count_tokens": lambda _: {"input_tokens": 12},
        "/v1/chat/completions": either(CHAT, chat_events),
        "/v1/responses": either(RESPONSE, lambda _: response_events()),
        "/v1/responses/resp_9": lambda _: RESPONSE,
        "/v1/embeddings": lambda _: EMBEDDING,
    }


@dataclass(frozen=True)
class Events:
    """A stream to answer with."""

    events: list[tuple[str | None, Any]]


@dataclass
class Provider:
    """Answers as Anthropic and OpenAI do, by path; ``answers`` may be changed, ``requests`` are the bodies that came."""

    url: str = ""
    answers: dict[str, Answer] = field(default_factory=_answers)
    requests: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    gate: threading.Event = field(default_factory=threading.Event)
    """Closed: a stream waits before it tells its usage."""


def _is_end(data: Any) -> bool:
    return data == "[DONE]" or data.get("usage") is not None or data.get("type") == "response.completed"


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch) -> Generator[Provider]:
    monkeypatch.setenv("no_proxy", "*")
    made = Provider()
    made.gate.set()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            content = self.rfile.read(int(self.headers.get("Content-Length", "0"))) or b"{}"
            body = json.loads(content)
            made.requests.append(body)
            answer = made.answers[self.path.partition("?")[0]](body)
            if isinstance(answer, Events):
                self._stream(answer.events)
            else:
                self._whole(json.dumps(answer).encode())

        do_GET = do_POST  # noqa: N815 (the library's name)

        def _whole(self, content: bytes) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def _stream(self, events: list[tuple[str | None, Any]]) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream; charset=utf-8")
            self.end_headers()
            for name, data in events:
                if _is_end(data):
                    made.gate.wait(timeout=60)
                text = data if isinstance(data, str) else json.dumps(data)
                try:
                    self.wfile.write((f"event: {name}\n" if name else "").encode() + f"data: {text}\n\n".encode())
                except OSError:
                    return  # nobody reads any more

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the library's signature)
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    made.url = f"http://127.0.0.1:{server.server_address[1]}"
    yield made
    made.gate.set()
    server.shutdown()
    server.server_close()


@dataclass
class Tracked:
    """A ledger in a file, and what tracks clients into it."""

    ledger: Path
    recorder: Recorder

    def tracker(self, *, stream_usage: bool | None = None, **fields: object) -> Tracker:
        """What tracks a client."""
        return Tracker(recorder=self.recorder, fields=fields, stream_usage=stream_usage)

    def call(self, call_id: str) -> StoredCall:
        """What stands in the ledger under this id, once everything so far is in it."""
        assert self.recorder.flush(60)
        quick = open_quick(Settings(db=str(self.ledger)))
        try:
            return quick.explain(call_id)
        finally:
            quick.close()

    def count(self) -> int:
        """How many calls stand in the ledger, once everything so far is in it."""
        assert self.recorder.flush(60)
        quick = open_quick(Settings(db=str(self.ledger)))
        try:
            return quick.cost_report({"period": "total"}).report.totals.calls
        finally:
            quick.close()


@pytest.fixture
def tracked(tmp_path: Path) -> Generator[Tracked]:
    ledger = tmp_path / "ledger.db"
    made = Tracked(ledger=ledger, recorder=Recorder(lambda: Settings(db=str(ledger))))
    yield made
    assert made.recorder.close(60)
