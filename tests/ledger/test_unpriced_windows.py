"""The tokens without a known price that windows and holds keep, and what a budget that assumes a price makes of them."""

from __future__ import annotations

import asyncio
import sqlite3
import tempfile
from contextlib import closing
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cost_mcp.budgets.windows import window_of
from cost_mcp.ledger.contract import Ledger
from cost_mcp.ledger.migrate import migrations
from cost_mcp.ledger.quick import open_readings
from cost_mcp.ledger.sqlite import open_ledger
from cost_mcp.model.budget import Budget
from cost_mcp.model.call import Context, Rank
from cost_mcp.model.receipt import Receipt
from cost_mcp.model.reservation import ReserveOrder
from cost_mcp.model.scope import Covered
from cost_mcp.model.unpriced import AssumedPrice

if TYPE_CHECKING:
    from conftest import CallOf

PRICE = AssumedPrice(input=Decimal("2.5"), output=Decimal(10))


def _budget(**fields: Any) -> Budget:
    given: dict[str, Any] = {"period": "day", "limit_usd": Decimal(1), "mode": "enforce", "assumed": PRICE} | fields
    return Budget(name="b", **given)


def _order(now: datetime, unpriced: tuple[int, int], **fields: Any) -> ReserveOrder:
    return ReserveOrder(
        covered=Covered(context=Context(**fields), models=("mystery",)),
        amount_usd=Decimal(0),
        tokens=sum(unpriced),
        created_at=now,
        expires_at=now + timedelta(minutes=10),
        priced=False,
        unpriced_input_tokens=unpriced[0],
        unpriced_output_tokens=unpriced[1],
    )


CALLS = st.lists(
    st.fixed_dictionaries(
        {
            "call_id": st.sampled_from("abcd"),
            "cost": st.sampled_from([None, "0.01"]),
            "input_tokens": st.integers(0, 10**6),
            "output_tokens": st.integers(0, 10**6),
            "rank": st.sampled_from([Rank.AGENT, Rank.LOG, Rank.RESPONSE]),
            "agent": st.sampled_from(["x", "y"]),
            "hours": st.integers(0, 30),
        }
    ),
    max_size=12,
)


@given(calls=CALLS, late=st.booleans(), each=st.sampled_from([None, "agent"]))
@settings(max_examples=40)
def test_what_is_assumed_is_the_price_of_exactly_the_tokens_that_have_none(
    call_of: CallOf, now: datetime, calls: list[dict[str, Any]], each: str | None, *, late: bool
):
    async def play(path: Path) -> None:
        ledger = await open_ledger(path, now=now, window_of=window_of)
        budget = _budget(limit_usd=Decimal(10**6), period="total", each=each)
        if not late:
            await ledger.set_budget(budget, now, "tester")
        ids: set[str] = set()
        for fields in calls:
            hours = timedelta(hours=fields["hours"])
            rest = {name: value for name, value in fields.items() if name != "hours"}
            await ledger.record([call_of(**rest, at=now - hours, source=f"s{int(rest['rank'])}")], now)
            ids.add(fields["call_id"])
        if late:
            await ledger.set_budget(budget, now, "tester")
        kept = [stored.priced for name in ids if (stored := await ledger.call("default", name)) is not None]
        unknown = [call.call.usage for call in kept if call.pricing.cost_usd is None]
        known = sum((call.pricing.cost_usd or Decimal(0) for call in kept), Decimal(0))
        standings = await ledger.standings("default", None, now)
        assumed = PRICE.cost(sum(u.input_tokens for u in unknown), sum(u.output_tokens for u in unknown))
        # Rounded up once per window: no window is less than its share, nor more than a nano-dollar above it.
        assert 0 <= sum(s.assumed for s in standings) - assumed <= Decimal("1e-9")
        assert sum(s.spent - s.assumed for s in standings) == known
        assert sum(s.unpriced_calls for s in standings) == len(unknown)
        for _ in range(2):
            assert (await ledger.verify()).differences == ()
            assert (await ledger.rebuild()).differences == ()
        assert await ledger.standings("default", None, now) == standings
        door = open_readings(path, window_of=window_of)
        assert door.standings("default", None, now) == standings
        door.close()
        await ledger.close()

    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(play(Path(folder) / "ledger.db"))


async def test_a_budget_that_changes_its_mind_counts_what_was_spent_before_by_its_new_mind(
    ledger: Ledger, call_of: CallOf, now: datetime
):
    dearer = AssumedPrice(input=Decimal(5), output=Decimal(20))
    await ledger.set_budget(_budget(assumed=None, unpriced="warn"), now, "tester")
    await ledger.record([call_of("c", cost=None, input_tokens=4_000, output_tokens=1_000)], now)
    await ledger.reserve(_order(now, (2_000, 500)), now)
    seen: list[tuple[Decimal, Decimal]] = []
    for budget in (_budget(assumed=None, unpriced="warn"), _budget(), _budget(assumed=dearer), _budget(assumed=None)):
        await ledger.set_budget(budget, now, "tester")
        (standing,) = await ledger.standings("default", None, now)
        seen.append((standing.spent, standing.reserved))
    assert seen == [(0, 0), (Decimal("0.02"), Decimal("0.01")), (Decimal("0.04"), Decimal("0.02")), (0, 0)]
    assert (await ledger.verify()).differences == ()


