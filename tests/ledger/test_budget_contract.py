"""What every ledger does with budgets, whatever it is kept in."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Protocol

import pytest

from cost_mcp.errors import NotFound
from cost_mcp.ledger.contract import Ledger
from cost_mcp.model.budget import Budget, Standing
from cost_mcp.model.call import Context, Rank
from cost_mcp.model.charge import PricedCall
from cost_mcp.model.receipt import Receipt
from cost_mcp.model.scope import Covered, Scope


class CallOf(Protocol):
    """The fixture's builder of priced calls."""

    def __call__(self, call_id: str, *, cost: str | None = ..., list_cost: str | None = ..., **fields: Any) -> PricedCall:
        """A priced call with this id; other fields by their names."""
        ...


def _daily(name: str = "daily", **fields: Any) -> Budget:
    given: dict[str, Any] = {"period": "day"} | fields
    if not {"limit_tokens", "limit_calls"} & fields.keys():
        given.setdefault("limit_usd", Decimal(10))
    return Budget(name=name, **given)


async def _record(ledger: Ledger, now: datetime, *calls: PricedCall) -> list[Receipt]:
    answers = await ledger.record(calls, now)
    assert all(isinstance(answer, Receipt) for answer in answers), answers
    return [answer for answer in answers if isinstance(answer, Receipt)]


async def _one(ledger: Ledger, now: datetime) -> Standing:
    (standing,) = await ledger.standings("default", None, now)
    return standing


SCOPES: list[Any] = [
    ({"project": "p"}, {"project": "p"}, {"project": "q"}),
    ({"agent": "a"}, {"agent": "a"}, {}),
    ({"provider": "azure"}, {"provider": "azure"}, {"provider": "openai"}),
    ({"provider": "openai"}, {}, {"provider": "azure"}),
    ({"model": "gpt-5"}, {"model": "openai/gpt-5"}, {"model": "gpt-5-mini"}),
    ({"model": "gpt-5*"}, {"model": "gpt-5-mini"}, {"model": "claude"}),
    ({"model": "gpt-5-catalog"}, {"model": "gpt-5"}, {"model": "claude"}),
    ({"model": "gpt-5-2025-08-07"}, {"response_model": "gpt-5-2025-08-07"}, {}),
    ({"feature": "f"}, {"feature": "f"}, {"feature": "g"}),
    ({"purpose": "u", "task_type": "bug"}, {"purpose": "u", "task_type": "bug"}, {"purpose": "u"}),
    ({"task_id": "t"}, {"task_id": "t"}, {"task_id": "u"}),
    ({"session_id": "s"}, {"session_id": "s"}, {}),
    ({"tag:branch": "main"}, {"tags": {"branch": "main"}}, {"tags": {"branch": "dev"}}),
]


@pytest.mark.parametrize(("scope", "inside", "outside"), SCOPES)
@pytest.mark.parametrize("set_first", [True, False], ids=["set before the calls", "set after the calls"])
async def test_a_budget_counts_what_its_scope_covers_before_and_after_it_was_set(
    ledger: Ledger, call_of: CallOf, now: datetime, scope: dict[str, str], inside: Any, outside: Any, *, set_first: bool
):
    budget = _daily(scope=Scope.of(scope))
    calls = (call_of("in", cost="0.5", **inside), call_of("out", cost="3", **outside))
    if set_first:
        await ledger.set_budget(budget, now, "tester")
    receipts = await _record(ledger, now, *calls)
    if not set_first:
        await ledger.set_budget(budget, now, "tester")
    standing = await _one(ledger, now)
    assert (standing.spent, standing.calls) == (Decimal("0.5"), 1)
    assert [len(receipt.standings) for receipt in receipts] == ([1, 0] if set_first else [0, 0])
    assert not (await ledger.verify()).differences


UNITS: list[Any] = [
    ({}, "3.5", "1"),
    ({"include_subscription": True}, "5.5", "1"),
    ({"limit_tokens": 10_000}, "4400", "1100"),
    ({"limit_tokens": 10_000, "include_subscription": True}, "5500", "1100"),
    ({"limit_calls": 10}, "4", "1"),
    ({"mode": "enforce"}, "6.5", "1"),
    ({"mode": "shadow"}, "3.5", "1"),
]


