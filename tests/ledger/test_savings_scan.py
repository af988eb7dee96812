"""What savings read of a ledger: every call that counts, once, in order; and what was noted about suggestions."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Protocol

import pytest

from cost_mcp.budgets.windows import window_of
from cost_mcp.errors import NotFound
from cost_mcp.ledger import savings_scan
from cost_mcp.ledger.contract import Ledger
from cost_mcp.ledger.quick import open_readings
from cost_mcp.model.call import Rank
from cost_mcp.model.charge import PricedCall, PriceEntry
from cost_mcp.model.saving import CELL, AppliedSaving, Scanned, ScannedRow, ScanQuery, SeriesNames, Yardstick


class CallOf(Protocol):
    """The fixture's builder of priced calls."""

    def __call__(self, call_id: str, *, cost: str | None = ..., list_cost: str | None = ..., **fields: Any) -> PricedCall:
        """A priced call with this id; other fields by their names."""
        ...


class Kept:
    """A sink that keeps what it is told."""

    def __init__(self) -> None:
        self.series: Mapping[int, SeriesNames] = {}
        self.entries: Mapping[int, PriceEntry] = {}
        self.pages: list[int] = []
        self.calls: list[Scanned] = []

    def begin(self, series: Mapping[int, SeriesNames], entries: Mapping[int, PriceEntry]) -> None:
        """Keep the names."""
        self.series, self.entries = series, entries

    def take(self, rows: Sequence[ScannedRow]) -> None:
        """Keep the calls."""
        self.pages.append(len(rows))
        self.calls += [Scanned(*row) for row in rows]


async def scanned(ledger: Ledger, now: datetime, **narrowed: Any) -> Kept:
    kept = Kept()
    given: dict[str, Any] = {"tenant": "default", "start": now - timedelta(days=1), "end": now + timedelta(days=1)}
    await ledger.scan_calls(ScanQuery(**given | narrowed), kept)
    return kept


async def test_calls_come_in_the_order_in_which_they_happened_whatever_the_order_they_were_told(
    ledger: Ledger, call_of: CallOf, now: datetime
):
    for n in (3, 1, 2):
        await ledger.record([call_of(f"c{n}", input_tokens=n * 100, at=now + timedelta(minutes=n))], now)
    await ledger.record([call_of("late", input_tokens=400, at=now + timedelta(minutes=3))], now)
    kept = await scanned(ledger, now)
    assert [call.input_tokens for call in kept.calls] == [100, 200, 300, 400]


async def test_a_corrected_call_counts_as_it_was_corrected(ledger: Ledger, call_of: CallOf, now: datetime):
    await ledger.record([call_of("c", input_tokens=100), call_of("other", input_tokens=500)], now)
    await ledger.record([call_of("c", input_tokens=120, rank=Rank.RESPONSE, source="claude-code")], now)
    kept = await scanned(ledger, now)
    assert sorted(call.input_tokens for call in kept.calls) == [120, 500]


