"""Tables as people have them, imported through the command; costs are worked out by hand.

claude-opus-4-6 costs $5 and $25 a million tokens, of the input read from a cache $0.50; gpt-5 $1.25 and $10.
"""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from conftest import Cli, Ran

# 2 x (1,000 x $5 + 100 x $25) per million = $0.015; 4,000 x $1.25 + 200 x $10 per million = $0.007; together $0.022.
PLAIN = (
    "timestamp,model,input_tokens,output_tokens,project\n"
    "2026-11-20T08:00:00Z,claude-opus-4-6,1000,100,shop\n"
    "2026-11-20T08:00:00Z,claude-opus-4-6,1000,100,shop\n"
    "2026-11-21T09:30:00Z,gpt-5,4000,200,blog\n"
)


@pytest.fixture
def table(tmp_path: Path) -> Path:
    return tmp_path / "calls.csv"


def total(cli: Cli) -> dict[str, Any]:
    return cli("report", "--period", "2026-11", "--json").json


def problems(ran: Ran) -> list[tuple[int, str | None, str]]:
    return [(found["row"], found.get("column"), found["message"]) for found in ran.json["problems"]]


def test_a_table_with_common_columns_needs_no_word(cli: Cli, table: Path):
    table.write_text(PLAIN)
    ran = cli("import", "csv", str(table))
    assert ran.code == 0, ran.err
    assert ran.out.startswith("Imported 3 calls  ·  $0.02  ·  3 rows\n")
    assert total(cli)["total_cost_usd"] == "0.022"
    assert total(cli)["by_project"] == {"shop": "0.015", "blog": "0.007"}


def test_the_same_table_twice_counts_once_under_any_name_and_in_any_order(cli: Cli, table: Path, tmp_path: Path):
    table.write_text(PLAIN)
    assert cli("import", "csv", str(table)).code == 0
    head, *rows = PLAIN.splitlines()
    turned = "\n".join(",".join(reversed(line.split(","))) for line in (head, *reversed(rows)))
    more = tmp_path / "november.csv"
    more.write_text(turned + "\nblog,200,4000,gpt-5,2026-11-22T07:00:00Z")
    ran = cli("import", "csv", str(more), "--json")
    assert ran.code == 0, ran.out
    assert (ran.json["calls"], ran.json["merged"], ran.json["cost_usd"]) == (1, 3, "0.007")
    assert total(cli)["calls"] == 4


def test_a_dry_run_says_what_would_come_of_it_and_writes_nothing(cli: Cli, table: Path, home: Path):
    table.write_text(PLAIN)
    ran = cli("import", "csv", str(table), "--dry-run", "--json")
    assert (ran.code, ran.json["calls"], ran.json["cost_usd"], ran.json["made_ids"]) == (0, 3, "0.022", 3)
    assert not (home / "ledger.db").exists()
    told = cli("import", "csv", str(table), "--dry-run").out
    assert told.startswith("Would import 3 calls")
    assert "occurred_at from timestamp" in told
    assert cli("import", "csv", str(table)).code == 0
    again = cli("import", "csv", str(table), "--dry-run", "--json")
    assert (again.json["calls"], again.json["merged"], again.json["cost_usd"]) == (0, 3, "0")


def test_columns_are_mapped_and_what_is_the_same_for_all_is_set(cli: Cli, table: Path):
    table.write_text(
        'When;Engine;"Tokens, fresh";Cached;Answer;Team;Note\n'
        '2026-11-20 09:00;claude-opus-4-6;"1,000";2.000;100;core;"a; b"\n'.replace("2.000", "2,000")
    )
    said = 'occurred_at=When,model=Engine,uncached_input_tokens="Tokens, fresh",cached_tokens=Cached,output_tokens=Answer,tag.team=Team'
    ran = cli("import", "csv", str(table), "--map", said, "--set", "project=shop", "--timezone", "Europe/Berlin", "--json")
    assert ran.code == 0, ran.out
    # 1,000 x $5 + 2,000 x $0.50 + 100 x $25 per million
    assert ran.json["cost_usd"] == "0.0085"
    assert ran.json["unused_columns"] == ["Note"]
    day = cli("report", "--start", "2026-11-20T07:59:59Z", "--end", "2026-11-20T08:00:01Z", "--json", "--project", "shop").json
    assert (day["calls"], day["input_tokens"], day["cache_read_input_tokens"]) == (1, 3000, 2000)


