from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from cost_mcp.budgets.windows import window_of
from cost_mcp.ledger.contract import Ledger
from cost_mcp.ledger.quick import open_readings
from cost_mcp.ledger.task_costs import TaskSum
from cost_mcp.model.call import Rank
from cost_mcp.model.money import usd
from cost_mcp.model.period import Period
from cost_mcp.model.report import ReportQuery

if TYPE_CHECKING:
    from tests.ledger.conftest import CallOf

NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)
TODAY = ReportQuery(
    period=Period(name="today", start=NOW.replace(hour=0), end=NOW.replace(hour=0) + timedelta(days=1), timezone="UTC")
)


async def test_tasks_are_summed_by_billing_as_corrected_and_come_to_what_a_report_says(
    ledger: Ledger, ledger_path: Path, call_of: CallOf
):
    await ledger.record(
        [
            call_of("a", cost="1", task_id="T-1"),
            call_of("b", cost="2", task_id="T-1", billing="subscription"),
            call_of("c", cost=None, task_id="T-2"),
            call_of("d", cost="4"),
            call_of("e", cost="8", task_id="T-1", at=NOW - timedelta(days=1)),
            call_of("f", cost="9", task_id="T-3", tenant="another"),
        ],
        NOW,
    )
    await ledger.record([call_of("a", cost="3", task_id="T-2", rank=Rank.RESPONSE)], NOW)
    await ledger.finish_task("default", "T-2", "failed", None, NOW, "t")
    await ledger.finish_task("default", "T-2", "merged", None, NOW, "t")

    found = await ledger.task_costs(TODAY)

    assert sorted(found, key=str) == [
        TaskSum("T-1", "subscription", 1, 0, 2 * 10**9),
        TaskSum("T-2", "api", 2, 1, 3 * 10**9, "merged"),
        TaskSum(None, "api", 1, 0, 4 * 10**9),
    ]
    totals = (await ledger.report(TODAY)).totals
    assert usd(sum(one.cost_nanos for one in found if one.billing == "api")) == totals.cost_usd
    readings = open_readings(ledger_path, window_of=window_of)
    assert readings.task_costs(TODAY) == found
    readings.close()
