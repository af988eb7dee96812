"""Windows that begin with a call are those one would find by going through all calls, and hold what a report of them says."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any, Protocol

import pytest

from cost_mcp.budgets.windows import window_of
from cost_mcp.ledger.contract import Ledger
from cost_mcp.ledger.quick import open_readings
from cost_mcp.model.call import Rank
from cost_mcp.model.charge import PricedCall
from cost_mcp.model.period import Period
from cost_mcp.model.report import ReportQuery

LENGTH = timedelta(hours=5)
Span = tuple[datetime, datetime]


class CallOf(Protocol):
    """The fixture's builder of priced calls."""

    def __call__(self, call_id: str, *, cost: str | None = ..., list_cost: str | None = ..., **fields: Any) -> PricedCall:
        """A priced call with this id; other fields by their names."""
        ...


def exactly(_: str, first: datetime, __: datetime | None) -> Span:
    return first, first + LENGTH


def from_the_hour(_: str, first: datetime, after: datetime | None) -> Span:
    start = first.replace(minute=0, second=0, microsecond=0)
    return (start if after is None else max(start, after)), start + LENGTH


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("span_of", [exactly, from_the_hour])
@pytest.mark.parametrize("folded", [False, True])
async def test_windows_are_those_found_by_going_through_all_calls(
    ledger: Ledger,
    ledger_path: Path,
    call_of: CallOf,
    now: datetime,
    seed: int,
    span_of: Callable[[str, datetime, datetime | None], Span],
    *,
    folded: bool,
):
    dice = Random(seed)  # noqa: S311 (test data, not secrets)
    standing: dict[str, PricedCall] = {}
    for number in range(120):
        call = call_of(
            f"c{number % 90}",
            at=now - timedelta(days=12) + timedelta(hours=dice.choice([0, 8, 60, 61, 170])) * dice.random() * 1.7,
            source=dice.choice(["codex", "claude-code"]) if number < 90 else standing[f"c{number % 90}"].call.source,
            billing=dice.choice(["api", "subscription"]),
            provisional=number < 90,
            rank=Rank.LOG if number < 90 else Rank.RESPONSE,
            agent=dice.choice(["a", "b"]),
        )
        await ledger.record([call], now)
        standing[call.call.call_id] = call
        if folded and number == 100:
            await ledger.rebuild()
    since, until = now - timedelta(days=11, hours=3), now - timedelta(days=2)
    readings = open_readings(ledger_path, window_of=window_of)
    for filters in ({"billing": "subscription"}, {}, {"source": "codex", "agent": "a"}):
        ending_after = since + timedelta(days=dice.randint(0, 5))
        found = readings.plan_windows("default", filters, (since, ending_after, until), span_of)
        wanted: list[tuple[str, datetime, datetime, datetime]] = []
        for source in sorted({call.call.source for call in standing.values()}):
            moments = sorted(
                c.call.occurred_at
                for c in standing.values()
                if c.call.source == source and filters.get("billing", c.call.billing) == c.call.billing
            )
            end: datetime | None = None
            for moment in moments:
                if since <= moment < until and filters.get("source", source) == source and (end is None or moment >= end):
                    start, end = span_of(source, moment, end)
                    wanted.append((source, start, end, moment))
        assert [(w.source, w.start, w.end, w.first_call) for w in found] == [w for w in wanted if w[2] > ending_after]
        ends = {(source, end) for source, _, end, _ in wanted}
        assert all(w.before is None or (w.source, w.before) in ends for w in found)
        for window in found:
            period = Period(name="custom", start=window.start, end=window.end, timezone="UTC")
            report = await ledger.report(ReportQuery(period=period, filters={**filters, "source": window.source}))
            assert window.totals == report.totals
    readings.close()


async def test_a_long_pause_is_passed_over(ledger: Ledger, ledger_path: Path, call_of: CallOf, now: datetime):
    moments = [now - timedelta(days=days) for days in (900, 500, 1)]
    await ledger.record([call_of(f"c{n}", at=moment) for n, moment in enumerate(moments)], now)
    await ledger.rebuild()
    readings = open_readings(ledger_path, window_of=window_of)
    reach = (now - timedelta(days=1000), now - timedelta(days=1000), now)

    found = readings.plan_windows("default", {}, reach, exactly)

    assert [window.start for window in found] == moments
    assert readings.plan_windows("another", {}, reach, exactly) == ()
    readings.close()


async def test_what_was_corrected_away_begins_no_window(ledger: Ledger, ledger_path: Path, call_of: CallOf, now: datetime):
    first = now - timedelta(days=2)
    await ledger.record([call_of("c", at=first, provisional=True, supplied=frozenset({"occurred_at"}))], now)
    await ledger.rebuild()
    await ledger.record(
        [call_of("c", at=first + timedelta(hours=7), rank=Rank.RESPONSE, supplied=frozenset({"occurred_at"}))], now
    )
    readings = open_readings(ledger_path, window_of=window_of)

    (window,) = readings.plan_windows("default", {}, (now - timedelta(days=9), now - timedelta(days=9), now), exactly)

    assert (window.first_call, window.totals.calls) == (first + timedelta(hours=7), 1)
    readings.close()
