"""Usage refuses what cannot be."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cost_mcp.errors import InvalidInput
from cost_mcp.model.usage import MAX_QUANTITY, USAGE_FIELDS, Usage


@pytest.mark.parametrize("field", USAGE_FIELDS)
@pytest.mark.parametrize("value", [-1, 2**63, MAX_QUANTITY + 1, 1.5, 3.0, True, "7", None])
def test_a_count_that_is_no_count_is_refused_by_name(field: str, value: object):
    with pytest.raises(InvalidInput) as refused:
        Usage(**{field: value})  # pyright: ignore[reportArgumentType] (that is the test)
    assert refused.value.field == field
    assert str(refused.value).startswith(field)


@pytest.mark.parametrize(
    ("counts", "field"),
    [
        ({"input_tokens": 10, "cache_read_input_tokens": 6, "cache_creation_input_tokens": 5}, "cache_read_input_tokens"),
        (
            {"input_tokens": 9, "cache_creation_input_tokens": 5, "cache_creation_1h_input_tokens": 6},
            "cache_creation_1h_input_tokens",
        ),
        ({"output_tokens": 3, "reasoning_output_tokens": 4}, "reasoning_output_tokens"),
        ({"input_tokens": 9, "input_audio_tokens": 5, "input_image_tokens": 5}, "input_audio_tokens"),
        ({"output_tokens": 1, "output_audio_tokens": 2}, "output_audio_tokens"),
        ({"input_tokens": 9, "input_audio_tokens": 9, "cache_read_input_audio_tokens": 1}, "cache_read_input_audio_tokens"),
    ],
)
def test_parts_greater_than_their_whole_are_refused(counts: dict[str, int], field: str):
    with pytest.raises(InvalidInput, match="more than") as refused:
        Usage(**counts)
    assert refused.value.field == field


@given(st.integers(0, MAX_QUANTITY), st.integers(0, MAX_QUANTITY))
def test_the_total_is_all_input_and_all_output(given_input: int, given_output: int):
    usage = Usage(input_tokens=given_input, output_tokens=given_output, cache_read_input_tokens=given_input)
    assert usage.total_tokens == given_input + given_output


def test_only_what_was_used_is_listed():
    assert Usage(input_tokens=3, output_tokens=0, web_search_requests=2).as_dict() == {
        "input_tokens": 3,
        "web_search_requests": 2,
    }