@pytest.mark.parametrize(("fields", "spent", "provisional"), UNITS)
@pytest.mark.parametrize("set_first", [True, False])
async def test_spent_is_in_the_budgets_unit_and_counts_what_it_asks_for(
    ledger: Ledger, call_of: CallOf, now: datetime, fields: Any, spent: str, provisional: str, *, set_first: bool
):
    if set_first:
        await ledger.set_budget(_daily(**fields), now, "tester")
    await _record(
        ledger,
        now,
        call_of("c1", cost="2"),
        call_of("c2", cost="1", provisional=True),
        call_of("c3", cost=None),
        call_of("c4", cost="2", billing="subscription"),
        call_of("c5", cost="0.5", list_cost="3.5", stated_cost_usd=Decimal("0.5"), source="mcp"),
    )
    if not set_first:
        await ledger.set_budget(_daily(**fields), now, "tester")
    standing = await _one(ledger, now)
    assert (standing.spent, standing.provisional, standing.unpriced_calls) == (Decimal(spent), Decimal(provisional), 1)


async def test_a_receipt_shows_the_windows_of_the_calls_own_time_tightest_first(ledger: Ledger, call_of: CallOf, now: datetime):
    await ledger.set_budget(_daily("wide", limit_usd=Decimal(100), period="total"), now, "tester")
    await ledger.set_budget(_daily("tight", limit_usd=Decimal(1)), now, "tester")
    early, current = await _record(ledger, now, call_of("c1", at=now - timedelta(days=3)), call_of("c2", cost="0.9"))
    assert [s.budget.name for s in early.standings] == ["wide"]
    assert [(s.budget.name, s.spent, s.state) for s in current.standings] == [
        ("tight", Decimal("0.9"), "warning"),
        ("wide", Decimal("0.91"), "ok"),
    ]


async def test_a_correction_leaves_the_old_window_and_enters_the_new_one(ledger: Ledger, call_of: CallOf, now: datetime):
    await ledger.set_budget(_daily(each="agent"), now, "tester")
    await _record(ledger, now, call_of("c1", agent="a", cost="2"))
    await _record(ledger, now, call_of("c1", agent="b", cost="3", rank=Rank.LOG, source="codex"))
    (standing,) = await ledger.standings("default", None, now)
    assert (standing.each_value, standing.spent, standing.calls) == ("b", Decimal(3), 1)
    assert not (await ledger.verify()).differences


async def test_a_budget_nothing_was_spent_on_stands_at_zero(ledger: Ledger, now: datetime):
    await ledger.set_budget(_daily("all"), now, "tester")
    await ledger.set_budget(_daily("each", each="session_id"), now, "tester")
    standings = await ledger.standings("default", None, now)
    assert [(s.budget.name, s.each_value, s.spent, s.window_start) for s in standings] == [
        ("all", None, 0, datetime(2026, 11, 22, tzinfo=UTC)),
        ("each", None, 0, datetime(2026, 11, 22, tzinfo=UTC)),
    ]


async def test_asking_shows_what_covers_it_and_an_each_budgets_own_or_five_tightest_windows(
    ledger: Ledger, call_of: CallOf, now: datetime
):
    await ledger.set_budget(_daily("global"), now, "tester")
    await ledger.set_budget(_daily("p-only", scope=Scope.of({"project": "p"})), now, "tester")
    await ledger.set_budget(_daily("sessions", each="session_id"), now, "tester")
    await _record(ledger, now, *[call_of(f"c{n}", session_id=f"s{n}", cost=str(n)) for n in range(1, 8)])

    async def asked(**context: Any) -> list[tuple[str, str | None]]:
        found = await ledger.standings("default", Covered(context=Context(**context)), now)
        return [(s.budget.name, s.each_value) for s in found]

    assert await asked(project="p", session_id="s2") == [("global", None), ("sessions", "s2"), ("p-only", None)]
    five = [("sessions", f"s{n}") for n in (7, 6, 5, 4, 3)]
    assert await asked(project="q") == [("global", None), *five]
    assert await asked(session_id="new") == [("global", None), ("sessions", "new")]


async def test_yesterdays_spend_is_not_in_todays_window(ledger: Ledger, call_of: CallOf, now: datetime):
    await ledger.set_budget(_daily(timezone="America/New_York"), now, "tester")
    await _record(ledger, now, call_of("c1", cost="4"))
    tomorrow = await _one(ledger, now + timedelta(days=1))
    assert tomorrow.spent == 0
    assert tomorrow.window_start == datetime(2026, 11, 23, 5, tzinfo=UTC)


