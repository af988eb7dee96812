"""Mistral: OpenAI's Chat Completions, with audio told in seconds."""

from __future__ import annotations

from cost_mcp.capture.dialects import openai_chat
from cost_mcp.capture.reading import Counts, Dialect, Seen

SECONDS = "Audio in the prompt is billed by the second (prompt_audio_seconds); that share is not in the figures."
MAKES = (
    "mistral-",
    "ministral-",
    "magistral-",
    "codestral-",
    "devstral-",
    "pixtral-",
    "voxtral-",
    "open-mistral-",
    "open-mixtral-",
)


def matches(seen: Seen) -> bool:
    """Whether it is stated, or given away by Mistral's own fields or models."""
    if not openai_chat.matches(seen) or seen.provider not in {None, "mistral"}:
        return False
    if seen.provider == "mistral" or seen.usage.has("prompt_audio_seconds", "num_cached_tokens"):
        return True
    return (seen.model or "").startswith(MAKES)


def read(seen: Seen) -> Counts:
    """Mistral's counts; the cache is a part of the prompt.

    Source: https://docs.mistral.ai/studio-api/conversations/advanced/prompt-caching, with live payloads in
    https://github.com/symfony/ai/pull/2343; https://docs.rs/crate/mistral-openapi-client (UsageInfo). Read 2026-11-22.
    """
    uncounted = (SECONDS,) if seen.usage.count("prompt_audio_seconds") else ()
    return openai_chat.read_chat(seen, openai_chat.Extras(provider="mistral", uncounted=uncounted))


DIALECT = Dialect(
    name="mistral",
    convention="Mistral: prompt_tokens includes the cache; completion_tokens includes reasoning.",
    matches=matches,
    read=read,
    providers=("mistral",),
)
