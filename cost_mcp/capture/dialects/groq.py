"""Groq: OpenAI's Chat Completions, with times beside the counts."""

from __future__ import annotations

from cost_mcp.capture.dialects import openai_chat
from cost_mcp.capture.reading import Counts, Dialect, Seen


def matches(seen: Seen) -> bool:
    """Whether it is stated, or given away by Groq's own fields."""
    if not openai_chat.matches(seen) or seen.provider not in {None, "groq"}:
        return False
    return seen.provider == "groq" or seen.response.has("x_groq") or seen.usage.has("queue_time")


def read(seen: Seen) -> Counts:
    """Groq's counts; of a stream, the last chunk carries them in ``x_groq.usage``.

    Source: groq-typescript ``src/resources/completions.ts`` (CompletionUsage); https://console.groq.com/docs/service-tiers.
    Read 2026-11-22.
    """
    return openai_chat.read_chat(seen, openai_chat.Extras(provider="groq"))


DIALECT = Dialect(
    name="groq",
    convention="Groq: prompt_tokens includes the cache; completion_tokens includes reasoning.",
    matches=matches,
    read=read,
    providers=("groq",),
)
