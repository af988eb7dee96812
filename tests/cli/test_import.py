"""Logs as agents write them, imported by the command: in this process, and by processes that are killed."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

import pytest


class Cli(Protocol):
    """Runs ``cost-mcp`` in this process."""

    def __call__(self, *words: str, **variables: str) -> Any:
        """Run one command."""
        ...


Written = dict[str, Any]


def said(number: int, *, output: int = 100, stop: str | None = "end_turn", **entry: Any) -> Written:
    """One line of Claude Code's about message ``number``: 1,000 tokens in, ``output`` out; 0.003 and 0.0015 dollars."""
    usage = {"input_tokens": 1000, "output_tokens": output, "cache_read_input_tokens": 0, "cache_creation_input_tokens": 0}
    message = {
        "id": f"msg_{number:04}",
        "type": "message",
        "role": "assistant",
        "model": "claude-sonnet-4-6",
        "content": [{"type": "text", "text": "SECRET"}],
        "stop_reason": stop,
        "usage": usage,
    }
    return {
        "type": "assistant",
        "sessionId": "s1",
        "cwd": "/nowhere/shop",
        "gitBranch": "feature/SHOP-7-cart",
        "requestId": f"req_{number}",
        "timestamp": f"2026-11-20T10:{number % 60:02}:00.000Z",
        "uuid": f"u{number}",
        **entry,
        "message": message | entry.get("message", {}),
    }


def lines(*written: Written) -> str:
    return "".join(json.dumps(entry) + "\n" for entry in written)


@pytest.fixture
def logs(home: Path) -> Path:
    """Claude Code's folder of one project."""
    folder = home / ".claude" / "projects" / "-nowhere-shop"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def imported(cli: Cli) -> Callable[..., dict[str, Any]]:
    """``import --json`` of what is in the home folder."""

    def call(*words: str, **variables: str) -> dict[str, Any]:
        ran = cli("import", *words, "--json", **variables)
        assert ran.code == 0, ran.err
        return json.loads(ran.out)

    return call


Import = Callable[..., dict[str, Any]]


def counts(summary: dict[str, Any], *names: str) -> tuple[Any, ...]:
    return tuple(summary[name] for name in names)


def report(cli: Cli, *words: str) -> dict[str, Any]:
    return json.loads(cli("report", "--period", "2026-11", *words, "--json").out)


def test_a_log_is_imported_once_priced_and_to_the_cent(cli: Cli, imported: Import, logs: Path):
    (logs / "s1.jsonl").write_text(lines(said(1), said(2), said(3)))
    assert counts(imported(), "files", "calls", "cost_usd", "unpriced", "provisional") == (1, 3, "0.0135", 0, 0)
    assert counts(imported(), "files", "unchanged", "calls", "bytes_read", "cost_usd") == (1, 1, 0, 0, "0")
    assert counts(report(cli), "calls", "total_cost_usd") == (3, "0.0135")
    assert cli("verify").code == 0


def test_only_what_was_appended_is_read(imported: Import, logs: Path):
    log = logs / "s1.jsonl"
    log.write_text(lines(said(1), said(2)))
    imported()
    added = lines(said(3))
    with log.open("a") as file:
        file.write(added)
    assert counts(imported(), "calls", "merged", "bytes_read") == (1, 0, len(added))


def test_a_half_written_last_line_waits_for_its_end(imported: Import, logs: Path):
    log, whole = logs / "s1.jsonl", lines(said(1), said(2))
    log.write_text(whole[:-40])
    first = imported()
    assert counts(first, "calls", "skipped") == (1, {"unended": 1})
    log.write_text(whole)
    assert counts(imported(), "calls", "merged") == (1, 0)


def test_a_last_line_that_lacks_only_its_line_break_counts_and_is_not_counted_again(imported: Import, logs: Path):
    log, whole = logs / "s1.jsonl", lines(said(1), said(2))
    log.write_text(whole[:-1])
    assert imported()["calls"] == 2
    log.write_text(whole + lines(said(3)))
    assert counts(imported(), "calls", "merged", "corrected") == (1, 1, 0)


def _cut(log: Path) -> None:
    log.write_text(lines(said(9)))


def _write_over(log: Path) -> None:
    log.write_text(lines(said(8), said(1), said(2), said(9)))


def _rotate(log: Path) -> None:
    log.rename(log.with_name("s0.jsonl"))
    log.write_text(lines(said(9)))


def _replace(log: Path) -> None:
    log.unlink()
    log.write_text(lines(said(9)))


