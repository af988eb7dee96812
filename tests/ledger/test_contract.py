"""What every ledger does with calls, whatever it is kept in."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import permutations
from typing import Any, Protocol

import pytest

from cost_mcp.errors import Conflict, CostError, InvalidInput, LedgerUnavailable
from cost_mcp.ledger.contract import Ledger
from cost_mcp.model.call import Rank
from cost_mcp.model.charge import PricedCall
from cost_mcp.model.period import Period, named_period
from cost_mcp.model.receipt import Receipt
from cost_mcp.model.report import CostReport, ReportQuery


class CallOf(Protocol):
    """The fixture's builder of priced calls."""

    def __call__(self, call_id: str, *, cost: str | None = ..., list_cost: str | None = ..., **fields: Any) -> PricedCall:
        """A priced call with this id; other fields by their names."""
        ...


async def _put(ledger: Ledger, now: datetime, *calls: PricedCall) -> list[Receipt]:
    answers = await ledger.record(calls, now)
    assert all(isinstance(answer, Receipt) for answer in answers), answers
    return [answer for answer in answers if isinstance(answer, Receipt)]


async def _month(ledger: Ledger, now: datetime, *group_by: str, tenant: str = "default", **filters: str) -> CostReport:
    query = ReportQuery(period=named_period("month", now), group_by=group_by, filters=filters, tenant=tenant)
    return await ledger.report(query)


async def test_a_new_call_is_created_and_reads_back_as_it_was_given(ledger: Ledger, call_of: CallOf, now: datetime):
    given = call_of(
        "c1",
        provider="openai",
        response_model="gpt-5-2025-08-07",
        service_tier="batch",
        billing="subscription",
        stated_cost_usd=Decimal("0.01"),
        supplied=frozenset({"provider", "service_tier"}),
        metadata={"route": {"why": "cheap"}},
        cache_read_input_tokens=10,
        project="p",
        agent="a",
        task_id="t",
        task_title="Fix it",
        task_type="bug",
        session_id="s",
        feature="f",
        purpose="u",
        tags={"branch": "main"},
        at=now.replace(microsecond=123456),
    )
    (receipt,) = await _put(ledger, now, given)
    stored = await ledger.call("default", "c1")
    assert receipt.outcome == "created"
    assert stored is not None
    assert stored.priced == given
    assert (stored.recorded_at, stored.revision, stored.earlier) == (now, 1, ())


async def test_an_unpriced_call_is_kept_and_counted_as_unpriced_not_as_free(ledger: Ledger, call_of: CallOf, now: datetime):
    (receipt,) = await _put(ledger, now, call_of("c1", cost=None))
    report = await _month(ledger, now)
    stored = await ledger.call("default", "c1")
    assert receipt.cost_usd is None
    assert receipt.warnings == ("no price is known",)
    assert stored is not None
    assert stored.priced.pricing.cost_usd is None
    assert stored.priced.pricing.nearest == ("gpt-5",)
    assert (report.totals.calls, report.totals.unpriced_calls, report.totals.cost_usd) == (1, 1, 0)


async def test_a_call_nobody_recorded_is_none(ledger: Ledger):
    assert await ledger.call("default", "nobody") is None


async def test_the_same_report_twice_counts_once(ledger: Ledger, call_of: CallOf, now: datetime):
    receipts = await _put(ledger, now, call_of("c1"), call_of("c1"))
    assert [r.outcome for r in receipts] == ["created", "exists"]
    assert (await _month(ledger, now)).totals.calls == 1


