"""DeepSeek: OpenAI's Chat Completions, with the prompt split into cache hits and misses."""

from __future__ import annotations

from cost_mcp.capture.dialects import openai_chat
from cost_mcp.capture.reading import Counts, Dialect, Seen
from cost_mcp.errors import InvalidInput


def matches(seen: Seen) -> bool:
    """Whether it is stated, or given away by the split."""
    stated = seen.provider == "deepseek" or seen.usage.has("prompt_cache_hit_tokens", "prompt_cache_miss_tokens")
    return stated and openai_chat.matches(seen)


def read(seen: Seen) -> Counts:
    """DeepSeek's counts; hits and misses must come to the prompt.

    Source: https://api-docs.deepseek.com/api/create-chat-completion (prompt_tokens equals hit + miss). Read 2026-11-22.
    """
    usage = seen.usage
    hit, missed = usage.given("prompt_cache_hit_tokens"), usage.given("prompt_cache_miss_tokens")
    prompt = usage.needed("prompt_tokens")
    if hit is not None and missed is not None and hit + missed != prompt:
        raise InvalidInput(
            f"usage.prompt_cache_hit_tokens + usage.prompt_cache_miss_tokens is {hit + missed}, not prompt_tokens ({prompt}).",
            field=usage.at("prompt_cache_hit_tokens"),
            hint="Pass the provider's object as it came, of one call only.",
        )
    provider = "deepseek" if (seen.model or "deepseek").startswith("deepseek") else None
    return openai_chat.read_chat(seen, openai_chat.Extras(provider=provider))


DIALECT = Dialect(
    name="deepseek",
    convention="DeepSeek: prompt_tokens is cache hits + misses; completion_tokens includes reasoning.",
    matches=matches,
    read=read,
    providers=("deepseek",),
)