@pytest.mark.parametrize("change", [_cut, _write_over, _rotate, _replace])
def test_a_file_that_is_not_what_it_was_is_read_anew_and_nothing_is_counted_twice_or_lost(
    cli: Cli, imported: Import, logs: Path, change: Callable[[Path], object]
):
    log = logs / "s1.jsonl"
    log.write_text(lines(said(1), said(2)))
    imported()
    change(log)
    imported()
    ids = {f"msg_{n:04}" for n in (1, 2, 9)}
    assert all(cli("prices", "explain", key).code == 0 for key in ids)
    assert report(cli)["calls"] == (4 if "msg_0008" in log.read_text() else 3)


def test_a_moved_file_is_known_by_what_it_is(imported: Import, logs: Path):
    log = logs / "s1.jsonl"
    log.write_text(lines(said(1), said(2)))
    imported()
    (logs / "old").mkdir()
    log.rename(logs / "old" / "s1.jsonl")
    for _ in range(2):
        assert counts(imported(), "unchanged", "bytes_read", "calls") == (1, 0, 0)


def test_what_an_agent_deletes_stays_in_the_ledger(cli: Cli, imported: Import, logs: Path):
    (logs / "s1.jsonl").write_text(lines(said(1), said(2)))
    imported()
    (logs / "s1.jsonl").unlink()
    assert counts(imported(), "files", "calls") == (0, 0)
    assert counts(report(cli), "calls", "total_cost_usd") == (2, "0.009")


def test_a_provisional_call_is_corrected_by_its_final_line_when_that_comes(cli: Cli, imported: Import, logs: Path):
    log = logs / "s1.jsonl"
    log.write_text(lines(said(1, output=2, stop=None)))
    assert counts(imported(), "calls", "provisional") == (1, 1)
    with log.open("a") as file:
        file.write(lines(said(1, output=100)))
    assert counts(imported(), "calls", "corrected", "cost_usd") == (0, 1, "0.00147")
    assert counts(report(cli), "calls", "total_cost_usd") == (1, "0.0045")


def test_what_an_agent_told_is_corrected_by_its_log_and_keeps_the_task_the_agent_named(cli: Cli, imported: Import, logs: Path):
    words = "--model claude-sonnet-4-6 --input-tokens 10 --output-tokens 1 --call-id msg_0001 --task T-9"
    assert cli("record", *words.split(), "--occurred-at", "2026-11-20T10:00:00Z").code == 0
    (logs / "s1.jsonl").write_text(lines(said(1)))
    assert counts(imported(), "calls", "corrected", "cost_usd") == (0, 1, "0.004455")
    told = json.loads(cli("prices", "explain", "msg_0001", "--json").out)
    assert (told["task_id"], told["source"], told["cost_usd"], told["session_id"]) == ("T-9", "claude-code", "0.0045", "s1")
    assert cli("verify").code == 0


def test_what_a_response_told_stands_above_the_log(cli: Cli, imported: Import, logs: Path, tmp_path: Path):
    response = tmp_path / "response.json"
    response.write_text(json.dumps({**said(1)["message"], "usage": {"input_tokens": 1000, "output_tokens": 200}}))
    assert cli("record", "--response", str(response)).code == 0
    (logs / "s1.jsonl").write_text(lines(said(1)))
    assert counts(imported(), "calls", "corrected", "merged") == (0, 0, 1)


def test_context_comes_from_the_log(cli: Cli, imported: Import, logs: Path, home: Path, project: Path):
    config = home / "config.yaml"
    config.write_text("task_patterns: ['[A-Z]+-\\d+']\nsource_billing: {claude-code: subscription}\n")
    main = said(1, cwd=str(project / "src"))
    (project / "src").mkdir()
    (logs / "s1.jsonl").write_text(lines(main, said(2, gitBranch="main")))
    side = logs / "s1" / "subagents"
    side.mkdir(parents=True)
    (side / "agent-7.jsonl").write_text(lines(said(3, isSidechain=True, agentId="7")))
    summary = imported(CONFIG=str(config))
    assert counts(summary, "calls", "cost_usd", "subscription_usd") == (3, "0", "0.0135")
    first, second, third = (json.loads(cli("prices", "explain", f"msg_000{n}", "--json").out) for n in (1, 2, 3))
    assert (first["project"], first["task_id"], first["session_id"], first["agent"]) == ("work", "SHOP-7", "s1", "claude-code")
    assert (first["billing"], first["tags"]) == ("subscription", {"branch": "feature/SHOP-7-cart"})
    assert (second["project"], second.get("task_id")) == ("shop", None)
    assert third["agent"] == "subagent"


def test_the_task_of_the_environment_is_that_of_a_log_that_was_named_and_of_no_other(cli: Cli, imported: Import, logs: Path):
    (logs / "s1.jsonl").write_text(lines(said(1)))
    (logs / "s2.jsonl").write_text(lines(said(2)))
    imported(str(logs / "s1.jsonl"), TASK_ID="T-1")
    imported(TASK_ID="T-1")
    tasks = [json.loads(cli("prices", "explain", f"msg_000{n}", "--json").out).get("task_id") for n in (1, 2)]
    assert tasks == ["T-1", None]


