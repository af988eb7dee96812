"""Rows for exports: all that count, once, at one moment, however they are cut into batches."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Protocol

import pytest

from cost_mcp.budgets.windows import window_of
from cost_mcp.ledger.contract import Ledger
from cost_mcp.ledger.quick import open_readings
from cost_mcp.ledger.readings import Readings
from cost_mcp.model.call import Rank
from cost_mcp.model.call_row import CallRow, PriceMark
from cost_mcp.model.charge import PricedCall
from cost_mcp.model.money import usd
from cost_mcp.model.period import named_period
from cost_mcp.model.report import ReportQuery


class CallOf(Protocol):
    """The fixture's builder of priced calls."""

    def __call__(self, call_id: str, *, cost: str | None = ..., list_cost: str | None = ..., **fields: Any) -> PricedCall:
        """A priced call with this id; other fields by their names."""
        ...


def rows(readings: Readings, query: ReportQuery, limit: int = 1000) -> list[CallRow]:
    found: list[CallRow] = []
    batch = readings.export_rows(query, limit=limit)
    found += batch.rows
    while batch.mark is not None:
        batch = readings.export_rows(query, batch.mark, limit)
        found += batch.rows
    return found


@pytest.fixture
def month(now: datetime) -> ReportQuery:
    return ReportQuery(period=named_period("month", now))


@pytest.fixture
def readings(ledger: Ledger, ledger_path: Path) -> Iterator[Readings]:
    assert ledger
    opened = open_readings(ledger_path, window_of=window_of)
    yield opened
    opened.close()


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 1000])
async def test_batches_of_any_size_give_every_row_once_in_the_order_of_time(
    ledger: Ledger, readings: Readings, call_of: CallOf, now: datetime, month: ReportQuery, limit: int
):
    # Five of one instant, as a table of days has them, among others that came in another order than they happened.
    times = [now, now - timedelta(hours=3), *[now - timedelta(hours=2)] * 5, now - timedelta(hours=1)]
    await ledger.record([call_of(f"c{n}", at=at) for n, at in enumerate(times)], now)

    found = rows(readings, month, limit)

    assert [row.call_id for row in found] == ["c1", "c2", "c3", "c4", "c5", "c6", "c7", "c0"]


async def test_a_row_has_what_was_recorded(
    ledger: Ledger, readings: Readings, call_of: CallOf, now: datetime, month: ReportQuery
):
    await ledger.record(
        [
            call_of(
                "c", cost="0.25", project="shop", agent="coder", task_id="T-1", task_title="Fix", task_type="bug", session_id="s",
                feature="f", purpose="p", tags={"team": "a"}, metadata={"inference_geo": "us"}, provider="openai",
                service_tier="batch", cache_read_input_tokens=40,
            )
        ],
        now,
    )  # fmt: skip

    (row,) = rows(readings, month)

    assert (row.call_id, row.sign, row.revision, row.corrects) == ("c", 1, 1, False)
    names = row.names
    assert (names.project, names.agent, row.task_id, row.task_title, names.task_type) == ("shop", "coder", "T-1", "Fix", "bug")
    assert (row.session_id, names.feature, names.purpose, names.provider, names.model) == ("s", "f", "p", "openai", "gpt-5")
    assert (names.catalog_model, row.price) == ("gpt-5-catalog", PriceMark("entry-gpt-5"))
    assert (row.cost_nanos, row.input_tokens, row.cache_read_input_tokens) == (250_000_000, 1000, 40)
    assert (row.service_tier, names.billing, row.inference_geo) == ("batch", "api", "us")
    assert json.loads(row.charges) == [["input", 1, "0.25", 250_000_000]]
    assert json.loads(row.tags or "") == {"team": "a"}
    assert json.loads(row.metadata or "") == {"inference_geo": "us"}


async def test_a_corrected_call_has_its_first_report_what_takes_it_back_and_what_is_true(
    ledger: Ledger, readings: Readings, call_of: CallOf, now: datetime, month: ReportQuery
):
    await ledger.record([call_of("c", cost="0.10", agent="coder")], now)
    later = call_of("c", cost="0.30", agent="coder", rank=Rank.LOG, source="codex", at=now - timedelta(hours=1))
    await ledger.record([later], now + timedelta(minutes=1))

    found = rows(readings, month)

    told = {(row.sign, row.revision): (row.cost_nanos, json.loads(row.charges)[0][3], row.corrects) for row in found}
    assert told == {
        (1, 1): (100_000_000, 100_000_000, False),
        (-1, 1): (-100_000_000, 100_000_000, True),
        (1, 2): (300_000_000, 300_000_000, True),
    }
    assert [row.occurred_at for row in found if row.revision == 1 and row.sign == -1] == [
        row.occurred_at for row in found if row.revision == 1 and row.sign == 1
    ]
    assert sum(row.sign for row in found) == 1