@pytest.mark.parametrize(
    ("fields", "unadmitted"),
    [
        ({"cost": None, "input_tokens": 2_000, "output_tokens": 500}, False),
        ({"cost": None, "input_tokens": 2_000, "output_tokens": 501}, True),
        ({"cost": "0.01", "input_tokens": 9_000, "output_tokens": 9_000}, False),  # a price was found meanwhile
        ({"cost": "0.011", "input_tokens": 1, "output_tokens": 1}, True),
    ],
)
async def test_a_call_is_admitted_within_what_was_assumed_for_it(
    ledger: Ledger, call_of: CallOf, now: datetime, fields: dict[str, Any], *, unadmitted: bool
):
    await ledger.set_budget(_budget(), now, "tester")
    held = (await ledger.reserve(_order(now, (2_000, 500)), now)).reservation
    assert held is not None
    (answer,) = await ledger.record([call_of("c", reservation_id=held.reservation_id, **fields)], now)
    assert isinstance(answer, Receipt)
    (standing,) = answer.standings
    assert (answer.unadmitted, standing.reserved) == (unadmitted, 0)
    assert (await ledger.verify()).differences == ()


async def test_what_is_assumed_and_held_fills_a_budget_and_is_free_when_its_time_is_over(ledger: Ledger, now: datetime):
    await ledger.set_budget(_budget(limit_usd=Decimal("0.02"), each="agent"), now, "tester")
    answers = [await ledger.reserve(_order(now, (2_000, 500), agent="x"), now) for _ in range(3)]
    assert [answer.decision for answer in answers] == ["allow", "warn", "deny"]
    later = now + timedelta(minutes=10)
    for at, reserved in ((now, Decimal("0.02")), (later, Decimal(0))):
        (standing,) = await ledger.standings("default", None, at)
        assert standing.reserved == reserved
    assert (await ledger.reserve(_order(later, (4_000, 1_000), agent="x"), later)).decision == "warn"
    assert (await ledger.verify()).differences == ()


async def test_the_tightest_windows_are_those_with_most_spent_and_assumed(ledger: Ledger, call_of: CallOf, now: datetime):
    await ledger.set_budget(_budget(each="session_id"), now, "tester")
    calls = [call_of(f"known-{n}", cost="0.01", session_id=f"known-{n}") for n in range(6)]
    unknown = call_of("unknown", cost=None, input_tokens=8_000, output_tokens=2_000, session_id="unknown")
    await ledger.record([*calls, unknown], now)
    standings = await ledger.standings("default", None, now)
    assert (standings[0].each_value, standings[0].spent) == ("unknown", Decimal("0.04"))
    assert len(standings) == 5


async def test_windows_that_were_kept_before_tokens_without_a_price_were_are_filled_when_a_ledger_is_opened(
    ledger_path: Path, call_of: CallOf, now: datetime
):
    ledger = await open_ledger(ledger_path, now=now, window_of=window_of)
    await ledger.set_budget(_budget(), now, "tester")
    await ledger.record([call_of("c", cost=None, input_tokens=4_000, output_tokens=1_000)], now)
    await ledger.close()
    with closing(sqlite3.connect(ledger_path)) as db:  # as the fourth migration leaves it
        db.execute("UPDATE budget_windows SET unpriced_input_tokens = 0, unpriced_output_tokens = 0")
        db.execute("UPDATE state SET value = 1 WHERE name = 'windows_to_fill'")
        db.commit()
    for _ in range(2):
        ledger = await open_ledger(ledger_path, now=now, window_of=window_of)
        (standing,) = await ledger.standings("default", None, now)
        assert standing.assumed == Decimal("0.02")
        assert (await ledger.verify()).differences == ()
        await ledger.close()


@pytest.mark.parametrize("unpriced", [0, 1])
def test_the_fourth_migration_asks_for_windows_to_be_filled_where_some_hold_unpriced_calls(unpriced: int):
    with closing(sqlite3.connect(":memory:")) as db:
        for _, _, sql in migrations()[:3]:
            db.executescript(sql)
        db.execute("INSERT INTO budget_windows VALUES ('t', 'b', 0, '', 'api', 's', 1, 1, ?, 0, 0, 0, 0, 0, 0)", (unpriced,))
        db.executescript(migrations()[3][2])
        assert db.execute("SELECT value FROM state WHERE name = 'windows_to_fill'").fetchone() == (unpriced,)
