"""Sentences that hold for any calls, in any order, in any zone; and a ledger played against a plain Python list."""

from __future__ import annotations

import asyncio
import random
import tempfile
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Protocol, TypeVar
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from cost_mcp.budgets.windows import window_of
from cost_mcp.errors import Conflict
from cost_mcp.ledger.contract import Ledger
from cost_mcp.ledger.quick import open_readings
from cost_mcp.ledger.sqlite import open_ledger
from cost_mcp.model.budget import Budget
from cost_mcp.model.call import Rank
from cost_mcp.model.charge import PricedCall
from cost_mcp.model.period import Period, hour_span, week_start_of
from cost_mcp.model.receipt import Receipt
from cost_mcp.model.report import CostReport, ReportQuery
from cost_mcp.model.scope import Scope

T = TypeVar("T")


class CallOf(Protocol):
    """The fixture's builder of priced calls."""

    def __call__(self, call_id: str, *, cost: str | None = ..., list_cost: str | None = ..., **fields: Any) -> PricedCall:
        """A priced call with this id; other fields by their names."""
        ...


def _in_a_new_ledger(now: datetime, work: Callable[[Ledger], Awaitable[T]]) -> T:
    async def run(path: Path) -> T:
        ledger = await open_ledger(path, now=now, window_of=window_of)
        try:
            return await work(ledger)
        finally:
            await ledger.close()

    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(run(Path(folder) / "ledger.db"))


async def _all(ledger: Ledger, now: datetime) -> CostReport:
    period = Period(name="custom", start=now - timedelta(days=400), end=now + timedelta(days=1), timezone="UTC")
    return await ledger.report(ReportQuery(period=period, group_by=("day", "model", "agent")))


REPORTS = st.fixed_dictionaries(
    {
        "call_id": st.sampled_from(["a", "b", "c"]),
        "reporter": st.sampled_from(
            # A person counts by hand or gives the response: one source may speak with two ranks.
            [("cli", Rank.AGENT), ("otlp", Rank.EVENT), ("codex", Rank.LOG), ("cli", Rank.RESPONSE)]
        ),
        "final": st.booleans(),
        "agent": st.sampled_from(["x", "y"]),
        "hours": st.integers(0, 60),
    }
)


def _report_of(call_of: CallOf, now: datetime, drawn: dict[str, Any]) -> PricedCall:
    """A report whose contents follow from who tells it: one reporter does not contradict itself."""
    source, rank = drawn["reporter"]
    tokens = int(rank) * 10 + (5 if drawn["final"] else 0)
    return call_of(
        drawn["call_id"],
        cost=f"0.0{tokens}",
        source=source,
        rank=rank,
        provisional=not drawn["final"],
        output_tokens=tokens,
        agent=f"{drawn['call_id']}-{source}",
        at=now - timedelta(hours=int(rank)),
    )


@settings(deadline=None, max_examples=25)
@given(st.lists(REPORTS, max_size=8))
def test_recording_everything_twice_equals_recording_it_once(call_of: CallOf, now: datetime, drawn: list[dict[str, Any]]):
    calls = [_report_of(call_of, now, d) for d in drawn]

    async def work(ledger: Ledger) -> None:
        await ledger.set_budget(Budget(name="b", period="week", limit_usd=Decimal(1)), now, "tester")
        await ledger.record(calls, now)
        once = (await _all(ledger, now), await ledger.standings("default", None, now))
        answers = await ledger.record(calls, now)
        assert {answer.outcome for answer in answers if isinstance(answer, Receipt)} <= {"exists"}
        assert (await _all(ledger, now), await ledger.standings("default", None, now)) == once
        assert not (await ledger.verify()).differences

    _in_a_new_ledger(now, work)


@settings(deadline=None, max_examples=25)
@given(st.lists(REPORTS, max_size=8), st.randoms(use_true_random=False))
def test_the_order_in_which_reports_arrive_does_not_matter(
    call_of: CallOf, now: datetime, drawn: list[dict[str, Any]], shuffle: random.Random
):
    calls = [_report_of(call_of, now, d) for d in drawn]
    shuffled = calls[:]
    shuffle.shuffle(shuffled)

    async def work(ledger: Ledger, given_calls: list[PricedCall]) -> CostReport:
        await ledger.record(given_calls, now)
        return await _all(ledger, now)

    assert _in_a_new_ledger(now, lambda ledger: work(ledger, calls)) == _in_a_new_ledger(
        now, lambda ledger: work(ledger, shuffled)
    )


ZONES = {
    "UTC": datetime(2026, 3, 1, tzinfo=UTC),
    "Asia/Kathmandu": datetime(2026, 3, 1, tzinfo=UTC),
    "America/New_York": datetime(2026, 10, 30, tzinfo=UTC),
    "Europe/Berlin": datetime(2026, 3, 27, tzinfo=UTC),
    "Australia/Lord_Howe": datetime(2026, 4, 2, tzinfo=UTC),
    "Pacific/Chatham": datetime(2026, 9, 25, tzinfo=UTC),
}


