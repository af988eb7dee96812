"""Many programs on one file reach levels at once and send alerts, some of them killed: every level is told once."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

from cost_mcp.budgets.windows import window_of
from cost_mcp.ledger.contract import Ledger
from cost_mcp.ledger.sqlite import open_ledger
from cost_mcp.model.alert import LEVELS, Alert, Channel
from cost_mcp.model.budget import Budget

RECORDER, SENDER = Path(__file__).with_name("recorder.py"), Path(__file__).with_name("sender.py")
CHANNELS = (Channel(name="email-1"), Channel(name="slack-1"))


def _start(program: Path, *words: object) -> subprocess.Popen[str]:
    command = [sys.executable, str(program), *map(str, words)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


async def _with_budgets(path: Path, now: datetime, *limits: str) -> None:
    ledger = await open_ledger(path, now=now, window_of=window_of)
    for limit in limits:
        await ledger.set_budget(Budget(name=limit, period="day", limit_usd=Decimal(limit)), now, "tester")
    await ledger.close()


async def _alerts(ledger: Ledger) -> tuple[Alert, ...]:
    return await ledger.alerts("default", open_only=False, limit=1000)


async def test_sixteen_programs_that_reach_a_level_at_once_raise_it_once(ledger_path: Path, now: datetime):
    limits = ("0.01", "0.16", "0.32", "0.64", "9")
    await _with_budgets(ledger_path, now, *limits)
    programs = [_start(RECORDER, ledger_path, "close", f"p{n}", 1) for n in range(16)]
    finished = [(p, *p.communicate(timeout=120)) for p in programs]
    assert [(p.returncode, err) for p, _, err in finished] == [(0, "")] * 16

    ledger = await open_ledger(ledger_path, now=now, window_of=window_of)
    told = Counter((alert.budget, alert.level) for alert in await _alerts(ledger))
    await ledger.close()
    assert set(told.values()) == {1}
    assert {budget for budget, level in told if level == "exceeded"} == set(limits[:-1])


async def test_kill_9_at_any_moment_loses_no_alert_of_what_was_recorded(ledger_path: Path, now: datetime):
    limits = [f"{n / 10}" for n in range(1, 30)]  # so close to each other that nearly every commit raises something
    await _with_budgets(ledger_path, now, *limits)
    program = _start(RECORDER, ledger_path, "hang", "k", 0)
    assert program.stdout is not None
    assert all(program.stdout.readline() for _ in range(100))
    program.kill()
    program.communicate()

    ledger = await open_ledger(ledger_path, now=now, window_of=window_of)
    states = {standing.budget.name: standing.state for standing in await ledger.standings("default", None, now)}
    told = await _alerts(ledger)
    for name, state in states.items():
        levels = [alert.level for alert in told if alert.budget == name]
        assert levels == sorted(set(levels), key=LEVELS.index, reverse=True)  # newest first: they only rose
        assert (levels[0] if levels else "ok") == state
    assert "exceeded" in states.values()
    claims = await ledger.claim_deliveries("default", CHANNELS, now, 60, 1000)
    await ledger.close()
    assert len(claims) == 2 * len(told)


async def test_what_a_killed_sender_had_taken_is_sent_by_others_once_its_lease_is_over(ledger_path: Path, now: datetime):
    limits = ("0.01", "0.02", "0.03")
    await _with_budgets(ledger_path, now, *limits)
    _start(RECORDER, ledger_path, "close", "p", 1).communicate(timeout=60)
    killed = _start(SENDER, ledger_path, "hang")
    assert killed.stdout is not None
    taken = {killed.stdout.readline() for _ in range(3)}
    killed.kill()
    killed.communicate()

    senders = [_start(SENDER, ledger_path, "send") for _ in range(4)]
    finished = [(p, *p.communicate(timeout=60)) for p in senders]
    assert [(p.returncode, err) for p, _, err in finished] == [(0, "")] * 4
    sent = [line for _, out, _ in finished for line in out.splitlines(keepends=True)]
    ledger = await open_ledger(ledger_path, now=now, window_of=window_of)
    told = await _alerts(ledger)
    claims = await ledger.claim_deliveries("default", CHANNELS, now + timedelta(seconds=60), 60, 1000)
    await ledger.close()
    assert len(set(sent)) == len(sent) == 2 * len(told) - 3
    assert not taken & set(sent)
    assert {f"{c.alert.alert_id} {c.channel} 1\n" for c in claims} == taken
    assert {claim.attempt for claim in claims} == {2}
