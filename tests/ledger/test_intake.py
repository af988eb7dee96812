"""The door for what comes by the thousand: the same ledger, with cursors, and alerts only when everything is in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from cost_mcp.budgets.windows import window_of
from cost_mcp.errors import CostError, LedgerUnavailable
from cost_mcp.ledger.cursor import Cursor
from cost_mcp.ledger.intake import Intake
from cost_mcp.ledger.outlook import open_outlook
from cost_mcp.ledger.quick import open_readings
from cost_mcp.ledger.sqlite import open_ledger
from cost_mcp.model.call import Rank
from cost_mcp.model.charge import PricedCall
from cost_mcp.model.plan_limit import PlanLimit

CallOf = Callable[..., PricedCall]
CURSOR = Cursor(source="codex", path="/a", stamp="1:2:3:4", fingerprint="a:b:3", offset=3, line=1, state="{}")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "l.db"


@pytest.fixture
def intake(path: Path, now: datetime) -> Iterator[Intake]:
    with Intake(path, now=now, window_of=window_of) as opened:
        yield opened


def test_calls_and_how_far_their_files_were_read_come_in_together(intake: Intake, path: Path, now: datetime, call_of: CallOf):
    calls = [call_of("c1", at=now, rank=Rank.LOG), call_of("c2", at=now, rank=Rank.LOG)]
    assert intake.bring_in("default", calls, now, read=[CURSOR]) == ("created", "created")
    intake.settle()
    assert intake.bring_in("default", calls, now) == ("exists", "exists")
    outlook = open_outlook(path)
    assert outlook.cursors("default") == outlook.cursors("default", "codex") == (CURSOR,)
    assert outlook.cursors("default", "claude-code") == outlook.cursors("another") == ()
    assert set(outlook.known("default", ["c1", "c2", "c3"])) == {"c1", "c2"}
    assert not outlook.known("another", ["c1"])
    outlook.close()


def test_a_call_that_cannot_be_recorded_is_refused_alone(intake: Intake, now: datetime, call_of: CallOf):
    early = call_of("c1", at=now.replace(year=2019))
    answers = intake.bring_in("default", [early, call_of("c2", at=now)], now)
    assert isinstance(answers[0], CostError)
    assert answers[1] == "created"


def test_of_two_lines_of_logs_about_one_call_the_fuller_counts_in_either_order(intake: Intake, now: datetime, call_of: CallOf):
    lean, full = (call_of("c1", at=now, rank=Rank.LOG, output_tokens=n) for n in (5, 7))
    assert intake.bring_in("default", [lean, full, lean], now) == ("created", "corrected", "exists")
    known = intake.known("default", ["c1"])["c1"]
    assert (known.revision, known.priced.call.usage.output_tokens) == (2, 7)


def test_what_is_looked_up_says_which_prices_were_resolved_from_the_same_books(intake: Intake):
    intake.keep_rules("default", "mark", [("asked", "rule")])
    assert intake.rules("default", "mark") == (("asked", "rule"),)
    intake.keep_rules("default", "newer", [("asked", "dearer")])
    assert (intake.rules("default", "mark"), intake.rules("default", "newer")) == ((), (("asked", "dearer"),))


async def test_alerts_wait_for_the_end_and_outlive_a_kill(path: Path, now: datetime, call_of: CallOf, wallet: Any):
    ledger = await open_ledger(path, now=now, window_of=window_of)
    await ledger.set_budget(wallet.budget("day"), now, "test")
    with Intake(path, now=now, window_of=window_of) as killed:
        killed.bring_in("default", [call_of("c1", at=now, cost="2")], now)
        assert not await ledger.alerts("default", open_only=True, limit=9)
    with Intake(path, now=now, window_of=window_of) as later:
        assert later.alerts_are_due("default")
        assert not later.alerts_are_due("another")
        assert later.raise_due("default", now) == 1
        assert later.raise_due("default", now) == 0
    (alert,) = await ledger.alerts("default", open_only=True, limit=9)
    assert alert.level == "exceeded"
    assert not (await ledger.verify()).differences
    await ledger.close()


async def test_of_a_plans_window_the_newest_word_is_kept_and_told_at_both_doors(intake: Intake, path: Path, now: datetime):
    def said(used: int, at: datetime, window: str = "primary", minutes: int = 300) -> PlanLimit:
        return PlanLimit(
            source="codex", name="codex", window=window, used_percent=Decimal(used), seen_at=at, window_minutes=minutes
        )

    week = said(40, now, "another", 10_080)
    intake.bring_in("default", [], now, limits=[week, said(7, now), said(90, now - timedelta(hours=1)), said(9, now)])
    quick = open_readings(path, window_of=window_of)
    assert quick.plan_limits("default") == (said(9, now), week)
    assert quick.plan_limits("another") == ()
    quick.close()
    ledger = await open_ledger(path, now=now, window_of=window_of)
    assert await ledger.plan_limits("default") == (said(9, now), week)
    await ledger.close()


def test_a_ledger_that_was_moved_away_takes_nothing_more(intake: Intake, path: Path, now: datetime, call_of: CallOf):
    path.rename(path.with_name("moved.db"))
    with pytest.raises(LedgerUnavailable):
        intake.bring_in("default", [call_of("c1", at=now)], now)
