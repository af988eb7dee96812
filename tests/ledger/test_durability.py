"""Many programs on one ledger, and programs that end as programs do: killed, or without closing."""

from __future__ import annotations

import subprocess
import sys
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest

from cost_mcp.budgets.windows import window_of
from cost_mcp.ledger.contract import Verification
from cost_mcp.ledger.sqlite import open_ledger
from cost_mcp.model.budget import Budget
from cost_mcp.model.period import named_period
from cost_mcp.model.report import ReportQuery

RECORDER = Path(__file__).with_name("recorder.py")


def _start(path: Path, how: str, prefix: str, number: int = 0) -> subprocess.Popen[str]:
    command = [sys.executable, str(RECORDER), str(path), how, prefix, str(number)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


async def _verified(path: Path, now: datetime, ids: set[str]) -> Verification:
    ledger = await open_ledger(path, now=now, window_of=window_of)
    verification = await ledger.verify()
    missing = [call_id for call_id in ids if await ledger.call("default", call_id) is None]
    await ledger.close()
    assert not missing
    assert verification.differences == ()
    return verification


async def test_kill_9_loses_nothing_that_was_acknowledged(ledger_path: Path, now: datetime):
    program = _start(ledger_path, "hang", "k")
    assert program.stdout is not None
    ids = {program.stdout.readline().strip() for _ in range(300)}
    program.kill()
    ids |= set(program.communicate()[0].split("\n")[:-1])
    verification = await _verified(ledger_path, now, ids)
    assert verification.calls >= len(ids) >= 300


@pytest.mark.parametrize("how", ["close", "leave"])
async def test_a_program_that_records_and_reads_ends_whether_it_closes_or_not(ledger_path: Path, now: datetime, how: str):
    program = _start(ledger_path, how, "x", 3)
    out, err = program.communicate(timeout=60)
    assert program.returncode == 0, err
    assert (await _verified(ledger_path, now, set(out.split()))).calls == 12


async def test_many_programs_open_and_fill_one_new_ledger_without_an_error(ledger_path: Path, now: datetime):
    programs = [_start(ledger_path, "close", f"p{n}", 10) for n in range(16)]
    finished = [(p, *p.communicate(timeout=120)) for p in programs]
    assert [(p.returncode, err) for p, _, err in finished] == [(0, "")] * 16
    ids = {call_id for _, out, _ in finished for call_id in out.split()}
    assert len(ids) == 640
    assert (await _verified(ledger_path, now, ids)).calls == 640


async def test_budgets_set_while_others_record_count_every_call_once(ledger_path: Path, now: datetime):
    programs = [_start(ledger_path, "close", f"p{n}", 40) for n in range(3)]
    ledger = await open_ledger(ledger_path, now=now, window_of=window_of)
    assert programs[0].stdout is not None
    programs[0].stdout.readline()
    for n in range(5):
        await ledger.set_budget(Budget(name=f"b{n}", period="day", limit_usd=Decimal(10)), now, "tester")
    assert [p.wait(timeout=60) for p in programs] == [0, 0, 0]
    for program in programs:
        program.communicate()
    standings = await ledger.standings("default", None, now)
    verification = await ledger.verify()
    await ledger.close()
    assert [s.calls for s in standings] == [480] * 5
    assert verification.differences == ()


async def test_a_report_is_of_one_moment_while_others_record_and_fold(ledger_path: Path, now: datetime):
    ledger = await open_ledger(ledger_path, now=now, window_of=window_of)
    programs = [_start(ledger_path, "close", f"p{n}", 100) for n in range(2)]
    query = ReportQuery(period=named_period("month", now, "Asia/Kathmandu"), group_by=("day", "model"))
    seen: list[int] = []
    while not seen or any(program.poll() is None for program in programs):
        report = await ledger.report(query)
        calls = report.totals.calls
        assert sum(group.totals.calls for group in report.groups) == calls
        assert sum(totals.calls for _, totals in report.breakdowns["by_model"]) == calls
        assert report.totals.cost_usd == calls * Decimal("0.01")
        seen.append(calls)
    for program in programs:
        program.communicate()
    await ledger.close()
    assert seen == sorted(seen)