LOG, AGENT = Rank.LOG, Rank.AGENT
FIRST_THEN_SECOND: list[Any] = [
    pytest.param({}, {"rank": LOG, "source": "codex", "output_tokens": 7}, "corrected", id="a better source corrects"),
    pytest.param({"rank": LOG, "source": "codex"}, {"output_tokens": 7}, "exists", id="a lesser source changes nothing"),
    pytest.param({"provisional": True}, {"output_tokens": 500}, "corrected", id="the final form corrects a provisional one"),
    pytest.param({}, {"provisional": True, "output_tokens": 7}, "exists", id="a provisional form changes no final one"),
    pytest.param(
        {"provisional": True}, {"provisional": True, "output_tokens": 200}, "corrected", id="a provisional one that saw more"
    ),
    pytest.param(
        {"provisional": True}, {"provisional": True, "output_tokens": 50}, "exists", id="a provisional one that saw less"
    ),
    pytest.param({}, {"output_tokens": 7}, Conflict, id="other usage from the same source"),
    pytest.param({}, {"source": "cli", "model": "gpt-4"}, Conflict, id="another model at the same rank"),
    pytest.param(
        {"provider": "openai", "supplied": frozenset({"provider"})},
        {"provider": "azure", "supplied": frozenset({"provider"})},
        Conflict,
        id="another provider, both given",
    ),
    pytest.param(
        {"provider": "openai"},
        {"provider": "azure", "supplied": frozenset({"provider"})},
        "exists",
        id="a provider one left out",
    ),
    pytest.param({}, {"at": datetime(2026, 11, 22, 9, tzinfo=UTC)}, "exists", id="a time neither gave"),
    pytest.param({}, {"cost": "0.02"}, "exists", id="another computed price"),
]


@pytest.mark.parametrize(("first", "second", "outcome"), FIRST_THEN_SECOND)
async def test_a_second_report_of_a_call_is_judged_by_who_tells_and_what(
    ledger: Ledger,
    call_of: CallOf,
    now: datetime,
    first: dict[str, Any],
    second: dict[str, Any],
    outcome: str | type[CostError],
):
    await _put(ledger, now, call_of("c1", **first))
    (answer,) = await ledger.record([call_of("c1", **second)], now)
    stored = await ledger.call("default", "c1")
    assert stored is not None
    counts = call_of("c1", **(second if outcome == "corrected" else first))
    assert stored.priced == counts
    assert stored.earlier == ((call_of("c1", **first),) if outcome == "corrected" else ())
    if isinstance(outcome, str):
        assert isinstance(answer, Receipt)
        assert (answer.outcome, answer.recorded) == (outcome, counts)
    else:
        assert isinstance(answer, outcome)
    report = await _month(ledger, now)
    assert (report.totals.calls, report.totals.output_tokens) == (1, counts.call.usage.output_tokens)
    assert not (await ledger.verify()).differences


@pytest.mark.parametrize("order", list(permutations(range(3))))
async def test_which_report_counts_does_not_depend_on_who_came_first(
    ledger: Ledger, call_of: CallOf, now: datetime, order: tuple[int, ...]
):
    """Also where one source speaks with two ranks: by hand it knew the final counts, its response was an early one."""
    reports = [
        call_of("c1", source="cli", rank=Rank.AGENT, output_tokens=1),
        call_of("c1", source="codex", rank=Rank.LOG, output_tokens=2),
        call_of("c1", source="cli", rank=Rank.RESPONSE, provisional=True, output_tokens=3),
    ]
    await _put(ledger, now, *(reports[n] for n in order))
    stored = await ledger.call("default", "c1")
    assert stored is not None
    assert stored.priced.call.usage.output_tokens == 3
    assert not (await ledger.verify()).differences


async def test_a_final_report_that_yields_to_an_early_one_of_a_better_source_is_told_so(
    ledger: Ledger, call_of: CallOf, now: datetime
):
    early = call_of("c1", source="codex", rank=Rank.LOG, provisional=True, output_tokens=2)
    _, again = await _put(ledger, now, early, call_of("c1", output_tokens=50))
    assert (again.outcome, again.recorded.call.provisional) == ("exists", True)
    assert any("provisional" in warning for warning in again.warnings)


async def test_a_repeat_in_another_context_exists_with_a_warning_that_names_it(ledger: Ledger, call_of: CallOf, now: datetime):
    _, again = await _put(ledger, now, call_of("c1", project="p"), call_of("c1", project="q", agent="a"))
    assert again.outcome == "exists"
    assert again.warnings == ("already recorded with a different project, agent; the earlier report stands",)


async def test_one_refused_call_does_not_undo_its_neighbours(ledger: Ledger, call_of: CallOf, now: datetime):
    answers = await ledger.record([call_of("c1"), call_of("c1", output_tokens=1), call_of("c2")], now)
    assert [type(answer) for answer in answers] == [Receipt, Conflict, Receipt]
    assert (await _month(ledger, now)).totals.calls == 2