def test_rows_that_cannot_be_taken_are_told_by_row_and_the_rest_counts(cli: Cli, table: Path):
    table.write_text(
        "timestamp,model,input_tokens,output_tokens,cached_tokens,cost_usd,note\n"
        "2026-11-20T08:00:00Z,gpt-5,4000,200,0,,fine\n"
        "2026-11-20T08:00:00Z,gpt-5,my secret,200,0,,\n"
        '2026-11-20T08:00:00Z,gpt-5,4000,200,0,"0,5",\n'
        "2026-11-20 08:00:00,gpt-5,4000,200,0,,\n"
        "2026-11-20T08:00:00Z,,4000,200,0,,\n"
        "2026-11-20T08:00:00Z,gpt-5,10,200,4000,,\n"
        "2026-11-20T08:00:00Z,gpt-5,4000\n"
        "\n"
        "2031-01-01T00:00:00Z,gpt-5,4000,200,0,,\n"
        '2026-11-20T08:00:00Z,gpt-5,4000,200,0,,"two\nlines"\n'
        "2026-11-20T08:00:00Z,gpt-5,,,,,\n"
    )
    ran = cli("import", "csv", str(table), "--json")
    assert ran.code == 1
    assert (ran.json["calls"], ran.json["refused"], ran.json["rows"]) == (2, 8, 10)
    assert problems(ran) == [
        (3, "input_tokens", "input_tokens is not a whole number."),
        (4, "cost_usd", "cost_usd has a comma that may group digits or begin the cents."),
        (5, "timestamp", "occurred_at has no offset from UTC."),
        (6, "model", "model is missing."),
        (7, "cached_tokens", ran.json["problems"][4]["message"]),
        (8, None, "the row has 3 cells where the first row has 7."),
        (10, "timestamp", "occurred_at lies in the future, more than 5 minutes ahead of this machine's clock."),
        (12, None, "no usage was given."),
    ]
    assert all(found["hint"] for found in ran.json["problems"])
    assert "secret" not in ran.out
    page = cli("import", "csv", str(table))
    assert page.code == 1
    assert "8 rows were refused; everything else counts." in page.out
    assert "Row 5, timestamp: occurred_at has no offset from UTC. Say its zone: --timezone UTC, Europe/Berlin …\n" in page.out
    assert "Row 12: no usage was given." in page.out


def test_of_many_problems_the_first_are_shown_and_all_are_counted(cli: Cli, table: Path):
    table.write_text(PLAIN + "yesterday,gpt-5,1,1,shop\n" * 1030)
    ran = cli("import", "csv", str(table))
    assert "1,030 rows were refused" in ran.out
    assert ran.out.count("\nRow ") == 20
    assert "and 1,010 more" in ran.out
    told = cli("import", "csv", str(table), "--json").json
    assert (told["refused"], len(told["problems"])) == (1030, 1000)


def test_cells_that_look_like_formulas_are_what_they_say(cli: Cli, table: Path):
    table.write_text('timestamp,model,input_tokens,project\n2026-11-20T08:00:00Z,gpt-5,8,"=HYPERLINK(""http://x"",1)"\n')
    assert cli("import", "csv", str(table)).code == 0
    assert list(total(cli)["by_project"]) == ['=HYPERLINK("http://x",1)']


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_encodings_and_delimiters_of_spreadsheets_are_found(cli: Cli, table: Path, encoding: str, delimiter: str):
    table.write_text(PLAIN.replace(",", delimiter).replace("shop", "Größe"), encoding=encoding)
    assert cli("import", "csv", str(table), "--json").json["calls"] == 3
    assert "Größe" in total(cli)["by_project"]


def test_a_first_line_that_says_the_delimiter_is_no_head(cli: Cli, table: Path):
    table.write_text("sep=;\n" + PLAIN.replace(",", ";").replace("4000", "many, many"))
    ran = cli("import", "csv", str(table), "--json")
    assert (ran.json["calls"], problems(ran)) == (2, [(5, "input_tokens", "input_tokens is not a whole number.")])


