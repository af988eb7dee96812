"""Finding the response and its usage in whatever wraps them: stream events, batch results, log lines."""

from __future__ import annotations

from collections.abc import Mapping

from cost_mcp.capture.fields import Fields, as_object
from cost_mcp.capture.reading import Seen
from cost_mcp.errors import InvalidInput

HOLDERS = ("usage", "usageMetadata", "usage_metadata")
SHAPES = (
    "Pass the provider's usage object or its whole response: Anthropic Messages, OpenAI Chat Completions or Responses, "
    "Gemini, Bedrock Converse, OpenRouter, DeepSeek, xAI, Mistral, Groq, Ollama, OpenTelemetry's gen_ai.usage.*, or "
    "input_tokens and output_tokens."
)


def open_envelope(raw: object, provider: str | None) -> Seen:
    """The response and its usage object; an object that wraps no usage is taken for a usage object itself.

    Understood: a response; a usage object; Anthropic's message_start and message_delta; OpenAI's response.completed; a
    stream's last chunk, Groq's too; Bedrock's metadata event; a line of an OpenAI or Anthropic batch's results.

    Raises:
        InvalidInput: no object, or a response whose usage is absent.
    """
    given = as_object(raw)
    if given is None:
        raise InvalidInput(f"usage is {_kind(raw)}, not an object.", field="usage", hint=SHAPES)
    response, batch = _unwrap(given)
    fields = Fields(response)
    groq = fields.inner("x_groq") if as_object(response.get("x_groq")) else Fields({})
    for holder in (fields, groq):
        if holder.has(*HOLDERS):
            usage = holder.inner(*HOLDERS)
            return Seen(usage=Fields(usage.values), response=fields, provider=provider, batch=batch)
    if any(name in response for name in HOLDERS):
        raise InvalidInput(
            "usage is missing: the response does not carry it.",
            field="usage",
            hint="Of a stream, pass the last chunk or event that carries usage (OpenAI: stream_options.include_usage).",
        )
    return Seen(usage=fields, response=fields, provider=provider, batch=batch)


def _unwrap(given: Mapping[str, object]) -> tuple[Mapping[str, object], bool]:
    """The response inside its wrapping, and whether that was a batch's line."""
    if any(given.get(name) is not None for name in HOLDERS):
        return given, False
    message = as_object(given.get("message"))
    if message is not None and message.get("usage") is not None:
        return ({**message, "type": "message_start"} if given.get("type") == "message_start" else message), False
    result, response = as_object(given.get("result")), as_object(given.get("response"))
    batched = as_object(result.get("message")) if result else as_object(response.get("body")) if response else None
    if batched is not None:
        return batched, True
    for inside in (response, as_object(given.get("metadata"))):
        if inside is not None and any(inside.get(name) is not None for name in HOLDERS):
            return inside, False
    return given, False


KINDS: tuple[tuple[type, str], ...] = (
    (bool, "true or false"),
    (str, "text"),
    (list, "a list"),
    (int, "a number"),
    (float, "a number"),
)


def _kind(value: object) -> str:
    found = (words for kind, words in KINDS if isinstance(value, kind))
    return "missing" if value is None else next(found, "something else")