@pytest.fixture(scope="session")
def spread(call_of: CallOf, tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Path, list[PricedCall]]]:
    """For each zone a ledger of 700 calls in the five days around a change of its clock, some folded and some not."""
    made: dict[str, tuple[Path, list[PricedCall]]] = {}
    for zone, start in ZONES.items():
        dice = random.Random(zone)  # noqa: S311 the same calls in every run
        calls = [
            call_of(
                f"c{n}",
                cost=f"0.{dice.randrange(1, 10**9):09}",
                model=dice.choice("xyz"),
                agent=dice.choice(["a", "b", None]),
                at=start + timedelta(microseconds=dice.randrange(5 * 86_400_000_000)),
            )
            for n in range(700)
        ]
        path = tmp_path_factory.mktemp("spread") / "ledger.db"
        asyncio.run(_fill(path, start, calls))
        made[zone] = (path, calls)
    return made


async def _fill(path: Path, now: datetime, calls: Sequence[PricedCall]) -> None:
    ledger = await open_ledger(path, now=now, window_of=window_of)
    for first in range(0, len(calls), 130):
        await ledger.record(calls[first : first + 130], now)
    assert not (await ledger.verify()).differences
    await ledger.close()


def _text(dimension: str, call: PricedCall, tz: ZoneInfo) -> str | None:
    local = call.call.occurred_at.astimezone(tz)
    if dimension == "hour":
        return hour_span(call.call.occurred_at, tz)[0].astimezone(tz).isoformat(timespec="minutes")
    if dimension == "day":
        return local.date().isoformat()
    if dimension == "week":
        return week_start_of(local.date(), 0).isoformat()
    if dimension == "month":
        return local.date().isoformat()[:7]
    return call.call.model if dimension == "model" else call.call.context.agent


MINUTES = st.integers(0, 5 * 24 * 60)


@pytest.mark.parametrize("zone", ZONES)
@settings(deadline=None, max_examples=40)
@given(
    st.tuples(MINUTES, MINUTES).map(sorted),
    st.sampled_from(
        [(), ("hour",), ("day",), ("day", "model"), ("week", "month"), ("agent", "hour"), ("month", "day", "agent")]
    ),
    st.sampled_from([1, 1_000_003]),
)
def test_sums_from_rollups_are_those_of_the_single_calls_in_every_zone(
    spread: dict[str, tuple[Path, list[PricedCall]]],
    zone: str,
    minutes: list[int],
    group_by: tuple[str, ...],
    ragged: int,
):
    path, calls = spread[zone]
    start = ZONES[zone] + timedelta(minutes=minutes[0], microseconds=ragged - 1)
    end = ZONES[zone] + timedelta(minutes=minutes[1] + 1, microseconds=ragged)
    inside = [c for c in calls if start <= c.call.occurred_at < end]
    door = open_readings(path, window_of=window_of)
    found = door.report(ReportQuery(period=Period(name="custom", start=start, end=end, timezone=zone), group_by=group_by))
    door.close()
    wanted: defaultdict[tuple[str | None, ...], list[Decimal]] = defaultdict(list)
    for call in inside:
        wanted[tuple(_text(d, call, ZoneInfo(zone)) for d in group_by)].append(call.pricing.cost_usd or Decimal(0))
    assert (found.totals.calls, found.totals.cost_usd) == (len(inside), sum(sum(costs) for costs in wanted.values()))
    assert sum((t.cost_usd for _, t in found.breakdowns["by_agent"]), Decimal(0)) == found.totals.cost_usd
    if group_by:
        sums = {group.key: (group.totals.calls, group.totals.cost_usd) for group in found.groups}
        assert sums == {key: (len(costs), sum(costs)) for key, costs in wanted.items()}


@dataclass
class Shelf:
    """The plain model: for each call id the report that counts, and the budgets by name."""

    calls: dict[str, PricedCall] = field(default_factory=dict[str, PricedCall])
    budgets: dict[str, Budget] = field(default_factory=dict[str, Budget])

    def put(self, report: PricedCall) -> str:
        """What recording this report has to answer."""
        old = self.calls.get(report.call.call_id)
        if old is None or self._better(old, report):
            self.calls[report.call.call_id] = report
            return "created" if old is None else "corrected"
        same = (old.call.rank, old.call.provisional) == (report.call.rank, report.call.provisional)
        if same and report.call.rank is not Rank.LOG and not report.call.provisional and old.call.usage != report.call.usage:
            return "conflict"
        return "exists"

    @staticmethod
    def _better(old: PricedCall, new: PricedCall) -> bool:
        def standing(report: PricedCall) -> tuple[int, bool, int]:
            counted = report.call.provisional or report.call.rank is Rank.LOG  # of two lines of a log the fuller one counts
            tokens = report.call.usage.total_tokens if counted else 0
            return int(report.call.rank), not report.call.provisional, tokens

        return standing(new) > standing(old)

    def spent(self, budget: Budget, now: datetime) -> Decimal:
        """What the budget's current window has to hold."""
        start, end = window_of(budget, now)
        inside = [c for c in self.calls.values() if start <= c.call.occurred_at and (end is None or c.call.occurred_at < end)]
        agent = budget.scope.as_dict().get("agent")
        return sum((c.pricing.cost_usd or Decimal(0) for c in inside if agent in (None, c.call.context.agent)), Decimal(0))