async def test_a_conflict_quotes_nothing_that_was_given(ledger: Ledger, call_of: CallOf, now: datetime):
    _, refusal = await ledger.record([call_of("secret words"), call_of("secret words", model="hidden")], now)
    assert isinstance(refusal, Conflict)
    assert "secret" not in str(refusal)
    assert "hidden" not in str(refusal)


@pytest.mark.parametrize("fields", [{"cost": "1000000.01"}, {"at": datetime(2019, 1, 1, tzinfo=UTC)}])
async def test_what_whole_numbers_cannot_hold_is_refused(
    ledger: Ledger, call_of: CallOf, now: datetime, fields: dict[str, Any]
):
    (refusal,) = await ledger.record([call_of("c1", **fields)], now)
    assert isinstance(refusal, InvalidInput)
    assert await ledger.call("default", "c1") is None


async def test_a_correction_moves_a_call_out_of_its_old_day_agent_and_task(ledger: Ledger, call_of: CallOf, now: datetime):
    yesterday = now - timedelta(days=1)
    await _put(ledger, now, call_of("c1", at=yesterday, agent="a", task_id="old"))
    await _put(ledger, now, call_of("c1", rank=Rank.LOG, source="codex", agent="b", task_id="new", cost="0.03"))
    report = await _month(ledger, now, "day", "agent")
    assert [(g.key, g.totals.cost_usd) for g in report.groups] == [(("2026-11-22", "b"), Decimal("0.03"))]
    assert not (await ledger.task_cost("default", "old")).known
    assert (await ledger.task_cost("default", "new")).totals.calls == 1


async def test_one_tenant_sees_nothing_of_another(ledger: Ledger, call_of: CallOf, now: datetime):
    await _put(ledger, now, call_of("c1", task_id="t"), call_of("c1", tenant="other", cost="5", task_id="t"))
    assert (await _month(ledger, now)).totals.cost_usd == Decimal("0.01")
    assert (await _month(ledger, now, tenant="other")).totals.cost_usd == Decimal(5)
    assert (await ledger.task_cost("other", "t")).totals.calls == 1
    assert (await ledger.task_cost("third", "t")).nearest == ()


async def test_groups_go_by_cost_and_those_led_by_a_time_by_time(ledger: Ledger, call_of: CallOf, now: datetime):
    later = now + timedelta(hours=2)
    await _put(
        ledger,
        now,
        call_of("c1", model="small", cost="0.01"),
        call_of("c2", model="large", cost="3", at=later),
        call_of("c3", model="large", cost="1"),
        call_of("c4", model="plan", cost="2", billing="subscription", session_id="s"),
    )
    by_model = await _month(ledger, now, "model")
    by_hour = await _month(ledger, now, "hour", "model")
    by_session = await _month(ledger, now, "session_id")
    assert [g.key for g in by_model.groups] == [("large",), ("plan",), ("small",)]
    assert by_model.groups[1].totals.subscription_usd == Decimal(2)
    assert [g.key for g in by_hour.groups] == [
        ("2026-11-22T10:00+00:00", "plan"),
        ("2026-11-22T10:00+00:00", "large"),
        ("2026-11-22T10:00+00:00", "small"),
        ("2026-11-22T12:00+00:00", "large"),
    ]
    assert [(g.key, g.totals.calls) for g in by_session.groups] == [((None,), 3), (("s",), 1)]
    assert [name for name, _ in by_model.breakdowns["by_model"]] == ["large", "plan", "small"]
    assert [name for name, _ in by_model.breakdowns["by_agent"]] == ["(none)"]
    assert (by_model.totals.cost_usd, by_model.totals.subscription_usd) == (Decimal("4.01"), Decimal(2))


@pytest.mark.parametrize(
    "name", ["project", "agent", "model", "feature", "purpose", "task_type", "task_id", "session_id", "source"]
)
async def test_a_filter_keeps_the_calls_that_have_the_value(ledger: Ledger, call_of: CallOf, now: datetime, name: str):
    await _put(ledger, now, call_of("c1", **{name: "wanted"}), call_of("c2", **{name: "other"}))
    report = await _month(ledger, now, name, **{name: "wanted"})
    assert report.totals.calls == 1
    assert [g.key for g in report.groups] == [("wanted",)]


