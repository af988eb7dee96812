"""What every ledger does about levels: whoever records what reaches one raises its alert, once."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Protocol

import pytest

from cost_mcp.budgets.windows import window_of
from cost_mcp.errors import InvalidInput, LedgerError, UnknownName
from cost_mcp.ledger.contract import Ledger
from cost_mcp.ledger.quick import open_readings
from cost_mcp.ledger.sqlite import open_ledger
from cost_mcp.model.alert import Alert, Channel
from cost_mcp.model.budget import Budget, Thresholds
from cost_mcp.model.call import Context, Rank
from cost_mcp.model.charge import PricedCall
from cost_mcp.model.receipt import Receipt
from cost_mcp.model.reservation import ReserveOrder
from cost_mcp.model.scope import Covered, Scope
from cost_mcp.model.unpriced import AssumedPrice


class CallOf(Protocol):
    """The fixture's builder of priced calls."""

    def __call__(self, call_id: str, *, cost: str | None = ..., list_cost: str | None = ..., **fields: Any) -> PricedCall:
        """A priced call with this id; other fields by their names."""
        ...


def _budget(name: str = "daily", **fields: Any) -> Budget:
    given: dict[str, Any] = {"period": "day"} | fields
    if not {"limit_tokens", "limit_calls"} & fields.keys():
        given.setdefault("limit_usd", Decimal(1))
    return Budget(name=name, **given)


async def _record(ledger: Ledger, now: datetime, *calls: PricedCall, quiet: bool = False) -> None:
    answers = await ledger.record(calls, now, quiet=quiet)
    assert all(isinstance(answer, Receipt) for answer in answers), answers


async def _alerts(ledger: Ledger, tenant: str = "default") -> tuple[Alert, ...]:
    return await ledger.alerts(tenant, open_only=False, limit=100)


async def _levels(ledger: Ledger) -> list[str]:
    """The levels raised, oldest first."""
    return [alert.level for alert in reversed(await _alerts(ledger))]


SPENT_SO: list[Any] = [
    (("0.49",), []),
    (("0.5",), ["info"]),
    (("0.5", "0.3", "0.15", "0.05"), ["info", "warning", "critical", "exceeded"]),
    (("0.5", "0.1", "0.1"), ["info"]),
    (("0.85", "0.2"), ["warning", "exceeded"]),
    (("7", "7"), ["exceeded"]),
    (("0.49", None), []),
]


@pytest.mark.parametrize(("costs", "levels"), SPENT_SO)
async def test_each_level_is_raised_once_when_it_is_reached_and_skipped_ones_never(
    ledger: Ledger, call_of: CallOf, now: datetime, costs: tuple[str | None, ...], levels: list[str]
):
    await ledger.set_budget(_budget(), now, "tester")
    for number, cost in enumerate(costs):
        await _record(ledger, now, call_of(f"c{number}", cost=cost))
    assert await _levels(ledger) == levels


async def test_an_alert_holds_the_figures_as_they_were_when_it_was_raised(ledger: Ledger, call_of: CallOf, now: datetime):
    steps = Thresholds(info=Decimal(10), warning=Decimal("62.5"), critical=Decimal(90), exceeded=Decimal(100))
    await ledger.set_budget(_budget(thresholds=steps, each="agent", mode="enforce"), now, "tester")
    covered = Covered(context=Context(agent="builder"))
    await ledger.reserve(
        ReserveOrder(covered=covered, amount_usd=Decimal("0.2"), created_at=now, expires_at=now + timedelta(hours=1)), now
    )
    assert not await _alerts(ledger)  # levels are percents of what is spent
    await _record(ledger, now, call_of("c1", cost="0.7", agent="builder"), call_of("c2", cost=None, agent="builder"))
    await _record(ledger, now, call_of("c3", cost="0.01", agent="builder"))
    (alert,) = await _alerts(ledger)
    assert (alert.kind, alert.level, alert.threshold_percent) == ("budget", "warning", Decimal("62.5"))
    assert (alert.subject, alert.budget, alert.each, alert.each_value) == ("daily (agent=builder)", "daily", "agent", "builder")
    assert (alert.limit, alert.spent, alert.reserved, alert.unit) == (Decimal(1), Decimal("0.7"), Decimal("0.2"), "usd")
    assert (alert.period, alert.mode, alert.unpriced_calls, alert.used_percent) == ("day", "enforce", 1, Decimal(70))
    assert (alert.raised_at, alert.window_start) == (now, datetime(2026, 11, 22, tzinfo=UTC))
    assert alert.window_end == datetime(2026, 11, 23, tzinfo=UTC)
    assert (alert.acknowledged_at, alert.deliveries) == (None, ())


