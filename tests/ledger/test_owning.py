"""Where sources share no ids of calls, the best one's word counts of a session, in whatever order they speak."""

from __future__ import annotations

import asyncio
import random
import sqlite3
import tempfile
from collections.abc import Awaitable, Callable
from contextlib import closing
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cost_mcp.budgets.windows import window_of
from cost_mcp.ledger.contract import Ledger
from cost_mcp.ledger.intake import Intake
from cost_mcp.ledger.owners import Superseded
from cost_mcp.ledger.owning import Claim
from cost_mcp.ledger.quick import open_readings
from cost_mcp.ledger.sqlite import open_ledger
from cost_mcp.model.budget import Budget
from cost_mcp.model.call import Rank
from cost_mcp.model.charge import PricedCall
from cost_mcp.model.period import Period
from cost_mcp.model.receipt import Receipt
from cost_mcp.model.report import CostReport, ReportQuery

if TYPE_CHECKING:
    from conftest import CallOf, Wallet

T = TypeVar("T")
PRODUCT: dict[str, Any] = {"product": "claude-code", "session_id": "s1"}


@pytest.fixture
def told(call_of: CallOf) -> Callable[..., PricedCall]:
    """A call that an agent told of without an id: ten cents, in a session of Claude Code's."""

    def call(call_id: str = "made-1", **fields: Any) -> PricedCall:
        given: dict[str, Any] = {"cost": "0.10", "source": "mcp", "unshared": True} | PRODUCT | fields
        return call_of(call_id, **given)

    return call


@pytest.fixture
def logged(call_of: CallOf) -> Callable[..., PricedCall]:
    """A call out of Claude Code's log: thirty cents, in the same session."""

    def call(call_id: str = "msg_1", **fields: Any) -> PricedCall:
        given: dict[str, Any] = {"cost": "0.30", "source": "claude-code", "rank": Rank.LOG} | PRODUCT | fields
        return call_of(call_id, **given)

    return call


Make = Callable[..., PricedCall]


async def total(ledger: Ledger, now: datetime, **filters: str) -> CostReport:
    period = Period(name="custom", start=now - timedelta(days=3), end=now + timedelta(days=1), timezone="UTC")
    return await ledger.report(ReportQuery(period=period, group_by=("session_id", "source"), filters=filters))


async def came_to(ledger: Ledger, now: datetime) -> tuple[int, Decimal, int]:
    """Calls, dollars, and how many calls are kept and not counted."""
    report = await total(ledger, now)
    return report.totals.calls, report.totals.cost_usd, report.uncounted_calls


@pytest.mark.parametrize("agent_first", [True, False])
async def test_a_session_told_by_its_agent_and_by_its_log_counts_once(
    ledger: Ledger, wallet: Wallet, told: Make, logged: Make, now: datetime, *, agent_first: bool
):
    await ledger.set_budget(wallet.budget(), now, "tester")
    calls = [told(), told("made-2"), logged()] if agent_first else [logged(), told(), told("made-2")]
    for call in calls:
        await ledger.record([call], now)
    assert await came_to(ledger, now) == (1, Decimal("0.3"), 2)
    assert (await wallet.one(now)).spent == Decimal("0.3")
    stored = await ledger.call("default", "made-1")
    assert stored is not None
    assert (stored.owner, stored.priced.pricing.cost_usd) == ("claude-code", Decimal("0.1"))
    await wallet.sound()
    assert await came_to(ledger, now) == (1, Decimal("0.3"), 2)


async def test_what_comes_after_the_log_says_at_once_that_it_does_not_count_and_what_to_do(
    ledger: Ledger, wallet: Wallet, told: Make, logged: Make, now: datetime
):
    assert not (await wallet.settle(now, told())).warnings
    await ledger.record([logged()], now)
    receipt = await wallet.settle(now, told("made-2"))
    assert receipt.outcome == "created"
    (warning,) = receipt.warnings
    assert "not counted: the log of claude-code" in warning
    assert "call_id" in warning
    again = await wallet.settle(now, told())
    assert (again.outcome, again.warnings) == ("exists", (warning,))


