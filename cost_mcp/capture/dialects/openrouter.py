"""OpenRouter: OpenAI's Chat Completions, with what it charged beside the counts."""

from __future__ import annotations

from cost_mcp.capture.dialects import openai_chat
from cost_mcp.capture.reading import Counts, Dialect, Seen


def matches(seen: Seen) -> bool:
    """Whether it is stated, or given away by OpenRouter's cost fields."""
    if not openai_chat.matches(seen):
        return False
    return seen.provider == "openrouter" or (seen.provider is None and seen.usage.has("cost_details", "is_byok"))


def read(seen: Seen) -> Counts:
    """OpenRouter's counts: cache reads and writes are parts of the prompt, reasoning is a part of the completion.

    Source: https://openrouter.ai/docs/use-cases/usage-accounting;
    https://openrouter.ai/docs/client-sdks/python/components/bodyservertooluse (web_search_requests). Read 2026-11-22.
    """
    return openai_chat.read_chat(seen, openai_chat.Extras(provider="openrouter", searches=_searches(seen)))


def _searches(seen: Seen) -> int:
    told = seen.usage.inner("server_tool_use_details", "server_tool_use")
    return told.count("web_search_requests")


DIALECT = Dialect(
    name="openrouter",
    convention="OpenRouter: prompt_tokens includes cache reads and writes; completion_tokens includes reasoning.",
    matches=matches,
    read=read,
    providers=("openrouter",),
)
