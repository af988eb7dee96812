"""Savings from recorded calls to what was truly saved, through the verbs."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Protocol

import pytest

from cost_mcp.config.settings import Settings
from cost_mcp.errors import ContextBound, InvalidInput, NotFound, UnknownName
from cost_mcp.model.call import Rank
from cost_mcp.service.opening import open_quick
from cost_mcp.service.saving import (
    apply_saving,
    drop_saving,
    measure_savings,
    measure_savings_at_once,
    show_saving,
    suggest_savings,
    suggest_savings_at_once,
)
from cost_mcp.service.service import Service

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
Opener = Callable[..., AbstractAsyncContextManager[Service]]


class Clock(Protocol):
    """The clock that tests move."""

    def __call__(self) -> datetime:
        """The moment it stands at."""
        ...

    def move(self, **by: float) -> None:
        """Forwards."""
        ...


async def told(service: Service, at: datetime, **fields: object) -> None:
    """One call of Opus 4.6, $5 in and $25 out per million tokens, unless it says otherwise."""
    given: dict[str, object] = {
        "provider": "anthropic",
        "model": "claude-opus-4-6",
        "agent": "coder",
        "input_tokens": 10_000,
        "output_tokens": 1_000,
        "occurred_at": at.isoformat(),
    }
    await service.record(given | fields, source="python", rank=Rank.AGENT)


async def repeated(service: Service, start: datetime, calls: int, *, each: int) -> None:
    """So many calls in sessions of their own, each repeated until it was made so many times."""
    for n in range(calls):
        for again in range(each):
            await told(service, start + timedelta(minutes=10 * n, seconds=again), session_id=f"s{n}", input_tokens=2_000 + n)


async def test_both_doors_suggest_the_same_and_show_the_calls_behind(opened: Opener, clock: Clock, tmp_path: Path):
    async with opened() as service:
        await repeated(service, NOON - timedelta(days=2), 10, each=3)
        answer = await suggest_savings(service, {"period": "7d", "min_savings": "0.1", "rule": "repeated-calls"})
    (suggestion,) = answer.suggestions
    # 20 of 30 calls: 2,000 to 2,009 tokens × $5/M, twice each, and 1,000 × $25/M.
    assert suggestion.saved_usd == Decimal("0.70045")
    assert (suggestion.calls, answer.total_usd, answer.totals.calls) == (20, suggestion.saved_usd, 30)

    quick = open_quick(Settings(db=str(tmp_path / "ledger.db")), clock=clock)
    assert suggest_savings_at_once(quick, {"period": "7d", "min_savings": "0.1", "rule": ["repeated_calls"]}) == answer
    shown = show_saving(quick, {"period": "7d", "saving_id": suggestion.saving_id, "limit": 5})
    quick.close()
    assert (shown.suggestion.saved_usd, len(shown.calls)) == (suggestion.saved_usd, 5)
    assert [call.session_id for call in shown.calls] == ["s0", "s0", "s1", "s1", "s2"]


async def test_a_smaller_model_is_priced_from_the_books_as_they_were_when_the_calls_were_made(opened: Opener):
    async with opened() as service:
        for n in range(10):
            await told(service, NOON - timedelta(hours=n + 1), model="claude-haiku-4-5", input_tokens=2_000, output_tokens=100)
            await told(service, NOON - timedelta(hours=n + 1), input_tokens=2_000, output_tokens=100)
        answer = await suggest_savings(service, {"min_savings": "0.0001", "rule": "smaller-model"})
    dear = next(each for each in answer.suggestions if each.subject[3] == "claude-opus-4-6")
    assert dear.spent_usd == Decimal("0.125")
    assert dear.instead is not None
    assert Decimal(0) < dear.saved_usd < dear.spent_usd


async def test_a_batch_costs_half_by_the_books(opened: Opener):
    async with opened() as service:
        for n in range(60):
            at = NOON - timedelta(days=1, seconds=-n)
            await told(service, at, input_tokens=1_000, output_tokens=200, session_id=f"s{n}", purpose="nightly")
        answer = await suggest_savings(service, {"min_savings": "0.1", "rule": "batch"})
    assert [(each.saved_usd, each.spent_usd, each.confidence) for each in answer.suggestions] == [
        (Decimal("0.3"), Decimal("0.6"), "medium")
    ]


async def test_the_surcharge_of_a_long_context_is_what_the_books_charge_above_their_step(opened: Opener):
    # Gemini 2.5 Pro: $1.25 in and $10 out per million tokens, above 200,000 of them $2.50 and $15.
    async with opened() as service:
        long = {"provider": "google", "model": "gemini-2.5-pro", "input_tokens": 300_000, "output_tokens": 2_000}
        await told(service, NOON - timedelta(hours=1), **long)
        answer = await suggest_savings(service, {"min_savings": "0.1", "rule": "long-context"})
    assert [each.saved_usd for each in answer.suggestions] == [Decimal("0.385")]


async def test_what_was_applied_is_held_against_the_thirty_days_before(opened: Opener, clock: Clock):
    async with opened() as service:
        await repeated(service, NOON - timedelta(days=3), 15, each=3)
        answer = await suggest_savings(service, {"period": "7d", "min_savings": "0", "rule": "repeated-calls"})
        (suggestion,) = answer.suggestions
        noted = await apply_saving(service, {"saving_id": suggestion.saving_id}, by="cli:kim")
        assert (noted.outcome, noted.saving.baseline.units, noted.saving.baseline.usd) == ("applied", 45, suggestion.saved_usd)
        again = await apply_saving(service, {"saving_id": suggestion.saving_id}, by="cli:lee")
        assert (again.outcome, again.saving) == ("exists", noted.saving)

        clock.move(days=10)
        assert [each.saved_usd for each in await measure_savings(service)] == [None]
        await repeated(service, NOON + timedelta(days=2), 45, each=1)  # the same amount of work, nothing twice
        (told_since,) = await measure_savings(service)
        assert told_since.saved_usd == suggestion.saved_usd
        assert (told_since.since.units, told_since.since.usd) == (45, Decimal(0))

        answer = await suggest_savings(service, {"period": "30d", "min_savings": "0", "rule": "repeated-calls"})
        assert answer.applied[suggestion.saving_id] == noted.saving
        dropped = await drop_saving(service, suggestion.saving_id, by="cli:kim")
        assert (dropped.outcome, (await drop_saving(service, suggestion.saving_id, by="x")).outcome) == ("dropped", "dropped")
        clock.move(days=10)
        await repeated(service, NOON + timedelta(days=12), 30, each=2)  # after it was dropped: no business of the measurement
        assert [each.saved_usd for each in await measure_savings(service)] == [told_since.saved_usd]
        assert (await suggest_savings(service, {"min_savings": "0"})).applied == {}


async def test_a_sub_agent_given_a_cheaper_model_is_measured_by_what_its_calls_cost(opened: Opener, clock: Clock):
    async def session(service: Service, number: int, at: datetime, model: str) -> None:
        await told(service, at, agent="lead", session_id=f"s{number}")
        await told(service, at + timedelta(seconds=9), agent="scout", session_id=f"s{number}", model=model)

    async with opened() as service:
        for n in range(30):
            await session(service, n, NOON - timedelta(days=2, minutes=n), "claude-opus-4-6")
        (found,) = (await suggest_savings(service, {"min_savings": "0.1", "rule": "sub-agents"})).suggestions
        assert (found.named()["agent"], found.spent_usd) == ("scout", Decimal("2.25"))  # 30 times $0.05 + $0.025
        await apply_saving(service, {"saving_id": found.saving_id}, by="cli:kim")
        clock.move(days=3)
        for n in range(30, 70):
            await session(service, n, NOON + timedelta(days=1, minutes=n), "claude-haiku-4-5")
        (measured,) = await measure_savings(service)
        # 40 calls at $0.075 would have been $3; at $1 and $5 per million tokens they were $0.60.
        assert (measured.saved_usd, measured.since.units) == (Decimal("2.4"), 40)

        narrowed = await suggest_savings(service, {"min_savings": "0.01", "agent": "scout"})
        assert narrowed.unseen["sub-agents"].startswith("Only some calls of each session are looked at")


async def test_it_may_have_been_applied_earlier_than_it_is_noted(opened: Opener):
    async with opened() as service:
        await repeated(service, NOON - timedelta(days=3), 40, each=2)
        (suggestion,) = (await suggest_savings(service, {"min_savings": "0", "rule": "repeated-calls"})).suggestions
        at = NOON - timedelta(days=2, hours=21)
        noted = await apply_saving(service, {"saving_id": suggestion.saving_id, "at": at.isoformat()}, by="cli:kim")
    assert noted.saving.applied_at == at
    assert noted.saving.baseline.units == 36  # those of the first three hours


async def test_a_bound_project_narrows_what_is_looked_at(opened: Opener):
    async with opened(project="one", bound=frozenset({"project"})) as service:
        await told(service, NOON, session_id="s")
        answer = await suggest_savings(service, {})
        assert dict(answer.question.query.filters) == {"project": "one"}
        with pytest.raises(ContextBound):
            await suggest_savings(service, {"project": "two"})


async def test_less_spent_than_a_suggestion_has_to_save_is_not_looked_through(opened: Opener):
    async with opened() as service:
        await repeated(service, NOON - timedelta(days=1), 3, each=2)
        answer = await suggest_savings(service, {})
    assert (answer.suggestions, answer.unseen, answer.totals.calls) == ((), {}, 6)


async def test_plans_are_left_out_unless_they_are_asked_for(opened: Opener):
    async with opened() as service:
        for n in range(3):
            await told(service, NOON - timedelta(seconds=n), session_id="s", billing="subscription")
        asked: dict[str, Any] = {"min_savings": "0.01", "rule": "repeated-calls"}
        assert (await suggest_savings(service, asked)).suggestions == ()
        planned = await suggest_savings(service, asked | {"billing": "subscription"})
    assert [each.calls for each in planned.suggestions] == [2]


@pytest.mark.parametrize("period", ["2025-01", "2030-01"])
async def test_a_period_without_calls_gets_an_empty_answer(opened: Opener, period: str):
    async with opened() as service:
        await repeated(service, NOON - timedelta(days=1), 3, each=2)
        answer = await suggest_savings(service, {"period": period})
    assert (answer.suggestions, answer.total_usd, answer.totals.calls) == ((), 0, 0)


@pytest.mark.parametrize(
    ("fields", "error", "field", "said"),
    [
        ({"rule": "smaler-model"}, UnknownName, "rule", "Did you mean smaller-model?"),
        ({"rule": ""}, InvalidInput, "rule", "Use any of"),
        ({"rule": 7}, InvalidInput, "rule", "Use any of"),
        ({"rule": [7]}, InvalidInput, "rule", "Use any of"),
        ({"min_savings": "-1"}, InvalidInput, "min_savings", ""),
        ({"min_savings": "much"}, InvalidInput, "min_savings", ""),
        ({"limit": 0}, InvalidInput, "limit", ""),
        ({"period": "fortnight"}, UnknownName, "period", ""),
        ({"timezone": "Europe/Berlinn"}, UnknownName, "timezone", "Europe/Berlin"),
        ({"start": "2026-11-02", "end": "2026-11-01"}, InvalidInput, "end", ""),
        ({"group_by": "model"}, UnknownName, "group_by", ""),
    ],
)
async def test_what_cannot_be_taken_is_named(
    opened: Opener, fields: dict[str, object], error: type[InvalidInput], field: str, said: str
):
    async with opened() as service:
        with pytest.raises(error) as refused:
            await suggest_savings(service, fields)
    assert refused.value.field == field
    assert said in str(refused.value)


async def test_an_unknown_suggestion_is_neither_shown_nor_noted(opened: Opener, clock: Clock, tmp_path: Path):
    async with opened() as service:
        await repeated(service, NOON - timedelta(hours=1), 3, each=2)
        with pytest.raises(NotFound, match="30 days"):
            await apply_saving(service, {"saving_id": "sav_0000000000"}, by="cli:kim")
        with pytest.raises(InvalidInput, match="begin with sav_"):
            await apply_saving(service, {"saving_id": "T-1"}, by="cli:kim")
        with pytest.raises(InvalidInput, match="not come yet"):
            await apply_saving(service, {"saving_id": "sav_0", "at": "2026-11-23T00:00:00Z"}, by="cli:kim")
        with pytest.raises(NotFound, match="was applied"):
            await drop_saving(service, "sav_0000000000", by="cli:kim")
        assert await measure_savings(service) == ()
    quick = open_quick(Settings(db=str(tmp_path / "ledger.db")), clock=clock)
    with pytest.raises(NotFound) as refused:
        show_saving(quick, {"saving_id": "sav_0000000000"})
    assert refused.value.field == "saving_id"
    assert measure_savings_at_once(quick) == ()
    quick.close()
