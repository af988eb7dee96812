"""Google Gemini: the cache is a part of the prompt; thoughts and tool prompts stand apart."""

from __future__ import annotations

import re
from typing import cast

from cost_mcp.capture.fields import Fields, check_parts
from cost_mcp.capture.reading import Counts, Dialect, Seen, usage_of
from cost_mcp.capture.tier import read_tier
from cost_mcp.errors import InvalidInput

PROMPT = ("promptTokenCount", "prompt_token_count")
ANSWER = ("candidatesTokenCount", "candidates_token_count", "responseTokenCount", "response_token_count")
THOUGHTS = ("thoughtsTokenCount", "thoughts_token_count")
TOOLS = ("toolUsePromptTokenCount", "tool_use_prompt_token_count")
CACHED = ("cachedContentTokenCount", "cached_content_token_count")
TOTAL = ("totalTokenCount", "total_token_count")
HIDDEN = "The stated total is {extra} tokens above its parts; they are counted as output."
PER_PROMPT = "Searches are billed once per grounded prompt on this generation of models, however many queries were made."
UNFINISHED = "No candidate has a finishReason: this is not the stream's last chunk, and the output is only a beginning."
UNKNOWN_GENERATION = "The model's generation is unknown; every search query is counted, as from Gemini 3 on."


def matches(seen: Seen) -> bool:
    """Whether the usage has Gemini's counts."""
    return seen.usage.has(*PROMPT, *ANSWER, *THOUGHTS, *TOTAL)


def read(seen: Seen) -> Counts:
    """Gemini's counts: input is prompt + tool-use prompt, output is candidates + thoughts.

    Source: https://ai.google.dev/api/generate-content#UsageMetadata;
    https://googleapis.github.io/js-genai/release_docs/interfaces/types.UsageMetadata.html (the prompt count includes the
    cached content). Read 2026-11-22.
    """
    usage = seen.usage
    prompt, tools = usage.needed(*PROMPT), usage.count(*TOOLS)
    cached, thoughts = usage.count(*CACHED), usage.count(*THOUGHTS)
    check_parts([(usage.at(usage.first(*CACHED)), cached)], (usage.at(usage.first(*PROMPT)), prompt))
    output, notes = _output(usage, prompt, tools, thoughts)
    heard, heard_cached = _heard(usage, prompt, cached)
    searches, search_notes = _searches(seen)
    tier, tier_notes = read_tier(usage, "serviceTier", "service_tier", "trafficType", "traffic_type")
    model = (seen.model or "").removeprefix("models/")
    early = _is_early(seen)
    return Counts(
        usage=usage_of(
            input_tokens=prompt + tools,
            output_tokens=output,
            cache_read_input_tokens=cached,
            reasoning_output_tokens=thoughts,
            input_audio_tokens=heard
            + _modality(usage, "AUDIO", "toolUsePromptTokensDetails", "tool_use_prompt_tokens_details"),
            cache_read_input_audio_tokens=heard_cached,
            input_image_tokens=_modality(usage, "IMAGE", "promptTokensDetails", "prompt_tokens_details"),
            output_audio_tokens=_answered(usage, "AUDIO"),
            output_image_tokens=_answered(usage, "IMAGE"),
            web_search_requests=searches,
        ),
        provider="google",
        model=model or None,
        response_id=seen.response.name("responseId", "response_id"),
        tier=tier,
        notes=(*notes, *search_notes, *tier_notes, *((UNFINISHED,) if early else ())),
        provisional=early,
    )


def _is_early(seen: Seen) -> bool:
    """Whether this is a stream's chunk before the last: no candidate has a reason to have finished.

    Source: https://ai.google.dev/api/generate-content#candidate (an empty finishReason: the model has not stopped
    generating). Read 2026-11-22.
    """
    candidates = seen.response.contents("candidates")
    return bool(candidates) and not any(candidate.has("finishReason", "finish_reason") for candidate in candidates)


def _output(usage: Fields, prompt: int, tools: int, thoughts: int) -> tuple[int, tuple[str, ...]]:
    """Candidates and thoughts, raised to the stated total: older models leave one of them out.

    A total without the tool-use prompt is accepted: Vertex AI has stated both kinds.
    """
    answered = usage.count if usage.has(*THOUGHTS, *TOTAL) else usage.needed  # a blocked prompt has no candidates
    output, total = answered(*ANSWER) + thoughts, usage.count(*TOTAL)
    if total and total < prompt + output:
        raise InvalidInput(
            f"{usage.at(usage.first(*TOTAL))} is {total}, less than prompt, candidates and thoughts ({prompt + output}).",
            field=usage.at(usage.first(*TOTAL)),
            hint="Pass the provider's object as it came, of one call only.",
        )
    extra = max(0, total - prompt - tools - output)
    return output + extra, (HIDDEN.format(extra=extra),) if extra else ()


def _heard(usage: Fields, prompt: int, cached: int) -> tuple[int, int]:
    """Audio in the prompt and the cached part of it. Details that come to the prompt less the cache leave the cache out."""
    cached_audio = _modality(usage, "AUDIO", "cacheTokensDetails", "cache_tokens_details")
    audio = _modality(usage, "AUDIO", "promptTokensDetails", "prompt_tokens_details")
    itemised = sum(row.count("tokenCount", "token_count") for row in usage.rows("promptTokensDetails", "prompt_tokens_details"))
    apart = cached and itemised == prompt - cached
    return (audio + cached_audio if apart else audio), cached_audio


def _answered(usage: Fields, modality: str) -> int:
    names = ("candidatesTokensDetails", "candidates_tokens_details", "responseTokensDetails", "response_tokens_details")
    return _modality(usage, modality, *names)


def _modality(usage: Fields, modality: str, *names: str) -> int:
    """Tokens of one modality; video and documents are priced as text and stay in the whole."""
    rows = usage.rows(*names)
    return sum(row.count("tokenCount", "token_count") for row in rows if _spoken_of(row) == modality.lower())


def _spoken_of(row: Fields) -> str:
    # An SDK that dumps enums by their name writes MediaModality.AUDIO.
    return (row.word("modality") or "").rpartition(".")[2]


def _searches(seen: Seen) -> tuple[int, tuple[str, ...]]:
    """Searches as billed: distinct non-empty queries from Gemini 3 on, one per grounded prompt before.

    Source: https://ai.google.dev/gemini-api/docs/google-search#pricing, as quoted in
    https://you.com/resources/gemini-web-search-api and https://discuss.ai.google.dev/t/168136 (empty queries are not
    counted). Read 2026-11-22.
    """
    queries = {query for candidate in seen.response.contents("candidates") for query in _queries(candidate)}
    if not queries:
        return 0, ()
    generation = re.search(r"gemini-(\d+)", seen.model or "")
    if generation is None:
        return len(queries), (UNKNOWN_GENERATION,)
    return (len(queries), ()) if int(generation[1]) >= 3 else (1, (PER_PROMPT,))


def _queries(candidate: Fields) -> tuple[str, ...]:
    """The queries one candidate was grounded on; only ever counted."""
    grounding = candidate.inner("groundingMetadata", "grounding_metadata")
    asked = grounding.values.get(grounding.first("webSearchQueries", "web_search_queries"))
    items = cast("list[object]", asked) if isinstance(asked, list) else []
    return tuple(item.strip() for item in items if isinstance(item, str) and item.strip())


DIALECT = Dialect(
    name="gemini",
    convention="Gemini: promptTokenCount includes the cache; candidatesTokenCount leaves out thoughts.",
    matches=matches,
    read=read,
    providers=("google",),
)
