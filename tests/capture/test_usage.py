from __future__ import annotations

from typing import Any

import pytest

from cost_mcp.capture.usage import read_usage
from cost_mcp.errors import InvalidInput

CHAT = {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120}
CLAUDE = {"input_tokens": 10, "output_tokens": 5, "cache_read_input_tokens": 80, "cache_creation_input_tokens": 10}


def refused(raw: object, provider: str | None = None) -> InvalidInput:
    with pytest.raises(InvalidInput) as caught:
        read_usage(raw, provider)
    return caught.value


def nested(depth: int) -> dict[str, Any]:
    raw: dict[str, Any] = {}
    for _ in range(depth):
        raw = {"usage": raw, "message": raw, "response": raw}
    return raw


def test_anthropics_cache_is_added_to_input_and_openais_is_already_in_it():
    assert read_usage(CLAUDE).usage.input_tokens == 100
    inclusive = read_usage({"input_tokens": 100, "output_tokens": 5, "input_tokens_details": {"cached_tokens": 80}}).usage
    assert (inclusive.input_tokens, inclusive.cache_read_input_tokens) == (100, 80)


def test_plain_input_and_output_need_no_convention():
    read = read_usage({"input_tokens": 7, "output_tokens": 3})
    assert (read.usage.as_dict(), read.provider, read.notes) == ({"input_tokens": 7, "output_tokens": 3}, None, ())


@pytest.mark.parametrize(
    "raw",
    [
        {"input_tokens": 100, "output_tokens": 5, "cached_tokens": 80},
        {"input_tokens": 100, "output_tokens": 5, "cache_read_input_tokens": 80, "reasoning_output_tokens": 2},
        {"inputTokens": 100, "outputTokens": 5, "cachedInputTokens": 80},
        {"promptTokens": 100, "completionTokens": 5, "cachedInputTokens": 80},
        {"input_tokens": 100, "output_tokens": 5, "cache_read_tokens": 80},
        {"prompt_tokens": 100, "completion_tokens": 5, "cache_read_tokens": 80},
        {"prompt_tokens": 100, "completion_tokens": 5, "cached_tokens": 80},
        {"prompt_tokens": 100, "completion_tokens": 5, "cache_read_input_tokens": 80},
        {"prompt_tokens": 100, "completion_tokens": 5, "prompt_token_details": {"cached_tokens": 80}},
        {"input_tokens": 100, "output_tokens": 5, "input_token_details": {"cache_read": 80}, "total_tokens": 105},
    ],
)
def test_words_that_include_the_cache_are_read_so(raw: dict[str, Any]):
    usage = read_usage(raw).usage
    assert (usage.input_tokens, usage.cache_read_input_tokens, usage.output_tokens) == (100, 80, 5)


@pytest.mark.parametrize("provider", ["openrouter", "vertex_ai", "bedrock", "openai"])
def test_the_shape_wins_over_a_provider_that_contradicts_it_and_a_note_says_so(provider: str):
    read = read_usage(CLAUDE, provider)
    assert read.usage.input_tokens == 100
    assert any("shape" in note for note in read.notes)
    assert read.provider == {"openrouter": "openrouter", "vertex_ai": "google", "bedrock": "aws", "openai": "openai"}[provider]


def test_a_provider_that_has_no_api_of_its_own_contradicts_no_shape():
    assert read_usage(CLAUDE, "cli_bridge").notes == ()


def test_without_a_total_only_xai_leaves_reasoning_out_of_the_completion():
    raw = {"prompt_tokens": 100, "completion_tokens": 20, "completion_tokens_details": {"reasoning_tokens": 15}}
    assert read_usage(raw, "xai").usage.output_tokens == 35
    assert read_usage(raw, "openai").usage.output_tokens == 20


def test_a_total_that_says_reasoning_is_inside_is_believed_even_of_xai():
    raw = {**CHAT, "completion_tokens_details": {"reasoning_tokens": 15}}
    assert read_usage(raw, "xai").usage.output_tokens == 20


def test_hidden_thinking_of_geminis_openai_door_is_counted_as_output():
    read = read_usage({"prompt_tokens": 758, "completion_tokens": 102, "total_tokens": 1725}, "google")
    assert read.usage.output_tokens == 967
    assert any("865" in note for note in read.notes)


