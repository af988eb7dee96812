"""What the events of a streamed response tell of its usage, whichever of the providers' streams it is."""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil
from typing import cast

from cost_mcp.client.response import characters, counts, essence, has_usage, look

CHARACTERS_PER_TOKEN = 3.5
"""The rule of thumb of ``service/counting.py``, for what an abandoned stream had written."""

_RESPONSES = frozenset({
    "response.created", "response.queued", "response.in_progress", "response.completed", "response.incomplete",
    "response.failed",
})  # fmt: skip
_REQUEST_TEXTS = ("messages", "system", "input", "instructions", "prompt", "tools", "functions")


class StreamReading:
    """One stream's usage, event by event; only counts, ids and lengths stay.

    Anthropic tells input in ``message_start`` and the rest in ``message_delta``, cumulatively; OpenAI's Responses in
    ``response.completed``, Chat Completions in the last chunk.

    Source: anthropic-sdk-python ``types/raw_message_delta_event.py`` (2.12.0), openai-python
    ``types/responses/response_completed_event.py`` and ``types/chat/chat_completion_chunk.py`` (3.54.0). Read 2026-11-22.
    """

    __slots__ = ("_response", "_stopped", "_written", "complete")

    def __init__(self) -> None:
        self.complete = False
        self._stopped = False
        self._response: dict[str, object] = {}
        self._written = 0

    def see(self, event: object) -> None:
        """Take in one event, an SDK's object or JSON."""
        kind = look(event, "type")
        if kind is None:
            self._see_chunk(event)
        elif kind == "message_start":
            self._response = essence(look(event, "message"))
        elif kind == "message_delta":
            self._see_end(event)
        elif kind in _RESPONSES:
            self._response = essence(look(event, "response"))
            self.complete = has_usage(self._response)
        else:
            delta = look(event, "delta")
            if delta is not None:
                self._written += _length(delta)

    @property
    def unasked(self) -> bool:
        """Whether the model said all it had to say and no usage came: OpenAI's Chat Completions tell it on request only."""
        return self._stopped and not self.complete

    def response(self, request: Mapping[str, object]) -> dict[str, object]:
        """What to record; of a stream that was abandoned, what is known or can be guessed from lengths."""
        if self.complete or not self._response:
            return self._response
        told = cast("dict[str, object]", self._response.get("usage") or {})
        written = ceil(self._written / CHARACTERS_PER_TOKEN)
        if self._response.get("type") == "message":
            output = told.get("output_tokens")
            usage = {**told, "output_tokens": max(output if isinstance(output, int) else 0, written)}
        elif self._response.get("object") == "response":
            usage = {"input_tokens": _asked(request), "output_tokens": written}
        else:
            usage = {"prompt_tokens": _asked(request), "completion_tokens": written}
        return {**self._response, "usage": usage}

    def _see_end(self, event: object) -> None:
        told: dict[str, object] = counts(look(event, "usage")) or {}
        before = cast("dict[str, object]", self._response.get("usage") or {})
        self._response["usage"] = {**before, **told}
        reason = look(look(event, "delta"), "stop_reason")
        if isinstance(reason, str):
            self._response["stop_reason"] = reason
            self.complete = True

    def _see_chunk(self, chunk: object) -> None:
        if look(chunk, "usage") is not None or look(chunk, "x_groq") is not None or not self._response:
            self._response.update(essence(chunk))
            self.complete = has_usage(self._response)
        choices = look(chunk, "choices")
        if choices:
            self._written += sum(_length(look(choice, "delta") or look(choice, "text")) for choice in choices)
            self._stopped = self._stopped or look(choices[0], "finish_reason") is not None


def _length(delta: object) -> int:
    if isinstance(delta, str):
        return len(delta)
    texts = (look(delta, name) for name in ("text", "content", "partial_json", "thinking", "refusal"))
    length = sum(len(text) for text in texts if isinstance(text, str))
    calls = look(delta, "tool_calls")
    if isinstance(calls, list):
        length += sum(characters(look(look(call, "function"), "arguments")) for call in cast("list[object]", calls))
    return length


def _asked(request: Mapping[str, object]) -> int:
    return ceil(sum(characters(request.get(name)) for name in _REQUEST_TEXTS) / CHARACTERS_PER_TOKEN)
