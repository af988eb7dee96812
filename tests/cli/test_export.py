"""Exports: what stands in the files, that they come whole or not at all, and that no name in them is run."""

from __future__ import annotations

import csv
import io
import json
import os
import signal
import stat
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from cost_mcp.views.export_cell import bare_cell

if TYPE_CHECKING:
    from conftest import Cli

MONTH = ("--period", "month")
HOSTILE = (
    "=cmd|' /C calc'!A0",
    "+1",
    "-1",
    "@x",
    "'=1",
    'say "hi", then; go',
    "🤖 emoji",
    "\u202egnp.exe",
    "שלום",
    "a,b;c",
    "T-1",
)


def table(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


def correct(cli: Cli, folder: Path) -> None:
    """Tell of the call ``review`` again, with the provider's own usage, which is believed more."""
    usage = folder / "usage.json"
    usage.write_text(json.dumps({"prompt_tokens": 30_000, "completion_tokens": 900, "total_tokens": 30_900}))
    words = (
        "--model gpt-5-mini --provider openai --call-id review --task T-1 --agent reviewer --occurred-at 2026-11-22T09:30:00Z"
    )
    ran = cli("record", *words.split(), "--usage", str(usage), "--json")
    assert ran.json["outcome"] == "corrected", ran.err


def test_csv_has_a_row_for_each_call_in_the_words_of_record(spent: Cli):
    ran = spent("export", "csv", *MONTH)

    rows = table(ran.out)
    assert ran.code == 0
    assert [row["call_id"] for row in rows] == ["earlier", "plan", "review", "unknown", "covered"]
    plan = rows[1]
    assert (plan["model"], plan["provider"], plan["task_id"], plan["task_type"]) == (
        "claude-opus-4-6",
        "anthropic",
        "T-1",
        "bugfix",
    )
    assert (plan["input_tokens"], plan["cache_read_input_tokens"], plan["output_tokens"]) == ("120000", "80000", "6000")
    assert (plan["occurred_at"], plan["entry"], plan["calls"]) == ("2026-11-22T08:00:00Z", "call", "1")
    assert (plan["cost_usd"], plan["subscription_usd"], plan["priced"]) == ("0.39", "", "list")
    assert (rows[3]["cost_usd"], rows[3]["priced"], rows[3]["lower_bound"]) == ("", "unpriced", "true")
    assert (rows[4]["cost_usd"], rows[4]["subscription_usd"]) == ("", "0.1425")


def test_the_columns_of_money_add_up_to_the_report(spent: Cli):
    report = spent("report", *MONTH, "--json").json
    rows = table(spent("export", "csv", *MONTH).out)
    focus = table(spent("export", "focus", *MONTH).out)
    document = json.loads(spent("export", "json", *MONTH).out)

    def total(rows: list[dict[str, str]], name: str) -> Decimal:
        return sum((Decimal(row[name]) for row in rows if row[name]), Decimal(0))

    assert total(rows, "cost_usd") == Decimal(report["total_cost_usd"])
    assert total(rows, "subscription_usd") == Decimal(report["subscription_usd"])
    assert total(rows, "calls") == report["calls"]
    assert total(focus, "BilledCost") == total(focus, "EffectiveCost") == Decimal(report["total_cost_usd"])
    assert document["totals"] == {
        "calls": report["calls"],
        "unpriced_calls": report["unpriced_calls"],
        "lower_bound": True,
        "cost_usd": report["total_cost_usd"],
        "subscription_usd": report["subscription_usd"],
    }


def test_json_lines_and_the_document_hold_the_same_objects_without_nulls(spent: Cli):
    document = json.loads(spent("export", "json", *MONTH, "--agent", "coder").out)
    lines = [json.loads(line) for line in spent("export", "jsonl", *MONTH, "--agent", "coder").out.splitlines()]

    assert document["calls"] == lines
    assert document["filters"] == {"agent": "coder"}
    assert [line["call_id"] for line in lines] == ["earlier", "plan", "covered"]
    assert lines[1]["charges"][0] == {"meter": "input", "quantity": 40000, "unit_price_usd": "0.000005", "cost_usd": "0.2"}
    assert all(value is not None for line in lines for value in line.values())
    assert "web_search_requests" not in lines[0]


def test_a_corrected_call_is_exported_with_what_was_taken_back(spent: Cli, tmp_path: Path):
    correct(spent, tmp_path)

    told = [row for row in table(spent("export", "csv", *MONTH).out) if row["call_id"] == "review"]
    focus = [row for row in table(spent("export", "focus", *MONTH).out) if row["x_CallId"] == "review"]

    assert [(row["entry"], row["revision"], row["calls"], row["cost_usd"]) for row in told] == [
        ("call", "1", "1", "0.0068"),
        ("reversal", "1", "-1", "-0.0068"),
        ("call", "2", "1", "0.0093"),
    ]
    assert [(row["SkuMeter"], row["ChargeClass"], row["BilledCost"]) for row in focus] == [
        ("Input Tokens", "", "0.005"),
        ("Output Tokens", "", "0.0018"),
        ("Input Tokens", "Correction", "-0.005"),
        ("Output Tokens", "Correction", "-0.0018"),
        ("Input Tokens", "Correction", "0.0075"),
        ("Output Tokens", "Correction", "0.0018"),
    ]


def test_focus_leaves_out_what_has_no_price_and_says_how_much(spent: Cli, tmp_path: Path):
    ran = spent("export", "focus", *MONTH, "--output", str(tmp_path / "f.csv"), "--json")

    assert "unknown" not in {row["x_CallId"] for row in table((tmp_path / "f.csv").read_text(encoding="utf-8"))}
    assert ran.err.startswith("warning: 1 call without a known price is not in the file")
    assert (ran.json["left_out_calls"], ran.json["lower_bound"], ran.json["unpriced_calls"]) == (1, True, 1)
    assert ran.json["rows"] == len(table((tmp_path / "f.csv").read_text(encoding="utf-8")))


@pytest.mark.parametrize("kind", ["csv", "focus"])
def test_a_spreadsheet_finds_no_formula_whatever_tasks_are_called(cli: Cli, tmp_path: Path, kind: str):
    openpyxl = pytest.importorskip("openpyxl")
    for number, name in enumerate(HOSTILE):
        words = ("--model", "gpt-5", "--input-tokens", "9", "--call-id", f"c{number}")
        ran = cli("record", *words, f"--task={name}", f"--task-title={name}", f"--agent={name}", f"--tag=name={name}")
        assert ran.code == 0, ran.err

    cli("export", kind, "--output", str(tmp_path / "calls.csv"))

    sheet: Any = openpyxl.Workbook().active
    with (tmp_path / "calls.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    for row in rows:
        sheet.append(row)
    assert not [cell.value for cells in sheet.iter_rows() for cell in cells if cell.data_type == "f"]
    title, task = ("x_TaskTitle", "x_TaskId") if kind == "focus" else ("task_title", "task_id")
    for name in (title, task):
        place = rows[0].index(name)
        assert {bare_cell(row[place]) for row in rows[1:]} == set(HOSTILE)
        assert not [row[place] for row in rows[1:] if row[place][0] in "=+-@"]


def test_a_file_is_its_owners_alone_and_replaced_only_when_told_to(spent: Cli, tmp_path: Path):
    place = tmp_path / "calls.jsonl"

    first = spent("export", "--output", str(place))
    again = spent("export", "--output", str(place))
    forced = spent("export", "--output", str(place), "--force", "--period", "today")

    assert first.out == f"5 rows of 5 calls, ≥ $0.54, and $0.14 at list price covered by plans: {place}\n"
    assert stat.S_IMODE(place.stat().st_mode) == 0o600
    assert (again.code, again.err) == (2, "error: the output file exists. Name another, or add --force to replace it.\n")
    assert forced.code == 0
    assert len(place.read_text(encoding="utf-8").splitlines()) == 4
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["calls.jsonl"]


def test_a_link_stays_a_link_to_what_was_replaced(spent: Cli, tmp_path: Path):
    (tmp_path / "real.csv").write_text("old")
    (tmp_path / "link.csv").symlink_to("real.csv")

    ran = spent("export", "--output", str(tmp_path / "link.csv"), "--force")

    assert ran.code == 0
    assert (tmp_path / "link.csv").is_symlink()
    assert (tmp_path / "real.csv").read_text(encoding="utf-8").startswith("call_id,")


@pytest.mark.parametrize(
    ("output", "sentence"),
    [
        ("nowhere/x.csv", "the folder of the output file is not there."),
        (".", "the output is no file."),
        ("/dev/null", "the output is no file."),
    ],
)
def test_what_cannot_be_the_output_is_named(spent: Cli, output: str, sentence: str):
    ran = spent("export", "--output", output, "--force")

    assert ran.code == 2
    assert ran.err.startswith(f"error: {sentence}")


def test_a_relative_output_is_in_the_folder_the_command_runs_in(spent: Cli, project: Path):
    spent("export", "--output", "here.json")

    assert len(json.loads((project / "here.json").read_text(encoding="utf-8"))["calls"]) == 5


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["xml"], "format is not one that calls are exported in."),
        (["csv", "--period", "someday"], "period is not a known name."),
        (["csv", "--timezone", "Mars/Base"], "timezone is not a known IANA time zone."),
        (["csv", "--start", "2026-11-22", "--end", "2026-11-01"], "end is not after start."),
        (["csv", "--json"], "--json tells of a file that was written"),
    ],
)
def test_what_cannot_be_exported_is_refused_before_anything_is_written(spent: Cli, words: list[str], sentence: str):
    ran = spent("export", *words)

    assert ran.code == 2
    assert sentence in ran.err + ran.out
    assert "call_id" not in ran.out


