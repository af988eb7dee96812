"""The tightest windows of a budget with ``each``: those a plain sum over all of them finds, whatever happened to them."""

from __future__ import annotations

import asyncio
import sqlite3
import tempfile
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Protocol

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cost_mcp.budgets.windows import window_of
from cost_mcp.errors import Conflict, NotFound
from cost_mcp.ledger.contract import Ledger
from cost_mcp.ledger.migrate import migrations
from cost_mcp.ledger.quick import open_readings
from cost_mcp.ledger.sqlite import open_ledger
from cost_mcp.model.budget import Budget
from cost_mcp.model.call import Context, Rank
from cost_mcp.model.charge import PricedCall
from cost_mcp.model.moment import micros
from cost_mcp.model.money import usd
from cost_mcp.model.reservation import ReserveOrder
from cost_mcp.model.scope import Covered
from cost_mcp.model.unpriced import AssumedPrice

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
AGENTS = [f"agent-{n}" for n in range(9)]
HUGE = 10**12
"""Tokens that come to more than 64 bits of nano-dollars at a dollar each."""


class CallOf(Protocol):
    """The fixture's builder of priced calls."""

    def __call__(self, call_id: str, *, cost: str | None = ..., list_cost: str | None = ..., **fields: Any) -> PricedCall:
        """A priced call with this id; other fields by their names."""
        ...


DEFINITIONS: list[dict[str, Any]] = [
    {"limit_usd": Decimal(5)},
    {"limit_usd": Decimal(5), "mode": "enforce", "include_subscription": True, "unpriced": "warn"},
    {"limit_usd": Decimal(5), "assumed": AssumedPrice(input=Decimal(1_000_000), output=Decimal("0.0005"))},
    {"limit_usd": Decimal(5), "assumed": AssumedPrice(input=Decimal("0.0000004"), output=Decimal(0)), "mode": "shadow"},
    {"limit_tokens": 5000, "include_subscription": True},
    {"limit_calls": 3},
]
CALLS = st.fixed_dictionaries(
    {
        "call_id": st.integers(0, 30),
        "agent": st.sampled_from(AGENTS),
        "reporter": st.sampled_from([("cli", Rank.AGENT), ("otlp", Rank.EVENT), ("codex", Rank.LOG)]),
        "billing": st.sampled_from(["api", "api", "subscription"]),
        "cost": st.sampled_from([None, "0", "0.01", "0.02", "2", "1000000"]),
        "tokens": st.sampled_from([0, 1, 2, 1000, HUGE]),
        "hours": st.sampled_from([0, 0, 0, 13]),
        "settles": st.none() | st.integers(0, 9),
    }
)
HOLDS = st.tuples(st.sampled_from(AGENTS), st.sampled_from([None, "0.01", "0.02", "3"]), st.sampled_from([60, 7200, 50_000]))
STEPS = st.one_of(
    st.tuples(st.just("record"), st.lists(CALLS, min_size=1, max_size=6)),
    st.tuples(st.just("import"), st.lists(CALLS, min_size=1, max_size=6)),
    st.tuples(st.just("reserve"), HOLDS),
    st.tuples(st.just("release"), st.integers(0, 9)),
    st.tuples(st.just("set"), st.tuples(st.sampled_from(["one", "two"]), st.sampled_from(DEFINITIONS))),
    st.tuples(st.just("remove"), st.sampled_from(["one", "two"])),
    st.tuples(st.just("wait"), st.sampled_from([30, 4000, 40_000, -4000])),
    st.tuples(st.just("rebuild"), st.none()),
)


