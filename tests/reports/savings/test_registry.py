from __future__ import annotations

from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from cost_mcp.reports.savings.registry import RULES, at_most, named, ranked, unseen

CALLS = st.lists(
    st.fixed_dictionaries(
        {
            "at": st.integers(0, 20_000),
            "input_tokens": st.sampled_from([500, 5_000, 40_000, 250_000]),
            "output_tokens": st.sampled_from([10, 400, 3_000]),
            "share": st.sampled_from(["plain", "read", "written", "hour"]),
            "reasoning": st.sampled_from([0, 3_000]),
            "session": st.sampled_from(["a", "b", None]),
            "agent": st.sampled_from(["lead", "scout", ""]),
            "price": st.sampled_from(["large", "small", "automatic", "long", None]),
        }
    ),
    max_size=60,
)


def made(calls: Any, given_calls: list[dict[str, Any]]) -> Any:
    for call in sorted(given_calls, key=lambda each: each["at"]):
        fields = dict(call)
        share, half = fields.pop("share"), fields["input_tokens"] // 2
        fields |= {"read": half} if share == "read" else {}
        fields |= {"written": half} if share in ("written", "hour") else {}
        fields |= {"hour": half} if share == "hour" else {}
        calls.add(**fields | {"reasoning": min(fields["reasoning"], fields["output_tokens"])})
    return calls


@given(CALLS)
def test_no_rule_saves_more_than_was_spent_and_each_counts_a_call_once(new_calls: Any, market: Any, given_calls: Any):
    calls = made(new_calls(), given_calls)
    found = calls.found()
    spent = Decimal(sum(row[10] for row in calls.rows)) / 10**9
    for rule in RULES.values():
        suggestions = list(rule.suggestions(found, market))
        assert sum((each.spent_usd for each in suggestions), Decimal(0)) <= spent
        assert sum(each.calls for each in suggestions) <= len(calls.rows)
        assert all(0 < each.saved_usd <= each.spent_usd for each in suggestions)


@given(CALLS, st.integers(1, 20))
def test_it_makes_no_difference_in_what_parts_the_calls_are_told(new_calls: Any, market: Any, given_calls: Any, page: int):
    calls = made(new_calls(), given_calls)
    told = [ranked(calls.found(page=size), market, RULES, Decimal(0)) for size in (page, 1_000)]
    assert told[0] == told[1]


def test_most_money_comes_first_and_less_than_asked_for_is_left_out(calls: Any, market: Any):
    calls.add(0, output_tokens=100).add(60, output_tokens=100)  # a repetition, and a prefix
    calls.add(7_200, input_tokens=300_000, price="long")
    found = calls.found()
    every = ranked(found, market, RULES, Decimal(0))
    assert [each.rule for each in every] == ["long-context", "repeated-calls", "prompt-caching"]
    assert [each.rule for each in ranked(found, market, RULES, Decimal("0.05"))] == ["long-context", "repeated-calls"]
    assert [each.rule for each in ranked(found, market, ["prompt-caching"], Decimal(0))] == ["prompt-caching"]


def test_an_id_names_a_rule_and_a_subject_and_outlives_the_period(new_calls: Any, market: Any):
    first = new_calls().add(0).add(60)
    second = new_calls().add(5_000).add(5_060).add(5_120)
    other = new_calls().add(0, agent="tester").add(60, agent="tester")
    ids = [[each.saving_id for each in ranked(calls.found(), market, RULES, Decimal(0))] for calls in (first, second, other)]
    assert set(ids[0]) == set(ids[1])
    assert set(ids[0]).isdisjoint(ids[2])
    assert all(len(each) == len("sav_0123456789") for each in ids[0])


def test_calls_of_one_subject_are_one_suggestion_whatever_project_they_are_of(calls: Any, market: Any):
    for n, project in enumerate(("one", "one", "two", "two")):
        calls.add(n * 60, project=project, session=project)
    (found,) = ranked(calls.found(), market, ["repeated-calls"], Decimal(0))
    assert found.calls == 2


def test_nothing_was_called_and_nothing_is_suggested(calls: Any, market: Any):
    found = calls.found()
    assert ranked(found, market, RULES, Decimal(0)) == ()
    assert unseen(found, RULES) == {"sub-agents": "No call names its session: who worked for whom cannot be told."}


def test_together_rules_save_no_more_of_a_subject_than_was_spent_on_it(calls: Any, market: Any):
    calls.add(0, input_tokens=20_000, output_tokens=0, nanos=100)  # hardly anything was charged for it
    for n in range(3):
        calls.add(60 * n + 60, input_tokens=20_000, output_tokens=0, nanos=100)
    calls.add(7_200, agent="tester").add(7_260, agent="tester")
    found = calls.found()
    every = ranked(found, market, ["repeated-calls", "prompt-caching"], Decimal(0))
    tester = [each for each in every if each.subject[0] == "tester"]
    assert at_most(found, every) == Decimal("0.0000004") + sum(each.saved_usd for each in tester)


def test_a_suggestion_is_found_by_its_id_alone(calls: Any, market: Any):
    calls.add(0).add(60).add(7_200, input_tokens=300_000, price="long").add(9_000, agent="tester").add(9_060, agent="tester")
    found = calls.found()
    every = ranked(found, market, RULES, Decimal(0))
    assert [named(found, market, each.saving_id) for each in every] == list(every)
    assert named(found, market, "sav_0000000000") is None
