"""Exports as the consoles write them, held against a ledger whose calls are worked out by hand.

The ledger (fixture ``spent``) has, billed by use: on 19 November gpt-5 with 50,000 tokens in and 8,000 out, which is
50,000 x $1.25 + 8,000 x $10 per million = $0.1425; on the 22nd gpt-5-mini with 20,000 and 900: 20,000 x $0.25 + 900 x $2 =
$0.0068; and claude-opus-4-6 with 120,000 in, of them 80,000 from the cache, and 6,000 out: 40,000 x $5 + 80,000 x $0.50 +
6,000 x $25 = $0.20 + $0.04 + $0.15 = $0.39. A gpt-5 call of the 22nd is covered by a subscription.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from conftest import Cli

OPENAI_USAGE = (
    "start_time,end_time,start_time_iso,end_time_iso,project_id,num_model_requests,user_id,api_key_id,model,batch,service_tier,"
    "input_tokens,output_tokens,input_cached_tokens,input_uncached_tokens\n"
    "1795046400,1795132800,2026-11-19T00:00:00+00:00,2026-11-20T00:00:00+00:00,proj_1,1.0,user-1,key_1,gpt-5-2025-08-07,FALSE,"
    "default,50000.0,8000.0,0.0,50000.0\n"
    "1795132800,1795219200,2026-11-20T00:00:00+00:00,2026-11-21T00:00:00+00:00,,,,,,,,,,,\n"
    "1795305600,1795392000,2026-11-22T00:00:00+00:00,2026-11-23T00:00:00+00:00,proj_1,1.0,user-1,key_1,gpt-5-mini-2025-08-07,"
    "FALSE,default,{mini}.0,600.0,0.0,20000.0\n"
    "1795305600,1795392000,2026-11-22T00:00:00+00:00,2026-11-23T00:00:00+00:00,proj_1,1.0,user-1,key_2,gpt-5-mini-2025-08-07,"
    "FALSE,default,0.0,300.0,0.0,0.0\n"
)
OPENAI_COST = (
    "start_time,end_time,start_time_iso,end_time_iso,amount_value,amount_currency,quantity,quantity_unit,line_item,project_id\n"
    '1795046400,1795132800,2026-11-19T00:00:00,2026-11-20T00:00:00,0.0625000000000000,usd,,,"gpt-5-2025-08-07, input",proj_1\n'
    '1795046400,1795132800,2026-11-19T00:00:00,2026-11-20T00:00:00,0.08,usd,,,"gpt-5-2025-08-07, output",proj_1\n'
    "1795132800,1795219200,2026-11-20T00:00:00,2026-11-21T00:00:00,,,,,,\n"
    '1795305600,1795392000,2026-11-22T00:00:00,2026-11-23T00:00:00,0.0068,usd,,,"priority | gpt-5-mini-2025-08-07, output",p\n'
)
CLAUDE_USAGE = (
    "\ufeffusage_date_utc,model_version,api_key,workspace,usage_type,context_window,usage_input_tokens_no_cache,"
    "usage_input_tokens_cache_write_5m,usage_input_tokens_cache_write_1h,usage_input_tokens_cache_read,usage_output_tokens,"
    "web_search_count,inference_geo,speed\n"
    "2026-11-22,claude-opus-4-6,key,Default,standard,≤ 200k,40000,0,0,80000,6000,0,global,\n"
)
CLAUDE_COST = (
    "usage_date_utc,model,workspace,api_key,usage_type,context_window,token_type,cost_usd,list_price_usd,cost_type,inference_geo,"
    "speed,api_key_id,api_key_status\n"
    "2026-11-22,Claude Opus 4.6,Default,key,message,≤ 200k,input_no_cache,{fresh},0.20,token,global,,apikey_1,active\n"
    "2026-11-22,Claude Opus 4.6,Default,key,message,≤ 200k,input_cache_read,0.04,0.04,token,global,,apikey_1,active\n"
    "2026-11-22,Claude Opus 4.6,Default,key,message,≤ 200k,output,0.15,0.15,token,global,,apikey_1,active\n"
    "2026-11-22,Claude Haiku 4.5,Default,key,message,≤ 200k,output,0.00,0.00,token,global,,apikey_1,active\n"
)


@pytest.fixture
def bill(tmp_path: Path) -> Path:
    return tmp_path / "bill.csv"


def outcomes(answer: dict[str, Any]) -> list[tuple[str, str | None, str]]:
    return [(line["day"], line.get("model"), line["outcome"]) for line in answer["lines"]]


@pytest.mark.parametrize(
    ("text", "name", "days"),
    [
        (OPENAI_USAGE.format(mini=20000), "openai-usage", ["2026-11-19", "2026-11-22"]),
        (OPENAI_COST, "openai-cost", ["2026-11-19", "2026-11-22"]),
        (CLAUDE_USAGE, "anthropic-usage", ["2026-11-22"]),
        (CLAUDE_COST.format(fresh="0.20"), "anthropic-cost", ["2026-11-22", "2026-11-22"]),
    ],
    ids=["openai-usage", "openai-cost", "anthropic-usage", "anthropic-cost"],
)
def test_an_export_of_what_was_recorded_matches(spent: Cli, bill: Path, text: str, name: str, days: list[str]):
    bill.write_text(text, encoding="utf-8")
    ran = spent("reconcile", str(bill), "--json")
    assert ran.code == 0, ran.out
    assert ran.json["export"] == name
    assert ran.json["agrees"] is True
    assert [(day, outcome) for day, _, outcome in outcomes(ran.json)] == [(day, "matched") for day in days]


def test_tokens_that_differ_are_told_by_kind(spent: Cli, bill: Path):
    bill.write_text(OPENAI_USAGE.format(mini=21500))
    ran = spent("reconcile", str(bill), "--json")
    assert ran.code == 1
    assert ran.json["different"] == 1
    line = ran.json["lines"][-1]
    assert line["model"] == "gpt-5-mini"
    assert line["difference"] == {"input_tokens": -1500}
    assert line["billed"]["output_tokens"] == line["recorded"]["output_tokens"] == 900
    page = spent("reconcile", str(bill))
    assert page.code == 1
    assert "different  input −1,500" in page.out
    assert "1 matched, 1 different." in page.out


def test_a_tolerance_is_taken_and_told(spent: Cli, bill: Path):
    bill.write_text(OPENAI_USAGE.format(mini=21500))
    assert spent("reconcile", str(bill), "--tolerance-count", "1500").code == 0
    bill.write_text(CLAUDE_COST.format(fresh="0.24"), encoding="utf-8")
    # $0.43 billed, $0.39 recorded: four rows of cents may be off by 2 cents together, and a cent is tolerated.
    off = spent("reconcile", str(bill))
    assert off.code == 1
    assert "cost −$0.04" in off.out
    assert "Dollars may differ by $0.01 a day and model, and by what the file's rows are rounded by" in off.out
    assert spent("reconcile", str(bill), "--tolerance-usd", "0.03").code == 0


def test_what_only_one_of_them_has_is_missing_in_the_other(spent: Cli, bill: Path):
    bill.write_text(CLAUDE_USAGE.replace("claude-opus-4-6", "claude-sonnet-4-5-20250929"), encoding="utf-8")
    ran = spent("reconcile", str(bill), "--json")
    assert outcomes(ran.json) == [
        ("2026-11-22", "claude-opus-4-6", "missing_in_file"),
        ("2026-11-22", "claude-sonnet-4-5", "missing_in_ledger"),
    ]
    page = spent("reconcile", str(bill)).out
    assert "missing in the ledger" in page
    assert "missing in the file" in page


def test_days_are_those_of_utc_whatever_zone_reports_use(cli: Cli, bill: Path):
    words = "--model claude-opus-4-6 --provider anthropic --input-tokens 7 --occurred-at 2026-11-21T23:30:00Z"
    assert cli("record", *words.split()).code == 0  # in Berlin, the 22nd
    row = "2026-11-21,claude-opus-4-6,key,Default,standard,≤ 200k,7,0,0,0,0,0,global,\n"
    bill.write_text(CLAUDE_USAGE.rpartition("2026-11-22")[0] + row, encoding="utf-8")
    assert cli("reconcile", str(bill), TIMEZONE="Europe/Berlin").code == 0


def test_only_the_days_asked_for_are_compared(spent: Cli, bill: Path):
    bill.write_text(OPENAI_USAGE.format(mini=1))
    ran = spent("reconcile", str(bill), "--end", "2026-11-22", "--start", "2026-11-19", "--json")
    assert (ran.code, ran.json["first_day"], ran.json["last_day"]) == (0, "2026-11-19", "2026-11-21")


def test_an_export_that_names_no_model_is_compared_by_day(spent: Cli, bill: Path):
    head, *_ = OPENAI_COST.splitlines()
    bill.write_text(f"{head}\n1795305600,1795392000,2026-11-22T00:00:00,2026-11-23T00:00:00,0.0068,usd,,,,\n")
    ran = spent("reconcile", str(bill), "--json")
    assert (ran.code, ran.json["by_model"], outcomes(ran.json)) == (0, False, [("2026-11-22", None, "matched")])


def test_days_without_use_are_held_against_the_ledger_too(spent: Cli, bill: Path):
    bill.write_text(
        "start_time,end_time,start_time_iso,end_time_iso\n1795305600,1795392000,2026-11-22T00:00:00Z,2026-11-23T00:00:00Z\n"
    )
    ran = spent("reconcile", str(bill), "--json")
    assert (ran.code, ran.json["missing_in_file"]) == (1, 1)


def test_a_day_that_is_not_over_is_told(spent: Cli, bill: Path):
    bill.write_text(OPENAI_USAGE.format(mini=20000))
    assert "2026-11-22 is not over in UTC" in spent("reconcile", str(bill)).out
    assert "is not over" not in spent("reconcile", str(bill), "--end", "2026-11-22").out


def test_what_is_billed_under_no_model_is_told_apart(spent: Cli, bill: Path):
    bill.write_text(OPENAI_COST.replace("gpt-5-2025-08-07, output", "web search tool calls"))
    ran = spent("reconcile", str(bill), "--json")
    assert outcomes(ran.json)[:2] == [("2026-11-19", "gpt-5", "different"), ("2026-11-19", None, "missing_in_ledger")]
    assert "bills under no model" in spent("reconcile", str(bill)).out


def test_a_model_without_a_price_is_told_beside_dollars(cli: Cli, bill: Path):
    words = "--model claude-unheard-9 --provider anthropic --input-tokens 7 --occurred-at 2026-11-20T08:00:00Z"
    assert cli("record", *words.split()).code == 0
    bill.write_text(CLAUDE_COST.format(fresh="0.2").replace("2026-11-22", "2026-11-20"), encoding="utf-8")
    page = cli("reconcile", str(bill))
    assert page.code == 1
    assert "knows no price for 1 of these calls" in page.out
    assert "≥ $0.00" in page.out


def test_one_project_can_be_held_against_its_own_export(cli: Cli, bill: Path):
    for project in ("shop", "blog"):
        words = (
            f"--model claude-opus-4-6 --provider anthropic --input-tokens 7 --project {project} --occurred-at 2026-11-22T08:00Z"
        )
        assert cli("record", *words.split()).code == 0
    row = "2026-11-22,claude-opus-4-6,key,shop,standard,≤ 200k,7,0,0,0,0,0,global,\n"
    bill.write_text(CLAUDE_USAGE.rpartition("2026-11-22")[0] + row, encoding="utf-8")
    assert cli("reconcile", str(bill)).code == 1
    assert cli("reconcile", str(bill), "--project", "shop").code == 0


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a,b\n1,2\n", "no billing export that is known"),
        ("", "is empty"),
        (CLAUDE_USAGE.replace("40000", "many secrets"), "row 2: usage_input_tokens_no_cache is not a whole number."),
        (OPENAI_COST.replace("0.08,usd", "0.08,eur"), "row 3: amount_currency is not usd."),
        (
            OPENAI_COST.replace("1795132800,1795219200", "1795132800,1795737600"),
            "row 4: start_time and end_time are not within",
        ),
        (CLAUDE_USAGE.replace("2026-11-22,", ","), "row 2: usage_date_utc is empty."),
        (OPENAI_COST.replace("1795046400,", ","), "row 2: start_time is empty."),
        (OPENAI_COST[:-40], "row 5: the row"),
        (OPENAI_COST.partition("\n")[0], "no days to compare"),
    ],
)
def test_what_cannot_be_compared_is_an_error_that_names_the_row(spent: Cli, bill: Path, text: str, said: str):
    bill.write_text(text, encoding="utf-8")
    ran = spent("reconcile", str(bill))
    assert ran.code == 2
    assert said in ran.err
    assert "secrets" not in ran.err


@pytest.mark.parametrize("words", [("--tolerance-count", "-1"), ("--tolerance-usd", "much"), ("--start", "yesterday")])
def test_a_wrong_option_is_an_error_and_not_a_difference(spent: Cli, bill: Path, words: tuple[str, ...]):
    bill.write_text(CLAUDE_USAGE, encoding="utf-8")
    assert spent("reconcile", str(bill), *words).code == 2


def test_a_credit_is_billed_as_less_than_nothing(spent: Cli, bill: Path):
    credit = "2026-11-22,Claude Opus 4.6,Default,key,message,≤ 200k,output,-0.15,0.15,token,global,,apikey_1,active\n"
    bill.write_text(CLAUDE_COST.format(fresh="0.35") + credit, encoding="utf-8")
    assert spent("reconcile", str(bill)).code == 0


def test_a_file_that_is_not_there_is_an_error(spent: Cli, tmp_path: Path):
    for place in (tmp_path / "nowhere.csv", tmp_path):
        ran = spent("reconcile", str(place))
        assert ran.code == 2
        assert "cannot be read" in ran.err
