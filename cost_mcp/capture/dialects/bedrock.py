"""Amazon Bedrock Converse: the cache stands apart from input."""

from __future__ import annotations

from cost_mcp.capture.fields import Fields, check_parts
from cost_mcp.capture.reading import Counts, Dialect, Seen, usage_of
from cost_mcp.capture.tier import read_tier
from cost_mcp.errors import InvalidInput

OTHERS = ("cachedInputTokens", "inputTokenDetails", "reasoningTokens")
"""Fields of the Vercel AI SDK, whose inputTokens includes the cache."""

CACHED = ("cacheReadInputTokens", "cacheReadInputTokenCount")
WRITTEN = ("cacheWriteInputTokens", "cacheWriteInputTokenCount")
"""Converse's word, then that of Bedrock's logs and metrics, which some models' own format takes."""


def matches(seen: Seen) -> bool:
    """Whether the usage has Converse's fields."""
    return seen.usage.has("inputTokens", "outputTokens") and not seen.usage.has(*OTHERS)


def read(seen: Seen) -> Counts:
    """Converse's counts with the cache put into input.

    Latency-optimised inference is told as tier ``fast``: its price is not the standard one.

    Source: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_TokenUsage.html and
    https://docs.aws.amazon.com/bedrock/latest/userguide/prompt-caching.html (inputTokens are the tokens neither read from
    nor written to the cache); API_runtime_ConverseResponse (serviceTier, performanceConfig);
    https://docs.aws.amazon.com/nova/latest/userguide/using-invoke-api.html (InvokeModel answers in Converse's shape); the
    …TokenCount words as public code reads them off Bedrock's invocation logs and metrics, where they stand apart from input
    too. Read 2026-11-22.
    """
    usage = seen.usage
    fresh, output = usage.needed("inputTokens"), usage.needed("outputTokens")
    cached, written = _either(usage, CACHED), _either(usage, WRITTEN)
    details = usage.rows("cacheDetails")
    kept = [(row.at("inputTokens"), row.count("inputTokens")) for row in details]
    written = written or sum(count for _, count in kept)
    check_parts(kept, (usage.at(usage.first(*WRITTEN)), written))
    _check_total(usage, fresh + output, cached + written)
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


def _either(usage: Fields, names: tuple[str, str]) -> int:
    return usage.count(names[0]) or usage.count(names[1])


def _check_total(usage: Fields, least: int, cached: int) -> None:
    """Refuses a total below input and output, or above them and the cache: what is above was counted by no known word."""
    total = usage.count("totalTokens")
    if not total or least <= total <= least + cached:
        return
    name = "inputTokens + outputTokens" if total < least else "inputTokens + outputTokens + cache"
    limit = f"less than {name} ({least})" if total < least else f"more than {name} ({least + cached})"
    raise InvalidInput(
        f"{usage.at('totalTokens')} is {total}, {limit}.",
        field=usage.at("totalTokens"),
        hint="Pass the provider's object as it came, of one call only, with its cache counts.",
    )


def _tier(response: Fields) -> tuple[str | None, tuple[str, ...]]:
    if response.inner("performanceConfig").word("latency") == "optimized":
        return "fast", ()
    return read_tier(response.inner("serviceTier"), "type")


def _provider(seen: Seen) -> str | None:
    sure = seen.usage.has(*CACHED, *WRITTEN) or seen.response.has("stopReason", "metrics")
    return "aws" if sure else None


DIALECT = Dialect(
    name="bedrock",
    convention="Bedrock Converse: inputTokens leaves out cache reads and writes.",
    matches=matches,
    read=read,
    providers=("aws",),
)
