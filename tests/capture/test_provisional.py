"""Counts that come before the final ones."""

from __future__ import annotations

from typing import Any

import pytest

from cost_mcp.capture.usage import read_usage

CHAT = {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120}
CLAUDE = {"input_tokens": 10, "output_tokens": 5, "cache_read_input_tokens": 80, "cache_creation_input_tokens": 10}


@pytest.mark.parametrize(
    "raw",
    [
        {"type": "message_start", "message": {"usage": {**CLAUDE, "output_tokens": 1}}},
        {"type": "message", "stop_reason": None, "usage": {**CLAUDE, "output_tokens": 1}},
        {"message": {"type": "message", "stop_reason": None, "usage": {**CLAUDE, "output_tokens": 1}}},
        {"candidates": [{"index": 0}], "usageMetadata": {"promptTokenCount": 9, "totalTokenCount": 9}},
        {"object": "response", "status": "in_progress", "usage": {"input_tokens": 9, "output_tokens": 1}},
    ],
)
def test_counts_known_to_come_before_the_final_ones_are_provisional(raw: dict[str, Any]):
    """Source: the stop_reason, finishReason and status fields of the three APIs, read 2026-11-22."""
    assert read_usage(raw).provisional is True


@pytest.mark.parametrize(
    "raw",
    [
        CLAUDE,
        {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": CLAUDE},
        {"type": "message", "stop_reason": "end_turn", "usage": CLAUDE},
        {"candidates": [{"finishReason": "STOP"}], "usageMetadata": {"promptTokenCount": 9, "totalTokenCount": 9}},
        {"promptFeedback": {"blockReason": "SAFETY"}, "usageMetadata": {"promptTokenCount": 9, "totalTokenCount": 9}},
        {"object": "response", "status": "incomplete", "usage": {"input_tokens": 9, "output_tokens": 1}},
        {"object": "chat.completion", "usage": CHAT},
    ],
)
def test_counts_of_a_call_that_ended_are_final(raw: dict[str, Any]):
    assert read_usage(raw).provisional is False


def test_perplexitys_zero_costs_before_the_last_chunk_are_provisional():
    """Source: perplexity-py types/shared/usage_info.py (commit 7c203118), read 2026-11-22."""
    skeleton = {"input_tokens_cost": 0, "output_tokens_cost": 0, "total_cost": 0}
    read = read_usage({**CHAT, "cost": skeleton})
    assert (read.stated_cost_usd, read.provisional) == (None, True)


def test_message_start_is_read_with_a_note_that_its_output_is_only_a_beginning():
    message = {"id": "msg_01", "type": "message", "model": "claude-sonnet-4-6", "usage": {**CLAUDE, "output_tokens": 1}}
    read = read_usage({"type": "message_start", "message": message})
    assert (read.response_id, read.usage.output_tokens) == ("msg_01", 1)
    assert any("message_start" in note for note in read.notes)
