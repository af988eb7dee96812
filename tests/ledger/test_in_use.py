"""What happens to a ledger's files while they are in use: moved, removed, replaced, linked, locked by a stopped program."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import cost_mcp
from cost_mcp.config.settings import Settings
from cost_mcp.errors import LedgerCorrupt, LedgerUnavailable
from cost_mcp.ledger import writer
from cost_mcp.service.opening import open_quick, utc_now

NO_CONFIG = {"COST_MCP_CONFIG": "", "COST_MCP_TIMEZONE": "UTC"}
CALL = {"model": "llama3", "provider": "ollama", "input_tokens": 1, "output_tokens": 1}
HOLDER = """
import fcntl, os, sys
fd = os.open(sys.argv[1], os.O_RDWR | os.O_CREAT, 0o600)
fcntl.flock(fd, fcntl.LOCK_EX)
print("held", flush=True)
sys.stdin.read()
"""


def count(db: Path) -> int:
    quick = open_quick(Settings(db=str(db)), clock=utc_now)
    try:
        return quick.cost_report({"period": "total"}).report.totals.calls
    finally:
        quick.close()


async def test_a_file_that_was_removed_takes_no_more_calls(tmp_path: Path):
    db = tmp_path / "ledger.db"
    async with cost_mcp.open(db, environ=NO_CONFIG) as cost:
        await cost.record(**CALL)
        db.unlink()
        with pytest.raises(LedgerUnavailable, match="moved or removed"):
            await cost.record(**CALL)


async def test_a_file_that_was_moved_and_put_back_goes_on(tmp_path: Path):
    db, aside = tmp_path / "ledger.db", tmp_path / "aside.db"
    async with cost_mcp.open(db, environ=NO_CONFIG) as cost:
        await cost.record(**CALL)
        db.rename(aside)
        with pytest.raises(LedgerUnavailable):
            await cost.record(**CALL)
        aside.rename(db)
        await cost.record(**CALL)
    assert count(db) == 2


async def test_a_folder_that_was_moved_and_put_back_goes_on(tmp_path: Path):
    db = tmp_path / "folder" / "ledger.db"
    async with cost_mcp.open(db, environ=NO_CONFIG) as cost:
        await cost.record(**CALL)
        db.parent.rename(tmp_path / "aside")
        with pytest.raises(LedgerUnavailable):
            await cost.record(**CALL)
        (tmp_path / "aside").rename(db.parent)
        await cost.record(**CALL)
    assert count(db) == 2


async def test_a_file_that_took_its_place_is_left_alone(tmp_path: Path):
    db = tmp_path / "ledger.db"
    async with cost_mcp.open(db, environ=NO_CONFIG) as cost:
        await cost.record(**CALL)
        db.rename(tmp_path / "aside.db")
        db.write_bytes(b"")
        with pytest.raises(LedgerUnavailable, match="moved or removed"):
            await cost.record(**CALL)
    assert db.read_bytes() == b""


@pytest.mark.skipif(sys.platform == "win32", reason="flock is POSIX")
async def test_a_stopped_program_that_keeps_the_lock_is_named_and_nothing_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    db = tmp_path / "ledger.db"
    monkeypatch.setattr(writer, "PATIENCE_SECONDS", 0.2)  # the same wait, only shorter, and only for the call that is refused
    async with cost_mcp.open(db, environ=NO_CONFIG) as impatient:
        monkeypatch.undo()
        async with cost_mcp.open(db, environ=NO_CONFIG) as cost:
            await cost.record(**CALL, call_id="first")
            with subprocess.Popen(  # noqa: ASYNC220 (the loop has nothing else to do meanwhile)
                [sys.executable, "-c", HOLDER, f"{db}.lock"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
            ) as holder:
                assert holder.stdout is not None
                holder.stdout.readline()
                os.kill(holder.pid, signal.SIGSTOP)
                with pytest.raises(LedgerUnavailable, match="keeps the ledger locked; nothing was written"):
                    await impatient.record(**CALL, call_id="second")
                assert (await cost.cost_report(period="total")).report.totals.calls == 1
                holder.kill()
            await cost.record(**CALL, call_id="third")
            assert (await cost.cost_report(period="total")).report.totals.calls == 2


async def test_a_link_to_the_ledger_is_the_same_ledger(tmp_path: Path):
    db, link = tmp_path / "ledger.db", tmp_path / "link.db"
    async with cost_mcp.open(db, environ=NO_CONFIG) as cost:
        link.symlink_to(db)
        async with cost_mcp.open(link, environ=NO_CONFIG) as other:
            await cost.record(**CALL)
            await other.record(**CALL)
        assert count(link) == 2
    assert not (tmp_path / "link.db.lock").exists()


def test_a_link_that_leads_to_itself_is_refused_and_not_empty(tmp_path: Path):
    (tmp_path / "a").symlink_to(tmp_path / "b")
    (tmp_path / "b").symlink_to(tmp_path / "a")
    with pytest.raises(LedgerUnavailable):
        count(tmp_path / "a")


def test_a_path_through_a_file_is_refused_and_not_empty(tmp_path: Path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(LedgerUnavailable):
        count(tmp_path / "file" / "ledger.db")


async def test_a_database_cut_to_nothing_is_damaged_and_not_empty(tmp_path: Path):
    db = tmp_path / "ledger.db"
    async with cost_mcp.open(db, environ=NO_CONFIG) as cost:
        await cost.record(**CALL)
        os.truncate(db, 0)
        with pytest.raises(LedgerCorrupt):
            count(db)


async def test_text_that_is_no_text_is_damage(tmp_path: Path):
    db = tmp_path / "ledger.db"
    async with cost_mcp.open(db, environ=NO_CONFIG) as cost:
        await cost.record(**CALL)
    content = bytearray(db.read_bytes())
    place = content.index(b"CREATE TABLE")
    content[place : place + 40] = b"\xff" * 40
    db.write_bytes(content)
    with pytest.raises(LedgerCorrupt):
        async with cost_mcp.open(db, environ=NO_CONFIG) as cost:
            await cost.record(**CALL)
