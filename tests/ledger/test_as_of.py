"""A report as of an earlier answer is that answer, whatever was entered since."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

import pytest

from cost_mcp.budgets.windows import window_of
from cost_mcp.errors import InvalidInput
from cost_mcp.ledger.contract import Ledger
from cost_mcp.ledger.quick import open_readings
from cost_mcp.model.call import Rank
from cost_mcp.model.charge import PricedCall
from cost_mcp.model.period import Period
from cost_mcp.model.report import ReportQuery


class CallOf(Protocol):
    """The fixture's builder of priced calls."""

    def __call__(self, call_id: str, *, cost: str | None = ..., list_cost: str | None = ..., **fields: Any) -> PricedCall:
        """A priced call with this id; other fields by their names."""
        ...


def asked(now: datetime, *group_by: str, **filters: str) -> ReportQuery:
    # Ragged ends: whole buckets come from rollups, the rest from single rows.
    period = Period(name="custom", start=now - timedelta(days=9, minutes=7), end=now + timedelta(minutes=3), timezone="UTC")
    return ReportQuery(period=period, group_by=group_by, filters=filters)


@pytest.mark.parametrize("more", [3, 600])
async def test_an_answer_can_be_given_again(ledger: Ledger, ledger_path: Path, call_of: CallOf, now: datetime, more: int):
    queries = [
        asked(now),
        asked(now, "agent"),
        asked(now, "day", "model"),
        asked(now, "task_id"),
        asked(now, "hour", "session_id"),
    ]
    queries += [asked(now, "agent", project="p"), asked(now, "day", agent="a1"), asked(now, "model", task_id="T-1")]

    def call(n: int, of: str = "c", **fields: Any) -> PricedCall:
        names = {"agent": f"a{n % 3}", "task_id": f"T-{n % 4}", "session_id": f"s{n % 5}", "project": "p" if n % 2 else "q"}
        return call_of(f"{of}-{n}", at=now - timedelta(hours=n % 200), **names, **fields)

    await ledger.record([call(n, cost=f"0.0{n + 1}") for n in range(300)], now)
    before = [await ledger.report(query) for query in queries]
    await ledger.record([call(n, "d") for n in range(more)], now)
    await ledger.record([call(n, source="log", rank=Rank.RESPONSE, output_tokens=7, cost="0.5") for n in range(3)], now)
    await ledger.record([call(n, "c", tenant="other") for n in range(3)], now)
    after = [await ledger.report(replace(query, as_of=was.as_of)) for query, was in zip(queries, before, strict=True)]
    changed = [await ledger.report(query) for query in queries]
    door = open_readings(ledger_path, window_of=window_of)
    quick = [door.report(found.query) for found in after]
    door.close()
    assert [replace(found, query=was.query) for found, was in zip(after, before, strict=True)] == before
    assert quick == after
    assert all(found.totals != was.totals for found, was in zip(changed, before, strict=True))


@pytest.mark.parametrize("mark", ["x", "-1", "9" * 40, "1.5"])
async def test_a_mark_that_is_none_is_refused(ledger: Ledger, now: datetime, mark: str):
    with pytest.raises(InvalidInput, match="cursor is not one of ours"):
        await ledger.report(replace(asked(now), as_of=mark))