async def test_a_changed_limit_keeps_the_windows_and_their_start(ledger: Ledger, call_of: CallOf, now: datetime):
    first = await ledger.set_budget(_daily(), now, "tester")
    await _record(ledger, now, call_of("c1", cost="4"))
    later = now + timedelta(days=2)
    second = await ledger.set_budget(_daily(limit_usd=Decimal(8), mode="enforce"), later, "tester")
    assert (second.budget_id, second.counts_from, second.created_at) == (first.budget_id, first.counts_from, now)
    standing = await _one(ledger, now)
    assert (standing.used_percent, standing.budget.mode) == (50, "enforce")


async def test_a_definition_that_counts_differently_starts_from_what_the_ledger_holds(
    ledger: Ledger, call_of: CallOf, now: datetime
):
    first = await ledger.set_budget(_daily(), now, "tester")
    await _record(ledger, now, call_of("c1", cost="4", project="p"), call_of("c2", cost="1", at=now - timedelta(days=5)))
    second = await ledger.set_budget(_daily(period="total"), now, "tester")
    assert second.budget_id != first.budget_id
    assert (await _one(ledger, now)).spent == 5
    await ledger.set_budget(_daily(scope=Scope.of({"project": "p"})), now, "tester")
    assert (await _one(ledger, now)).spent == 4
    verification = await ledger.verify()
    assert (verification.windows, verification.differences) == (1, ())


async def test_late_calls_before_a_budget_counts_belong_to_no_window(ledger: Ledger, call_of: CallOf, now: datetime):
    await ledger.set_budget(_daily(), now, "tester")
    await _record(ledger, now, call_of("late", at=now - timedelta(days=1)))
    assert (await _one(ledger, now - timedelta(days=1))).spent == 0
    assert not (await ledger.verify()).differences


async def test_every_change_of_a_budget_is_kept_with_who_and_when(ledger: Ledger, now: datetime):
    later = now + timedelta(hours=1)
    first = await ledger.set_budget(_daily(), now, "anna")
    again = await ledger.set_budget(_daily(), now, "anna")
    second = await ledger.set_budget(_daily(limit_usd=Decimal(20)), later, "ben")
    await ledger.set_budget(_daily("another"), later, "ben")
    removed = await ledger.remove_budget("default", "daily", later, "cleo")
    assert again == first
    assert removed == second
    history = await ledger.budget_history("default", "daily")
    assert [(h.changed_by, h.changed_at, h.before, h.after) for h in history] == [
        ("anna", now, None, first),
        ("ben", later, first, second),
        ("cleo", later, second, None),
    ]
    assert [h.name for h in await ledger.budget_history("default", None)] == ["daily", "daily", "another", "daily"]
    assert [b.name for b in await ledger.budgets("default")] == ["another"]


async def test_removing_a_budget_there_is_not_names_the_nearest(ledger: Ledger, now: datetime):
    await ledger.set_budget(_daily("weekly"), now, "tester")
    with pytest.raises(NotFound, match="weekly"):
        await ledger.remove_budget("default", "weekli", now, "tester")


async def test_a_budget_of_one_tenant_counts_nothing_of_another(ledger: Ledger, call_of: CallOf, now: datetime):
    await ledger.set_budget(_daily(), now, "tester")
    await ledger.set_budget(_daily(tenant="other"), now, "tester")
    await _record(ledger, now, call_of("c1", tenant="other", cost="4"))
    assert (await _one(ledger, now)).spent == 0
    (standing,) = await ledger.standings("other", None, now)
    assert standing.spent == 4
    with pytest.raises(NotFound):
        await ledger.remove_budget("third", "daily", now, "tester")


@pytest.mark.parametrize("change", ["set", "changed", "removed"])
async def test_a_call_on_its_way_counts_by_the_budgets_that_are_in_force_when_it_lands(
    ledger: Ledger, call_of: CallOf, now: datetime, change: str
):
    """Both are in one commit, the change first; the call was made ready while the budgets were others."""
    if change != "set":
        await ledger.set_budget(_daily(), now, "test")
    await _record(ledger, now, call_of("before", cost="1"))
    changing = {
        "set": lambda: ledger.set_budget(_daily(), now, "test"),
        "changed": lambda: ledger.set_budget(_daily(scope=Scope(conditions=(("agent", "other"),))), now, "test"),
        "removed": lambda: ledger.remove_budget("default", "daily", now, "test"),
    }
    _, (receipt,) = await asyncio.gather(changing[change](), ledger.record((call_of("on its way", cost="2"),), now))
    assert isinstance(receipt, Receipt)
    assert [stands.spent for stands in receipt.standings] == ([Decimal(3)] if change == "set" else [])
    assert not (await ledger.verify()).differences
