from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any, cast

from hypothesis import given
from hypothesis import strategies as st

from cost_mcp.capture.usage import read_usage
from cost_mcp.errors import InvalidInput

KEYS = (
    "usage", "usageMetadata", "message", "response", "result", "body", "metadata", "x_groq", "type", "model", "id", "service_tier",
    "input_tokens", "output_tokens", "prompt_tokens", "completion_tokens", "total_tokens", "cache_read_input_tokens",
    "cache_creation_input_tokens", "cache_creation", "ephemeral_1h_input_tokens", "input_tokens_details", "output_tokens_details",
    "prompt_tokens_details", "completion_tokens_details", "cached_tokens", "cache_write_tokens", "reasoning_tokens", "thinking_tokens",
    "audio_tokens", "image_tokens", "promptTokenCount", "candidatesTokenCount", "thoughtsTokenCount", "totalTokenCount",
    "cachedContentTokenCount", "promptTokensDetails", "modality", "tokenCount", "inputTokens", "outputTokens", "totalTokens",
    "cacheReadInputTokens", "cacheWriteInputTokens", "cacheDetails", "ttl", "prompt_eval_count", "eval_count", "done", "iterations",
    "server_tool_use", "web_search_requests", "cost", "cost_details", "is_byok", "cost_in_usd_ticks", "candidates", "output",
    "groundingMetadata", "webSearchQueries", "trace", "promptRouter", "gen_ai.usage.input_tokens", "gen_ai.provider.name",
)  # fmt: skip
SECRET = "zzsecretzz"
leaves = (
    st.none()
    | st.booleans()
    | st.integers(-3, 2_000)
    | st.integers()
    | st.floats()
    | st.sampled_from(
        ["message", "compaction", "1h", "AUDIO", "flex", "claude-x", "grok-x", SECRET, SECRET + "\n", SECRET * 60]
    )
)
names = st.sampled_from(KEYS) | st.just(SECRET)
value: st.SearchStrategy[Any] = st.recursive(
    leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=8), max_leaves=40
)
objects = st.dictionaries(names, value, max_size=10)
RESPONSES = [json.loads(path.read_text())["response"] for path in sorted(Path(__file__).parent.glob("cases/*/*.json"))]
counts = st.integers(0, 10**9)


def places(inside: object, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Every place in a JSON value at which something could stand that should not."""
    found = [path] if path else []
    if isinstance(inside, dict):
        for key, item in cast("dict[str, object]", inside).items():
            found += places(item, (*path, key))
    elif isinstance(inside, list):
        for place, item in enumerate(cast("list[object]", inside)):
            found += places(item, (*path, place))
    return found


@st.composite
def spoiled(draw: st.DrawFn) -> object:
    """A real response with up to three of its values replaced by anything."""
    response = copy.deepcopy(draw(st.sampled_from(RESPONSES)))
    for path in draw(st.lists(st.sampled_from(places(response)), min_size=1, max_size=3)):
        inside: Any = response
        try:
            for step in path[:-1]:
                inside = inside[step]
            inside[path[-1]] = draw(value)
        except (KeyError, IndexError, TypeError):
            continue  # an earlier replacement took this place away
    return response


def said_of(raw: object, provider: str | None) -> tuple[str, ...]:
    """Everything a reader is told: the convention and the notes, or the refusal, its field and its next step."""
    try:
        read = read_usage(raw, provider)
    except InvalidInput as problem:
        return str(problem), problem.field or "", problem.hint or ""
    return read.convention, *read.notes


@given(
    raw=value | objects | spoiled(),
    provider=st.sampled_from([None, "anthropic", "openai", "xai", "bedrock", "gemini", "openrouter", "mistral", "ollama"]),
)
def test_whatever_comes_is_read_or_refused_without_echoing_any_of_it(raw: object, provider: str | None):
    said = said_of(raw, provider)
    assert all(said)
    assert SECRET not in " ".join(said)


@given(fresh=counts, cached=counts, written=counts, hour=st.floats(0, 1), output=counts, thinking=st.floats(0, 1))
def test_anthropics_three_kinds_of_input_come_to_all_input(
    fresh: int, cached: int, written: int, hour: float, output: int, thinking: float
):
    kept = int(written * hour)
    usage = read_usage(
        {
            "input_tokens": fresh,
            "cache_read_input_tokens": cached,
            "cache_creation_input_tokens": written,
            "cache_creation": {"ephemeral_5m_input_tokens": written - kept, "ephemeral_1h_input_tokens": kept},
            "output_tokens": output,
            "output_tokens_details": {"thinking_tokens": int(output * thinking)},
        }
    ).usage
    assert usage.total_tokens == fresh + cached + written + output
    assert usage.cache_creation_5m_input_tokens + usage.cache_creation_1h_input_tokens == written


@given(fresh=counts, cached=counts, written=counts, output=counts)
def test_bedrocks_three_kinds_of_input_come_to_all_input(fresh: int, cached: int, written: int, output: int):
    raw = {"inputTokens": fresh, "cacheReadInputTokens": cached, "cacheWriteInputTokens": written, "outputTokens": output}
    assert read_usage(raw).usage.total_tokens == fresh + cached + written + output


@given(fresh=counts, cached=counts, written=counts, visible=counts, reasoning=counts, apart=st.booleans())
def test_a_chat_completions_total_is_kept_wherever_its_reasoning_stands(
    fresh: int, cached: int, written: int, visible: int, reasoning: int, *, apart: bool
):
    prompt, total = fresh + cached + written, fresh + cached + written + visible + reasoning
    raw: dict[str, Any] = {
        "prompt_tokens": prompt,
        "prompt_tokens_details": {"cached_tokens": cached, "cache_write_tokens": written},
        "completion_tokens": visible if apart else visible + reasoning,
        "completion_tokens_details": {"reasoning_tokens": reasoning},
        "total_tokens": total,
    }
    usage = read_usage(raw).usage
    assert usage.total_tokens == total
    assert usage.reasoning_output_tokens == reasoning


@given(fresh=counts, cached=counts, answer=counts, thoughts=counts, tools=counts)
def test_geminis_total_is_kept(fresh: int, cached: int, answer: int, thoughts: int, tools: int):
    total = fresh + cached + answer + thoughts + tools
    raw = {
        "promptTokenCount": fresh + cached,
        "cachedContentTokenCount": cached,
        "candidatesTokenCount": answer,
        "thoughtsTokenCount": thoughts,
        "toolUsePromptTokenCount": tools,
        "totalTokenCount": total,
    }
    assert read_usage(raw).usage.total_tokens == total


@given(inputs=counts, output=counts, cached=st.floats(0, 1), reasoning=st.floats(0, 1))
def test_reading_our_own_words_changes_nothing(inputs: int, output: int, cached: float, reasoning: float):
    raw = {
        "input_tokens": inputs,
        "output_tokens": output,
        "cache_read_input_tokens": int(inputs * cached),
        "reasoning_output_tokens": int(output * reasoning),
    }
    read = read_usage(json.loads(json.dumps(raw))).usage
    assert {name: getattr(read, name) for name in raw} == raw