@pytest.mark.parametrize(
    ("kind", "begins"),
    [("csv", "call_id,occurred_at,"), ("json", '{"period":"2020-01",'), ("focus", "BilledCost,BillingAccountId,")],
)
def test_a_period_without_calls_is_an_empty_export_of_the_same_shape(cli: Cli, home: Path, kind: str, begins: str):
    ran = cli("export", kind, "--period", "2020-01")

    assert ran.code == 0
    assert ran.out.startswith(begins)
    assert table(ran.out) == [] if kind != "json" else json.loads(ran.out)["calls"] == []
    assert not (home / "ledger.db").exists(), "looking must not make a ledger"


def test_days_are_those_of_the_zone_that_was_asked_for(spent: Cli):
    days = ("--start", "2026-11-22", "--end", "2026-11-23", "--timezone")

    assert len(table(spent("export", "csv", *days, "Pacific/Kiritimati").out)) == 2  # where Sunday ended at 10:00 in UTC
    assert len(table(spent("export", "csv", *days, "UTC").out)) == 4


def test_parquet_has_exact_amounts_and_times(spent: Cli, tmp_path: Path):
    parquet: Any = pytest.importorskip("pyarrow.parquet")

    spent("export", *MONTH, "--output", str(tmp_path / "calls.parquet"))

    rows = parquet.read_table(tmp_path / "calls.parquet").to_pylist()
    by_id = {row["call_id"]: row for row in rows}
    assert by_id["plan"]["cost_usd"] == Decimal("0.39")
    assert by_id["plan"]["occurred_at"].isoformat() == "2026-11-22T08:00:00+00:00"
    assert by_id["unknown"]["cost_usd"] is None
    assert by_id["plan"]["charges"][0]["unit_price_usd"] == Decimal("0.000005")


