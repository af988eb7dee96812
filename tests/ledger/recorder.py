"""A program of its own that records calls, for tests that start, race and kill programs.

Usage: recorder.py LEDGER HOW PREFIX COUNT, where HOW is ``close`` (end properly), ``leave`` (end without closing) or ``hang``
(record until killed). Every acknowledged call id is printed on a line of its own.
"""

from __future__ import annotations

import asyncio
import sys
from datetime import UTC, datetime
from decimal import Decimal
from itertools import count
from pathlib import Path

from cost_mcp.budgets.windows import window_of
from cost_mcp.ledger.sqlite import open_ledger
from cost_mcp.model.call import Call, Rank
from cost_mcp.model.charge import Charge, PricedCall, Pricing
from cost_mcp.model.period import named_period
from cost_mcp.model.receipt import Receipt
from cost_mcp.model.report import ReportQuery
from cost_mcp.model.usage import Usage

NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)


def _call(call_id: str) -> PricedCall:
    call = Call(
        call_id=call_id,
        occurred_at=NOW,
        model="gpt-5",
        usage=Usage(input_tokens=1000, output_tokens=100),
        source="python",
        rank=Rank.AGENT,
    )
    cost = Decimal("0.01")
    charge = Charge(meter="input", quantity=1, unit_price_usd=cost, cost_usd=cost)
    return PricedCall(call=call, pricing=Pricing(priced="list", cost_usd=cost, charges=(charge,)))


async def main() -> None:
    path, how, prefix, number = Path(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4])
    ledger = await open_ledger(path, now=NOW, window_of=window_of)
    calls = count() if how == "hang" else range(number)

    async def one(n: int) -> None:
        (answer,) = await ledger.record([_call(f"{prefix}-{n}")], NOW)
        assert isinstance(answer, Receipt), answer
        sys.stdout.write(f"{prefix}-{n}\n")
        sys.stdout.flush()

    for n in calls:
        await asyncio.gather(one(4 * n), one(4 * n + 1), one(4 * n + 2), one(4 * n + 3))
    await ledger.report(ReportQuery(period=named_period("month", NOW)))
    if how == "close":
        await ledger.close()


asyncio.run(main())
