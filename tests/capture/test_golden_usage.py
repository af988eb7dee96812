"""Real responses, scrubbed, with the usage they must be read as; every count was put down by hand."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cost_mcp.capture.usage import DIALECTS, read_usage

CASES = sorted(Path(__file__).parent.glob("cases/*/*.json"))
FAMILIES = (
    "anthropic",
    "openai_chat",
    "openai_responses",
    "gemini",
    "bedrock",
    "openrouter",
    "deepseek",
    "xai",
    "mistral",
    "ollama",
)


def load(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text())


def bare(response: dict[str, Any]) -> dict[str, Any] | None:
    return next((response[key] for key in ("usage", "usageMetadata", "usage_metadata") if key in response), None)


def name(path: Path) -> str:
    return f"{path.parent.name}/{path.stem}"


@pytest.mark.parametrize("path", CASES, ids=name)
def test_a_real_response_is_read_as_worked_out_by_hand(path: Path):
    case = load(path)
    read = read_usage(case["response"], case["provider"])
    assert {
        "usage": read.usage.as_dict(),
        "provider": read.provider,
        "model": read.model,
        "response_id": read.response_id,
        "service_tier": read.service_tier,
    } == case["expected"]


@pytest.mark.parametrize("path", [path for path in CASES if bare(load(path)["response"])], ids=name)
def test_the_usage_object_alone_gives_the_same_tokens_as_its_response(path: Path):
    case = load(path)
    whole = read_usage(case["response"], case["provider"])
    alone = read_usage(bare(case["response"]), whole.provider)
    # Searches and the batch are told by the response, not by its usage.
    assert replace(alone.usage, web_search_requests=whole.usage.web_search_requests) == whole.usage


@pytest.mark.parametrize("path", [path for path in CASES if "[scrubbed" in path.read_text()], ids=name)
def test_no_content_of_a_response_is_kept(path: Path):
    case = load(path)
    assert "scrubbed" not in repr(read_usage(case["response"], case["provider"]))


@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_of_dialects_has_at_least_three_cases(family: str):
    assert sum(path.parent.name == family for path in CASES) >= 3


def test_every_dialect_is_read_by_some_case():
    read = {read_usage(case["response"], case["provider"]).convention for case in map(load, CASES)}
    assert read == {dialect.convention for dialect in DIALECTS}
