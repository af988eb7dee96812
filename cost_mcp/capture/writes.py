"""Cache writes inside an inclusive input, and those of them kept for an hour."""

from __future__ import annotations

from cost_mcp.capture.fields import NO_FIELDS, Fields, as_object, check_parts

HOUR, MINUTES = "ephemeral_1h_input_tokens", "ephemeral_5m_input_tokens"
INSIDE = ("cache_write_tokens", "cache_creation_tokens", "cache_creation_input_tokens", "cache_creation")
BESIDE = ("cache_creation_input_tokens", "cache_write_input_tokens", "cache_write_tokens")
SPLITS = ("cache_creation", "cache_creation_token_details")


def read_writes(details: Fields, beside: Fields = NO_FIELDS) -> tuple[tuple[str, int], int]:
    """All cache writes as (path, count), and the count of those kept for an hour.

    They stand in ``details``, or else ``beside`` it; their split by time kept stands in an object there, or bare in
    ``details``. A split without a sum, or beside a sum of 0, is the sum.

    Raises:
        InvalidInput: a split above its sum.

    Source: langchain-anthropic ``_create_usage_metadata`` (cache_creation is 0 where the split is told); LiteLLM
    ``PromptTokensDetailsWrapper`` (cache_creation_tokens, cache_creation_token_details); dashscope-sdk-java
    ``GenerationUsage`` (commit 2f898707: cache_creation is the split). Read 2026-11-22.
    """
    split = _split(details, beside)
    named = [(details, name) for name in INSIDE if as_object(details.values.get(name)) is None]
    named += [(beside, name) for name in BESIDE]
    counted = [(fields.at(name), fields.count(name)) for fields, name in named]
    whole = next((found for found in counted if found[1]), counted[0])
    return settle_writes(whole, split)


def settle_writes(whole: tuple[str, int], split: Fields) -> tuple[tuple[str, int], int]:
    """All cache writes, which are the split where the whole is 0; and the count of those kept for an hour."""
    hour, minutes = split.count(HOUR), split.count(MINUTES)
    if not whole[1] and hour + minutes:
        return (split.at(HOUR if hour else MINUTES), hour + minutes), hour
    check_parts([(split.at(MINUTES), minutes), (split.at(HOUR), hour)], whole)
    return whole, hour


def _split(details: Fields, beside: Fields) -> Fields:
    for fields in (details, beside):
        for name in SPLITS:
            if as_object(fields.values.get(name)) is not None:
                return fields.inner(name)
    return details
