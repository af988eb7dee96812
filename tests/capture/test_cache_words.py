"""The cache, by every word it is told by."""

from __future__ import annotations

from typing import Any

import pytest

from cost_mcp.capture.usage import read_usage

CHAT = {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120}


def test_pydantic_ais_cache_words_are_parts_of_its_input():
    """Source: https://ai.pydantic.dev/api/usage (UsageBase), read 2026-11-22."""
    raw = {
        "input_tokens": 10000,
        "cache_write_tokens": 500,
        "cache_read_tokens": 9000,
        "output_tokens": 10,
        "input_audio_tokens": 100,
        "cache_audio_read_tokens": 60,
        "details": {"cache_read_input_tokens": 9000, "input_tokens": 500},
    }
    read = read_usage(raw, "anthropic")
    assert read.usage.as_dict() == {
        "input_tokens": 10000,
        "output_tokens": 10,
        "cache_read_input_tokens": 9000,
        "cache_creation_input_tokens": 500,
        "input_audio_tokens": 100,
        "cache_read_input_audio_tokens": 60,
    }


@pytest.mark.parametrize("total", [{}, {"totalTokens": 123}, {"totalTokens": 9623}])
def test_the_logs_words_for_bedrocks_cache_stand_apart_as_converses_do(total: dict[str, int]):
    """Source: https://docs.aws.amazon.com/nova/latest/userguide/using-invoke-api.html and Bedrock's logs, read 2026-11-22."""
    raw = {"inputTokens": 100, "outputTokens": 23, "cacheReadInputTokenCount": 9000, "cacheWriteInputTokenCount": 500}
    read = read_usage({**raw, **total})
    assert read.usage.as_dict() == {
        "input_tokens": 9600,
        "output_tokens": 23,
        "cache_read_input_tokens": 9000,
        "cache_creation_input_tokens": 500,
    }
    assert (read.provider, read.notes) == ("aws", ())


def test_litellms_cache_writes_beside_the_prompt_are_a_part_of_it():
    usage = read_usage({**CHAT, "cache_creation_input_tokens": 60, "prompt_tokens_details": {"cached_tokens": 30}}).usage
    assert (usage.input_tokens, usage.cache_creation_input_tokens, usage.cache_read_input_tokens) == (100, 60, 30)


@pytest.mark.parametrize(
    "raw",
    [
        {
            "input_tokens": 1000,
            "output_tokens": 5,
            "input_token_details": {
                "cache_read": 600,
                "cache_creation": 0,
                "ephemeral_1h_input_tokens": 100,
                "ephemeral_5m_input_tokens": 200,
            },
        },
        {
            "prompt_tokens": 1000,
            "completion_tokens": 5,
            "prompt_tokens_details": {
                "cached_tokens": 600,
                "cache_creation_tokens": 300,
                "cache_creation_token_details": {"ephemeral_5m_input_tokens": 200, "ephemeral_1h_input_tokens": 100},
            },
        },
        {
            "prompt_tokens": 1000,
            "completion_tokens": 5,
            "cache_creation_input_tokens": 300,
            "cache_read_input_tokens": 600,
            "prompt_tokens_details": {"cache_creation_token_details": {"ephemeral_1h_input_tokens": 100}},
        },
        {
            "input_tokens": 1000,
            "output_tokens": 5,
            "total_tokens": 1005,
            "input_tokens_details": {"text_tokens": 1000},
            "prompt_tokens_details": {
                "cached_tokens": 600,
                "cache_creation_input_tokens": 300,
                "cache_creation": {"ephemeral_5m_input_tokens": 200, "ephemeral_1h_input_tokens": 100},
            },
        },
    ],
    ids=["langchain", "litellm", "litellm_beside", "dashscope"],
)
def test_cache_writes_are_read_with_their_split_by_time_kept(raw: dict[str, Any]):
    """Source: langchain-anthropic, LiteLLM's PromptTokensDetailsWrapper, dashscope-sdk-java, read 2026-11-22."""
    read = read_usage(raw)
    assert read.usage.as_dict() == {
        "input_tokens": 1000,
        "output_tokens": 5,
        "cache_read_input_tokens": 600,
        "cache_creation_input_tokens": 300,
        "cache_creation_1h_input_tokens": 100,
    }
    assert read.notes == ()


def test_litellms_cache_writes_in_the_details_alone_are_counted():
    """Source: LiteLLM's PromptTokensDetailsWrapper, read 2026-11-22."""
    usage = read_usage({**CHAT, "prompt_tokens_details": {"cached_tokens": 30, "cache_creation_tokens": 60}}).usage
    assert (usage.cache_read_input_tokens, usage.cache_creation_input_tokens) == (30, 60)


def test_dashscopes_cache_is_a_part_of_its_input():
    """Source: https://help.aliyun.com/zh/model-studio/user-guide/context-cache, read 2026-11-22."""
    raw = {"input_tokens": 3019, "output_tokens": 104, "total_tokens": 3123, "prompt_tokens_details": {"cached_tokens": 2048}}
    usage = read_usage(raw, "alibaba").usage
    assert (usage.input_tokens, usage.cache_read_input_tokens, usage.output_tokens) == (3019, 2048, 104)


def test_a_breakdown_of_cache_writes_without_their_sum_is_the_sum():
    raw = {
        "input_tokens": 1,
        "output_tokens": 1,
        "cache_creation": {"ephemeral_5m_input_tokens": 30, "ephemeral_1h_input_tokens": 20},
    }
    usage = read_usage(raw).usage
    assert (usage.cache_creation_input_tokens, usage.cache_creation_1h_input_tokens, usage.input_tokens) == (50, 20, 51)


def test_audio_of_a_gemini_cache_that_the_prompt_details_leave_out_is_added():
    raw = {
        "promptTokenCount": 1000,
        "cachedContentTokenCount": 600,
        "candidatesTokenCount": 10,
        "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 400}],
        "cacheTokensDetails": [{"modality": "AUDIO", "tokenCount": 600}],
    }
    usage = read_usage(raw).usage
    assert (usage.input_audio_tokens, usage.cache_read_input_audio_tokens) == (600, 600)
