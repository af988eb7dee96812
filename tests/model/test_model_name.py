from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cost_mcp.model.model_name import bare_name, model_names, plain_name


@pytest.mark.parametrize(
    ("written", "bare", "plain"),
    [
        ("anthropic.claude-3-5-sonnet-20241022-v2:0", "claude-3-5-sonnet-20241022", "claude-3-5-sonnet"),
        ("anthropic.claude-3-sonnet-20240229-v1:0:200k", "claude-3-sonnet-20240229", "claude-3-sonnet"),
        ("us.meta.llama3-3-70b-instruct-v1:0", "llama3-3-70b-instruct", "llama3-3-70b-instruct"),
        ("us.amazon.nova-pro-v1:0", "nova-pro", "nova-pro"),
        ("mistral.mistral-large-2402-v1:0", "mistral-large-2402", "mistral-large-2402"),
        ("us.deepseek.r1-v1:0", "deepseek-r1", "deepseek-r1"),
        ("openai.gpt-oss-120b-1:0", "gpt-oss-120b", "gpt-oss-120b"),
        ("anthropic.claude-v2:1", "claude-v2", "claude-v2"),
        ("claude-sonnet-4-0", "claude-sonnet-4", "claude-sonnet-4"),
        ("gpt-5-2025-08-07", "gpt-5-2025-08-07", "gpt-5"),
        ("azure/GPT-5", "gpt-5", "gpt-5"),
        # What says which model it is stays.
        ("ft:gpt-4o-2024-08-06:me:x:id", "ft:gpt-4o-2024-08-06:me:x:id", "ft:gpt-4o-2024-08-06:me:x:id"),
        ("deepseek-r1:7b", "deepseek-r1:7b", "deepseek-r1:7b"),
        ("command-r-v1", "command-r-v1", "command-r-v1"),
        ("acme.house-model-v1", "acme.house-model-v1", "acme.house-model-v1"),
        ("gpt-5-mini", "gpt-5-mini", "gpt-5-mini"),
    ],
)
def test_only_what_says_where_and_how_is_taken_off(written: str, bare: str, plain: str):
    assert (bare_name(written), plain_name(written)) == (bare, plain)


def test_its_window_is_that_of_the_model_the_price_books_know():
    assert (
        model_names("my-alias", "claude-opus-4-6-20260205", "regional.anthropic.claude-opus-4-6-v1:0")[0] == "claude-opus-4-6"
    )
    assert model_names("house/My-Model")[0] == "my-model"


@given(st.text(st.sampled_from("abcv-.:/@0125"), min_size=1, max_size=30))
def test_a_plain_name_is_never_empty_and_its_own_plain_name(written: str):
    plain = plain_name(written)
    assert plain
    assert plain_name(plain) == plain
    assert written in model_names(written)