def test_an_import_can_be_narrowed_and_what_was_left_out_comes_in_later(imported: Import, logs: Path):
    (logs / "s1.jsonl").write_text(lines(said(1, timestamp="2026-11-01T10:00:00Z"), said(2), said(3, cwd="/nowhere/site")))
    assert counts(imported("--since", "2026-11-15", "--project", "site"), "calls", "left_out") == (1, 2)
    assert counts(imported("--since", "2026-11-15T00:00:00Z"), "calls", "left_out", "merged") == (1, 1, 1)
    assert counts(imported(), "calls", "merged") == (1, 2)


def test_a_dry_run_says_what_would_come_in_and_writes_nothing(cli: Cli, imported: Import, logs: Path, home: Path):
    log = logs / "s1.jsonl"
    log.write_text(lines(said(1), said(2)))
    assert counts(imported("--dry-run"), "calls", "cost_usd", "dry_run") == (2, "0.009", True)
    assert not (home / "ledger.db").exists()
    imported()
    with log.open("a") as file:
        file.write(lines(said(3)))
    assert counts(imported("--dry-run"), "calls", "cost_usd") == (1, "0.0045")
    assert report(cli)["calls"] == 2


def test_a_dry_run_counts_a_call_once_however_many_lie_between_its_copies(cli: Cli, imported: Import, logs: Path, home: Path):
    session = lines(*(said(n) for n in range(1500)))
    (logs / "s1.jsonl").write_text(session)
    (logs / "s2.jsonl").write_text(session)
    foreseen = imported("--dry-run")
    assert counts(foreseen, "calls", "merged", "cost_usd") == (1500, 1500, "6.75")
    assert not [file.name for file in home.iterdir() if "ledger" in file.name]
    assert counts(imported(), "calls", "merged", "cost_usd") == counts(foreseen, "calls", "merged", "cost_usd")
    assert report(cli)["calls"] == 1500


def test_explain_says_what_became_of_each_line_and_quotes_none(cli: Cli, imported: Import, logs: Path):
    log = logs / "s1.jsonl"
    error = said(9, isApiErrorMessage=True)
    log.write_text(lines(said(1, output=1, stop=None), said(1), error) + '{"type":"assistant","usage" SECRET\n')
    imported()
    told = cli("import", "--explain").out
    assert "SECRET" not in told
    for part in (f"{log}:1  placeholder", f"{log}:3  api-error", f"{log}:4  unreadable", "merged  msg_0001"):
        assert part in told
    assert report(cli)["calls"] == 1


def test_nothing_of_a_conversation_is_kept(imported: Import, logs: Path, home: Path):
    (logs / "s1.jsonl").write_text(lines(said(1), said(2)) + '{"type":"assistant","usage":"SECRET\n')
    imported()
    for file in home.glob("ledger.db*"):
        assert b"SECRET" not in file.read_bytes()


def test_an_unknown_model_is_unpriced_and_a_file_that_cannot_be_read_stops_no_other(imported: Import, logs: Path):
    (logs / "s1.jsonl").write_text(lines(said(1, message={"model": "acme-9"})))
    (logs / "s2.jsonl").symlink_to(logs / "gone.jsonl")
    assert counts(imported(), "calls", "unpriced", "cost_usd") == (1, 1, "0")


def test_words_that_name_no_source_and_no_log_are_refused(cli: Cli, tmp_path: Path):
    ran = cli("import", str(tmp_path / "some.jsonl"))
    assert (ran.code, "claude-code, codex" in ran.err) == (2, True)
    ran = cli("import", "codex", str(tmp_path / "gone.jsonl"))
    assert (ran.code, "cannot be read" in ran.err) == (2, True)
    assert cli("import", "--watch", "--json").code == 2


def test_tracking_that_is_off_imports_nothing_and_says_so(cli: Cli, logs: Path):
    (logs / "s1.jsonl").write_text(lines(said(1)))
    ran = cli("import", ENABLED="false")
    assert (ran.code, "tracking is off" in ran.err) == (2, True)


def test_a_budget_past_its_levels_after_an_import_is_told_of_once(cli: Cli, imported: Import, logs: Path):
    assert cli("budget", "set", "all", "--limit", "0.01", "--period", "month").code == 0
    (logs / "s1.jsonl").write_text(lines(*(said(n) for n in range(1, 6))))
    assert imported()["alerts"] == 1
    alerts = json.loads(cli("alerts", "--json").out)["alerts"]
    assert [alert["level"] for alert in alerts] == ["exceeded"]
    assert "alerts" not in imported()


def test_the_summary_for_people_names_what_came_in(cli: Cli, logs: Path):
    (logs / "s1.jsonl").write_text(lines(said(1), said(2)))
    told = cli("import").out
    assert "1 of 1 files read" in told
    assert "$0.009" in told
    assert "No logs were found" in cli("import", "codex").out