def test_embeddings_have_no_completion():
    assert read_usage({"prompt_tokens": 12, "total_tokens": 12}).usage.as_dict() == {"input_tokens": 12}


def test_compaction_that_the_totals_include_is_not_added_again():
    step = {"type": "compaction", "input_tokens": 500, "output_tokens": 50}
    message = {"type": "message", "input_tokens": 100, "output_tokens": 10}
    apart = {"input_tokens": 100, "output_tokens": 10, "iterations": [step, message]}
    assert read_usage(apart).usage.total_tokens == 660
    assert read_usage({**apart, "input_tokens": 600, "output_tokens": 60}).usage.total_tokens == 660


def test_message_delta_carries_the_final_cumulative_usage():
    raw = {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {**CLAUDE, "output_tokens": 900}}
    assert read_usage(raw).usage.total_tokens == 1000


def test_inference_bound_to_a_region_is_noted_because_it_costs_more():
    assert [read_usage({**CLAUDE, "inference_geo": geo}).inference_geo for geo in ("us", "global", None)] == ["us", None, None]


@pytest.mark.parametrize(
    ("tier", "ours"),
    [
        ("default", "standard"),
        ("flex", "flex"),
        ("priority", "priority"),
        ("auto", None),
        ("scale", None),
        ("", None),
        (7, None),
    ],
)
def test_a_service_tier_is_read_in_our_words(tier: object, ours: str | None):
    read = read_usage({"object": "chat.completion", "model": "gpt-5.1", "usage": CHAT, "service_tier": tier})
    assert read.service_tier == ours
    assert bool(read.notes) == (tier == "scale")


def test_latency_optimised_inference_on_bedrock_is_not_the_standard_tier():
    raw = {"usage": {"inputTokens": 3, "outputTokens": 1}, "performanceConfig": {"latency": "optimized"}}
    assert read_usage(raw).service_tier == "fast"


def test_a_stated_count_of_searches_is_believed_over_the_items():
    items: list[object] = [{"type": "web_search_call", "status": "completed"}] * 2
    raw: dict[str, Any] = {"object": "response", "usage": {"input_tokens": 3, "output_tokens": 1}, "output": items}
    assert read_usage(raw).usage.web_search_requests == 2
    assert read_usage({**raw, "tool_usage": {"web_search": {"num_requests": 1}}}).usage.web_search_requests == 1


def test_a_responses_object_without_details_is_no_anthropic_message():
    raw: dict[str, Any] = {
        "object": "response",
        "type": "message",
        "usage": {"input_tokens": 3, "output_tokens": 1, "input_tokens_details": {}},
    }
    assert read_usage(raw).convention.startswith("OpenAI Responses")


def test_a_gemini_model_of_unknown_generation_counts_every_query_and_says_so():
    candidate = {"groundingMetadata": {"webSearchQueries": ["a", "b"]}}
    read = read_usage({"candidates": [candidate], "usageMetadata": {"promptTokenCount": 1, "candidatesTokenCount": 1}})
    assert read.usage.web_search_requests == 2
    assert any("generation" in note for note in read.notes)