@pytest.mark.parametrize(
    "limit", [{"limit_tokens": 4400}, {"limit_calls": 4}, {"limit_usd": Decimal("0.04")}], ids=["tokens", "calls", "dollars"]
)
async def test_limits_in_every_unit_raise(ledger: Ledger, call_of: CallOf, now: datetime, limit: dict[str, Any]):
    await ledger.set_budget(_budget(**limit), now, "tester")
    for number in range(5):
        await _record(ledger, now, call_of(f"c{number}"))
    assert await _levels(ledger) == ["info", "exceeded"]


async def test_a_batch_raises_once_per_window_at_its_final_level(ledger: Ledger, call_of: CallOf, now: datetime):
    await ledger.set_budget(_budget("all"), now, "tester")
    await ledger.set_budget(_budget("each", each="agent"), now, "tester")
    calls = [call_of(f"{agent}{n}", cost="0.2", agent=agent) for agent in "ab" for n in range(5)]
    await _record(ledger, now, *calls)
    assert sorted((alert.subject, alert.level) for alert in await _alerts(ledger)) == [
        ("all", "exceeded"),
        ("each (agent=a)", "exceeded"),
        ("each (agent=b)", "exceeded"),
    ]


@pytest.mark.parametrize("fields", [{"mode": "shadow"}, {"scope": Scope.of({"project": "other"})}])
async def test_a_budget_that_is_tried_out_or_does_not_cover_a_call_raises_nothing(
    ledger: Ledger, call_of: CallOf, now: datetime, fields: dict[str, Any]
):
    await ledger.set_budget(_budget(**fields), now, "tester")
    await _record(ledger, now, call_of("c", cost="5"))
    assert await ledger.raise_due("default", now) == 0
    assert not await _alerts(ledger)


async def test_windows_that_have_ended_raise_nothing_and_the_next_one_starts_anew(
    ledger: Ledger, call_of: CallOf, now: datetime
):
    await ledger.set_budget(_budget(), now, "tester")
    await _record(ledger, now, call_of("c1", cost="5"))
    tomorrow = now + timedelta(days=1)
    await _record(ledger, tomorrow, call_of("late", cost="50", at=now))
    assert await _levels(ledger) == ["exceeded"]
    await _record(ledger, tomorrow, call_of("c2", cost="0.6", at=tomorrow))
    assert await _levels(ledger) == ["exceeded", "info"]


async def test_a_late_call_may_carry_an_ended_window_past_a_level_without_a_word(
    ledger: Ledger, call_of: CallOf, now: datetime
):
    await ledger.set_budget(_budget(), now, "tester")
    await _record(ledger, now + timedelta(days=1), call_of("late", cost="50", at=now))
    assert not await _alerts(ledger)


async def test_a_clock_that_steps_back_raises_nothing_twice_and_leaves_nothing_out(
    ledger: Ledger, call_of: CallOf, now: datetime
):
    await ledger.set_budget(_budget(), now, "tester")
    late, early = now + timedelta(hours=3), now - timedelta(hours=3)
    await _record(ledger, late, call_of("c1", cost="0.6", at=late))
    await _record(ledger, early, call_of("c2", cost="0.1", at=early))
    await _record(ledger, early, call_of("c3", cost="0.2", at=early))
    assert [(alert.level, alert.raised_at) for alert in await _alerts(ledger)] == [("warning", early), ("info", late)]


