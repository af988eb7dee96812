"""OpenAI Chat Completions, and what its imitators share: the cache is a part of the prompt."""

from __future__ import annotations

from dataclasses import dataclass

from cost_mcp.capture.fields import Fields, check_parts
from cost_mcp.capture.reading import Counts, Dialect, Seen, usage_of
from cost_mcp.capture.tier import read_tier
from cost_mcp.capture.total import settle_output
from cost_mcp.capture.writes import read_writes


@dataclass(frozen=True, slots=True, kw_only=True)
class Extras:
    """Where an imitator differs: its provider id, reasoning that stands apart, searches, notes on costs in no count."""

    provider: str | None = None
    reasoning_apart: bool = False
    searches: int = 0
    uncounted: tuple[str, ...] = ()


NO_EXTRAS = Extras()


def matches(seen: Seen) -> bool:
    """Whether the usage counts prompt and completion tokens."""
    return seen.usage.has("prompt_tokens", "completion_tokens")


def read(seen: Seen) -> Counts:
    """OpenAI's own counts.

    Source: openai-python ``types/completion_usage.py`` and ``types/chat/chat_completion.py`` (commit e43b4224);
    https://developers.openai.com/api/docs/guides/prompt-caching (reads and writes are parts of the prompt). Read 2026-11-22.
    """
    return read_chat(seen)


def read_chat(seen: Seen, extras: Extras = NO_EXTRAS) -> Counts:
    """The counts of a Chat Completions object; ``completion_tokens`` may be absent beside a total (embeddings have none)."""
    usage = seen.usage
    prompt = (usage.at("prompt_tokens"), usage.needed("prompt_tokens"))
    counted = usage.count if usage.has("total_tokens") else usage.needed
    completion = (usage.at("completion_tokens"), counted("completion_tokens"))
    sent, told = usage.inner("prompt_tokens_details", "prompt_token_details"), usage.inner("completion_tokens_details")
    cached, (written, kept) = _cached(usage, sent), read_writes(sent, usage)
    check_parts([cached, written], prompt)
    heard = [(sent.at(name), sent.count(name)) for name in ("audio_tokens", "image_tokens")]
    check_parts(heard, prompt)
    reasoning = (told.at("reasoning_tokens"), told.count("reasoning_tokens"))
    output, notes = settle_output(usage, inputs=prompt, outputs=completion, reasoning=reasoning, apart=extras.reasoning_apart)
    made = [(told.at(name), told.count(name)) for name in ("audio_tokens", "image_tokens")]
    check_parts(made, (completion[0], output))
    tier, tier_notes = read_tier(seen.response if seen.response.has("service_tier") else usage, "service_tier")
    return Counts(
        usage=usage_of(
            input_tokens=prompt[1],
            output_tokens=output,
            cache_read_input_tokens=cached[1],
            cache_creation_input_tokens=written[1],
            cache_creation_1h_input_tokens=kept,
            reasoning_output_tokens=reasoning[1],
            input_audio_tokens=heard[0][1],
            input_image_tokens=heard[1][1],
            output_audio_tokens=made[0][1],
            output_image_tokens=made[1][1],
            web_search_requests=extras.searches or usage.inner("server_tool_use").count("web_search_requests"),
        ),
        provider=extras.provider,
        tier=tier,
        notes=(*notes, *tier_notes),
        uncounted=extras.uncounted,
    )


_CACHED = (
    "prompt_cache_hit_tokens", "cached_tokens", "num_cached_tokens", "cache_read_input_tokens", "cache_read_tokens",
)  # fmt: skip


def _cached(usage: Fields, sent: Fields) -> tuple[str, int]:
    """Cache reads by any of the names imitators use; all of them are parts of the prompt.

    Source: OpenAI and most: ``prompt_tokens_details.cached_tokens``; DeepSeek: ``prompt_cache_hit_tokens``; Moonshot:
    ``cached_tokens``; Mistral: ``num_cached_tokens`` (https://github.com/vercel/ai/issues/14382); LiteLLM:
    ``cache_read_input_tokens`` and ``cache_creation_input_tokens`` beside an inclusive ``prompt_tokens``
    (https://docs.litellm.ai/docs/completion/prompt_caching). Read 2026-11-22.
    """
    for name in _CACHED:
        if not sent.count("cached_tokens") and usage.count(name):
            return usage.at(name), usage.count(name)
    return sent.at("cached_tokens"), sent.count("cached_tokens")


DIALECT = Dialect(
    name="openai_chat",
    convention="OpenAI Chat Completions: prompt_tokens includes the cache; completion_tokens includes reasoning.",
    matches=matches,
    read=read,
    providers=("openai", "azure"),
)