async def test_what_is_recorded_while_an_export_goes_on_is_not_in_it(
    ledger: Ledger, readings: Readings, call_of: CallOf, now: datetime, month: ReportQuery
):
    await ledger.record([call_of(f"c{n}", at=now - timedelta(hours=n)) for n in range(4)], now)
    first = readings.export_rows(month, limit=2)
    await ledger.record([call_of("late", at=now - timedelta(minutes=1))], now)
    await ledger.record([call_of("c0", cost="9", rank=Rank.LOG, source="codex")], now)

    second = readings.export_rows(month, first.mark, 10)

    assert [row.call_id for row in (*first.rows, *second.rows)] == ["c3", "c2", "c1", "c0"]
    assert second.mark is None


async def test_an_export_under_way_keeps_no_checkpoint_from_emptying_the_log(
    ledger: Ledger, readings: Readings, ledger_path: Path, call_of: CallOf, now: datetime, month: ReportQuery
):
    await ledger.record([call_of(f"c{n}") for n in range(4)], now)
    first = readings.export_rows(month, limit=2)

    with closing(sqlite3.connect(ledger_path)) as db:
        ((blocked, *_),) = db.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    assert blocked == 0
    assert [row.call_id for row in readings.export_rows(month, first.mark, 10).rows] == ["c2", "c3"]


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({}, ["a", "b", "c"]),
        ({"agent": "coder"}, ["a", "b"]),
        ({"task_id": "T-1"}, ["a", "c"]),
        ({"session_id": "s-1"}, ["b", "c"]),
        ({"task_id": "T-1", "session_id": "s-1", "agent": "reviewer"}, ["c"]),
        ({"model": "nobody-asked"}, []),
    ],
)
async def test_filters_narrow_the_rows(
    ledger: Ledger,
    readings: Readings,
    call_of: CallOf,
    now: datetime,
    month: ReportQuery,
    filters: dict[str, str],
    expected: list[str],
):
    await ledger.record(
        [
            call_of("a", agent="coder", task_id="T-1"),
            call_of("b", agent="coder", session_id="s-1"),
            call_of("c", agent="reviewer", task_id="T-1", session_id="s-1"),
            call_of("elsewhere", agent="coder", task_id="T-1", session_id="s-1", tenant="other"),
            call_of("earlier", agent="coder", task_id="T-1", session_id="s-1", at=now - timedelta(days=60)),
        ],
        now,
    )

    found = rows(readings, ReportQuery(period=month.period, filters=filters), limit=2)

    assert [row.call_id for row in found] == expected


async def test_the_rows_come_to_what_the_report_says(
    ledger: Ledger, readings: Readings, call_of: CallOf, now: datetime, month: ReportQuery
):
    for n in range(40):
        at = now - timedelta(hours=n)
        cost = None if n % 7 == 0 else f"0.0{n}1"
        billing = "subscription" if n % 5 == 0 else "api"
        await ledger.record([call_of(f"c{n}", cost=cost, at=at, billing=billing, provisional=n % 3 == 0)], now)
        if n % 2:
            await ledger.record([call_of(f"c{n}", cost=f"0.5{n}", at=at, billing=billing, rank=Rank.LOG, source="codex")], now)

    found = rows(readings, month, limit=9)
    totals = (await ledger.report(month)).totals

    def dollars(billing: str) -> Decimal:
        return usd(sum(row.cost_nanos for row in found if row.names.billing == billing))

    assert dollars("api") == totals.cost_usd
    assert dollars("subscription") == totals.subscription_usd
    assert sum(row.sign for row in found) == totals.calls == 40
    assert sum(row.unpriced_calls for row in found) == totals.unpriced_calls
    assert sum(row.input_tokens for row in found) == totals.input_tokens


def test_a_ledger_that_is_not_there_has_no_rows(ledger_path: Path, month: ReportQuery):
    quick = open_readings(ledger_path, window_of=window_of)

    batch = quick.export_rows(month)

    assert (batch.rows, batch.mark) == ((), None)
    assert not ledger_path.exists()
    quick.close()