async def test_a_level_that_was_lowered_and_is_reached_again_is_not_told_again(ledger: Ledger, call_of: CallOf, now: datetime):
    await ledger.set_budget(_budget(), now, "tester")
    await _record(ledger, now, call_of("c1", cost="0.9"))
    await _record(ledger, now, call_of("c1", cost="0.1", rank=Rank.RESPONSE))  # a better source corrects it
    await _record(ledger, now, call_of("c2", cost="0.75"))
    await ledger.set_budget(_budget(limit_usd=Decimal(10)), now, "tester")
    await _record(ledger, now, call_of("c3", cost="7.2"))
    assert await _levels(ledger) == ["warning"]
    await _record(ledger, now, call_of("c4", cost="2"))
    assert await _levels(ledger) == ["warning", "exceeded"]


async def test_a_budget_that_is_past_a_level_when_it_is_made_or_lowered_raises_at_once(
    ledger: Ledger, call_of: CallOf, now: datetime
):
    await _record(ledger, now, call_of("c1", cost="0.6"))
    await ledger.set_budget(_budget(), now, "tester")
    assert await _levels(ledger) == ["info"]
    await ledger.set_budget(_budget(limit_usd=Decimal("0.7")), now, "tester")
    await ledger.set_budget(_budget(limit_usd=Decimal("0.7")), now, "tester")
    assert await _levels(ledger) == ["info", "warning"]


async def test_a_limit_that_was_lowered_counts_from_the_next_call_on(ledger: Ledger, call_of: CallOf, now: datetime):
    await ledger.set_budget(_budget(), now, "tester")
    await _record(ledger, now, call_of("c1", cost="0.5"))
    await ledger.set_budget(_budget(limit_usd=Decimal("0.7")), now, "tester")
    await _record(ledger, now, call_of("c2", cost="0.1"))
    assert await _levels(ledger) == ["info", "warning"]


async def test_a_new_each_budget_tells_of_all_its_windows_at_once_and_later_of_those_that_rise(
    ledger: Ledger, call_of: CallOf, now: datetime
):
    costs = {"a": "0.6", "b": "0.9", "c": "0.1", "d": "0.7"}
    await _record(ledger, now, *(call_of(agent, cost=cost, agent=agent) for agent, cost in costs.items()))
    await ledger.set_budget(_budget("each", each="agent"), now, "tester")
    (alert,) = await _alerts(ledger)
    assert (alert.each_value, alert.level, dict(alert.figures)) == ("b", "warning", {"other_windows": "2"})
    await _record(ledger, now, *(call_of(f"{agent}2", cost="0.05", agent=agent) for agent in "ad"))
    assert len(await _alerts(ledger)) == 1
    await _record(ledger, now, *(call_of(f"{agent}3", cost="0.4", agent=agent) for agent in "ac"))
    told = {(alert.each_value, alert.level) for alert in await _alerts(ledger)}
    assert told == {("b", "warning"), ("a", "exceeded"), ("c", "info")}


async def test_an_import_raises_once_per_budget_at_its_end(ledger: Ledger, call_of: CallOf, now: datetime):
    await ledger.set_budget(_budget("all"), now, "tester")
    await ledger.set_budget(_budget("each", each="session_id", period="total"), now, "tester")
    for number in range(10):
        session = f"s{number // 3}"
        await _record(ledger, now, call_of(f"c{number}", cost="0.3", session_id=session), quiet=True)
    await _record(ledger, now, call_of("old", cost="9", at=now - timedelta(days=3)), quiet=True)
    assert not await _alerts(ledger)
    assert await ledger.raise_due("default", now) == 2
    assert await ledger.raise_due("default", now) == 0
    told = {(alert.budget, alert.each_value, alert.level): dict(alert.figures) for alert in await _alerts(ledger)}
    assert told == {("all", None, "exceeded"): {}, ("each", "s0", "warning"): {"other_windows": "2"}}


async def test_what_an_interrupted_import_left_untold_the_next_call_tells(
    ledger: Ledger, ledger_path: Path, call_of: CallOf, now: datetime
):
    await ledger.set_budget(_budget(), now, "tester")
    await _record(ledger, now, call_of("c1", cost="0.9"), quiet=True)
    other = await open_ledger(ledger_path, now=now, window_of=window_of)
    await _record(other, now, call_of("c2", cost="0.01"))
    await other.close()
    assert await _levels(ledger) == ["warning"]