@pytest.mark.parametrize(
    ("raw", "field"),
    [
        ({**CHAT, "prompt_tokens_details": {"cached_tokens": 101}}, "usage.prompt_tokens_details.cached_tokens"),
        (
            {
                **CHAT,
                "prompt_tokens_details": {
                    "cache_creation_tokens": 5,
                    "cache_creation_token_details": {"ephemeral_1h_input_tokens": 6},
                },
            },
            "usage.prompt_tokens_details.cache_creation_token_details.ephemeral_1h_input_tokens",
        ),
        ({**CHAT, "prompt_tokens_details": {"audio_tokens": 101}}, "usage.prompt_tokens_details.audio_tokens"),
        ({**CHAT, "completion_tokens_details": {"reasoning_tokens": 21}}, "usage.completion_tokens_details.reasoning_tokens"),
        ({**CHAT, "total_tokens": 119}, "usage.total_tokens"),
        ({**CHAT, "prompt_cache_hit_tokens": 50, "prompt_cache_miss_tokens": 49}, "usage.prompt_cache_hit_tokens"),
        ({"completion_tokens": 3}, "usage.prompt_tokens"),
        ({"output_tokens": 3}, "usage.input_tokens"),
        ({"type": "message_delta", "usage": {"output_tokens": 3}}, "usage.input_tokens"),
        ({**CLAUDE, "cache_creation": {"ephemeral_1h_input_tokens": 11}}, "usage.cache_creation.ephemeral_1h_input_tokens"),
        ({**CLAUDE, "output_tokens_details": {"thinking_tokens": 6}}, "usage.output_tokens_details.thinking_tokens"),
        ({**CLAUDE, "input_tokens": 90, "total_tokens": 95}, "usage.total_tokens"),
        ({**CLAUDE, "total_tokens": 7}, "usage.total_tokens"),
        ({**CLAUDE, "input_tokens_details": {"cached_tokens": 0}}, "usage.cache_read_input_tokens"),
        ({"input_tokens": 9, "output_tokens": 1, "cached_tokens": 10}, "usage.cached_tokens"),
        ({"promptTokenCount": 9, "cachedContentTokenCount": 10}, "usage.cachedContentTokenCount"),
        ({"promptTokenCount": 9, "candidatesTokenCount": 10, "totalTokenCount": 18}, "usage.totalTokenCount"),
        ({"inputTokens": 9, "outputTokens": 1, "totalTokens": 9}, "usage.totalTokens"),
        ({"inputTokens": 9, "outputTokens": 1, "totalTokens": 11}, "usage.totalTokens"),
        ({"inputTokens": 9, "outputTokens": 1, "cacheReadInputTokens": 5, "totalTokens": 16}, "usage.totalTokens"),
        (
            {"inputTokens": 9, "outputTokens": 1, "cacheDetails": [{"inputTokens": 2}], "cacheWriteInputTokens": 1},
            "usage.cacheDetails[0].inputTokens",
        ),
        ({"input_tokens": 10**12, "output_tokens": 1, "cache_read_input_tokens": 1}, "usage"),
        ({"model": "llama3.2", "prompt_eval_count": 9, "eval_count": 1, "done": False}, "usage.done"),
    ],
)
def test_an_impossible_sum_is_refused_by_the_providers_own_field_name(raw: dict[str, Any], field: str):
    problem = refused(raw)
    assert problem.field == field
    assert problem.hint


@pytest.mark.parametrize(
    ("raw", "field"),
    [
        ({"prompt_tokens": 10, "output_tokens": 5}, "usage.completion_tokens"),
        ({"prompt_tokens": 10, "output_tokens": 5, "total_tokens": 10}, "usage.output_tokens"),
        ({"prompt_tokens": 0, "completion_tokens": 0, "input_tokens": 10, "output_tokens": 5}, "usage.input_tokens"),
        ({"prompt_tokens": 10, "completion_tokens": 5, "output_tokens": 10**5000}, "usage.output_tokens"),
        ({"promptTokenCount": 10, "completion_tokens": 5}, "usage.candidatesTokenCount"),
        ({"inputTokens": 10, "outputTokens": 5, "prompt_eval_count": 11}, "usage.outputTokens"),
        ({"prompt_tokens": 10, "eval_count": 5}, "usage.prompt_tokens"),
    ],
)
def test_a_mixture_of_dialects_is_refused_where_tokens_would_be_lost(raw: dict[str, Any], field: str):
    problem = refused(raw)
    assert problem.field == field
    assert problem.hint


@pytest.mark.parametrize(
    ("raw", "field"),
    [
        ({"input_tokens": 9, "cache_read_input_tokens": 80}, "usage.output_tokens"),
        ({"input_tokens": 9, "input_tokens_details": {"cached_tokens": 8}}, "usage.output_tokens"),
        ({"inputTokens": 9, "cacheReadInputTokens": 80}, "usage.outputTokens"),
        ({"prompt_tokens": 9}, "usage.completion_tokens"),
        ({"promptTokenCount": 9}, "usage.candidatesTokenCount"),
        ({"input_tokens": 9, "output_token": 5}, "usage"),
        ({"prompt_tokens": 9, "completion_token": 5, "total_tokens": 9}, "usage"),
    ],
)
def test_output_that_is_not_counted_by_a_known_word_is_not_taken_for_none(raw: dict[str, Any], field: str):
    assert refused(raw).field == field


@pytest.mark.parametrize(
    "raw", [{"input_tokens": 9}, {"prompt_tokens": 9, "total_tokens": 9}, {"promptTokenCount": 9, "totalTokenCount": 9}]
)
def test_embeddings_and_blocked_prompts_have_no_output(raw: dict[str, Any]):
    read = read_usage(raw)
    assert (read.usage.as_dict(), read.notes) == ({"input_tokens": 9}, ())


