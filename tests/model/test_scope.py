"""A scope covers exactly the calls its conditions name."""

from __future__ import annotations

import pytest

from cost_mcp.errors import InvalidInput, UnknownName
from cost_mcp.model.call import Context
from cost_mcp.model.scope import Covered, Scope

CALL = Covered(
    context=Context(project="site", task_id="T-1", agent="builder", tags={"branch": "main"}),
    provider="x-ai",
    models=("openrouter/x-ai/grok-4", "grok-4"),
)


@pytest.mark.parametrize(
    ("conditions", "covered"),
    [
        ({}, True),
        ({"project": "site"}, True),
        ({"project": "site", "agent": "builder"}, True),
        ({"project": "site", "agent": "tester"}, False),
        ({"project": "Site"}, False),
        ({"task": "T-1"}, True),
        ({"session": "s"}, False),  # a dimension the call lacks never matches
        ({"provider": "xai"}, True),  # another name of the same provider
        ({"model": "grok-4"}, True),
        ({"model": "grok-*"}, True),
        ({"model": "*"}, True),
        ({"model": "grok"}, False),
        ({"model": "claude-*"}, False),
        ({"tag:branch": "main"}, True),
        ({"tag:branch": "dev"}, False),
        ({"tag:team": "main"}, False),
    ],
)
def test_every_condition_must_hold(conditions: dict[str, str], covered: bool):  # noqa: FBT001
    assert Scope.of(conditions).covers(CALL) is covered


@pytest.mark.parametrize("conditions", [{"modle": "x"}, {"tag:": "x"}, {"": "x"}])
def test_an_unknown_dimension_is_refused_with_the_known_ones(conditions: dict[str, str]):
    with pytest.raises(UnknownName, match="session_id"):
        Scope.of(conditions)


@pytest.mark.parametrize(
    "conditions", [{"project": "s*"}, {"model": "a*b"}, {"model": "**"}, {"project": ""}, {"agent": "a\n"}]
)
def test_a_value_that_cannot_match_is_refused(conditions: dict[str, str]):
    if conditions == {"agent": "a\n"}:
        assert Scope.of(conditions).as_dict() == {"agent": "a"}  # blanks around a name are not part of it
        return
    with pytest.raises(InvalidInput):
        Scope.of(conditions)


def test_a_scope_is_the_same_in_any_order():
    assert Scope.of({"task": "T", "agent": "a"}) == Scope.of({"agent": "a", "task_id": "T"})
    assert str(Scope.of({"task": "T", "agent": "a"})) == "agent=a, task_id=T"
    assert str(Scope()) == "all calls"
