"""Counts of a usage object that nothing was made of: a key no dialect knows, or one that the dialect read leaves out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from cost_mcp.capture import writes
from cost_mcp.capture.dialects import bedrock, gemini, generic
from cost_mcp.capture.fields import Fields, as_object
from cost_mcp.model.usage import Usage

LEFT_ASIDE = "{key} is not understood here and was left aside: its tokens count as plain input or output, or not at all."
MAX_NAMED = 3

_COUNT = re.compile(r"(?:(?:^|[_.])tokens?|[a-z]Tokens?|TokenCount|_token_count)$")
_LIMIT = re.compile(r"(?:^|[._])max(?:[._]|[A-Z])")
"""What a request allowed (max_tokens) is no count; spans carry it beside the usage."""
_DETAILS = re.compile(r"[dD]etails?$")

_PARTS: dict[str, tuple[str, ...]] = {
    "cache_read_input_tokens": (
        *generic.WORDS["cache_read_input_tokens"], *gemini.CACHED, "prompt_cache_hit_tokens", "num_cached_tokens",
        *bedrock.CACHED, "cacheReadTokens",
    ),
    "cache_creation_input_tokens": (
        *generic.WORDS["cache_creation_input_tokens"], *bedrock.WRITTEN, "cacheWriteTokens", "cache_creation_tokens",
        writes.MINUTES,
    ),
    "cache_creation_1h_input_tokens": (*generic.WORDS["cache_creation_1h_input_tokens"], writes.HOUR),
    "reasoning_output_tokens": (*generic.WORDS["reasoning_output_tokens"], *gemini.THOUGHTS, "thinking_tokens"),
}  # fmt: skip
_MEANING = {name: ours for ours, names in _PARTS.items() for name in names}

_ELSEWHERE = frozenset({
    *(name for ours, names in generic.WORDS.items() if ours not in _PARTS for name in names),
    *gemini.PROMPT, *gemini.ANSWER, *gemini.TOOLS, *gemini.TOTAL,
    "prompt_tokens", "completion_tokens", "total_tokens", "totalTokens", generic.OTEL + "total_tokens",
    "prompt_cache_miss_tokens", "noCacheTokens", "text_tokens", "textTokens", "audio_tokens", "image_tokens", "video_tokens",
    "document_tokens", "accepted_prediction_tokens", "rejected_prediction_tokens",
})  # fmt: skip
"""Counts that are read, or checked against what was read, elsewhere; and parts that cost what their whole costs."""


def unread(fields: Fields, usage: Usage) -> tuple[str, ...]:
    """What to call each count that is above zero and was not read: its path, where it is a plain identifier."""
    found = [_called(at, key) for at, key, count in _counts(fields) if not _is_read(key, count, usage)]
    return tuple(dict.fromkeys(found))


def notes_of(names: tuple[str, ...]) -> tuple[str, ...]:
    """A note for each of them, the first few."""
    return tuple(LEFT_ASIDE.format(key=name) for name in names[:MAX_NAMED])


def _counts(fields: Fields) -> Iterator[tuple[Fields, str, float]]:
    for key, value in fields.values.items():
        details = as_object(value)
        if details is not None and _DETAILS.search(key):
            yield from _counts_of(Fields(details, fields.at(key)))
    yield from _counts_of(fields)


def _counts_of(fields: Fields) -> Iterator[tuple[Fields, str, float]]:
    for key, value in fields.values.items():
        if isinstance(value, int | float) and value > 0 and _is_count(key):
            yield fields, key, value


@lru_cache(maxsize=1024)
def _is_count(key: str) -> bool:
    return _COUNT.search(key) is not None and _LIMIT.search(key) is None


def _is_read(key: str, count: float, usage: Usage) -> bool:
    if key in _MEANING:
        read: int = getattr(usage, _MEANING[key])
        return count <= read
    return key in _ELSEWHERE


def _called(fields: Fields, key: str) -> str:
    return fields.at(key) if re.fullmatch(r"[A-Za-z_]\w{0,49}", key, re.ASCII) else "A count of the usage object"
