"""Reservations played against a plain Python model: whatever is held, settled, extended, forgotten and re-budgeted."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Protocol

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from cost_mcp.budgets.windows import window_of
from cost_mcp.errors import Conflict
from cost_mcp.ledger.quick import open_readings
from cost_mcp.ledger.sqlite import open_ledger
from cost_mcp.model.budget import Budget
from cost_mcp.model.call import Context
from cost_mcp.model.charge import PricedCall
from cost_mcp.model.moment import MAX_AHEAD
from cost_mcp.model.receipt import Receipt
from cost_mcp.model.reservation import ReserveOrder
from cost_mcp.model.scope import Covered, Scope

START = datetime(2026, 10, 24, 21, 30, tzinfo=UTC)  # half an hour before the 25-hour day of Berlin begins
AGENTS = ("x", "y")
Window = tuple[str, datetime, str]


class CallOf(Protocol):
    """The fixture's builder of priced calls."""

    def __call__(self, call_id: str, *, cost: str | None = ..., list_cost: str | None = ..., **fields: Any) -> PricedCall:
        """A priced call with this id; other fields by their names."""
        ...


@dataclass
class Promise:
    """One reservation of the model."""

    agent: str
    amount: int
    start: datetime
    end: datetime
    key: str
    state: str = "held"
    settled_by: str | None = None


@dataclass
class Desk:
    """The plain model: cents spent per call, promises by id, budgets by name."""

    spent: list[tuple[str, datetime, int]] = field(default_factory=list[tuple[str, datetime, int]])
    promises: dict[str, Promise] = field(default_factory=dict[str, Promise])
    budgets: dict[str, Budget] = field(default_factory=dict[str, Budget])

    def windows(self, budget: Budget, agent: str, start: datetime, end: datetime) -> Iterator[Window]:
        """The windows of one budget that overlap a stretch of time, both ends included."""
        if budget.scope.as_dict().get("agent") not in (None, agent):
            return
        at: datetime | None = max(start, budget.counts_from or start)
        while at is not None and at <= end:
            first, at = window_of(budget, at)
            yield budget.name, first, agent if budget.each else ""

    def committed(self, now: datetime) -> dict[Window, tuple[int, int]]:
        """What every window has spent and holds, in its unit."""
        sums: dict[Window, tuple[int, int]] = {}
        for budget in self.budgets.values():
            for agent, at, cents in self.spent:
                for window in self.windows(budget, agent, at, at):
                    spent, held = sums.get(window, (0, 0))
                    sums[window] = spent + (cents if budget.limit_usd else 1), held
            for promise in self.promises.values():
                if promise.state == "held" and promise.end > now:
                    for window in self.windows(budget, promise.agent, promise.start, promise.end):
                        spent, held = sums.get(window, (0, 0))
                        sums[window] = spent, held + (promise.amount if budget.limit_usd else 1)
        return sums

    def fits(self, agent: str, amount: int, start: datetime, end: datetime, now: datetime, less: set[Window]) -> bool:
        """Whether every enforcing window of a stretch has room; ``less`` holds it already."""
        sums = self.committed(now)
        for budget in self.budgets.values():
            if budget.mode == "enforce":
                limit = int(budget.limit * 100) if budget.limit_usd else int(budget.limit)
                for window in set(self.windows(budget, agent, start, end)) - less:
                    if sum(sums.get(window, (0, 0))) + (amount if budget.limit_usd else 1) > limit:
                        return False
        return True

    def all_windows(self, promise: Promise, end: datetime) -> set[Window]:
        """The windows a promise is held in up to ``end``."""
        return {w for budget in self.budgets.values() for w in self.windows(budget, promise.agent, promise.start, end)}

    def sweep(self, now: datetime) -> None:
        """End for good what is over; where the clock stepped back, what was made later than now is taken for made now."""
        for promise in self.promises.values():
            if promise.state == "held" and promise.start > now + MAX_AHEAD:  # the clock stepped back
                promise.start, promise.end = now, now + (promise.end - promise.start)
        for promise in self.promises.values():
            if promise.state == "held" and promise.end <= now:
                promise.state = "expired"