@pytest.mark.parametrize(
    ("more", "named"),
    [
        ({"cached_prompt_tokens": 8}, "usage.cached_prompt_tokens"),
        ({"cachedPromptTokens": 8.0}, "usage.cachedPromptTokens"),
        ({"cached_input_tokens": 8}, "usage.cached_input_tokens"),
        ({"prompt_tokens_details": {"cached_token": 8}}, "usage.prompt_tokens_details.cached_token"),
        ({"my secret prompt tokens": 8, "secret prompt_tokens": 8}, "A count of the usage object"),
    ],
)
def test_a_count_that_is_not_understood_is_noted_by_its_name_alone(more: dict[str, Any], named: str):
    (note,) = read_usage({"prompt_tokens": 10, "completion_tokens": 5, **more}).notes
    assert note.startswith(f"{named} is not understood here")
    assert "secret" not in note


@pytest.mark.parametrize(
    "more",
    [
        {"cached_prompt_tokens": 0},
        {"max_tokens": 8},
        {"cached_tokens": 8, "cache_read_input_tokens": 8},
        {"completion_tokens_details": {"accepted_prediction_tokens": 2, "reasoning_tokens": 3}},
    ],
)
def test_counts_that_lose_nothing_are_not_noted(more: dict[str, Any]):
    assert read_usage({"prompt_tokens": 10, "completion_tokens": 5, **more}).notes == ()


def test_the_same_counts_in_two_dialects_are_counted_once():
    both = {"prompt_tokens": 10, "completion_tokens": 5, "input_tokens": 10, "output_tokens": 5}
    assert read_usage(both).usage == read_usage({"input_tokens": 10, "output_tokens": 5}).usage
    uncached = {"prompt_tokens": 10, "completion_tokens": 5, "cached_tokens": 4, "input_tokens": 6}
    assert read_usage(uncached).usage.input_tokens == 10


@pytest.mark.parametrize("value", [12.0, 12.5, float("nan"), True, "12", -1, 10**13, [12], {"n": 12}])
@pytest.mark.parametrize(
    "shape", [("prompt_tokens", "completion_tokens"), ("input_tokens", "output_tokens"), ("inputTokens", "outputTokens")]
)
def test_a_count_that_is_no_count_is_refused_with_its_field_and_a_next_step(value: object, shape: tuple[str, str]):
    problem = refused({shape[0]: value, shape[1]: 5})
    assert problem.field == f"usage.{shape[0]}"
    assert problem.hint


@pytest.mark.parametrize(
    "raw", [None, True, "secret prompt", 12, 1.5, [], [CHAT], (), object(), {}, {"usage": {}}, {"tokens": 5}, nested(50)]
)
def test_what_is_no_usage_is_refused_with_the_shapes_that_are_understood(raw: object):
    problem = refused(raw)
    assert problem.field == "usage"
    assert "Anthropic" in (problem.hint or "")
    assert "secret" not in str(problem)


def test_a_response_without_its_usage_says_where_a_stream_carries_it():
    problem = refused({"object": "chat.completion.chunk", "choices": [], "usage": None})
    assert problem.field == "usage"
    assert "include_usage" in (problem.hint or "")


def test_details_that_are_no_object_are_refused():
    assert refused({**CHAT, "prompt_tokens_details": [1]}).field == "usage.prompt_tokens_details"
    assert refused({**CLAUDE, "iterations": ["secret"]}).field == "usage.iterations"


def test_a_model_that_is_no_name_is_refused_without_quoting_it():
    problem = refused({"model": "secret\nprompt", "usage": CHAT})
    assert problem.field == "usage.model"
    assert "secret" not in str(problem)


@pytest.mark.parametrize("identity", ["x" * 400, 12, {"a": 1}])
def test_a_call_is_not_refused_for_an_id_that_is_no_key(identity: object):
    read = read_usage({"id": identity, "model": "gpt-5.1", "usage": CHAT})
    assert read.response_id is None
    assert any("call_id" in note for note in read.notes)


def test_depth_does_not_matter():
    deep: dict[str, Any] = {}
    for _ in range(100_000):
        deep = {"x": deep}
    assert read_usage({**CHAT, "extra": deep}).usage.input_tokens == 100