def test_a_named_delimiter_counts(cli: Cli, table: Path):
    table.write_text(PLAIN.replace(",", ":").replace("08:00:00", "08").replace("09:30:00", "09"))
    assert cli("import", "csv", str(table), "--delimiter", ":").code == 0
    assert cli("import", "csv", str(table), "--delimiter", "::").code == 2


def test_ids_of_the_table_are_kept_and_a_contradiction_is_told(cli: Cli, table: Path):
    head = "timestamp,model,input_tokens,output_tokens,Request ID,cost\n"
    table.write_text(head + "2026-11-20T08:00:00Z,gpt-5,4000,200,req_1,$0.50\n")
    assert cli("import", "csv", str(table)).code == 0
    assert cli("prices", "explain", "req_1", "--json").json["cost_usd"] == "0.5"
    again = cli("import", "csv", str(table), "--json")
    assert (again.json["merged"], again.json["made_ids"]) == (1, 0)
    row = "2026-11-20T08:00:00Z,gpt-5,9000,200,req_1,$0.60\n"
    table.write_text(head + row)
    for words in (("--dry-run",), ()):
        other = cli("import", "csv", str(table), *words, "--json")
        assert other.code == 1
        assert problems(other) == [
            (2, "Request ID", "the id was imported before with other contents: input_tokens, stated_cost_usd.")
        ]
    table.write_text(head + row.replace("req_1", "req_2") + row.replace("req_1", "req_2").replace("200", "300"))
    within = cli("import", "csv", str(table), "--json")
    assert (within.json["calls"], problems(within)[0][0]) == (1, 3)


def test_a_row_completes_what_an_agent_told_of_the_call(cli: Cli, table: Path):
    words = "--model gpt-5 --provider openai --input-tokens 10 --call-id resp_1 --task T-1 --occurred-at 2026-11-20T08:00:00Z"
    assert cli("record", *words.split()).code == 0
    table.write_text("timestamp,model,input_tokens,output_tokens,response_id\n2026-11-20T08:00:00Z,gpt-5,4000,200,resp_1\n")
    dry = cli("import", "csv", str(table), "--dry-run", "--json").json
    ran = cli("import", "csv", str(table), "--json").json
    assert (ran["calls"], ran["corrected"]) == (dry["calls"], dry["corrected"]) == (0, 1)
    # $0.007 instead of 10 x $1.25 per million
    assert ran["cost_usd"] == dry["cost_usd"] == "0.0069875"
    assert cli("task", "T-1", "--json").json["cost_usd"] == "0.007"


def test_a_billing_export_is_not_taken_for_calls_unless_somebody_insists(cli: Cli, table: Path):
    table.write_text(
        "usage_date_utc,model_version,usage_input_tokens_no_cache,usage_input_tokens_cache_read,usage_output_tokens\n"
        "2026-11-20,claude-opus-4-6,40000,80000,6000\n"
    )
    ran = cli("import", "csv", str(table))
    assert ran.code == 2
    assert "cost-mcp reconcile" in ran.err
    said = (
        "occurred_at=usage_date_utc,uncached_input_tokens=usage_input_tokens_no_cache,output_tokens=usage_output_tokens,"
        "cache_read_input_tokens=usage_input_tokens_cache_read"
    )
    assert cli("import", "csv", str(table), "--map", said, "--json").json["cost_usd"] == "0.39"


def test_what_a_person_must_know_of_an_import_is_said(cli: Cli, table: Path):
    words = "--model acme-9 --provider acme --input-tokens 10 --cost-usd 0.25 --call-id c-3 --occurred-at 2026-11-20T08:00:00Z"
    assert cli("record", *words.split()).code == 0
    rows = [
        f"2026-11-20T08:00:{n:02d}Z,{model},{provider},1000000,0,{billing},c-{n},{usage}"
        for n, (model, provider, billing, usage) in enumerate(
            [
                ("gpt-5", "openai", "subscription", ""),
                ("gpt-5", "openai", "", ""),
                ("acme-9", "acme", "", ""),
                ("acme-9", "acme", "", ""),
            ]
        )
    ]
    table.write_text("\n".join(["timestamp,model,provider,input_tokens,output_tokens,billing,call_id,", *rows, rows[1]]))
    dry = cli("import", "csv", str(table), "--dry-run")
    assert dry.code == 0
    for ran in (dry, cli("import", "csv", str(table))):
        # 1,000,000 x $1.25 per million, billed once and once covered by a plan; c-3 keeps the cost that was stated for it.
        assert f"import{'ed' if ran is not dry else ''} 3 calls  ·  at least $1.25  ·  5 rows" in ran.out.replace("I", "i")
        assert "A subscription covers $1.25 more" in ran.out
        assert "1 call known from a weaker source: corrected." in ran.out
        assert "1 call known already: counted once." in ran.out
        assert "1 call without a known price" in ran.out
    assert cli("prices", "explain", "c-3", "--json").json["cost_usd"] == "0.25"


