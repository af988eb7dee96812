"""Amazon Bedrock Converse: the cache stands apart from input."""

from __future__ import annotations

from cost_mcp.capture.fields import Fields, check_parts
from cost_mcp.capture.reading import Counts, Dialect, Seen, usage_of
from cost_mcp.capture.tier import read_tier
from cost_mcp.errors import InvalidInput

OTHERS = ("cachedInputTokens", "inputTokenDetails", "reasoningTokens")
"""Fields of the Vercel AI SDK, whose inputTokens includes the cache."""


def matches(seen: Seen) -> bool:
    """Whether the usage has Converse's fields."""
    return seen.usage.has("inputTokens", "outputTokens") and not seen.usage.has(*OTHERS)


def read(seen: Seen) -> Counts:
    """Converse's counts with the cache put into input.

    Latency-optimised inference is told as tier ``fast``: its price is not the standard one.

    Source: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_TokenUsage.html and
    https://docs.aws.amazon.com/bedrock/latest/userguide/prompt-caching.html (inputTokens are the tokens neither read from
    nor written to the cache); API_runtime_ConverseResponse (serviceTier, performanceConfig). Read 2026-11-22.
    """
    usage = seen.usage
    fresh, output = usage.needed("inputTokens"), usage.needed("outputTokens")
    cached, written = usage.count("cacheReadInputTokens"), usage.count("cacheWriteInputTokens")
    details = usage.rows("cacheDetails")
    kept = [(row.at("inputTokens"), row.count("inputTokens")) for row in details]
    written = written or sum(count for _, count in kept)
    check_parts(kept, (usage.at("cacheWriteInputTokens"), written))
    _check_total(usage, fresh + output)
    tier, notes = _tier(seen.response)
    return Counts(
        usage=usage_of(
            input_tokens=fresh + cached + written,
            output_tokens=output,
            cache_read_input_tokens=cached,
            cache_creation_input_tokens=written,
            cache_creation_1h_input_tokens=sum(row.count("inputTokens") for row in details if row.word("ttl") == "1h"),
        ),
        provider=_provider(seen),
        model=seen.response.inner("trace").inner("promptRouter").name("invokedModelId") or seen.model,
        response_id=seen.response.inner("ResponseMetadata").name("RequestId"),
        tier=tier,
        notes=notes,
    )


def _check_total(usage: Fields, least: int) -> None:
    total = usage.count("totalTokens")
    if total and total < least:
        raise InvalidInput(
            f"{usage.at('totalTokens')} is {total}, less than inputTokens + outputTokens ({least}).",
            field=usage.at("totalTokens"),
            hint="Pass the provider's object as it came, of one call only.",
        )


def _tier(response: Fields) -> tuple[str | None, tuple[str, ...]]:
    if response.inner("performanceConfig").word("latency") == "optimized":
        return "fast", ()
    return read_tier(response.inner("serviceTier"), "type")


def _provider(seen: Seen) -> str | None:
    sure = seen.usage.has("cacheReadInputTokens", "cacheWriteInputTokens") or seen.response.has("stopReason", "metrics")
    return "aws" if sure else None


DIALECT = Dialect(
    name="bedrock",
    convention="Bedrock Converse: inputTokens leaves out cache reads and writes.",
    matches=matches,
    read=read,
    providers=("aws",),
)