@pytest.mark.parametrize(
    "other",
    [
        {"unshared": False},
        {"session_id": "s2"},
        {"session_id": None},
        {"product": "codex"},
        {"product": None},
        {"tenant": "another"},
    ],
)
@pytest.mark.parametrize("agent_first", [True, False])
async def test_nothing_else_is_touched(
    ledger: Ledger, wallet: Wallet, told: Make, logged: Make, now: datetime, other: dict[str, Any], *, agent_first: bool
):
    calls = [told(**other), logged()]
    await ledger.record(calls if agent_first else calls[::-1], now)
    stored = await ledger.call(other.get("tenant", "default"), "made-1")
    assert stored is not None
    assert (stored.owner, stored.revision) == (None, 1)
    assert (await came_to(ledger, now))[2] == 0
    await wallet.sound()


async def test_a_call_both_know_by_its_id_is_corrected_and_counts(
    ledger: Ledger, wallet: Wallet, told: Make, logged: Make, now: datetime
):
    await ledger.record([told(), told("msg_1", unshared=False, cost="0.2"), logged(task_id="T")], now)
    assert await came_to(ledger, now) == (1, Decimal("0.3"), 1)
    stored = await ledger.call("default", "msg_1")
    assert stored is not None
    assert (stored.revision, stored.owner) == (2, None)
    await wallet.sound()


async def test_telemetry_gives_way_to_the_log_and_agents_to_both(
    ledger: Ledger, wallet: Wallet, told: Make, logged: Make, now: datetime
):
    event = logged("event-1", source="otlp", rank=Rank.EVENT, unshared=True, cost="0.25")
    await ledger.record([told()], now)
    await ledger.record([event], now)
    assert await came_to(ledger, now) == (1, Decimal("0.25"), 1)
    (receipt,) = await ledger.record([told("made-2")], now)
    assert isinstance(receipt, Receipt)
    assert "the telemetry of claude-code" in receipt.warnings[0]
    await ledger.record([logged()], now)
    assert await came_to(ledger, now) == (1, Decimal("0.3"), 3)
    await wallet.sound()


async def test_a_better_word_on_the_very_call_counts_again(
    ledger: Ledger, wallet: Wallet, told: Make, logged: Make, now: datetime
):
    await ledger.record([told(), logged()], now)
    response = told(unshared=False, product=None, source="cli", rank=Rank.RESPONSE, cost="0.05")
    receipt = await wallet.settle(now, response)
    assert (receipt.outcome, receipt.warnings) == ("corrected", ())
    assert await came_to(ledger, now) == (2, Decimal("0.35"), 0)
    await wallet.sound()


async def test_an_unfinished_report_of_an_agent_stays_out_of_the_count_when_it_is_finished(
    ledger: Ledger, wallet: Wallet, told: Make, logged: Make, now: datetime
):
    await ledger.record([told(provisional=True), logged()], now)
    receipt = await wallet.settle(now, told(unshared=False))
    assert receipt.outcome == "corrected"
    assert "not counted" in receipt.warnings[0]
    assert await came_to(ledger, now) == (1, Decimal("0.3"), 1)
    await wallet.sound()


async def test_spend_that_moves_frees_nothing_and_alerts_nobody_twice(
    ledger: Ledger, wallet: Wallet, told: Make, logged: Make, now: datetime
):
    await ledger.set_budget(wallet.budget(), now, "tester")
    reservation = await wallet.held(now, "0.9")
    await wallet.settle(now, told(cost="0.9", reservation_id=reservation.reservation_id))
    (alert,) = await ledger.alerts("default", open_only=True, limit=9)
    await ledger.record([logged(cost="0.9")], now)
    standing = await wallet.one(now)
    assert (standing.spent, standing.reserved) == (Decimal("0.9"), 0)
    assert (await ledger.reserve(wallet.order(now, "0.2"), now)).denied_by is not None
    assert await ledger.alerts("default", open_only=True, limit=9) == (alert,)
    stored = await ledger.call("default", "made-1")
    assert stored is not None
    assert stored.priced.call.reservation_id == reservation.reservation_id
    await wallet.sound()


