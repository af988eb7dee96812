from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from cost_mcp.budgets.windows import window_of
from cost_mcp.ledger.contract import Ledger
from cost_mcp.ledger.quick import open_readings
from cost_mcp.ledger.spend_history import DayCut, DaySum, HistoryAsked
from cost_mcp.model.call import Rank
from cost_mcp.model.money import usd
from cost_mcp.model.period import Period
from cost_mcp.model.report import ReportQuery

if TYPE_CHECKING:
    from tests.ledger.conftest import CallOf, Wallet

NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)
DAY = timedelta(days=1)
MIDNIGHT = NOW.replace(hour=0)


def cuts(_: str) -> tuple[DayCut, ...]:
    """Three days and today, cut at 10:00."""
    return tuple(DayCut(MIDNIGHT - n * DAY, NOW - n * DAY, MIDNIGHT - (n - 1) * DAY) for n in (3, 2, 1, 0))


def asked(**fields: Any) -> HistoryAsked:
    return HistoryAsked(tenant="default", now=NOW, timezone="UTC", cuts_of=cuts, **fields)


def amounts(rows: tuple[DaySum, ...]) -> dict[tuple[int, bool], Decimal]:
    return {(row.day, row.after): usd(row.cost_nanos) for row in rows}


async def test_days_are_cut_at_the_time_of_day_and_corrections_move_what_they_correct(ledger: Ledger, call_of: CallOf):
    await ledger.record(
        [
            call_of("a", cost="1", at=NOW - 2 * DAY - timedelta(hours=1)),
            call_of("b", cost="2", at=NOW - 2 * DAY),
            call_of("c", cost="4", at=NOW - DAY + timedelta(hours=3)),
            call_of("d", cost="8", at=NOW - timedelta(hours=2)),
            call_of("long ago", cost="99", at=NOW - 9 * DAY),
        ],
        NOW,
    )
    corrected = call_of("c", cost="5", at=NOW - DAY - timedelta(hours=3), rank=Rank.RESPONSE)
    await ledger.record([corrected], NOW)

    found = await ledger.spend_history(asked())

    assert amounts(found.days["UTC"]) == {(1, False): 3, (1, True): 2, (2, False): 5, (3, False): 8}
    assert {row.series_id for row in found.days["UTC"]} == {0}


async def test_both_doors_tell_the_same_and_the_days_come_to_what_a_report_says(
    ledger: Ledger, ledger_path: Path, call_of: CallOf, wallet: Wallet
):
    await ledger.record(
        [call_of(f"c{n}", cost=f"0.{n + 1}", at=NOW - timedelta(hours=5 * n), agent=f"a{n % 2}") for n in range(9)], NOW
    )
    await ledger.set_budget(wallet.budget("agents", each="agent"), NOW, "t")

    found = await ledger.spend_history(asked())
    readings = open_readings(ledger_path, window_of=window_of)
    assert readings.spend_history(asked()) == found
    readings.close()
    period = Period(name="custom", start=MIDNIGHT - 3 * DAY, end=MIDNIGHT + DAY, timezone="UTC")
    report = await ledger.report(ReportQuery(period=period))
    assert sum(row.cost_nanos for row in found.days["UTC"] if not row.after) == int(report.totals.cost_usd * 10**9)
    assert {covered.context.agent for covered in found.series.values()} == {"a0", "a1"}
    assert [one.each_value for one in found.standings] == ["a0", "a1"]


@pytest.mark.parametrize("filters", [{"agent": "a1"}, {"task_id": "T-1"}])
async def test_a_filter_narrows_the_days(ledger: Ledger, call_of: CallOf, filters: dict[str, str]):
    await ledger.record(
        [call_of("one", cost="1", agent="a1", task_id="T-1"), call_of("two", cost="2", agent="a2", task_id="T-2")], NOW
    )

    found = await ledger.spend_history(asked(filters=filters, budgets=False))

    assert amounts(found.days["UTC"]) == {(3, False): 1}


async def test_a_ledger_without_a_file_has_no_days(tmp_path: Path):
    readings = open_readings(tmp_path / "none.db", window_of=window_of)

    assert readings.spend_history(asked()).days == {"UTC": ()}
    readings.close()