def test_without_pyarrow_parquet_says_how_to_get_it_and_leaves_no_file(
    spent: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setitem(sys.modules, "pyarrow", None)

    ran = spent("export", "--output", str(tmp_path / "calls.parquet"))

    assert ran.code == 2
    assert ran.err == "error: Parquet needs pyarrow, which is not installed. Run: pip install 'cost-mcp[parquet]'\n"
    assert not [path for path in tmp_path.iterdir() if path.is_file()]


def test_a_reader_that_has_seen_enough_is_no_error(spent: Cli, environ: dict[str, str], project: Path):
    assert spent("export").code == 0
    command = [sys.executable, "-m", "cost_mcp", "export", "csv"]
    reading, writing = os.pipe()
    os.close(reading)  # it has seen enough before the first word

    done = subprocess.run(command, env=environ, cwd=project, stdout=writing, stderr=subprocess.PIPE, check=False, timeout=60)

    os.close(writing)
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_export_that_is_ended_leaves_nothing_behind(
    spent: Cli, environ: dict[str, str], project: Path, tmp_path: Path, number: signal.Signals
):
    assert spent("export").code == 0
    script = (
        "import os, signal, sys\n"
        "from cost_mcp.cli.run import run\n"
        "from cost_mcp.views import export_csv\n"
        "whole = export_csv.CallsCsv.put\n"
        "def put(self, rows):\n"
        "    lines = whole(self, rows)\n"
        f"    os.kill(os.getpid(), {int(number)})\n"
        "    return lines\n"
        "export_csv.CallsCsv.put = put\n"
        "sys.exit(run(sys.argv[1:]))\n"
    )
    command = [sys.executable, "-c", script, "export", "--output", str(tmp_path / "calls.csv")]

    done = subprocess.run(command, env=environ, cwd=project, capture_output=True, check=False, timeout=60)

    assert done.returncode == 130, done.stderr
    assert not [path for path in tmp_path.iterdir() if path.is_file()]