def test_a_column_may_say_that_its_times_are_utc(cli: Cli, table: Path):
    table.write_text(PLAIN.replace("timestamp", "Timestamp (UTC)").replace("Z,", ","))
    assert cli("import", "csv", str(table)).code == 0
    assert cli("report", "--start", "2026-11-20T08:00:00Z", "--end", "2026-11-20T08:00:01Z", "--json").json["calls"] == 2


def test_a_budget_told_of_by_an_import_is_shown(cli: Cli, table: Path):
    assert cli("budget", "set", "all", "--limit", "0.02", "--period", "total").code == 0
    table.write_text(PLAIN)
    assert "1 alert was raised: see `cost-mcp alerts`." in cli("import", "csv", str(table)).out


def test_a_line_that_never_ends_is_not_read_into_memory(cli: Cli, table: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("cost_mcp.cli.table_file.MOST_LINE_CHARACTERS", 200)
    table.write_text(PLAIN + "x" * 500)
    ran = cli("import", "csv", str(table))
    assert ran.code == 2
    assert "a line is longer than 200 characters" in ran.err


def test_a_terminal_sees_how_far_it_is(cli: Cli, table: Path, monkeypatch: pytest.MonkeyPatch):
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    table.write_text(PLAIN)
    assert cli("import", "csv", str(table), "--json").json["calls"] == 3
    assert "reading the table" in terminal.getvalue()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is empty"),
        ("a,b\n1,2\n", "no column tells the model"),
        ("model,input_tokens\ngpt-5,3\n", "no column tells the time"),
        ("model,timestamp\ngpt-5,2026-11-20T08:00:00Z\n", "no column tells tokens or a cost"),
    ],
)
def test_a_table_without_what_makes_a_call_is_refused_whole(cli: Cli, table: Path, text: str, said: str):
    table.write_text(text)
    ran = cli("import", "csv", str(table))
    assert ran.code == 2
    assert said in ran.err


def test_a_workbook_and_a_missing_file_are_refused(cli: Cli, table: Path):
    assert cli("import", "csv", str(table)).code == 2
    table.write_bytes(b"PK\x03\x04rest")
    ran = cli("import", "csv", str(table))
    assert ran.code == 2
    assert "workbook" in ran.err


def test_bytes_that_are_no_text_cost_only_their_row(cli: Cli, table: Path):
    table.write_bytes(PLAIN.encode().replace(b"blog", b"bl\xe9g"))
    ran = cli("import", "csv", str(table), "--json")
    assert (ran.code, ran.json["calls"]) == (1, 2)
    assert problems(ran)[0][:2] == (4, "project")


def test_quotes_that_never_end_are_told(cli: Cli, table: Path):
    table.write_text(PLAIN + '2026-11-21T09:30:00Z,gpt-5,4000,200,"blog\n')
    ran = cli("import", "csv", str(table), "--json")
    assert (ran.code, ran.json["calls"]) == (1, 3)
    assert "quotes" in ran.json["problems"][0]["message"]


def test_a_budget_that_an_import_fills_raises_its_alert_once(cli: Cli, table: Path):
    assert cli("budget", "set", "all", "--limit", "0.02", "--period", "total").code == 0
    table.write_text(PLAIN)
    assert cli("import", "csv", str(table), "--json").json["alerts"] == 1
    assert len(cli("alerts", "--json").json["alerts"]) == 1