class Played:
    """One ledger, and what was done to it."""

    def __init__(self, ledger: Ledger, path: Path, call_of: CallOf) -> None:
        self.ledger, self.path, self.call_of, self.now = ledger, path, call_of, NOON
        self.reservations: list[str] = []

    async def play(self, step: str, given_: Any) -> None:
        """One step, and what it is about."""
        if step == "wait":
            self.now += timedelta(seconds=given_)
        elif step in ("record", "import"):
            await self.ledger.record([self._call(fields) for fields in given_], self.now, quiet=step == "import")
            if step == "import":
                await self.ledger.raise_due("default", self.now)
        elif step == "reserve":
            await self._reserve(*given_)
        elif step == "release":
            await self._release(given_)
        elif step == "set":
            name, definition = given_
            budget = Budget(name=name, period="day" if name == "one" else "total", each="agent", **definition)
            await self.ledger.set_budget(budget, self.now, "tester")
        elif step == "remove":
            with suppress(NotFound):
                await self.ledger.remove_budget("default", given_, self.now, "tester")
        elif step == "rebuild":
            assert (await self.ledger.rebuild()).differences == ()

    def _call(self, fields: dict[str, Any]) -> PricedCall:
        source, rank = fields["reporter"]
        settles: int | None = fields["settles"]
        named = None if settles is None or not self.reservations else self.reservations[settles % len(self.reservations)]
        return self.call_of(
            f"c{fields['call_id']}",
            cost=fields["cost"],
            source=source,
            rank=rank,
            billing=fields["billing"],
            agent=fields["agent"],
            input_tokens=fields["tokens"],
            output_tokens=fields["tokens"] % 7,
            at=self.now - timedelta(hours=fields["hours"]),
            reservation_id=named,
        )

    async def _reserve(self, agent: str, amount: str | None, seconds: int) -> None:
        unpriced: dict[str, Any] = (
            {"unpriced_input_tokens": 5, "unpriced_output_tokens": 1, "priced": False} if amount is None else {}
        )
        order = ReserveOrder(
            covered=Covered(context=Context(agent=agent)),
            amount_usd=Decimal(amount or 0),
            tokens=6,
            created_at=self.now,
            expires_at=self.now + timedelta(seconds=seconds),
            **unpriced,
        )
        admission = await self.ledger.reserve(order, self.now)
        if admission.reservation is not None:
            self.reservations.append(admission.reservation.reservation_id)

    async def _release(self, number: int) -> None:
        if self.reservations:
            with suppress(Conflict):  # settled before
                await self.ledger.release_reservation("default", self.reservations[number % len(self.reservations)], self.now)

    def found(self) -> dict[str, list[tuple[str, Decimal]]]:
        """The tightest windows of each budget as the ledger says them."""
        door = open_readings(self.path, window_of=window_of)
        told: dict[str, list[tuple[str, Decimal]]] = {}
        for one in door.standings("default", None, self.now):
            told.setdefault(one.budget.name, []).append((one.each_value or "", one.spent + one.reserved))
        door.close()
        return {name: sorted(rows, key=lambda row: (-row[1], row[0])) for name, rows in told.items()}

    async def wanted(self) -> dict[str, list[tuple[str, Decimal]]]:
        """The same, found by summing every window there is."""
        with closing(sqlite3.connect(self.path)) as db:
            return {budget.name: self._fullest(db, budget) for budget in await self.ledger.budgets("default")}

    def _fullest(self, db: sqlite3.Connection, budget: Budget) -> list[tuple[str, Decimal]]:
        key = ("default", budget.budget_id, micros(window_of(budget, self.now)[0]))
        sums = "SUM(charged_nanos), SUM(cost_nanos), SUM(tokens), SUM(calls), SUM(unpriced_input_tokens), SUM(unpriced_output_tokens)"
        spent = db.execute(
            f"SELECT each_value, {sums} FROM budget_windows WHERE (tenant, budget_id, window_start) = (?, ?, ?) "  # noqa: S608 (names of ours)
            "AND (billing = 'api' OR ?) GROUP BY each_value",
            (*key, budget.include_subscription),
        )
        held = db.execute(
            "SELECT each_value, SUM(h.nanos), SUM(h.nanos), SUM(h.tokens), SUM(h.calls), SUM(h.unpriced_input_tokens), "
            "SUM(h.unpriced_output_tokens) FROM holds h JOIN reservations r USING (tenant, reservation_id) "
            "WHERE (h.tenant, h.budget_id, h.window_start) = (?, ?, ?) AND r.expires_at > ? GROUP BY each_value",
            (*key, micros(self.now)),
        )
        amounts: dict[str, Decimal] = {}
        spent_in: set[str] = set()
        for rows in (spent, held):
            for value, charged, cost, tokens, calls, unpriced_input, unpriced_output in rows:
                amount = usd(charged if budget.mode == "enforce" else cost)
                if budget.assumed is not None:
                    amount += budget.assumed.cost(unpriced_input, unpriced_output)
                amount = {"usd": amount, "tokens": Decimal(tokens), "calls": Decimal(calls)}[budget.unit]
                amounts[value] = amounts.get(value, Decimal(0)) + amount
                if rows is spent and calls:
                    spent_in.add(value)
        found = [(value, amount) for value, amount in amounts.items() if amount or value in spent_in]
        return sorted(found, key=lambda row: (-row[1], row[0]))[:5] or [("", Decimal(0))]


