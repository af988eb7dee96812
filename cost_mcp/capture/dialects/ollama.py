"""Ollama's own API: what was evaluated, in and out."""

from __future__ import annotations

from cost_mcp.capture.dialects import openai_chat
from cost_mcp.capture.reading import Counts, Dialect, Seen, usage_of
from cost_mcp.errors import InvalidInput


def matches(seen: Seen) -> bool:
    """Whether the response has Ollama's counts."""
    return seen.usage.has("prompt_eval_count", "eval_count")


def read(seen: Seen) -> Counts:
    """Ollama's counts; thinking is a part of ``eval_count``.

    ``prompt_eval_count`` is absent from older versions when the whole prompt was cached.

    Raises:
        InvalidInput: a chunk of a stream before its end.

    Source: https://docs.ollama.com/api/usage. Read 2026-11-22.
    """
    if seen.usage.values.get("done") is False:
        raise InvalidInput(
            "usage is not final: the stream was not done.", field="usage.done", hint="Pass the last chunk, with done: true."
        )
    used = seen.usage
    usage = usage_of(input_tokens=used.count("prompt_eval_count"), output_tokens=used.count("eval_count"))
    return Counts(usage=usage, provider="ollama")


def speaks_openai(seen: Seen) -> bool:
    """Whether it is Ollama's OpenAI-compatible door: stated, or given away by its fingerprint."""
    told = seen.provider == "ollama" or (seen.provider is None and seen.response.word("system_fingerprint") == "fp_ollama")
    return told and openai_chat.matches(seen)


def read_openai(seen: Seen) -> Counts:
    """The counts of the OpenAI-compatible door.

    Source: https://docs.ollama.com/api/openai-compatibility. Read 2026-11-22.
    """
    return openai_chat.read_chat(seen, openai_chat.Extras(provider="ollama"))


NATIVE = Dialect(
    name="ollama",
    convention="Ollama: prompt_eval_count in, eval_count out, thinking included.",
    matches=matches,
    read=read,
    providers=("ollama",),
)
COMPATIBLE = Dialect(
    name="ollama_openai",
    convention="Ollama's OpenAI door: prompt_tokens in, completion_tokens out, thinking included.",
    matches=speaks_openai,
    read=read_openai,
    providers=("ollama",),
)