def test_the_environment_fills_gaps_and_refuses_nothing(cli: Cli, table: Path):
    table.write_text(PLAIN.replace(",blog", ","))
    assert cli("import", "csv", str(table), PROJECT="home").code == 0
    assert set(total(cli)["by_project"]) == {"shop", "home"}


def test_nothing_is_imported_while_tracking_is_off(cli: Cli, table: Path):
    table.write_text(PLAIN)
    ran = cli("import", "csv", str(table), ENABLED="false")
    assert ran.code == 2
    assert "tracking is off" in ran.err


def test_jsonl_reads_responses_as_providers_send_them(cli: Cli, table: Path):
    usage = {"input_tokens": 40000, "cache_read_input_tokens": 80000, "cache_creation_input_tokens": 0, "output_tokens": 6000}
    lines = [
        {"id": "msg_1", "model": "claude-opus-4-6", "usage": usage, "timestamp": "2026-11-20T08:00:00Z", "prompt": "my secret"},
        {"created": 1795132800, "model": "gpt-5", "prompt_tokens": 4000, "completion_tokens": 200, "request_id": "r-2"},
        {"when": "2026-11-20T08:00:00Z"},
    ]
    table.write_text("\n".join(json.dumps(line) for line in lines) + '\n\n[1]\n{"cut')
    ran = cli("import", "jsonl", str(table), "--json")
    assert ran.code == 1
    # $0.39, as 40,000 x $5 + 80,000 x $0.50 + 6,000 x $25 per million; and $0.007
    assert (ran.json["calls"], ran.json["cost_usd"]) == (2, "0.397")
    assert [row for row, _, _ in problems(ran)] == [3, 5, 6]
    assert "secret" not in ran.out
    assert cli("prices", "explain", "msg_1", "--json").json["cost_usd"] == "0.39"


def test_jsonl_maps_paths_into_nested_objects(cli: Cli, table: Path):
    line = {"at": "2026-11-20T08:00:00Z", "m": {"name": "gpt-5"}, "response": {"id": "x", "usage": {"in": 4000, "out": 200}}}
    table.write_text(json.dumps(line))
    said = "occurred_at=at,model=m.name,call_id=response.id,input_tokens=response.usage.in,output_tokens=response.usage.out"
    ran = cli("import", "jsonl", str(table), "--map", said, "--json")
    assert (ran.code, ran.json["cost_usd"], ran.json["made_ids"]) == (0, "0.007", 0)


def test_a_table_may_come_through_stdin(cli: Cli, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BufferedReader(io.BytesIO(PLAIN.encode()))))
    assert cli("import", "csv", "-", "--json").json["calls"] == 3


def test_an_import_that_was_killed_is_made_whole_by_the_next(cli: Cli, environ: dict[str, str], table: Path):
    head, *_ = PLAIN.splitlines(keepends=True)
    rows = [f"2026-11-20T08:00:00Z,gpt-5,{1000 + n // 2},0,shop\n" for n in range(1100)]  # every row twice
    assert cli("verify").code == 0  # makes the ledger
    words = (sys.executable, "-m", "cost_mcp", "import", "csv", "-")
    with subprocess.Popen(words, env=environ, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as importing:
        assert importing.stdin is not None
        importing.stdin.write("".join([head, *rows[:1050]]).encode())
        importing.stdin.flush()
        while not total(cli)["calls"]:
            assert importing.poll() is None
        importing.kill()
    assert 0 < total(cli)["calls"] < 1100
    table.write_text("".join([head, *rows]))
    assert cli("import", "csv", str(table)).code == 0
    assert total(cli)["calls"] == 1100
    assert cli("verify").code == 0


def test_more_rows_than_one_transaction_takes_are_all_counted(cli: Cli, table: Path):
    rows = "".join(f"2026-11-20T08:00:{n % 60:02d}Z,gpt-5,{1000 + n},0,shop\n" for n in range(1203))
    table.write_text(PLAIN.partition("\n")[0] + "\n" + rows)
    assert cli("import", "csv", str(table), "--json").json["calls"] == 1203
    answer = total(cli)
    assert (answer["calls"], answer["input_tokens"]) == (1203, sum(1000 + n for n in range(1203)))
    assert cli("verify").code == 0
