"""LiteLLM's callbacks, called as its documentation says it calls them."""

from __future__ import annotations

import sys
import types
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import cost_mcp
from cost_mcp.client.litellm_logger import LiteLLMEvents
from cost_mcp.client.shared import recorder_for
from cost_mcp.errors import InvalidInput

# As litellm.ModelResponse dumps itself for a Claude model: OpenAI's words, the cache inside the prompt.
RESPONSE: dict[str, Any] = {
    "id": "chatcmpl-1", "object": "chat.completion", "created": 1_790_000_000, "model": "claude-opus-4-6",
    "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "Die Milch ist alle"}}],
    "usage": {
        "prompt_tokens": 3000, "completion_tokens": 100, "total_tokens": 3100,
        "prompt_tokens_details": {"cached_tokens": 2000}, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 2000,
    },
}  # fmt: skip
COST = Decimal("0.0085")


def called(**kwargs: object) -> dict[str, object]:
    return {
        "model": "claude-opus-4-6", "messages": [{"role": "user", "content": "Milch?"}], "litellm_call_id": "call-1",
        "custom_llm_provider": "anthropic", "response_cost": 0.0085, "cache_hit": None, "litellm_params": {"metadata": {}},
        **kwargs,
    }  # fmt: skip


@pytest.fixture
def events(tracked: Any) -> LiteLLMEvents:
    return LiteLLMEvents(tracked.recorder, {"project": "shop"})


def test_a_call_is_recorded_at_our_prices_with_litellms_cost_beside_them(events: LiteLLMEvents, tracked: Any):
    events.log_pre_api_call("claude-opus-4-6", [], called())
    events.log_success_event(called(), RESPONSE, None, None)
    stored = tracked.call("chatcmpl-1")
    assert (stored.priced.pricing.cost_usd, stored.priced.call.provider) == (COST, "anthropic")
    assert stored.priced.call.context.project == "shop"
    assert stored.priced.call.metadata["litellm_cost_usd"] == 0.0085


async def test_an_asynchronous_call_told_twice_is_counted_once(events: LiteLLMEvents, tracked: Any):
    import asyncio

    await events.async_log_pre_api_call("claude-opus-4-6", [], called())
    await events.async_log_success_event(called(), RESPONSE, None, None)
    events.log_success_event(called(), RESPONSE, None, None)
    assert await asyncio.to_thread(tracked.count) == 1
    assert not tracked.recorder.missed.counts


def test_the_context_is_that_of_the_call_and_not_of_the_thread_that_tells(events: LiteLLMEvents, tracked: Any):
    with cost_mcp.context(task_id="T-1", agent="planner"):
        events.log_pre_api_call("claude-opus-4-6", [], called())
    metadata = {"cost_mcp": {"agent": "coder", "unknown": "left out"}, "other": 1}
    events.log_success_event(called(litellm_params={"metadata": metadata}), RESPONSE, None, None)
    context = tracked.call("chatcmpl-1").priced.call.context
    assert (context.task_id, context.agent, context.project) == ("T-1", "coder", "shop")


def test_what_was_begun_untracked_is_left_out(events: LiteLLMEvents, tracked: Any):
    with cost_mcp.untracked():
        events.log_pre_api_call("claude-opus-4-6", [], called())
    events.log_success_event(called(), RESPONSE, None, None)
    assert tracked.count() == 0


def test_a_streams_chunks_are_passed_over_and_its_whole_response_recorded(events: LiteLLMEvents, tracked: Any):
    chunk = {key: value for key, value in RESPONSE.items() if key != "usage"} | {"object": "chat.completion.chunk"}
    events.log_success_event(called(stream=True), chunk, None, None)
    events.log_success_event(called(stream=True, complete_streaming_response=RESPONSE), chunk, None, None)
    assert tracked.call("chatcmpl-1").priced.pricing.cost_usd == COST
    assert not tracked.recorder.missed.counts


async def test_failures_and_answers_from_the_cache_cost_nothing(events: LiteLLMEvents, tracked: Any):
    import asyncio

    events.log_success_event(called(cache_hit=True), RESPONSE, None, None)
    events.log_failure_event(called(), None, None, None)
    await events.async_log_failure_event(called(), None, None, None)
    assert await asyncio.to_thread(tracked.count) == 0
    assert not tracked.recorder.missed.counts


def test_a_response_without_usage_is_counted_as_missing(events: LiteLLMEvents, tracked: Any):
    events.log_success_event(called(), {"id": "x"}, None, None)
    assert tracked.recorder.missed.counts == {"no_usage": 1}


def test_a_callback_never_raises(events: LiteLLMEvents, tracked: Any):
    class Hostile:
        def __getattr__(self, name: str) -> object:
            raise RuntimeError(name)

    events.log_pre_api_call(None, None, Hostile())
    events.log_success_event(Hostile(), Hostile(), None, None)
    assert tracked.recorder.missed.counts == {"unexpected": 2}


def test_the_logger_is_one_of_litellms_own_where_litellm_is_installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    module = types.ModuleType("litellm.integrations.custom_logger")

    class CustomLogger:
        def __init__(self, message_logging: bool = True) -> None:  # noqa: FBT001, FBT002 (LiteLLM's signature)
            self.message_logging = message_logging

        def log_stream_event(self, kwargs: object, response_obj: object, start_time: object, end_time: object) -> None:
            """One of those that are not ours."""

    monkeypatch.setattr(module, "CustomLogger", CustomLogger, raising=False)
    for name in ("litellm", "litellm.integrations", "litellm.integrations.custom_logger"):
        monkeypatch.setitem(sys.modules, name, module)
    logger: Any = cost_mcp.litellm_logger(db=tmp_path / "ledger.db", agent="router")
    assert issubclass(type(logger), CustomLogger)
    assert logger.message_logging
    logger.log_success_event(called(), RESPONSE, None, None)
    assert cost_mcp.flush(60)
    assert recorder_for(tmp_path / "ledger.db").close(60)
    assert (tmp_path / "ledger.db").exists()


def test_without_litellm_it_says_what_to_do():
    with pytest.raises(InvalidInput, match="Install litellm"):
        cost_mcp.litellm_logger()
