"""Recording in the background: it never fails or delays who puts a call in, and nothing is lost unseen."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from cost_mcp.client import recorder as recording
from cost_mcp.client.missed import MOST_BYTES, missed_file, read_missed
from cost_mcp.client.recorder import Recorder
from cost_mcp.config.settings import Settings
from cost_mcp.service.opening import open_quick

USAGE = {"input_tokens": 1000, "output_tokens": 100}
TODAY = datetime.now(UTC).date()


def told(call_id: str, **fields: object) -> dict[str, object]:
    return {"call_id": call_id, "model": "claude-opus-4-6", "usage": USAGE, **fields}


def recorder_of(ledger: Path, **settings: Any) -> Recorder:
    return Recorder(lambda: Settings(db=str(ledger), **settings))


def calls_in(ledger: Path) -> int:
    quick = open_quick(Settings(db=str(ledger)))
    try:
        return quick.cost_report({"period": "total"}).report.totals.calls
    finally:
        quick.close()


def test_many_threads_at_once_lose_nothing(tmp_path: Path):
    recorder = recorder_of(tmp_path / "ledger.db")

    def work(number: int) -> None:
        for n in range(50):
            recorder.put(told(f"c-{number}-{n}"))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert recorder.close(60)
    assert calls_in(tmp_path / "ledger.db") == 200
    assert not recorder.missed.counts


def test_nothing_is_opened_before_there_is_something_to_record(tmp_path: Path):
    recorder = recorder_of(tmp_path / "ledger.db")
    assert recorder.flush(60)
    assert recorder.close(60)
    assert list(tmp_path.iterdir()) == []


def test_a_full_queue_drops_and_counts_and_does_not_wait(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(recording, "MOST_WAITING", 3)
    gate, opening = threading.Event(), threading.Event()

    def settings() -> Settings:
        opening.set()
        gate.wait(60)
        return Settings(db=str(tmp_path / "ledger.db"))

    recorder = Recorder(settings)
    recorder.put(told("first"))
    opening.wait(60)
    for n in range(5):
        recorder.put(told(f"c-{n}"))
    assert recorder.missed.counts == {"queue_full": 2}
    gate.set()
    assert recorder.flush(60)
    assert read_missed(tmp_path / "ledger.db", TODAY).by_reason == {"queue_full": 2}
    assert recorder.close(60)
    assert calls_in(tmp_path / "ledger.db") == 4


def test_a_ledger_that_cannot_be_opened_is_told_once_and_counted(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    ledger = tmp_path / "ledger.db"
    ledger.write_bytes(b"this is no database, and it is long enough to be seen as none" * 100)
    recorder = recorder_of(ledger)
    for n in range(3):
        recorder.put(told(f"c-{n}"))
        assert recorder.flush(60)
    assert recorder.missed.counts.total() == 3
    assert caplog.text.count("A model call was not recorded") == 1
    assert read_missed(ledger, TODAY).total == 3
    ledger.unlink()
    recorder.put(told("later"))
    assert recorder.close(60)
    assert calls_in(ledger) == 1, "it is opened again as soon as it can be"


def test_settings_that_cannot_be_read_are_told_by_log(caplog: pytest.LogCaptureFixture):
    def broken() -> Settings:
        raise ValueError("with a secret in it")

    recorder = Recorder(broken)
    recorder.put(told("c"))
    assert recorder.close(60)
    assert "ValueError" in caplog.text
    assert "secret" not in caplog.text


def test_a_ledger_that_was_moved_away_is_made_again_and_nothing_is_missing(tmp_path: Path):
    ledger = tmp_path / "ledger.db"
    recorder = recorder_of(ledger)
    recorder.put(told("before"))
    assert recorder.flush(60)
    for file in list(tmp_path.iterdir()):
        file.rename(tmp_path / f"old-{file.name}")
    for n in range(20):
        recorder.put(told(f"c-{n}"))
    assert recorder.close(60)
    assert calls_in(ledger) == 20
    assert not recorder.missed.counts


@pytest.mark.skipif(not hasattr(os, "fork"), reason="limits are set as on Unix")
def test_a_recorder_that_cannot_start_counts_it_and_starts_when_it_can(tmp_path: Path):
    program = """
        import asyncio, resource
        from cost_mcp.client.shared import recorder_for
        recorder = recorder_for()
        call = {"model": "m", "usage": {"input_tokens": 1, "output_tokens": 1}}
        most = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (3, most[1]))
        recorder.put({**call, "call_id": "a"})
        while recorder.running:
            pass
        resource.setrlimit(resource.RLIMIT_NOFILE, most)
        recorder.put({**call, "call_id": "b"})
        assert recorder.flush(60)
    """
    done = run(program, tmp_path)
    assert "broke off (OSError)" in done.stderr
    assert calls_in(tmp_path / "ledger.db") == 2, "what waited is recorded with the next"


def test_what_contradicts_the_first_report_is_counted_as_missing(tmp_path: Path):
    recorder = recorder_of(tmp_path / "ledger.db")
    recorder.put(told("c"))
    recorder.put(told("c", usage={"input_tokens": 7, "output_tokens": 1}))
    assert recorder.close(60)
    assert recorder.missed.counts == {"conflict": 1}


@pytest.mark.parametrize(
    ("context", "settings"),
    [
        ({"task_id": "x" * 300, "agent": "planner"}, {}),
        ({"task_id": "", "agent": "planner"}, {}),
        ({"tags": {"team": ""}, "agent": "planner"}, {}),
        ({"metadata": {"much": "x" * 5000}, "agent": "planner"}, {}),
        ({"billing": "gratis", "agent": "planner"}, {}),
        ({"task_id": "T-2", "agent": "planner"}, {"task_id": "T-1", "bound": frozenset({"task_id"})}),
    ],
)
def test_a_context_that_cannot_be_taken_does_not_cost_the_call(
    context: dict[str, object], settings: dict[str, Any], tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    recorder = recorder_of(tmp_path / "ledger.db", **settings)
    recorder.put(told("c", **context))
    assert recorder.close(60)
    quick = open_quick(Settings(db=str(tmp_path / "ledger.db")))
    assert quick.explain("c").priced.call.context.agent == "planner"
    quick.close()
    assert f"recorded without its {next(iter(context))}" in caplog.text
    assert not recorder.missed.counts


def test_a_call_recorded_late_is_dated_by_when_it_was_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(recording, "LATE", timedelta(0))
    before = datetime.now(UTC)
    recorder = recorder_of(tmp_path / "ledger.db")
    recorder.put(told("c"))
    made = datetime.now(UTC)
    assert recorder.close(60)
    quick = open_quick(Settings(db=str(tmp_path / "ledger.db")))
    occurred = quick.explain("c").priced.call.occurred_at
    quick.close()
    assert before - timedelta(milliseconds=1) <= occurred <= made


def test_what_comes_after_the_end_is_counted(tmp_path: Path):
    recorder = recorder_of(tmp_path / "ledger.db")
    recorder.put(told("c"))
    assert recorder.close(60)
    recorder.put(told("d"))
    assert recorder.missed.counts == {"ended": 1}
    assert recorder.close(60)


def test_old_counts_are_let_go_and_many_lines_put_together(tmp_path: Path):
    ledger = tmp_path / "ledger.db"
    line = json.dumps({"day": TODAY.isoformat(), "reason": "conflict", "calls": 1}) + "\n"
    old = json.dumps({"day": "2020-01-01", "reason": "conflict", "calls": 1}) + "\n"
    file = missed_file(ledger)
    file.write_text(old + "{half a line\n" + line * (MOST_BYTES // len(line) + 1))
    recorder = recorder_of(ledger)
    recorder.put(told("c"))
    recorder.put(told("c", model="another"))
    assert recorder.close(60)
    assert file.stat().st_size < 1000
    found = read_missed(ledger, TODAY)
    assert found.by_reason == {"conflict": MOST_BYTES // len(line) + 2}
    assert found.since == TODAY


PROGRAM = """
    import cost_mcp
    from cost_mcp.client.shared import recorder_for
    recorder = recorder_for()
    recorder.put({"call_id": "c", "model": "claude-opus-4-6", "usage": {"input_tokens": 1, "output_tokens": 1}})
