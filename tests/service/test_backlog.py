from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cost_mcp.config.settings import Settings
from cost_mcp.service.backlog import STALE_SECONDS, Backlog, backlog_note, backlog_path
from cost_mcp.service.opening import open_quick, open_service
from cost_mcp.views.shape import report_shape, status_shape, task_shape
from cost_mcp.views.terminal import report_page, task_page, today_page
from cost_mcp.views.terminal_budget import status_page
from cost_mcp.views.terminal_layout import plain
from cost_mcp.views.text import report_text, status_text, task_text

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


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


@pytest.mark.parametrize("capture", ["auto", "off"])
async def test_every_face_says_it_of_every_figure_whoever_reads_the_logs(tmp_path: Path, capture: str):
    ledger = tmp_path / "l.db"
    settings = Settings(db=str(ledger), capture=capture)
    reading = Backlog(ledger)
    reading.say(250_000_000, 1_000_000_000)
    quick = open_quick(settings, clock=lambda: NOON)
    async with open_service(settings, clock=lambda: NOON) as service:
        answers = [
            await service.cost_report({"period": "today"}),
            await service.task_cost("T-1"),
            await service.budget_status({}),
            quick.cost_report({"period": "today"}),
            quick.task_cost("T-1"),
            quick.budget_status({}),
        ]
        assert {answer.notes for answer in answers} == {(backlog_note(ledger),)}
        reading.done()
        assert not (await service.task_cost("T-1")).notes
    assert not quick.cost_report({"period": "today"}).notes
    quick.close()


def test_it_stands_in_texts_pages_and_structures(tmp_path: Path):
    ledger = tmp_path / "l.db"
    Backlog(ledger).say(250_000_000, 1_000_000_000)
    quick = open_quick(Settings(db=str(ledger)), clock=lambda: NOON)
    report, task, status = quick.cost_report({"period": "today"}), quick.task_cost("T-1"), quick.budget_status({})
    quick.close()
    totals = report.report.totals
    pages = [
        today_page(report, (), totals, NOON),
        report_page(report, None, totals),
        task_page(task, "UTC", NOON),
        status_page(status, NOON),
    ]
    texts = [report_text(report), task_text(task), status_text(status), *(plain(page) for page in pages)]
    assert all("(25 % of 1,000 MB)" in " ".join(text.split()) for text in texts)
    assert all(
        "(25 % of 1,000 MB)" in str(shape["notes"]) for shape in (report_shape(report), task_shape(task), status_shape(status))
    )


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