def test_doctor_says_that_copilot_writes_nothing_unless_told_to(cli: Cli, home: Path):
    advice = "COPILOT_OTEL_FILE_EXPORTER_PATH"
    assert advice not in cli("doctor").out
    (home / ".copilot" / "otel").mkdir(parents=True)
    assert any(advice in note for note in json.loads(cli("doctor", "--json", CAPTURE="auto").out)["notes"])
    (home / ".copilot" / "otel" / "copilot.jsonl").write_text("")
    assert advice not in cli("doctor").out


def test_doctor_offers_to_follow_the_logs_that_are_there(cli: Cli, logs: Path):
    (logs / "s1.jsonl").write_text(lines(said(1)))
    offered = "This machine has logs of claude-code"
    (note,) = [note for note in json.loads(cli("doctor", "--json").out)["notes"] if offered in note]
    assert "COST_MCP_CAPTURE=auto" in note
    assert offered not in cli("doctor", CAPTURE="auto", SOURCE_BILLING="codex=subscription").out


# Processes of their own, killed and started again.


@pytest.fixture
def start(environ: dict[str, str], home: Path, project: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts ``cost-mcp`` with these words; whatever still runs at the end is killed."""
    started: list[subprocess.Popen[str]] = []

    def call(*words: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "cost_mcp", *words],
            cwd=project,
            env={**environ, "HOME": str(home)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield call
    for process in started:
        process.kill()
        process.communicate()


Start = Callable[..., subprocess.Popen[str]]


def test_an_import_that_is_killed_again_and_again_counts_nothing_twice_and_loses_nothing(
    cli: Cli, start: Start, imported: Import, logs: Path, home: Path
):
    for session in range(20):
        written = [said(session * 1000 + n, sessionId=f"s{session}") for n in range(300)]
        (logs / f"s{session}.jsonl").write_text(lines(*written))
    ledger = home / "ledger.db-wal"
    killed = 0
    size = -1
    while True:
        process = start("import")
        # Killed at ever later moments: as soon as the log has grown beyond what the last one left.
        while process.poll() is None:
            if ledger.exists() and ledger.stat().st_size > size:
                size = ledger.stat().st_size + 400_000
                process.send_signal(signal.SIGKILL)
                killed += 1
                break
            with suppress(subprocess.TimeoutExpired):
                process.wait(0.001)
        process.wait()
        if process.returncode == 0:
            break
    assert killed >= 3
    assert imported()["unchanged"] == 20
    assert counts(report(cli), "calls", "total_cost_usd") == (6000, "27")
    assert cli("verify").code == 0


def test_two_imports_at_once_count_every_call_once(cli: Cli, start: Start, logs: Path):
    for session in range(6):
        (logs / f"s{session}.jsonl").write_text(lines(*(said(session * 1000 + n) for n in range(100))))
    running = [start("import") for _ in range(3)]
    assert [process.wait() for process in running] == [0, 0, 0]
    assert counts(report(cli), "calls", "total_cost_usd") == (600, "2.7")


def test_watch_brings_in_what_is_appended_cut_and_moved_while_it_runs(cli: Cli, start: Start, logs: Path):
    log = logs / "s1.jsonl"
    log.write_text(lines(said(1)))
    assert cli("verify").code == 0  # so that there is a ledger to ask
    watching = start("import", "--watch")
    assert watching.stdout is not None
    _until(cli, 1, watching)
    with log.open("a") as file:
        file.write(lines(said(2))[:-30])
        file.flush()
        file.write(lines(said(2))[-30:])
    _until(cli, 2, watching)
    log.write_text(lines(said(3)))
    _until(cli, 3, watching)
    log.rename(logs / "s0.jsonl")
    (logs / "s1.jsonl").write_text(lines(said(4)))
    _until(cli, 4, watching)
    (logs / "unread.jsonl").symlink_to("/proc/self/mem")
    (logs / "new").mkdir()
    (logs / "new" / "s5.jsonl").write_text(lines(said(5)))
    _until(cli, 5, watching)
    assert watching.poll() is None
    watching.send_signal(signal.SIGINT)
    out, _ = watching.communicate(timeout=20)
    assert watching.returncode == 130
    assert "claude-code" in out
    assert out.count("unread.jsonl cannot be read") <= 1
    assert cli("verify").code == 0


def _until(cli: Cli, calls: int, watching: subprocess.Popen[str]) -> None:
    """Wait until the ledger has so many calls, for as long as the program that brings them in is there."""
    end = time.monotonic() + 120
    while report(cli)["calls"] != calls:
        assert time.monotonic() < end, f"{calls} calls never came"
        with suppress(subprocess.TimeoutExpired):
            pytest.fail(f"it ended with {watching.wait(0.05)}")
