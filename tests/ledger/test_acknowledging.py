"""What is said of a write before it is durable, and what is not."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from cost_mcp.budgets.windows import window_of
from cost_mcp.errors import LedgerUnavailable
from cost_mcp.ledger.contract import Ledger, Recorded
from cost_mcp.ledger.sqlite import open_ledger
from cost_mcp.model.receipt import Receipt
from cost_mcp.model.reservation import Admission

CallOf = Any
Wallet = Any  # both as the fixtures give them


async def test_a_listener_hears_the_very_answers_before_they_are_given(ledger: Ledger, call_of: CallOf, now: datetime):
    heard: list[Recorded] = []
    given = await ledger.record([call_of("a"), call_of("b")], now, meanwhile=heard.append)
    assert heard == [given]
    assert heard[0] is given


async def test_a_listener_hears_of_a_hold_before_it_is_given(ledger: Ledger, wallet: Wallet, now: datetime):
    heard: list[Admission] = []
    given = await ledger.reserve(wallet.order(now), now, meanwhile=heard.append)
    assert heard[0] is given


async def test_a_listener_that_fails_fails_its_own_caller_and_nobody_else(ledger: Ledger, call_of: CallOf, now: datetime):
    def fail(_: Recorded) -> None:
        raise ZeroDivisionError

    asked = ledger.record([call_of("mine")], now, meanwhile=fail), ledger.record([call_of("other")], now)
    mine, other = await asyncio.gather(*asked, return_exceptions=True)
    assert isinstance(mine, ZeroDivisionError)
    assert isinstance(other, tuple)
    assert isinstance(other[0], Receipt)
    assert await ledger.call("default", "mine") is not None


async def test_what_a_listener_heard_is_not_given_when_the_disk_fails(ledger: Ledger, call_of: CallOf, now: datetime):
    heard: list[Recorded] = []
    inside: Any = ledger  # there is no other way to a disk that fails
    log: int = inside._writer._log._fd
    kept, (end, other_end) = os.dup(log), os.pipe()
    os.dup2(end, log)  # a pipe cannot be synced
    try:
        with pytest.raises(LedgerUnavailable):
            await ledger.record([call_of("a")], now, meanwhile=heard.append)
    finally:
        os.dup2(kept, log)
        for handle in (kept, end, other_end):
            os.close(handle)
    assert len(heard) == 1


@pytest.mark.skipif(sys.platform == "win32", reason="files in use cannot be copied")
async def test_a_log_with_room_behind_its_last_commit_holds_every_commit(
    ledger: Ledger, ledger_path: Path, tmp_path: Path, call_of: CallOf, now: datetime
):
    for n in range(120):
        await ledger.record([call_of(f"call-{n}")], now)
    log = ledger_path.with_name(ledger_path.name + "-wal")
    assert not any(log.read_bytes()[-4096:])
    copied = tmp_path / "after a power cut" / ledger_path.name
    copied.parent.mkdir()
    shutil.copy(ledger_path, copied)
    shutil.copy(log, copied.with_name(log.name))
    again = await open_ledger(copied, now=now, window_of=window_of)
    verification = await again.verify()
    await again.close()
    assert (verification.calls, verification.differences) == (120, ())
    assert not copied.with_name(log.name).exists()
