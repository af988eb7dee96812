"""OpenAI Responses (and Realtime): the cache is a part of input; searches are items of the output."""

from __future__ import annotations

from cost_mcp.capture.fields import Fields, check_parts
from cost_mcp.capture.reading import Counts, Dialect, Seen, usage_of
from cost_mcp.capture.tier import read_tier
from cost_mcp.capture.total import settle_output
from cost_mcp.capture.writes import read_writes
from cost_mcp.errors import InvalidInput

UNFINISHED = frozenset({"queued", "in_progress"})
"""What a Responses object's ``status`` is before its usage is final (openai-python ``types/responses/response_status.py``)."""


def matches(seen: Seen) -> bool:
    """Whether the usage itemises input as OpenAI does, or its response is a Responses object."""
    if not seen.usage.has("input_tokens", "output_tokens"):
        return False
    if (
        seen.usage.has("input_tokens_details", "input_token_details", "prompt_tokens_details")
        or seen.response.word("object") == "response"
    ):
        return True
    return seen.usage.inner("output_tokens_details").has("reasoning_tokens")


def read(seen: Seen) -> Counts:
    """Responses' counts; ``input_token_details`` (Realtime, LangChain) and DashScope's details are read alike.

    Source: openai-python ``types/responses/response_usage.py`` and ``types/realtime/realtime_response_usage.py`` (commit
    e43b4224); https://developers.openai.com/api/docs/guides/prompt-caching (reads and writes are parts of input);
    https://help.aliyun.com/zh/model-studio/user-guide/context-cache (as are DashScope's). Read 2026-11-22.
    """
    usage = seen.usage
    sent = usage.inner("input_tokens_details", "input_token_details")
    told = usage.inner("output_tokens_details", "output_token_details")
    inputs = (usage.at("input_tokens"), usage.needed("input_tokens"))
    outputs = (usage.at("output_tokens"), usage.needed("output_tokens"))
    stored = _stored(usage, sent)
    cached, (written, kept) = _part(stored, "cached_tokens", "cache_read"), read_writes(stored)
    heard, pictured = _part(sent, "audio_tokens", "audio"), _part(sent, "image_tokens", "image")
    _check_agreement(usage, cached[1], written[1])
    check_parts([cached, written], inputs)
    check_parts([heard, pictured], inputs)
    reasoning = _part(told, "reasoning_tokens", "reasoning")
    output, notes = settle_output(usage, inputs=inputs, outputs=outputs, reasoning=reasoning)
    spoken, drawn = _part(told, "audio_tokens", "audio"), _part(told, "image_tokens", "image")
    check_parts([spoken, drawn], (outputs[0], output))
    tier, tier_notes = read_tier(seen.response, "service_tier")
    return Counts(
        usage=usage_of(
            input_tokens=inputs[1],
            output_tokens=output,
            cache_read_input_tokens=cached[1],
            cache_creation_input_tokens=written[1],
            cache_creation_1h_input_tokens=kept,
            reasoning_output_tokens=reasoning[1],
            input_audio_tokens=heard[1],
            cache_read_input_audio_tokens=sent.inner("cached_tokens_details").count("audio_tokens"),
            output_audio_tokens=spoken[1],
            input_image_tokens=pictured[1],
            output_image_tokens=drawn[1],
            web_search_requests=_searches(seen),
        ),
        tier=tier,
        notes=(*notes, *tier_notes),
        provisional=seen.response.word("status") in UNFINISHED,
    )


def _stored(usage: Fields, sent: Fields) -> Fields:
    """The details that tell the cache: DashScope has them in ``prompt_tokens_details``, beside a split of input by kind."""
    prompt = usage.inner("prompt_tokens_details")
    return sent if sent.has("cached_tokens", "cache_read") or not prompt.values else prompt


def _check_agreement(usage: Fields, cached: int, written: int) -> None:
    """Refuses Anthropic's cache fields beside OpenAI's details unless they tell the same: one includes them, one does not."""
    for name, told in (("cache_read_input_tokens", cached), ("cache_creation_input_tokens", written)):
        if usage.count(name) not in {0, told}:
            raise InvalidInput(
                "usage does not say whether input_tokens includes the cache: its details speak for it, the field names against.",
                field=usage.at(name),
                hint="Pass the provider's object as it came, not one that a gateway merged.",
            )


def _part(details: Fields, *names: str) -> tuple[str, int]:
    return details.at(details.first(*names)), details.count(*names)


def _searches(seen: Seen) -> int:
    """How many searches are billed: the ``search`` actions among the ``web_search_call`` items, failed ones left out.

    ``open_page`` and ``find_in_page`` come as the same kind of item and cost nothing. An item without an action (older
    models) is a search. A provider that states the count itself (xAI, Bedrock) is believed over the items.

    Source: https://platform.openai.com/docs/guides/tools-web-search ("search actions incur a tool call cost"), quoted in
    https://community.openai.com/t/1365861; https://docs.x.ai/developers/tools/tool-usage-details (successful calls only;
    web and X search cost the same); https://github.com/BerriAI/litellm/pull/39610 (``tool_usage``). Read 2026-11-22.
    """
    stated = seen.usage.inner("server_side_tool_usage_details")
    if stated.has("web_search_calls", "x_search_calls"):
        return stated.count("web_search_calls") + stated.count("x_search_calls")
    told = seen.response.inner("tool_usage").inner("web_search")
    if told.has("num_requests"):
        return told.count("num_requests")
    calls = [item for item in seen.response.contents("output") if item.word("type") == "web_search_call"]
    return sum(_is_billed(call) for call in calls)


def _is_billed(call: Fields) -> bool:
    return call.word("status") != "failed" and (not call.has("action") or call.inner("action").word("type") == "search")


DIALECT = Dialect(
    name="openai_responses",
    convention="OpenAI Responses: input_tokens includes the cache; output_tokens includes reasoning.",
    matches=matches,
    read=read,
    providers=("openai", "azure", "x-ai"),
)