async def test_pages_leave_nothing_out_and_tell_nothing_twice(
    ledger: Ledger, ledger_path: Path, call_of: CallOf, now: datetime, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(savings_scan, "PAGE", 3)
    await ledger.record([call_of(f"c{n}", output_tokens=n, at=now + timedelta(seconds=n // 4)) for n in range(11)], now)
    kept = await scanned(ledger, now)
    assert [call.output_tokens for call in kept.calls] == list(range(11))
    assert kept.pages == [3, 3, 3, 2]
    quick, same = open_readings(ledger_path, window_of=window_of), Kept()
    quick.scan_calls(ScanQuery(tenant="default", start=now, end=now + timedelta(hours=1)), same)
    quick.close()
    assert same.calls == kept.calls


async def test_a_call_names_its_series_its_prices_and_its_session_or_task(ledger: Ledger, call_of: CallOf, now: datetime):
    calls = [
        call_of("a", agent="coder", task_type="bugfix", session_id="s", task_id="t"),
        call_of("b", agent="coder", task_type="bugfix", task_id="t", at=now + timedelta(seconds=1)),
        call_of("c", cost=None, at=now + timedelta(seconds=2)),
    ]
    await ledger.record(calls, now)
    kept = await scanned(ledger, now)
    assert [call.chain for call in kept.calls] == ["s", " t", None]
    series, prices = zip(*(divmod(call.cell, CELL) for call in kept.calls), strict=True)
    assert series[0] == series[1] != series[2]
    names = kept.series[series[0]]
    assert (names.agent, names.task_type, names.model) == ("coder", "bugfix", "gpt-5")
    assert kept.entries[prices[0]].model == "gpt-5-catalog"
    assert prices[2] == 0


async def test_a_stated_cost_has_no_unit_prices_to_go_by(ledger: Ledger, call_of: CallOf, now: datetime):
    listed = call_of("c", cost="0.02", stated_cost_usd=Decimal("0.02"))
    await ledger.record([replace(listed, pricing=replace(listed.pricing, priced="stated"))], now)
    (call,) = (await scanned(ledger, now)).calls
    assert (call.cell % CELL, call.nanos) == (0, 20_000_000)


async def test_other_tenants_plans_and_times_are_left_out(ledger: Ledger, call_of: CallOf, now: datetime):
    calls = [
        call_of("mine"),
        call_of("theirs", tenant="other"),
        call_of("planned", billing="subscription", output_tokens=7),
        call_of("early", at=now - timedelta(days=2)),
        call_of("late", at=now + timedelta(days=1)),
    ]
    await ledger.record(calls, now)
    assert len((await scanned(ledger, now)).calls) == 1
    assert [call.output_tokens for call in (await scanned(ledger, now, billing="subscription")).calls] == [7]
    assert (await scanned(ledger, now, tenant="nobody")).calls == []


@pytest.mark.parametrize(
    "filters", [{"agent": "coder"}, {"task_id": "t"}, {"session_id": "s"}, {"session_id": "s", "agent": "coder"}]
)
async def test_filters_let_through_what_reports_would_count(
    ledger: Ledger, call_of: CallOf, now: datetime, filters: dict[str, str]
):
    meant = call_of("a", agent="coder", session_id="s", task_id="t", output_tokens=7)
    await ledger.record([meant, call_of("b", agent="tester", session_id="r", task_id="u")], now)
    assert [call.output_tokens for call in (await scanned(ledger, now, filters=filters)).calls] == [7]


async def test_the_calls_behind_are_named_oldest_first(ledger: Ledger, ledger_path: Path, call_of: CallOf, now: datetime):
    calls = [
        call_of("a", agent="coder", session_id="s", cost="0.5"),
        call_of("b", task_id="t", at=now - timedelta(hours=1)),
        call_of("theirs", tenant="other"),
    ]
    await ledger.record(calls, now)
    behind = await ledger.calls_behind("default", [1, 2, 3, 99])
    assert [(call.call_id, call.cost_usd, call.agent, call.session_id, call.task_id) for call in behind] == [
        ("b", Decimal("0.01"), None, None, "t"),
        ("a", Decimal("0.5"), "coder", "s", None),
    ]
    quick = open_readings(ledger_path, window_of=window_of)
    assert quick.calls_behind("default", [1, 2, 3, 99]) == behind
    quick.close()


def saving(now: datetime, saving_id: str = "sav_1", by: str = "cli:kim") -> AppliedSaving:
    baseline = Yardstick(units=40, usd=Decimal("1.25"), start=now - timedelta(days=30), end=now)
    return AppliedSaving(
        saving_id=saving_id,
        rule="batch",
        subject={"agent": "coder", "model": "gpt-5"},
        applied_at=now - timedelta(hours=1),
        baseline=baseline,
        noted_at=now,
        noted_by=by,
    )


async def test_what_was_applied_is_read_back_as_it_was_noted(ledger: Ledger, ledger_path: Path, now: datetime):
    noted = await ledger.apply_saving("default", saving(now))
    assert await ledger.applied_savings("default") == (noted,) == (saving(now),)
    assert await ledger.applied_savings("other") == ()
    quick = open_readings(ledger_path, window_of=window_of)
    assert quick.applied_savings("default") == (noted,)
    quick.close()


async def test_noting_it_twice_changes_nothing(ledger: Ledger, now: datetime):
    first = await ledger.apply_saving("default", saving(now))
    later = now + timedelta(days=1)
    assert await ledger.apply_saving("default", saving(later, by="cli:lee")) == first
    dropped = await ledger.drop_saving("default", "sav_1", later, "cli:kim")
    assert dropped.dropped_at == later
    assert await ledger.drop_saving("default", "sav_1", later + timedelta(days=1), "cli:kim") == dropped


async def test_what_was_dropped_can_be_applied_anew_and_then_counts_from_there(ledger: Ledger, now: datetime):
    await ledger.apply_saving("default", saving(now))
    await ledger.apply_saving("default", saving(now, "sav_2"))
    await ledger.drop_saving("default", "sav_1", now, "cli:kim")
    again = await ledger.apply_saving("default", saving(now + timedelta(days=3)))
    assert [each.saving_id for each in await ledger.applied_savings("default")] == ["sav_2", "sav_1"]
    assert (await ledger.applied_savings("default"))[1] == again


async def test_what_was_never_applied_cannot_be_dropped(ledger: Ledger, now: datetime):
    await ledger.apply_saving("other", saving(now))
    with pytest.raises(NotFound) as refused:
        await ledger.drop_saving("default", "sav_1", now, "cli:kim")
    assert refused.value.field == "saving_id"


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE savings_applied SET noted_by = 'me'",
        "DELETE FROM savings_applied",
        "INSERT OR REPLACE INTO savings_applied SELECT seq, tenant, saving_id, state, at, 0, noted_by, contents FROM savings_applied",
    ],
)
async def test_notes_are_only_ever_added(ledger: Ledger, ledger_path: Path, now: datetime, change: str):
    await ledger.apply_saving("default", saving(now))
    with closing(sqlite3.connect(ledger_path)) as db, pytest.raises(sqlite3.IntegrityError, match="append-only"):
        db.execute(change)


def test_where_there_is_no_ledger_nothing_was_called_or_noted(ledger_path: Path, now: datetime):
    quick, kept = open_readings(ledger_path, window_of=window_of), Kept()
    quick.scan_calls(ScanQuery(tenant="default", start=now, end=now + timedelta(days=1)), kept)
    assert (kept.calls, quick.applied_savings("default"), quick.calls_behind("default", [1])) == ([], (), ())
    quick.close()