class AgainstADesk(RuleBasedStateMachine):
    """The ledger and the desk say the same of every reservation and every window."""

    def __init__(self, call_of: CallOf) -> None:
        super().__init__()
        self.call_of, self.now, self.desk, self.calls = call_of, START, Desk(), 0
        self.folder = tempfile.TemporaryDirectory()
        self.path = Path(self.folder.name) / "l.db"
        self.runner = asyncio.Runner()
        self.ledger = self.runner.run(open_ledger(self.path, now=START, window_of=window_of))

    def teardown(self) -> None:
        """At the end every hold is still what the reservations say."""
        verification = self.runner.run(self.ledger.verify())
        self.runner.run(self.ledger.close())
        self.runner.close()
        self.folder.cleanup()
        assert verification.differences == ()

    def _pick(self, number: int) -> tuple[str, Promise] | None:
        return None if not self.desk.promises else list(self.desk.promises.items())[number % len(self.desk.promises)]

    @rule(
        agent=st.sampled_from(AGENTS),
        cents=st.integers(1, 60),
        seconds=st.sampled_from([1, 600, 7200, 86_400]),
        key=st.sampled_from("kl") | st.none(),
    )
    def reserve(self, agent: str, cents: int, seconds: int, key: str | None) -> None:
        """Held exactly when the desk has room; the same key answers the same reservation or is refused."""
        self.desk.sweep(self.now)
        end = self.now + timedelta(seconds=seconds)
        order = ReserveOrder(
            covered=Covered(context=Context(agent=agent)),
            amount_usd=Decimal(cents) / 100,
            created_at=self.now,
            expires_at=end,
            idempotency_key=key,
        )
        old = next(((i, p) for i, p in self.desk.promises.items() if key is not None and p.key.startswith(f"{key} ")), None)
        promise = Promise(agent, cents, self.now, end, f"{key} {agent} {cents} {seconds}")
        if old is not None and old[1].key != promise.key:
            try:
                self.runner.run(self.ledger.reserve(order, self.now))
            except Conflict:
                return
            raise AssertionError("another order was taken under a used key")
        admission = self.runner.run(self.ledger.reserve(order, self.now))
        if old is not None:
            assert admission.reservation is not None
            assert (admission.repeated, admission.reservation.reservation_id, admission.reservation.state) == (
                True,
                old[0],
                old[1].state,
            )
            return
        fits = self.desk.fits(agent, cents, self.now, end, self.now, set())
        assert (admission.decision != "deny", admission.reservation is not None) == (fits, fits), admission.why
        if admission.reservation is not None:
            self.desk.promises[admission.reservation.reservation_id] = promise

    @rule(number=st.integers(0, 99), cents=st.integers(0, 90), again=st.booleans())
    def settle(self, number: int, cents: int, *, again: bool) -> None:
        """A call names a reservation: it settles, comes too late, or is one too many."""
        self.desk.sweep(self.now)
        picked = self._pick(number)
        if picked is None:
            return
        name, promise = picked
        taken = promise.state == "settled"
        call_id = promise.settled_by if taken and again and promise.settled_by else f"c{self.calls}"
        self.calls += 1
        call = self.call_of(call_id, cost=f"{cents / 100:.2f}", agent=promise.agent, at=self.now, reservation_id=name)
        (answer,) = self.runner.run(self.ledger.record([call], self.now))
        if taken:
            assert isinstance(answer, Receipt if again else Conflict), answer
            assert not isinstance(answer, Receipt) or answer.outcome == "exists"
            return
        assert isinstance(answer, Receipt)
        assert answer.reservation is not None
        enforced = [b for b in self.desk.budgets.values() if b.mode == "enforce"]
        landed = {w for b in enforced for w in self.desk.windows(b, promise.agent, self.now, self.now)}
        late = promise.state != "held"
        above = max(0, cents - promise.amount)
        outside = not landed <= self.desk.all_windows(promise, promise.end)
        assert answer.unadmitted == (late or above > 0 or outside)
        assert answer.excess_usd == (0 if late else Decimal(above) / 100)
        self.desk.spent.append((promise.agent, self.now, cents))
        if not late:
            promise.state, promise.settled_by = "settled", call_id

    @rule(number=st.integers(0, 99))
    def release(self, number: int) -> None:
        """Given back once; a settled one stays settled."""
        self.desk.sweep(self.now)
        picked = self._pick(number)
        if picked is None:
            return
        name, promise = picked
        try:
            answer = self.runner.run(self.ledger.release_reservation("default", name, self.now))
        except Conflict:
            assert promise.state == "settled"
            return
        if promise.state == "held":
            promise.state = "released"
        assert answer.state == promise.state

    @rule(number=st.integers(0, 99), seconds=st.sampled_from([1, 1800, 86_400]))
    def extend(self, number: int, seconds: int) -> None:
        """Longer where there is room, never shorter."""
        self.desk.sweep(self.now)
        picked = self._pick(number)
        if picked is None:
            return
        name, promise = picked
        end = max(promise.end, self.now + timedelta(seconds=seconds))
        held = self.desk.all_windows(promise, promise.end)
        fits = self.desk.fits(promise.agent, promise.amount, promise.start, end, self.now, held)
        try:
            answer = self.runner.run(
                self.ledger.extend_reservation("default", name, self.now + timedelta(seconds=seconds), self.now)
            )
        except Conflict:
            assert promise.state != "held" or not fits
            return
        assert (promise.state, fits, answer.expires_at) == ("held", True, end)
        promise.end = end

    @rule(seconds=st.sampled_from([1, 599, 3600, 40_000, -3600]))
    def move(self, seconds: int) -> None:
        """Time passes, or the clock steps back."""
        self.now += timedelta(seconds=seconds)

    @rule(
        name=st.sampled_from(["one", "two"]),
        period=st.sampled_from(["hour", "day", "total"]),
        scope=st.sampled_from([{}, {"agent": "x"}]),
        limit=st.sampled_from([{"limit_usd": Decimal(1)}, {"limit_usd": Decimal(3)}, {"limit_calls": 2}]),
        each=st.sampled_from([None, "agent"]),
        mode=st.sampled_from(["alert", "enforce", "enforce", "shadow"]),
    )
    def set_budget(
        self, name: str, period: str, scope: dict[str, str], limit: dict[str, Any], each: str | None, mode: str
    ) -> None:
        """Make or replace a budget; what is alive is held against it too."""
        self.desk.sweep(self.now)
        budget = Budget(
            name=name, period=period, scope=Scope.of(scope), each=each, mode=mode, timezone="Europe/Berlin", **limit
        )
        made = self.runner.run(self.ledger.set_budget(budget, self.now, "tester"))
        self.desk.budgets[name] = replace(made)

    @rule(name=st.sampled_from(["one", "two"]))
    def remove_budget(self, name: str) -> None:
        """End a budget if it is there."""
        if self.desk.budgets.pop(name, None) is not None:
            self.runner.run(self.ledger.remove_budget("default", name, self.now, "tester"))

    @rule()
    def rebuild(self) -> None:
        """Nothing was wrong before, nor is after."""
        assert self.runner.run(self.ledger.rebuild()).differences == ()

    @invariant()
    def the_windows_agree(self) -> None:
        """At both doors every window of this moment has spent and holds what the desk says."""
        sums = self.desk.committed(self.now)
        wanted: set[tuple[str, str, Decimal, Decimal]] = set()
        for (name, start, each), (spent, held) in sums.items():
            budget = self.desk.budgets[name]
            if start == window_of(budget, self.now)[0]:
                unit = Decimal(100 if budget.limit_usd else 1)
                wanted.add((name, each, spent / unit, held / unit))
        for budget in self.desk.budgets.values():
            if not any(name == budget.name for name, *_ in wanted):
                wanted.add((budget.name, "", Decimal(0), Decimal(0)))
        standings = self.runner.run(self.ledger.standings("default", None, self.now))
        assert {(s.budget.name, s.each_value or "", s.spent, s.reserved) for s in standings} == wanted
        door = open_readings(self.path, window_of=window_of)
        assert door.standings("default", None, self.now) == standings
        door.close()


def test_reservations_agree_with_a_plain_model_whatever_happens(call_of: CallOf):
    class Machine(AgainstADesk):
        def __init__(self) -> None:
            super().__init__(call_of)

    run_state_machine_as_test(Machine, settings=settings(deadline=None, max_examples=20, stateful_step_count=25))