async def test_recording_looks_nothing_up_where_no_level_rose(
    ledger: Ledger, ledger_path: Path, call_of: CallOf, now: datetime
):
    await ledger.set_budget(_budget(), now, "tester")
    await _record(ledger, now, call_of("c1", cost="0.5"))
    with closing(sqlite3.connect(ledger_path)) as other:
        other.execute("CREATE TRIGGER tripwire BEFORE INSERT ON alert_levels BEGIN SELECT RAISE(ABORT, 'looked'); END")
        await _record(ledger, now, call_of("c2", cost="0.1"))
        with pytest.raises(LedgerError):  # the next level: now it has to look
            await ledger.record([call_of("c3", cost="0.2")], now)
        other.execute("DROP TRIGGER tripwire")


async def test_an_alert_that_could_not_be_written_is_raised_by_the_next_call(
    ledger: Ledger, ledger_path: Path, call_of: CallOf, now: datetime
):
    await ledger.set_budget(_budget(), now, "tester")
    with closing(sqlite3.connect(ledger_path)) as other:
        other.execute("CREATE TRIGGER stop AFTER INSERT ON alerts BEGIN SELECT RAISE(ABORT, 'no'); END")
        with pytest.raises(LedgerError):
            await ledger.record([call_of("c1", cost="0.5")], now)
        other.execute("DROP TRIGGER stop")
    await _record(ledger, now, call_of("c1", cost="0.5"))
    assert await _levels(ledger) == ["info"]


async def test_two_writers_of_one_ledger_raise_a_level_once(ledger: Ledger, ledger_path: Path, call_of: CallOf, now: datetime):
    await ledger.set_budget(_budget(), now, "tester")
    other = await open_ledger(ledger_path, now=now, window_of=window_of)
    await _record(other, now, call_of("c1", cost="0.1"))
    await _record(ledger, now, call_of("c2", cost="0.5"))
    await _record(other, now, call_of("c3", cost="0.1"))
    await _record(ledger, now, call_of("c4", cost="0.2"))
    await other.close()
    assert await _levels(ledger) == ["info", "warning"]


async def test_the_alerts_of_a_removed_budget_stay_and_one_made_anew_tells_anew(ledger: Ledger, call_of: CallOf, now: datetime):
    await ledger.set_budget(_budget(), now, "tester")
    await _record(ledger, now, call_of("c1", cost="0.6"))
    await ledger.remove_budget("default", "daily", now, "tester")
    assert [alert.budget for alert in await _alerts(ledger)] == ["daily"]
    await ledger.set_budget(_budget(), now, "tester")
    assert await _levels(ledger) == ["info", "info"]


async def test_making_everything_anew_from_the_calls_raises_nothing_again(ledger: Ledger, call_of: CallOf, now: datetime):
    await ledger.set_budget(_budget(), now, "tester")
    await _record(ledger, now, call_of("c1", cost="0.6"))
    await ledger.rebuild()
    await _record(ledger, now, call_of("c2", cost="0.1"))
    assert await ledger.raise_due("default", now) == 0
    assert await _levels(ledger) == ["info"]
    assert not (await ledger.verify()).differences


async def test_a_tenant_sees_and_raises_only_its_own_alerts(ledger: Ledger, call_of: CallOf, now: datetime):
    for tenant in ("default", "other"):
        await ledger.set_budget(_budget(tenant=tenant), now, "tester")
    await _record(ledger, now, call_of("c1", cost="0.6", tenant="other"))
    assert not await _alerts(ledger)
    assert [alert.tenant for alert in await _alerts(ledger, "other")] == ["other"]
    assert await ledger.raise_due("default", now) == 0


def _anomaly(alert_id: str, now: datetime, **fields: Any) -> Alert:
    given: dict[str, Any] = {"kind": "anomaly", "level": "warning", "subject": "agent builder", "window_start": now} | fields
    return Alert(alert_id=alert_id, raised_at=now, **given)


