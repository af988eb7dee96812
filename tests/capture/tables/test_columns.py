from __future__ import annotations

import pytest

from cost_mcp.capture.tables.columns import choose, plain_name, read_constants, read_map
from cost_mcp.errors import InvalidInput, UnknownName


def test_a_map_names_fields_and_columns_and_quotes_what_holds_a_comma():
    assert read_map(['model=Model,input_tokens="Tokens, in"', "task=Ticket no,tag.team=Team's"]) == {
        "model": "Model",
        "input_tokens": "Tokens, in",
        "task_id": "Ticket no",
        "tag.team": "Team's",
    }


def test_fields_go_by_the_names_that_recording_takes():
    assert read_map(["prompt_tokens=a,completion_tokens=b,cached_tokens=c,cost=d,session=e"]) == {
        "input_tokens": "a",
        "output_tokens": "b",
        "cache_read_input_tokens": "c",
        "cost_usd": "d",
        "session_id": "e",
    }


@pytest.mark.parametrize("text", ["model", "model=", 'model="Mo', "model=a,model=b", "input_tokens=a,prompt_tokens=b"])
def test_a_map_that_says_nothing_clear_is_refused(text: str):
    with pytest.raises(InvalidInput):
        read_map([text])


def test_a_misspelt_field_is_answered_with_the_nearest():
    with pytest.raises(UnknownName, match="Did you mean input_tokens"):
        read_map(["imput_tokens=a"])


def test_what_differs_from_row_to_row_cannot_be_set_for_all():
    assert read_constants({"project": "shop", "provider": "openai"}) == {"project": "shop", "provider": "openai"}
    with pytest.raises(InvalidInput, match="same for every row"):
        read_constants({"call_id": "x"})


@pytest.mark.parametrize(
    ("column", "plain"),
    [("Input Tokens", "input_tokens"), ("inputTokens", "input_tokens"), (" Cost ($) ", "cost"), ("Cost (USD)", "cost_usd")],
)
def test_columns_go_by_what_they_say_not_how_they_write_it(column: str, plain: str):
    assert plain_name(column) == plain


def test_common_columns_are_known_and_the_others_are_left():
    found = choose(["Timestamp", "Model", "Prompt Tokens", "Completion Tokens", "Cost (USD)", "Request ID", "Prompt"], {})
    assert dict(found.of) == {
        "occurred_at": "Timestamp",
        "model": "Model",
        "input_tokens": "Prompt Tokens",
        "output_tokens": "Completion Tokens",
        "cost_usd": "Cost (USD)",
        "call_id": "Request ID",
    }
    assert found.unused == ("Prompt",)


def test_a_column_called_id_is_no_id_unless_somebody_says_so():
    assert "call_id" not in choose(["id", "model"], {}).of
    assert choose(["id", "model"], {"call_id": "id"}).of["call_id"] == "id"


def test_a_whole_and_its_part_are_not_both_read():
    columns = ["input_tokens", "input_uncached_tokens", "input_cached_tokens"]
    assert "uncached_input_tokens" not in choose(columns, {}).of
    assert "input_tokens" not in choose(columns, {"uncached_input_tokens": "input_uncached_tokens"}).of


def test_what_is_said_counts_before_what_is_common():
    found = choose(["model", "Engine"], {"model": "engine"})
    assert found.of == {"model": "Engine"}
    assert found.unused == ("model",)


def test_a_column_that_is_not_there_or_there_twice_is_refused():
    with pytest.raises(InvalidInput, match="no column of the name given for model") as refused:
        choose(["when;engine", "cost"], {"model": "Model"})
    assert "--delimiter" in str(refused.value)
    with pytest.raises(InvalidInput, match="Did you mean Modell"):
        choose(["Modell", "cost"], {"model": "Model"})
    with pytest.raises(InvalidInput, match="more than once"):
        choose(["Model", "Model"], {"model": "Model"})