async def test_a_reservation_is_settled_by_a_call_that_is_kept_and_not_counted(
    ledger: Ledger, wallet: Wallet, told: Make, logged: Make, now: datetime
):
    await ledger.set_budget(wallet.budget(), now, "tester")
    await ledger.record([logged()], now)
    reservation = await wallet.held(now)
    receipt = await wallet.settle(now, told(reservation_id=reservation.reservation_id))
    assert receipt.reservation is not None
    assert (receipt.reservation.state, receipt.unadmitted) == ("settled", False)
    standing = await wallet.one(now)
    assert (standing.spent, standing.reserved) == (Decimal("0.3"), 0)
    await wallet.sound()


async def test_two_processes_see_who_owns_a_session(
    ledger: Ledger, ledger_path: Path, wallet: Wallet, told: Make, logged: Make, now: datetime
):
    await ledger.record([told()], now)
    other = await open_ledger(ledger_path, now=now, window_of=window_of)
    await other.record([logged()], now)
    await ledger.record([told("made-2")], now)
    assert await came_to(ledger, now) == await came_to(other, now) == (1, Decimal("0.3"), 2)
    await other.close()
    await wallet.sound()


async def test_a_task_says_what_of_it_is_not_counted(ledger: Ledger, told: Make, logged: Make, now: datetime):
    await ledger.record([told(task_id="T"), told("made-2", task_id="T", session_id="s2"), logged()], now)
    task = await ledger.task_cost("default", "T")
    assert (task.known, task.totals.calls, task.uncounted_calls) == (True, 1, 1)
    await ledger.record([logged("msg_2", session_id="s2")], now)
    task = await ledger.task_cost("default", "T")
    assert (task.known, task.totals.calls, task.uncounted_calls, task.nearest) == (True, 0, 2, ())


async def test_a_report_counts_what_it_leaves_out_in_its_period_by_its_filters_and_as_of_its_first_page(
    ledger: Ledger, ledger_path: Path, told: Make, logged: Make, now: datetime
):
    await ledger.record([told(agent="a"), told("made-2", agent="b", at=now - timedelta(days=9)), logged(agent="a")], now)
    first = await total(ledger, now)
    assert first.uncounted_calls == 1
    assert (await total(ledger, now, agent="b")).uncounted_calls == 0
    assert (await total(ledger, now, session_id="s1", source="mcp")).uncounted_calls == 1
    await ledger.record([told("made-3")], now)
    query = ReportQuery(period=first.query.period, as_of=first.as_of)
    door = open_readings(ledger_path, window_of=window_of)
    assert door.report(query).uncounted_calls == (await ledger.report(query)).uncounted_calls == 1
    door.close()


def test_a_log_owns_a_session_whose_calls_are_known_by_another(tmp_path: Path, told: Make, logged: Make, now: datetime):
    heard: list[Superseded] = []
    with Intake(tmp_path / "l.db", now=now, window_of=window_of) as intake:
        intake.bring_in("default", [told(), logged(session_id="s2")], now)
        claims = [Claim(product="claude-code", session_id="s1", source="claude-code", rank=Rank.LOG)]
        intake.bring_in("default", [], now, claims=claims, superseded=heard.append)
        intake.bring_in("default", [], now, claims=claims, superseded=heard.append)
        assert intake.uncounted("default", "claude-code", "s1") == ("made-1",)
        assert not intake.uncounted("default", "claude-code", "s2")
    assert [(each.owner, each.priced.call.call_id) for each in heard] == [("claude-code", "made-1")]


async def test_verify_finds_what_counts_and_should_not_and_rebuild_sets_it_right(
    ledger: Ledger, ledger_path: Path, wallet: Wallet, told: Make, logged: Make, now: datetime
):
    await ledger.set_budget(wallet.budget(), now, "tester")
    await ledger.record([told(), logged(session_id="s2")], now)
    with closing(sqlite3.connect(ledger_path)) as db:
        db.execute("UPDATE owners SET rank = 40 WHERE session_id = 's1'")
        db.execute("DROP TRIGGER unshared_calls_never_go")
        db.commit()
    (difference,) = (await ledger.verify()).differences
    assert difference == "a call counts that a better source tells of: call made-1."
    await ledger.rebuild()
    await wallet.sound()
    assert await came_to(ledger, now) == (1, Decimal("0.3"), 1)
    with closing(sqlite3.connect(ledger_path)) as db:
        db.execute("DELETE FROM unshared_calls")
        db.commit()
    (difference,) = (await ledger.verify()).differences
    assert difference == "a call is kept and not counted, and no better source tells of it: call made-1."
    await ledger.rebuild()
    await wallet.sound()
    assert await came_to(ledger, now) == (2, Decimal("0.4"), 0)