async def test_an_anomaly_is_raised_once_per_subject_and_window_and_again_when_it_gets_worse(ledger: Ledger, now: datetime):
    figures = {"value": "12.5", "median": "1"}
    assert await ledger.raise_alert(_anomaly("alr_1", now, figures=figures), now)
    assert not await ledger.raise_alert(_anomaly("alr_2", now), now)
    assert not await ledger.raise_alert(_anomaly("alr_3", now, level="info"), now)
    assert await ledger.raise_alert(_anomaly("alr_4", now, level="critical"), now)
    assert await ledger.raise_alert(_anomaly("alr_5", now, window_start=now + timedelta(hours=1)), now)
    assert await ledger.raise_alert(_anomaly("alr_6", now, subject="model gpt-5"), now)
    raised = await _alerts(ledger)
    assert [alert.alert_id for alert in raised] == ["alr_6", "alr_5", "alr_4", "alr_1"]
    assert raised[-1] == _anomaly("alr_1", now, figures=figures)


async def test_a_test_is_always_raised(ledger: Ledger, now: datetime):
    for number in range(2):
        assert await ledger.raise_alert(_anomaly(f"alr_{number}", now, kind="test", level="info", subject="a test"), now)


async def test_a_budgets_alert_cannot_be_raised_by_hand_and_kinds_and_levels_are_known_ones(ledger: Ledger, now: datetime):
    with pytest.raises(InvalidInput, match="by hand"):
        await ledger.raise_alert(_anomaly("alr_1", now, kind="budget"), now)
    with pytest.raises(UnknownName, match="level"):
        _anomaly("alr_1", now, level="fatal")


async def test_both_doors_list_the_same_newest_first_and_only_open_ones_where_asked(
    ledger: Ledger, ledger_path: Path, now: datetime
):
    for number in range(4):
        await ledger.raise_alert(_anomaly(f"alr_{number}", now, subject=f"agent {number}"), now)
    await ledger.acknowledge_alert("default", "alr_2", now, "tester")
    for open_only, limit, expected in ((False, 3, "321"), (True, 3, "310"), (True, 1, "3")):
        found = await ledger.alerts("default", open_only=open_only, limit=limit)
        assert "".join(alert.alert_id[-1] for alert in found) == expected
        with closing(open_readings(ledger_path, window_of=window_of)) as readings:
            assert readings.alerts("default", open_only=open_only, limit=limit) == found


REFUSED = [
    "DELETE FROM alerts",
    "UPDATE alerts SET contents = '{}'",
    "UPDATE alerts SET level = 1",
    "INSERT OR REPLACE INTO alerts SELECT * FROM alerts",
    "DELETE FROM alert_levels",
    "UPDATE alert_levels SET level = 1",
    "UPDATE alert_levels SET about = 'other', level = 4",
    "DELETE FROM deliveries",
    "UPDATE deliveries SET state = 'waiting', next_at = 1",
    "INSERT OR REPLACE INTO deliveries SELECT * FROM deliveries",
]


@pytest.mark.parametrize("statement", REFUSED)
async def test_the_database_keeps_what_was_told_to_whom(
    ledger: Ledger, ledger_path: Path, call_of: CallOf, now: datetime, statement: str
):
    await ledger.set_budget(_budget(), now, "tester")
    await _record(ledger, now, call_of("c1", cost="0.6"))
    (claim,) = await ledger.claim_deliveries("default", [Channel(name="email-1")], now, 60, 10)
    await ledger.finish_delivery("default", claim.alert.alert_id, "email-1", now, error=None, next_at=None)
    with closing(sqlite3.connect(ledger_path, isolation_level=None)) as other:
        before = list(other.iterdump())
        with pytest.raises(sqlite3.IntegrityError):
            other.execute(statement)
        assert list(other.iterdump()) == before


@pytest.mark.parametrize("set_first", [True, False], ids=["set before the call", "set after the call"])
async def test_what_a_budget_assumes_for_calls_without_a_price_reaches_levels_too(
    ledger: Ledger, call_of: CallOf, now: datetime, *, set_first: bool
):
    price = AssumedPrice(input=Decimal(500), output=Decimal(1000))  # a call of 1,000 and 100 tokens: $0.60
    budget = _budget(each="agent", assumed=price)
    if set_first:
        await ledger.set_budget(budget, now, "tester")
    await _record(ledger, now, call_of("c1", cost=None, agent="a"))
    if not set_first:
        await ledger.set_budget(budget, now, "tester")
    (alert,) = await _alerts(ledger)
    assert (alert.level, alert.spent, alert.unpriced_calls) == ("info", Decimal("0.6"), 0)
    assert dict(alert.figures) == {"assumed_usd": "0.6"}
