from __future__ import annotations

from decimal import Decimal
from typing import Any


def test_a_sub_agent_at_its_main_agents_price_is_held_against_a_cheaper_model(calls: Any):
    # Twice 10,000 × $5/M + 1,000 × $25/M = $0.15; with the small model $0.03.
    calls.add(0, agent="lead").add(10, agent="scout").add(20, agent="scout", input_tokens=10_000).add(30, agent="lead")
    (found,) = calls.suggested("sub-agents")
    assert (found.saved_usd, found.spent_usd, found.calls) == (Decimal("0.12"), Decimal("0.15"), 2)
    assert (found.confidence, found.instead, found.named()["agent"]) == ("low", "small", "scout")


def test_one_on_a_cheaper_model_already_is_left_alone(calls: Any):
    calls.add(0, agent="lead").add(10, agent="scout", price="small")
    assert calls.suggested("sub-agents") == []


def test_whoever_begins_another_session_is_no_sub_agent_there(calls: Any):
    calls.add(0, agent="lead").add(10, agent="scout", session="of its own")
    assert calls.suggested("sub-agents") == []


def test_agents_that_share_a_task_only_do_not_work_for_one_another(calls: Any):
    calls.add(0, agent="coder", session=None, task="T-1").add(10, agent="reviewer", session=None, task="T-1")
    assert calls.suggested("sub-agents") == []
    assert calls.blind("sub-agents") == "No call names its session: who worked for whom cannot be told."


def test_an_agent_without_a_name_is_the_main_one(calls: Any):
    calls.add(0, agent="scout").add(10, agent="")
    assert calls.suggested("sub-agents") == []


def test_a_sub_agent_that_comes_back_after_hours_is_still_one(calls: Any):
    calls.add(0, agent="lead").add(10, agent="scout").add(20_000, agent="scout")
    assert [each.calls for each in calls.suggested("sub-agents")] == [2]