"""


@pytest.mark.parametrize(
    "ending",
    ["", "raise SystemExit(3)", "1 / 0", "import threading; threading.Thread(target=print).start()"],
    ids=["end", "exit", "error", "thread"],
)
def test_the_end_of_a_program_waits_for_what_is_left(ending: str, tmp_path: Path):
    run(PROGRAM + "    " + ending, tmp_path)
    ledger = tmp_path / "ledger.db"
    recorded, missing = calls_in(ledger), read_missed(ledger, TODAY).total
    assert recorded + missing == 1, "nothing is lost unseen"
    assert recorded == 1 or sys.version_info[:2] == (3, 12), "3.12 starts no threads at its end, to open the ledger with"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_forked_process_records_for_itself(tmp_path: Path):
    program = """
        import multiprocessing
        from cost_mcp.client.shared import recorder_for

        def child(number):
            recorder_for().put({"call_id": f"child-{number}", "model": "m", "usage": {"input_tokens": 1, "output_tokens": 1}})

        recorder_for().put({"call_id": "parent", "model": "m", "usage": {"input_tokens": 1, "output_tokens": 1}})
        recorder_for().flush(60)
        context = multiprocessing.get_context("fork")
        processes = [context.Process(target=child, args=(number,)) for number in range(2)]
        for process in processes:
            process.start()
        for process in processes:
            process.join()
    """
    run(program, tmp_path)
    assert calls_in(tmp_path / "ledger.db") == 3


def run(program: str, folder: Path) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "COST_MCP_DB": str(folder / "ledger.db"), "COST_MCP_CONFIG": "", "COST_MCP_TIMEZONE": "UTC"}
    code = textwrap.dedent(program)
    return subprocess.run([sys.executable, "-c", code], env=env, cwd=folder, capture_output=True, text=True, check=False)
