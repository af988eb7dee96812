"""Reports, tasks and budgets as every face asks for them."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from cost_mcp.config.settings import Settings
from cost_mcp.errors import CostError, NotFound
from cost_mcp.model.call import Rank
from cost_mcp.service.answer import BudgetAnswer
from cost_mcp.service.opening import open_quick
from cost_mcp.service.service import Service
from cost_mcp.views.shape import report_shape

if TYPE_CHECKING:
    from tests.service.conftest import MovedClock, Opener

CALL: dict[str, Any] = {"model": "claude-opus-4-6", "input_tokens": 1000, "output_tokens": 100}  # $0.0075


async def told(service: Service, **fields: object):
    return await service.record(CALL | fields, source="mcp", rank=Rank.AGENT)


async def test_groups_sum_to_the_total_whatever_they_are_grouped_by(opened: Opener, clock: MovedClock):
    async with opened() as service:
        for n in range(12):
            clock.move(minutes=7)
            await told(service, agent=f"a{n % 3}", task_id=f"T-{n % 4}", project=None if n % 2 else "p", input_tokens=1000 + n)
        for group_by in ("agent", "task", "project,model", "day,agent", ["hour", "task", "model"], "week", "month", "session"):
            answer = await service.cost_report({"period": "today", "group_by": group_by})
            sums = [
                sum((g.totals.cost_usd for g in answer.report.groups), Decimal(0)),
                sum(g.totals.calls for g in answer.rows),
            ]
            assert sums == [answer.report.totals.cost_usd, 12]


async def test_pages_follow_one_another(opened: Opener):
    async with opened() as service:
        for n in range(5):
            await told(service, task_id=f"T-{n}", input_tokens=1000 * (n + 1))
        question: dict[str, object] = {"period": "today", "group_by": ["task"], "limit": 2}
        names: list[str | None] = []
        cursor: str | None = None
        while True:
            answer = await service.cost_report(question | {"cursor": cursor})
            names += [group.key[0] for group in answer.rows]
            cursor = answer.next_cursor
            if cursor is None:
                break
    assert names == ["T-4", "T-3", "T-2", "T-1", "T-0"]


@pytest.mark.parametrize("group_by", ["task", "agent", "hour,agent", "agent,session", "model,project"])
async def test_pages_are_of_one_moment_whatever_is_recorded_between_them(opened: Opener, clock: MovedClock, group_by: str):
    question: dict[str, object] = {"period": "today", "group_by": group_by, "limit": 2}
    async with opened() as service:
        for n in range(8):
            names = {name: f"{name}-{n % 4}-{n}" for name in ("task_id", "agent", "session_id", "project")}
            await told(service, call_id=f"c-{n}", input_tokens=1000 * (n + 1), model=f"claude-opus-4-{6 + n % 2}", **names)
        whole = await service.cost_report(question | {"limit": 1000})
        answer = await service.cost_report(question)
        pages = [answer]
        while answer.next_cursor is not None:
            # More than are folded at once: the last become the first, and new ones come in.
            names = [f"agent-{n % 4}-{n % 4}" if n % 2 else f"new-{n}" for n in range(160)]
            await asyncio.gather(
                *(told(service, agent=name, task_id=f"task_id{name[5:]}", input_tokens=9000) for name in names)
            )
            corrected = CALL | {"call_id": f"c-{len(pages)}", "input_tokens": 1}
            await service.record(corrected, source="python", rank=Rank.RESPONSE)
            clock.move(hours=9)  # into the next day
            answer = await service.cost_report(question | {"cursor": answer.next_cursor})
            pages.append(answer)
        quick = open_quick(service.settings, clock=clock)
        again = quick.cost_report(question | {"cursor": pages[0].next_cursor})
        quick.close()
    assert [row for one in pages for row in one.rows] == list(whole.report.groups)
    assert all(one.report.totals == whole.report.totals for one in pages)
    assert all(one.report.breakdowns == whole.report.breakdowns for one in pages)
    assert len(pages) > 2 or group_by == "model,project"
    assert (again.rows, again.report.breakdowns) == (pages[1].rows, whole.report.breakdowns)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"period": "fortnight"}, "period"),
        ({"period": "week", "start": "2026-11-01"}, "period"),
        ({"end": "2026-11-01"}, "start"),
        ({"start": "2026-11-02", "end": "2026-11-01"}, "end"),
        ({"timezone": "Mars/Olympus"}, "timezone"),
        ({"group_by": ["modle"]}, "group_by"),
        ({"group_by": ["day", "model", "agent", "task"]}, "group_by"),
        ({"group_by": ["day", "day"]}, "group_by"),
        ({"group_by": 7}, "group_by"),
        ({"limit": 0}, "limit"),
        ({"limit": "ten"}, "limit"),
        ({"cursor": "x"}, "cursor"),
        ({"agent": ""}, "agent"),
        ({"grop_by": "day"}, "grop_by"),
    ],
)
async def test_a_question_that_makes_no_sense_is_refused_by_name(opened: Opener, fields: dict[str, object], field: str):
    async with opened() as service:
        with pytest.raises(CostError) as refused:
            await service.cost_report(fields)
    assert refused.value.field == field
    assert refused.value.hint


async def test_an_unknown_task_costs_nothing_and_the_nearest_are_named(opened: Opener):
    async with opened() as service:
        await told(service, task_id="checkout-42")
        answer = await service.task_cost("checkout-24")
    assert not answer.task.known
    assert answer.task.totals.cost_usd == 0
    assert answer.task.nearest == ("checkout-42",)


async def test_a_task_is_broken_down_by_model_agent_and_purpose(opened: Opener):
    async with opened() as service:
        await told(service, task_id="T", agent="planner", purpose="plan", task_title="Checkout", task_type="feature")
        await told(service, task_id="T", agent="coder", model="claude-haiku-4-5")
        task = (await service.task_cost("T")).task
    assert (task.title, task.task_type) == ("Checkout", "feature")
    assert [name for name, _ in task.breakdowns["by_model"]] == ["claude-opus-4-6", "claude-haiku-4-5"]
    assert {name for name, _ in task.breakdowns["by_purpose"]} == {"plan", "(none)"}
    assert sum(t.cost_usd for _, t in task.breakdowns["by_agent"]) == task.totals.cost_usd


async def test_a_budget_stands_where_its_calls_put_it(opened: Opener):
    async with opened() as service:
        await told(service, project="site")
        await told(service, project="shop")
        await service.set_budget(
            {"name": "site", "limit": "0.01", "period": "day", "scope": {"project": "site"}, "mode": "enforce"}, changed_by="me"
        )
        receipt = await told(service, project="site", call_id="second")
        (standing,) = (await service.budget_status({"project": "site"})).standings
        none = await service.budget_status({"project": "shop"})
    assert standing.spent == Decimal("0.015")
    assert standing.remaining == Decimal("-0.005")
    assert standing.state == "exceeded"
    assert [s.budget.name for s in receipt.standings] == ["site"]
    assert none.standings == ()


@pytest.mark.parametrize(
    ("estimate", "decision"), [("0.001", "allow"), ("0.0006", "allow"), ("0.006", "warn"), ("0.0925", "deny")]
)
async def test_an_estimate_gets_a_decision(opened: Opener, estimate: str, decision: str):
    async with opened() as service:
        await told(service)
        await service.set_budget({"name": "daily", "limit": "0.0150", "period": "day", "mode": "enforce"}, changed_by="me")
        answer = await service.budget_status({"estimated_cost_usd": estimate})
    assert answer.decision is not None
    assert answer.decision.decision == decision
    assert "daily" in answer.decision.why


@pytest.mark.parametrize(
    ("scope", "asked"),
    [
        ({"model": "claude-opus-*"}, {"model": "anthropic/claude-opus-4-6"}),
        ({"model": "claude-opus-4-5"}, {"model": "claude-opus-4-5-20251101"}),
        ({"provider": "anthropic"}, {"model": "claude-opus-4-6"}),
    ],
)
async def test_a_question_finds_the_budgets_that_its_call_would_land_in(
    opened: Opener, scope: dict[str, str], asked: dict[str, str], clock: MovedClock
):
    async with opened() as service:
        await service.set_budget({"name": "b", "limit": "0.01", "mode": "enforce", "scope": scope}, changed_by="me")
        receipt = await told(service, **asked)
        answer = await service.budget_status({**asked, "estimated_cost_usd": "1"})
        quick = open_quick(service.settings, clock=clock)
        assert quick.budget_status({**asked, "estimated_cost_usd": "1"}) == answer
        quick.close()
    assert [s.budget.name for s in receipt.standings] == ["b"]
    assert answer.decision is not None
    assert answer.decision.decision == "deny"


async def test_tokens_of_a_model_are_judged_by_what_they_cost_at_most(opened: Opener):
    async with opened() as service:
        await service.set_budget({"name": "b", "limit": "1", "mode": "enforce"}, changed_by="me")
        fits = await service.budget_status({"model": "claude-opus-4-6", "estimated_tokens": 30_000})  # × $25/M
        much = await service.budget_status({"model": "claude-opus-4-6", "estimated_tokens": 50_000})
    assert fits.decision is not None
    assert much.decision is not None
    assert (fits.decision.decision, much.decision.decision) == ("allow", "deny")


async def test_a_windows_spend_starts_anew_with_the_day_of_its_zone(opened: Opener, clock: MovedClock):
    async with opened() as service:
        await service.set_budget({"name": "d", "limit": "1", "period": "day", "timezone": "Asia/Kathmandu"}, changed_by="me")
        await told(service)
        clock.move(hours=6)  # 18:00 UTC is 23:45 in Kathmandu
        (before,) = (await service.budget_status({})).standings
        clock.move(minutes=15)
        (after,) = (await service.budget_status({})).standings
    assert (before.spent, after.spent) == (Decimal("0.0075"), Decimal(0))
    assert before.window_end == after.window_start


async def test_a_budget_is_changed_and_removed_with_its_history_kept(opened: Opener):
    async with opened() as service:
        await service.set_budget({"name": "d", "limit": "1", "period": "day"}, changed_by="ann")
        await told(service)
        await service.set_budget({"name": "d", "limit": "2", "period": "day"}, changed_by="bob")
        (standing,) = (await service.budget_status({"budget": "d"})).standings
        await service.remove_budget("d", changed_by="ann")
        history = await service.budget_history("d")
        with pytest.raises(NotFound):
            await service.remove_budget("d", changed_by="ann")
        with pytest.raises(NotFound):
            await service.budget_status({"budget": "d"})
    assert standing.spent == Decimal("0.0075")
    assert [(c.changed_by, c.before and c.before.limit_usd, c.after and c.after.limit_usd) for c in history] == [
        ("ann", None, 1),
        ("bob", 1, 2),
        ("ann", 2, None),
    ]


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"limit": "0"}, "limit"),
        ({"limit": "-1"}, "limit"),
        ({"limit": "1", "limit_calls": 5}, "limit"),
        ({}, "limit"),
        ({"limit": "1", "period": "decade"}, "period"),
        ({"limit": "1", "mode": "strict"}, "mode"),
        ({"limit": "1", "timezone": "Nowhere"}, "timezone"),
        ({"limit": "1", "scope": {"colour": "red"}}, "scope"),
        ({"limit": "1", "scope": "project=x"}, "scope"),
        ({"limit": "1", "each": "colour"}, "each"),
        ({"limit": "1", "thresholds": [80, 50, 95, 100]}, "thresholds"),
        ({"limit": "1", "thresholds": [1]}, "thresholds"),
        ({"limit": "1", "thresholds": ["a", "b", "c", "d"]}, "thresholds"),
        ({"limit": "1", "week_start": "someday"}, "week_start"),
        ({"limit_tokens": 0}, "limit_tokens"),
        ({"limit": "1", "name": "x" * 65}, "name"),
        ({"limit": "1", "limits": 5}, "limits"),
    ],
)
async def test_a_budget_that_cannot_be_is_refused_by_name(opened: Opener, fields: dict[str, object], field: str):
    async with opened() as service:
        with pytest.raises(CostError) as refused:
            await service.set_budget({"name": "d", "period": "day"} | fields, changed_by="me")
        assert await service.budgets() == ()
    assert refused.value.field == field


async def test_the_quick_door_gives_the_same_answers(opened: Opener, clock: MovedClock):
    async with opened() as service:
        for n in range(6):
            await told(service, task_id=f"T-{n % 2}", agent=f"a{n % 3}", project="p", call_id=f"c-{n}")
        await service.set_budget({"name": "each", "limit": "1", "period": "day", "each": "agent"}, changed_by="me")
        question: dict[str, object] = {"period": "today", "group_by": "day,agent"}
        slow = (
            await service.cost_report(question),
            await service.task_cost("T-1"),
            await service.budget_status({}),
            await service.explain("c-3"),
            await service.budgets(),
            await service.budget_history("each"),
        )
        quick = open_quick(service.settings, clock=clock)
        fast = (
            quick.cost_report(question),
            quick.task_cost("T-1"),
            quick.budget_status({}),
            quick.explain("c-3"),
            quick.budgets(),
            quick.budget_history("each"),
        )
        quick.close()
    assert fast == slow


def test_a_ledger_that_does_not_exist_yet_answers_empty_and_is_not_made(tmp_path: Path, clock: MovedClock):
    quick = open_quick(Settings(db=str(tmp_path / "none" / "ledger.db")), clock=clock)
    assert quick.cost_report({"period": "today"}).report.totals.calls == 0
    assert not quick.task_cost("T").task.known
    assert quick.budget_status({}).standings == ()
    with pytest.raises(NotFound):
        quick.explain("c-1")
    quick.close()
    assert list(tmp_path.iterdir()) == []


async def test_an_agent_called_none_takes_no_money_with_it(opened: Opener):
    async with opened() as service:
        await told(service, agent="(none)")
        await told(service)
        report = await service.cost_report({"period": "today"})
    shape = report_shape(report)
    assert shape["by_agent"] == {"(none)": shape["total_cost_usd"]}


@pytest.mark.parametrize(
    ("spent", "shown"), [("9.996", "99 %"), ("7.99", "79 %"), ("10", "100 %"), ("12.349", "123 %"), ("0.004", "0 %")]
)
async def test_no_percent_reads_as_reached_before_it_is(opened: Opener, spent: str, shown: str):
    async with opened() as service:
        await service.set_budget({"name": "daily", "limit": "10", "period": "day"}, changed_by="test")
        asked = await service.budget_status({"estimated_cost_usd": spent})
        held = await service.reserve_budget({"amount_usd": spent})
    assert asked.decision is not None
    assert f"would reach {shown}" in asked.decision.why
    assert f"would reach {shown}" in held.why


@pytest.mark.parametrize(
    ("fields", "field", "reason"),
    [
        ({"period": "1999"}, "period", "before 2020"),
        ({"period": "2019-12"}, "period", "before 2020"),
        ({"period": "0001-01-01"}, "period", "before 2020"),
        ({"period": "2200"}, "period", "after 2199"),
        ({"period": "9999-12-31"}, "period", "after 2199"),
        ({"period": "2026-13"}, "period", "not a day or month of the calendar"),
        ({"period": "2026-02-30"}, "period", "not a day or month of the calendar"),
        ({"start": "2019-12-31"}, "start", "before 2020"),
        ({"start": "1999-02-30"}, "start", "not a day of the calendar"),
        ({"start": "2026-01-01", "end": "2200-01-02"}, "end", "after 2199"),
        ({"start": "2026-01-01", "end": "2200-01-01T00:00:01Z"}, "end", "after 2199"),
        ({"start": "0001-01-01T00:00:00+02:00"}, "start", "before 2020"),
        ({"start": "2026-01-01", "end": "9999-12-31T23:59:59-02:00"}, "end", "after 2199"),
    ],
)
async def test_a_time_out_of_range_is_refused_for_that_reason(
    opened: Opener, fields: dict[str, object], field: str, reason: str
):
    async with opened() as service:
        with pytest.raises(CostError) as refused:
            await service.cost_report(fields)
    assert refused.value.field == field
    assert reason in refused.value.sentence


@pytest.mark.parametrize("end", ["2200-01-01", "2200-01-01T00:00:00Z"])
async def test_a_report_may_reach_to_the_end_of_all_time(opened: Opener, end: str):
    async with opened() as service:
        answer = await service.cost_report({"start": "2020-01-01", "end": end, "timezone": "Asia/Tokyo"})
    assert answer.report.query.period.end.year == 2200


LOOKS_AT_THE_MODEL: dict[str, Any] = {"name": "opus", "limit": "5", "period": "day", "mode": "enforce"}
SENTENCE = "Budget opus looks at the model: name the model this is for."


@pytest.mark.parametrize(
    "more",
    [
        {"scope": {"model": "claude-opus-*"}},
        {"scope": {"provider": "anthropic"}},
        {"scope": {"model": "claude-opus-*", "project": "p"}},
        {"each": "model"},
        {"scope": {"model": "claude-opus-*"}, "each": "project"},
    ],
)
async def test_what_a_reservation_is_denied_for_want_of_a_model_a_question_is_too(opened: Opener, more: dict[str, Any]):
    async with opened() as service:
        await service.set_budget(LOOKS_AT_THE_MODEL | more, changed_by="test")
        await told(service, project="p")
        await told(service, project="q")
        held = await service.reserve_budget({"amount_usd": "0.01", "project": "p"})
        quick = open_quick(service.settings, clock=service.clock)
        for ask in (service.budget_status, quick.budget_status):
            answers = [
                ask({"project": "p"} | fields) for fields in ({"estimated_cost_usd": "0.01"}, {"estimated_tokens": 5}, {})
            ]
            for_a_spend, for_tokens, noted = [one if isinstance(one, BudgetAnswer) else await one for one in answers]
            for answer in (for_a_spend, for_tokens):
                assert answer.decision is not None
                assert (answer.decision.decision, answer.decision.why, answer.enforced) == ("deny", SENTENCE, True)
                assert answer.decision.decided_by is not None
                assert [s.budget.name for s in answer.standings] == ["opus"]
            assert (noted.decision, noted.notes) == (None, (SENTENCE,))
        quick.close()
        named = await service.budget_status({"project": "p", "model": "claude-opus-4-6", "estimated_cost_usd": "0.01"})
    assert (held.decision, held.why) == ("deny", SENTENCE)
    assert named.decision is not None
    assert (named.decision.decision, named.notes) == ("allow", ())


@pytest.mark.parametrize(
    ("budget", "fields"),
    [
        ({"scope": {"model": "claude-opus-*"}, "mode": "alert"}, {"estimated_cost_usd": "0.01"}),
        ({"scope": {"model": "claude-opus-*"}, "mode": "shadow"}, {"estimated_cost_usd": "0.01"}),
        ({"scope": {"model": "claude-opus-*", "project": "q"}}, {"estimated_cost_usd": "0.01", "project": "p"}),
        ({"scope": {"provider": "openai"}}, {"estimated_cost_usd": "0.01", "provider": "anthropic"}),
        ({"scope": {"model": "claude-opus-*"}, "each": "project"}, {"estimated_cost_usd": "0.01"}),
        ({"scope": {"model": "claude-opus-*"}}, {}),  # everything is shown, this budget too
    ],
)
async def test_a_budget_that_a_model_would_not_bring_in_is_not_spoken_of(
    opened: Opener, budget: dict[str, Any], fields: dict[str, object]
):
    async with opened() as service:
        await service.set_budget(LOOKS_AT_THE_MODEL | budget, changed_by="test")
        answer = await service.budget_status(fields)
    assert answer.decision is None or answer.decision.decision == "allow"
    assert answer.notes == ()


async def test_a_budget_asked_for_by_name_is_shown_though_only_a_model_tells_if_it_covers(opened: Opener):
    async with opened() as service:
        await service.set_budget(LOOKS_AT_THE_MODEL | {"scope": {"model": "claude-opus-*"}}, changed_by="test")
        await told(service)
        answer = await service.budget_status({"budget": "opus", "project": "p"})
        with pytest.raises(NotFound):
            await service.budget_status({"budget": "other", "project": "p"})
    assert [(s.budget.name, s.spent) for s in answer.standings] == [("opus", Decimal("0.0075"))]
    assert answer.notes == (SENTENCE,)