class AgainstAShelf(RuleBasedStateMachine):
    """Whatever is recorded, repeated, corrected and budgeted: the ledger and the shelf say the same."""

    def __init__(self, call_of: CallOf, now: datetime) -> None:
        super().__init__()
        self.call_of, self.now, self.shelf = call_of, now, Shelf()
        self.folder = tempfile.TemporaryDirectory()
        self.runner = asyncio.Runner()
        self.ledger = self.runner.run(open_ledger(Path(self.folder.name) / "l.db", now=now, window_of=window_of))

    def teardown(self) -> None:
        """At the end everything derived is still what the calls say."""
        verification = self.runner.run(self.ledger.verify())
        self.runner.run(self.ledger.close())
        self.runner.close()
        self.folder.cleanup()
        assert verification.differences == ()
        assert verification.calls == len(self.shelf.calls)

    @rule(
        call_id=st.sampled_from("abcd"),
        rank=st.sampled_from([Rank.AGENT, Rank.LOG]),
        final=st.booleans(),
        tokens=st.integers(0, 3),
        agent=st.sampled_from(["x", "y"]),
        hours=st.sampled_from([0, 1, 30, 300]),
        copies=st.sampled_from([1, 2, 300]),
    )
    def record(self, call_id: str, rank: Rank, tokens: int, agent: str, hours: int, copies: int, *, final: bool) -> None:
        """One report, or a batch large enough to be folded."""
        reports = [
            self.call_of(
                f"{call_id}{n}",
                cost=f"0.00{tokens}",
                source=rank.name,
                rank=rank,
                provisional=not final,
                output_tokens=tokens,
                agent=agent,
                at=self.now - timedelta(hours=hours),
            )
            for n in range(copies)
        ]
        answers = self.runner.run(self.ledger.record(reports, self.now))
        for report, answer in zip(reports, answers, strict=True):
            outcome = self.shelf.put(report)
            told = (
                answer.outcome if isinstance(answer, Receipt) else "conflict" if isinstance(answer, Conflict) else repr(answer)
            )
            assert told == outcome

    @rule(
        name=st.sampled_from(["one", "two"]),
        period=st.sampled_from(["hour", "day", "month", "total"]),
        scope=st.sampled_from([{}, {"agent": "x"}]),
        limit=st.integers(1, 3),
    )
    def set_budget(self, name: str, period: str, scope: dict[str, str], limit: int) -> None:
        """Make or replace a budget."""
        budget = Budget(name=name, period=period, scope=Scope.of(scope), limit_usd=Decimal(limit), timezone="Asia/Kathmandu")
        self.shelf.budgets[name] = self.runner.run(self.ledger.set_budget(budget, self.now, "tester"))

    @rule(name=st.sampled_from(["one", "two"]))
    def remove_budget(self, name: str) -> None:
        """End a budget if it is there."""
        if self.shelf.budgets.pop(name, None) is not None:
            self.runner.run(self.ledger.remove_budget("default", name, self.now, "tester"))

    @rule()
    def rebuild(self) -> None:
        """Nothing was wrong before."""
        assert self.runner.run(self.ledger.rebuild()).differences == ()

    @invariant()
    def the_sums_agree(self) -> None:
        """The report is what the shelf sums to."""
        report = self.runner.run(_all(self.ledger, self.now))
        counted = self.shelf.calls.values()
        assert report.totals.calls == len(counted)
        assert report.totals.cost_usd == sum((c.pricing.cost_usd or Decimal(0) for c in counted), Decimal(0))
        assert report.totals.provisional_calls == sum(c.call.provisional for c in counted)

    @invariant()
    def the_budgets_agree(self) -> None:
        """Every standing is what the shelf's calls come to."""
        standings = self.runner.run(self.ledger.standings("default", None, self.now))
        wanted = {name: self.shelf.spent(budget, self.now) for name, budget in self.shelf.budgets.items()}
        assert {s.budget.name: s.spent for s in standings} == wanted


def test_the_ledger_agrees_with_a_plain_list_whatever_happens(call_of: CallOf, now: datetime):
    class Machine(AgainstAShelf):
        def __init__(self) -> None:
            super().__init__(call_of, now)

    run_state_machine_as_test(Machine, settings=settings(deadline=None, max_examples=15, stateful_step_count=15))