TOLD = st.fixed_dictionaries(
    {
        "teller": st.sampled_from(["agent", "agent with id", "telemetry", "log"]),
        "number": st.integers(0, 2),
        "session": st.sampled_from(["s1", "s2", None]),
        "product": st.sampled_from(["claude-code", "codex"]),
    }
)
TELLERS: dict[str, dict[str, Any]] = {
    "agent": {"source": "mcp", "rank": Rank.AGENT, "unshared": True, "cost": "0.1"},
    "agent with id": {"source": "mcp", "rank": Rank.AGENT, "cost": "0.2"},
    "telemetry": {"source": "otlp", "rank": Rank.EVENT, "unshared": True, "cost": "0.3"},
    "log": {"source": "log", "rank": Rank.LOG, "cost": "0.4"},
}


def _call(call_of: CallOf, now: datetime, drawn: dict[str, Any]) -> PricedCall:
    """What a teller says of a call; only the log and an agent that gives an id mean the same id."""
    where = f"{drawn['number']}-{drawn['session']}-{drawn['product']}"
    own = {"agent": "made-", "telemetry": "event-"}.get(drawn["teller"], "msg-")
    fields = {"session_id": drawn["session"], "product": drawn["product"]}
    return call_of(f"{own}{where}", at=now - timedelta(hours=drawn["number"]), **TELLERS[drawn["teller"]], **fields)


def _expected(calls: list[PricedCall]) -> tuple[int, Decimal, int]:
    best: dict[str, PricedCall] = {}
    owner: dict[tuple[str | None, str | None], int] = {}
    for call in calls:
        known = best.get(call.call.call_id)
        if known is None or known.call.rank < call.call.rank:
            best[call.call.call_id] = call
        key = (call.call.product, call.call.context.session_id)
        owner[key] = max(owner.get(key, 0), call.call.rank)

    def counts(call: PricedCall) -> bool:
        key = (call.call.product, call.call.context.session_id)
        return not call.call.unshared or key[1] is None or owner[key] <= call.call.rank

    counted = [call for call in best.values() if counts(call)]
    cost = sum((call.pricing.cost_usd or Decimal(0) for call in counted), Decimal(0))
    return len(counted), cost, len(best) - len(counted)


def _in_a_new_ledger(now: datetime, work: Callable[[Ledger], Awaitable[T]]) -> T:
    async def run(path: Path) -> T:
        opened = await open_ledger(path, now=now, window_of=window_of)
        try:
            return await work(opened)
        finally:
            await opened.close()

    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(run(Path(folder) / "ledger.db"))


@settings(deadline=None, max_examples=40)
@given(st.lists(TOLD, max_size=12), st.lists(st.integers(0, 12), max_size=3).map(sorted), st.randoms(use_true_random=False))
def test_whatever_is_told_in_whatever_order_parts_and_repetitions_the_ledger_is_the_same(
    call_of: CallOf, now: datetime, drawn: list[dict[str, Any]], cuts: list[int], shuffle: random.Random
):
    calls = [_call(call_of, now, each) for each in drawn]
    again = calls + shuffle.sample(calls, len(calls) // 2)
    shuffle.shuffle(again)
    parts = [again[start:end] for start, end in zip([0, *cuts], [*cuts, len(again)], strict=True)]

    async def work(ledger: Ledger) -> None:
        budget = Budget(name="week", period="week", limit_usd=Decimal(9), mode="enforce")
        await ledger.set_budget(budget, now, "tester")
        for part in parts:
            await ledger.record(part, now)
        assert await came_to(ledger, now) == _expected(calls)
        (standing,) = await ledger.standings("default", None, now)
        assert standing.spent == _expected(calls)[1]
        assert not (await ledger.verify()).differences

    _in_a_new_ledger(now, work)
