from __future__ import annotations

import pytest

from cost_mcp.service.reconciling import one_name


@pytest.mark.parametrize(
    ("names", "one"),
    [
        (("Claude Opus 4.6", "claude-opus-4-6", "claude-opus-4.6", "anthropic/claude-opus-4-6"), "claude-opus-4-6"),
        (("Claude Haiku 4.5", "claude-haiku-4-5-20251001", "claude-haiku-4-5"), "claude-haiku-4-5"),
        (("Claude Sonnet 4", "claude-sonnet-4-20250514", "claude-sonnet-4-0"), "claude-sonnet-4"),
        (("Claude Haiku 3.5", "claude-3-5-haiku-20241022", "claude-3-5-haiku-latest"), "claude-haiku-3-5"),
        (("Claude 3.5 Sonnet 2024-10-22", "claude-3-5-sonnet-20241022"), "claude-sonnet-3-5"),
        (("gpt-5-2025-08-07", "gpt-5", "GPT-5"), "gpt-5"),
        (("gpt-5-mini-2025-08-07", "gpt-5-mini"), "gpt-5-mini"),
        (("o3", "o3-2025-04-16"), "o3"),
    ],
)
def test_a_model_has_one_name_whatever_a_bill_or_a_caller_calls_it(names: tuple[str, ...], one: str):
    assert {one_name(name) for name in names} == {one}


def test_models_that_differ_in_more_than_a_date_stay_apart():
    names = ("gpt-5", "gpt-5-mini", "gpt-5.1", "gpt-5-pro", "claude-opus-4-1", "claude-opus-4", "gpt-4o", "gpt-4o-mini")
    assert len({one_name(name) for name in names}) == len(names)
