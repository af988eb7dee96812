"""Whatever order calls come in, and however they are put together: the same levels are told in the end, each once."""

from __future__ import annotations

import asyncio
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Protocol

from hypothesis import given, settings
from hypothesis import strategies as st

from cost_mcp.budgets.windows import window_of
from cost_mcp.ledger.contract import Ledger
from cost_mcp.ledger.sqlite import open_ledger
from cost_mcp.model.alert import LEVELS, Alert
from cost_mcp.model.budget import Budget
from cost_mcp.model.charge import PricedCall

NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)
BUDGETS = (
    Budget(name="all", period="day", limit_usd=Decimal(1)),
    Budget(name="each", period="total", limit_usd=Decimal("0.5"), each="agent"),
    Budget(name="calls", period="hour", limit_calls=6, mode="enforce"),
    Budget(name="tried", period="day", limit_usd=Decimal("0.01"), mode="shadow"),
)


class CallOf(Protocol):
    """The fixture's builder of priced calls."""

    def __call__(self, call_id: str, *, cost: str | None = ..., list_cost: str | None = ..., **fields: Any) -> PricedCall:
        """A priced call with this id; other fields by their names."""
        ...


@dataclass(frozen=True)
class Batch:
    """Calls recorded together, as (agent, cents); quietly, as an import does, or aloud; after a restart or not."""

    calls: tuple[tuple[str, int], ...]
    quiet: bool
    restarted: bool


CALL = st.tuples(st.sampled_from("ab"), st.integers(0, 60))
BATCH = st.builds(Batch, calls=st.lists(CALL, min_size=1, max_size=4).map(tuple), quiet=st.booleans(), restarted=st.booleans())


async def _told(call_of: CallOf, path: Path, batches: Sequence[Batch]) -> list[Alert]:
    """The alerts raised, oldest first; budgets come first, ``raise_due`` last."""
    number = 0

    async def record(ledger: Ledger, batch: Batch) -> None:
        nonlocal number
        calls = [call_of(f"c{number + n}", cost=f"{cents / 100}", agent=agent) for n, (agent, cents) in enumerate(batch.calls)]
        number += len(calls)
        await ledger.record(calls, NOW, quiet=batch.quiet)

    ledger = await open_ledger(path, now=NOW, window_of=window_of)
    for budget in BUDGETS:
        await ledger.set_budget(budget, NOW, "tester")
    for batch in batches:
        if batch.restarted:
            await ledger.close()
            ledger = await open_ledger(path, now=NOW, window_of=window_of)
        await record(ledger, batch)
    await ledger.raise_due("default", NOW)
    assert await ledger.raise_due("default", NOW) == 0
    told = await ledger.alerts("default", open_only=False, limit=1000)
    await ledger.close()
    return list(reversed(told))


def _owed(calls: Sequence[tuple[str, int]]) -> dict[tuple[str, str | None], str]:
    """The level each window has in the end, worked out from nothing but the calls; only those that have one."""
    spent: dict[tuple[str, str | None], Decimal] = defaultdict(Decimal)
    for agent, cents in calls:
        spent["all", None] += Decimal(cents)
        spent["each", agent] += Decimal(cents) * 2
        spent["calls", None] += Decimal(100) / 6
    steps = {"info": 50, "warning": 80, "critical": 95, "exceeded": 100}
    found = {key: [level for level, step in steps.items() if round(percent, 6) >= step] for key, percent in spent.items()}
    return {key: levels[-1] for key, levels in found.items() if levels}


@settings(max_examples=60, deadline=None)
@given(batches=st.lists(BATCH, max_size=6))
def test_any_order_and_any_batches_tell_the_levels_of_the_end(call_of: CallOf, batches: list[Batch]):
    with tempfile.TemporaryDirectory() as folder:
        told = asyncio.run(_told(call_of, Path(folder) / "ledger.db", batches))
    highest: dict[tuple[str, str | None], str] = {}
    for alert in told:
        assert alert.budget is not None
        key = (alert.budget, alert.each_value)
        before = highest.get(key)
        assert before is None or LEVELS.index(alert.level) > LEVELS.index(before)  # levels only rise, none comes twice
        highest[key] = alert.level
    owed = _owed([call for batch in batches for call in batch.calls])
    # One alert may stand for both windows of the each-budget, after what came in quietly: one of them may then go unnamed.
    shared = (
        {key for key in owed if key[0] == "each"} if any(alert.figures for alert in told) else set[tuple[str, str | None]]()
    )
    assert {k: v for k, v in highest.items() if k not in shared} == {k: v for k, v in owed.items() if k not in shared}
    assert all(LEVELS.index(highest[key]) <= LEVELS.index(owed[key]) for key in shared & highest.keys())
    assert not shared or shared & highest.keys()