@settings(deadline=None, max_examples=40)
@given(st.lists(STEPS, min_size=4, max_size=25))
def test_the_tightest_windows_are_those_that_a_sum_over_all_of_them_finds(call_of: CallOf, steps: list[tuple[str, Any]]):
    async def run(path: Path) -> None:
        ledger = await open_ledger(path, now=NOON, window_of=window_of)
        played = Played(ledger, path, call_of)
        try:
            for name, definition in (("one", DEFINITIONS[0]), ("two", DEFINITIONS[2])):
                await played.play("set", (name, definition))
            for step, given_ in steps:
                await played.play(step, given_)
                assert played.found() == await played.wanted()
                assert (await ledger.verify()).differences == ()
        finally:
            await ledger.close()

    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(run(Path(folder) / "ledger.db"))


async def _open_with_an_each_budget(path: Path, call_of: CallOf, **fields: Any) -> Ledger:
    ledger = await open_ledger(path, now=NOON, window_of=window_of)
    await ledger.set_budget(Budget(name="b", period="day", each="agent", limit_usd=Decimal(1), **fields), NOON, "tester")
    calls = [call_of(f"c{n}", cost=f"0.0{n}", agent=AGENTS[n], at=NOON) for n in range(9)]
    await ledger.record(calls, NOON)
    return ledger


def _change(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path)) as db:
        for statement in statements:
            db.execute(statement)
        db.commit()


async def test_what_is_left_of_the_fullest_windows_counts_when_the_definition_changes(ledger_path: Path, call_of: CallOf):
    ledger = await _open_with_an_each_budget(ledger_path, call_of)
    await ledger.record([call_of("long", cost="0", input_tokens=9000, agent="agent-0", at=NOON)], NOON)
    by_cost = await ledger.standings("default", None, NOON)
    await ledger.set_budget(Budget(name="b", period="day", each="agent", limit_tokens=10_000), NOON, "tester")
    by_tokens = await ledger.standings("default", None, NOON)
    await ledger.close()
    assert [one.each_value for one in by_cost] == [f"agent-{n}" for n in (8, 7, 6, 5, 4)]
    assert [one.each_value for one in by_tokens] == [f"agent-{n}" for n in (0, 1, 2, 3, 4)]


async def test_budgets_without_each_are_not_ranked(ledger_path: Path, call_of: CallOf):
    ledger = await open_ledger(ledger_path, now=NOON, window_of=window_of)
    await ledger.set_budget(Budget(name="b", period="day", limit_usd=Decimal(1)), NOON, "tester")
    await ledger.record([call_of("c", at=NOON, agent="agent-1")], NOON)
    await ledger.close()
    with closing(sqlite3.connect(ledger_path)) as db:
        assert db.execute("SELECT COUNT(*) FROM ranked_windows").fetchone() == (0,)


async def test_a_ledger_from_before_windows_were_ranked_ranks_them_when_it_is_opened(ledger_path: Path, call_of: CallOf):
    ledger = await _open_with_an_each_budget(ledger_path, call_of)
    before = await ledger.standings("default", None, NOON)
    await ledger.close()
    _change(ledger_path, "DELETE FROM ranked_windows", "UPDATE state SET value = 1 WHERE name = 'windows_to_rank'")
    for _ in range(2):
        ledger = await open_ledger(ledger_path, now=NOON, window_of=window_of)
        assert await ledger.standings("default", None, NOON) == before
        assert (await ledger.verify()).differences == ()
        await ledger.close()


@pytest.mark.parametrize("value", ["", "agent-1"])
def test_the_seventh_migration_asks_for_ranks_where_a_budget_has_windows_for_each_value(value: str):
    with closing(sqlite3.connect(":memory:")) as db:
        for _, _, sql in migrations()[:6]:
            db.executescript(sql)
        db.execute("INSERT INTO budget_windows VALUES ('t', 'b', 0, ?, 'api', 's', 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0)", (value,))
        db.executescript(migrations()[6][2])
        assert db.execute("SELECT value FROM state WHERE name = 'windows_to_rank'").fetchone() == (int(bool(value)),)


async def test_verify_sees_what_is_ranked_wrong_and_rebuild_puts_it_right(ledger_path: Path, call_of: CallOf):
    ledger = await _open_with_an_each_budget(ledger_path, call_of)
    _change(
        ledger_path,
        "UPDATE ranked_windows SET amount = zeroblob(16) WHERE each_value = 'agent-8'",
        "INSERT INTO ranked_windows SELECT tenant, 'gone', 0, 'x', amount FROM ranked_windows WHERE each_value = 'agent-1'",
    )
    assert (await ledger.rebuild()).differences == (
        "budget b (tenant default): its windows are not ranked by their sums.",
        "1 ranks of windows belong to no budget.",
    )
    assert (await ledger.verify()).differences == ()
    assert (await ledger.standings("default", None, NOON))[0].each_value == "agent-8"
    await ledger.close()
