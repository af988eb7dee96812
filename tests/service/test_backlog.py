from __future__ import annotations

import os
from pathlib import Path

import pytest

from cost_mcp.config.settings import Settings
from cost_mcp.service.backlog import STALE_SECONDS, Backlog, backlog_note, backlog_path
from cost_mcp.service.opening import open_service
from cost_mcp.views.shape import report_shape
from cost_mcp.views.text import report_text


async def test_a_report_says_that_logs_are_still_being_read_and_how_far(tmp_path: Path):
    ledger = tmp_path / "l.db"
    async with open_service(Settings(db=str(ledger), capture="auto")) as service:
        reading = Backlog(ledger)
        reading.say(250_000_000, 1_000_000_000)
        report = await service.cost_report({"period": "today"})
        assert "(25 % of 1,000 MB)" in report_text(report)
        assert report_shape(report)["notes"] == list(report.notes)
        reading.done()
        assert not (await service.cost_report({"period": "today"})).notes


async def test_a_server_that_follows_no_logs_says_nothing_of_them(tmp_path: Path):
    ledger = tmp_path / "l.db"
    Backlog(ledger).say(1, 100)
    async with open_service(Settings(db=str(ledger))) as service:
        assert not (await service.cost_report({"period": "today"})).notes


def test_a_reader_that_was_killed_is_not_believed_for_ever(tmp_path: Path):
    ledger = tmp_path / "l.db"
    Backlog(ledger).say(1, 100)
    assert backlog_note(ledger) is not None
    old = backlog_path(ledger).stat().st_mtime - STALE_SECONDS - 1
    os.utime(backlog_path(ledger), (old, old))
    assert backlog_note(ledger) is None


@pytest.mark.parametrize("content", ["", "[1]", "[1, 0]", '["a", "b"]', "{}", "[null, null]"])
def test_a_damaged_word_of_the_reader_says_nothing(tmp_path: Path, content: str):
    backlog_path(tmp_path / "l.db").write_text(content)
    assert backlog_note(tmp_path / "l.db") is None
