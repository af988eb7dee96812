"""Names, tags, metadata, times, ids and providers as they come from outside."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cost_mcp.errors import InvalidInput, UnknownName
from cost_mcp.model.call import Call, Context, Rank, new_id
from cost_mcp.model.moment import from_micros, instant_text, micros, parse_instant
from cost_mcp.model.name import clean_metadata, clean_name, clean_tags
from cost_mcp.model.provider import canonical_provider
from cost_mcp.model.usage import Usage

SECRET = "the quarterly numbers are"


@pytest.mark.parametrize("value", ["", "  ", "x" * 257, "a\x00b", "a\nb", "a\x1bb", "a\u2028b", "\ud800", 5, None, ["x"], {}])
def test_a_name_that_is_none_is_refused(value: object):
    with pytest.raises(InvalidInput) as refused:
        clean_name(value, "task_id")
    assert refused.value.field == "task_id"


@pytest.mark.parametrize("value", ["T-1", "日本語", "émile 🚀", "a/b:c@d", "x" * 256, "مرحبا", "zero\u200dwidth"])
def test_a_name_in_any_script_is_taken(value: str):
    assert clean_name(f" {value} ", "task_id") == value


def test_a_refused_name_is_never_quoted():
    with pytest.raises(InvalidInput) as refused:
        Context(agent=SECRET + "\x00" + SECRET)
    assert SECRET not in str(refused.value)


@pytest.mark.parametrize(
    "value", [["a"], "a", {"": "x"}, {"a": None}, {"a": ["x"]}, {"a\n\nb": "x"}, {str(n): "x" for n in range(33)}]
)
def test_tags_that_are_none_are_refused(value: object):
    with pytest.raises(InvalidInput):
        clean_tags(value)


def test_tags_are_sorted_text():
    assert list(clean_tags({"b": 1, "a": True}).items()) == [("a", "true"), ("b", "1")]


@pytest.mark.parametrize("value", [{"a": 10**6000}, {"a": "1", "a ": "2"}, {"a": "\ud800"}, {"": "x"}, {"a": []}, [("a", "b")]])
def test_tags_that_are_no_short_texts_under_distinct_names_are_refused(value: object):
    with pytest.raises(InvalidInput) as refused:
        clean_tags(value)
    assert refused.value.field is not None
    assert refused.value.field.startswith("tags")


def deep(levels: int) -> object:
    nested: object = 1
    for _ in range(levels):
        nested = {"a": nested}
    return nested


@pytest.mark.parametrize(
    "value",
    [[], "x", {"a": "x" * 5000}, {"a": float("nan")}, {"a": object()}, deep(100_000), {"a": "\ud800"}, {"\ud800": 1}],
)
def test_metadata_that_is_not_a_small_object_is_refused(value: object):
    with pytest.raises(InvalidInput):
        clean_metadata(value)


@pytest.mark.parametrize(
    "value",
    ["2026-11-22T10:00:00", "2026-11-22", "yesterday", "2019-12-31T23:59:59Z", 1790000000, None, "0001-01-01T00:00:00+14:00"],
)
def test_a_time_without_offset_or_before_2020_is_refused(value: object):
    with pytest.raises(InvalidInput) as refused:
        parse_instant(value, "occurred_at")
    assert refused.value.field == "occurred_at"


def test_a_time_is_the_same_instant_in_any_zone():
    assert parse_instant("2026-11-22T11:00:00+01:00", "t") == datetime(2026, 11, 22, 10, tzinfo=UTC)
    assert instant_text(datetime(2026, 11, 22, 11, tzinfo=timezone(timedelta(hours=1)))) == "2026-11-22T10:00:00Z"


@given(st.datetimes(min_value=datetime(2020, 1, 1), max_value=datetime(2199, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001
def test_an_instant_survives_its_storage(instant: datetime):
    assert from_micros(micros(instant)) == instant
    assert parse_instant(instant_text(instant), "t") == instant


def test_new_ids_are_distinct_and_never_run_backwards_between_moments():
    ids = [new_id("call") for _ in range(1000)]
    assert len(set(ids)) == 1000
    assert [i[:15] for i in ids] == sorted(i[:15] for i in ids)


@pytest.mark.parametrize(
    ("name", "canonical"),
    [
        ("Anthropic", "anthropic"),
        ("xai", "x-ai"),
        ("gemini", "google"),
        ("vertex_ai", "google"),
        ("gcp.vertex_ai", "google"),
        ("together_ai", "together"),
        ("aws.bedrock", "aws"),
        ("bedrock_converse", "aws"),
        ("azure.ai.openai", "azure"),
        ("azure_text", "azure"),
        ("az.ai.openai", "azure"),
        ("fireworks_ai", "fireworks"),
        ("mistral_ai", "mistral"),
        ("cli_bridge", "cli_bridge"),
        ("ollama", "ollama"),
    ],
)
def test_a_provider_goes_by_one_id(name: str, canonical: str):
    assert canonical_provider(name) == canonical


@pytest.mark.parametrize(("field", "value"), [("service_tier", "turbo"), ("billing", "free"), ("service_tier", "")])
def test_an_unknown_tier_or_billing_mode_is_refused_with_the_known_ones(field: str, value: str):
    fields = {field: value}
    with pytest.raises(UnknownName, match="Use one of"):
        Call(call_id="c", occurred_at=datetime.now(UTC), model="m", usage=Usage(), source="cli", rank=Rank.AGENT, **fields)  # pyright: ignore[reportArgumentType]