async def test_a_period_is_half_open(ledger: Ledger, call_of: CallOf, now: datetime):
    tick = timedelta(microseconds=1)
    await _put(ledger, now, *[call_of(f"c{n}", at=now + n * tick) for n in range(3)])
    period = Period(name="custom", start=now, end=now + 2 * tick, timezone="UTC")
    report = await ledger.report(ReportQuery(period=period, group_by=("day",)))
    assert report.totals.calls == 2
    assert report.groups[0].totals.calls == 2


async def test_a_report_of_an_empty_ledger_or_period_is_zero(ledger: Ledger, call_of: CallOf, now: datetime):
    empty = await _month(ledger, now, "day")
    await _put(ledger, now, call_of("c1"))
    before = await ledger.report(ReportQuery(period=named_period("2025", now), group_by=("day",)))
    for report in (empty, before):
        assert (report.totals.calls, report.groups, report.breakdowns["by_agent"]) == (0, (), ())


async def test_a_grouping_finer_than_anyone_could_read_is_refused(ledger: Ledger, call_of: CallOf, now: datetime):
    await _put(
        ledger, now, call_of("c1", at=datetime(2020, 1, 1, tzinfo=UTC)), call_of("c2", at=datetime(2035, 1, 1, tzinfo=UTC))
    )
    with pytest.raises(InvalidInput, match="by hour"):
        await ledger.report(ReportQuery(period=named_period("total", now), group_by=("hour",)))


async def test_a_task_says_what_when_by_whom_and_what_it_is_called_now(ledger: Ledger, call_of: CallOf, now: datetime):
    later = now + timedelta(hours=1)
    await _put(
        ledger,
        now,
        call_of("c2", task_id="t", task_title="New title", task_type="bug", agent="b", purpose="plan", at=later, cost="0.02"),
        call_of("c1", task_id="t", task_title="Old title", agent="a"),
    )
    task = await ledger.task_cost("default", "t")
    assert (task.known, task.title, task.task_type) == (True, "New title", "bug")
    assert (task.totals.first_call, task.totals.last_call) == (now, later)
    assert task.totals.cost_usd == Decimal("0.03")
    assert [name for name, _ in task.breakdowns["by_agent"]] == ["b", "a"]
    assert [name for name, _ in task.breakdowns["by_purpose"]] == ["plan", "(none)"]


async def test_an_unknown_task_names_at_most_three_similar_ones(ledger: Ledger, call_of: CallOf, now: datetime):
    await _put(ledger, now, *[call_of(f"c{n}", task_id=f"ticket-{n}") for n in range(5)], call_of("x", task_id="other"))
    task = await ledger.task_cost("default", "tickt-1")
    assert not task.known
    assert len(task.nearest) == 3
    assert task.nearest[0] == "ticket-1"


async def test_a_clock_that_steps_back_changes_no_sum(ledger: Ledger, call_of: CallOf, now: datetime):
    await _put(ledger, now, call_of("c1"))
    await _put(ledger, now - timedelta(hours=3), call_of("c2"), call_of("c1"))
    assert (await _month(ledger, now)).totals.calls == 2
    assert not (await ledger.verify()).differences


async def test_a_caller_that_gives_up_breaks_nothing(ledger: Ledger, call_of: CallOf, now: datetime):
    given_up = asyncio.create_task(ledger.record([call_of("c1")], now))
    await asyncio.sleep(0)
    given_up.cancel()
    reading = asyncio.create_task(_month(ledger, now))
    await asyncio.sleep(0)
    reading.cancel()
    await _put(ledger, now, call_of("c2"))
    assert isinstance(await ledger.call("default", "c2"), object)
    assert (await _month(ledger, now)).totals.calls == 2


async def test_closing_finishes_what_waits_and_may_be_repeated(ledger: Ledger, call_of: CallOf, now: datetime):
    waiting = [asyncio.create_task(ledger.record([call_of(f"c{n}")], now)) for n in range(20)]
    await asyncio.sleep(0)
    await ledger.close()
    await ledger.close()
    answers = [answer for given in await asyncio.gather(*waiting) for answer in given]
    assert [type(answer) for answer in answers] == [Receipt] * 20
    with pytest.raises(LedgerUnavailable):
        await ledger.record([call_of("late")], now)
    with pytest.raises(LedgerUnavailable):
        await ledger.call("default", "c1")
