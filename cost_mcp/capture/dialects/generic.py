"""The field's own words: OpenTelemetry's, ours, and those of tools that relay usage; all inclusive."""

from __future__ import annotations

from cost_mcp.capture.fields import Fields, check_parts
from cost_mcp.capture.reading import Counts, Dialect, Seen, usage_of
from cost_mcp.capture.total import settle_output

OTEL = "gen_ai.usage."
WORDS: dict[str, tuple[str, ...]] = {
    "input_tokens": ("input_tokens", "inputTokens", "promptTokens", OTEL + "input_tokens", OTEL + "prompt_tokens"),
    "output_tokens": (
        "output_tokens", "outputTokens", "completionTokens", OTEL + "output_tokens", OTEL + "completion_tokens",
    ),
    "cache_read_input_tokens": (
        "cached_tokens", "cached_input_tokens", "cachedInputTokens", "cache_read_tokens", "cache_read_input_tokens",
        OTEL + "cache_read.input_tokens", OTEL + "cache_read_input_tokens",
    ),
    "cache_creation_input_tokens": (
        "cache_creation_input_tokens", "cache_write_input_tokens", "cache_write_tokens", OTEL + "cache_write.input_tokens",
        OTEL + "cache_creation.input_tokens", OTEL + "cache_creation_input_tokens",
    ),
    "cache_creation_1h_input_tokens": ("cache_creation_1h_input_tokens",),
    "reasoning_output_tokens": (
        "reasoning_output_tokens", "reasoning_tokens", "reasoningTokens", OTEL + "reasoning.output_tokens",
    ),
    "input_audio_tokens": ("input_audio_tokens", OTEL + "audio.input_tokens"),
    "cache_read_input_audio_tokens": ("cache_read_input_audio_tokens", "cache_audio_read_tokens"),
    "output_audio_tokens": ("output_audio_tokens", OTEL + "audio.output_tokens"),
    "input_image_tokens": ("input_image_tokens", OTEL + "image.input_tokens"),
    "output_image_tokens": ("output_image_tokens", OTEL + "image.output_tokens"),
    "web_search_requests": ("web_search_requests",),
}  # fmt: skip
"""Our name → the names it goes by. ``input_tokens`` includes the cache in all of them.

Source: OpenTelemetry GenAI conventions (gen_ai.usage.*,
https://open-telemetry.github.io/opentelemetry-js/modules/_opentelemetry_semantic-conventions.incubating.html: cached counts
are included in input); genai-prices ``Usage`` and Pydantic AI (``cache_read_tokens``, ``cache_write_tokens``,
``cache_audio_read_tokens``: https://ai.pydantic.dev/api/usage); Codex rollout logs (``cached_input_tokens``,
``reasoning_output_tokens``); Vercel AI SDK ``LanguageModelUsage``, and ``promptTokens`` before its version 5
(https://app.unpkg.com/ai@6.0.41/files/src/types/usage.ts). Read 2026-11-22.
"""
DETAILS = {
    "cache_read_input_tokens": ("inputTokenDetails", "cacheReadTokens"),
    "cache_creation_input_tokens": ("inputTokenDetails", "cacheWriteTokens"),
    "reasoning_output_tokens": ("outputTokenDetails", "reasoningTokens"),
}
"""Our name → the object and field in which newer versions of the Vercel AI SDK tell it."""
OWN_WORDS = (
    "cached_tokens", "cached_input_tokens", "cachedInputTokens", "cache_read_tokens", "cache_write_tokens",
    "cache_write_input_tokens", "cache_creation_1h_input_tokens",
    "reasoning_output_tokens", "input_audio_tokens", "cache_read_input_audio_tokens", "output_audio_tokens",
    "input_image_tokens", "output_image_tokens", "web_search_requests",
)  # fmt: skip
"""Words no provider uses beside a cache that stands apart: where one is present, the whole object is inclusive."""


def speaks_our_words(seen: Seen) -> bool:
    """Whether a word is present that only the inclusive conventions use."""
    return seen.usage.has(*WORDS["input_tokens"]) and seen.usage.has(*OWN_WORDS)


def matches(seen: Seen) -> bool:
    """Whether there is any count of input or output by a known word."""
    return seen.usage.has(*WORDS["input_tokens"], *WORDS["output_tokens"])


def read(seen: Seen) -> Counts:
    """The counts as they stand."""
    usage = seen.usage
    found = {ours: (usage.at(usage.first(*names)), usage.count(*names)) for ours, names in WORDS.items()}
    for ours, (inside, name) in DETAILS.items():
        details = usage.inner(inside)
        if not found[ours][1]:
            found[ours] = (details.at(name), details.count(name))
    inputs = (found["input_tokens"][0], usage.needed(*WORDS["input_tokens"]))
    check_parts([found["cache_read_input_tokens"], found["cache_creation_input_tokens"]], inputs)
    output, notes = settle_output(
        _total(usage), inputs=inputs, outputs=found["output_tokens"], reasoning=found["reasoning_output_tokens"]
    )
    counts = {ours: count for ours, (_, count) in found.items()} | {"output_tokens": output}
    identity = usage if usage.has("gen_ai.response.id", "gen_ai.response.model") else seen.response
    return Counts(
        usage=usage_of(**counts),
        provider=usage.name("gen_ai.provider.name", "gen_ai.system"),
        model=identity.name("gen_ai.response.model") or usage.name("gen_ai.request.model"),
        response_id=identity.name("gen_ai.response.id"),
        notes=notes,
    )


def _total(usage: Fields) -> Fields:
    """The usage under a total the settling knows by name."""
    total = usage.first("total_tokens", "totalTokens", OTEL + "total_tokens")
    return Fields({"total_tokens": usage.values.get(total)}, usage.path)


OURS = Dialect(
    name="generic",
    convention="The field's words: input_tokens includes the cache; output_tokens includes reasoning.",
    matches=speaks_our_words,
    read=read,
)
PLAIN = Dialect(name="generic", convention=OURS.convention, matches=matches, read=read)
