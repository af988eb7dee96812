from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Cli

GOLDEN = Path(__file__).parent / "golden"


@pytest.mark.parametrize(
    "name", ["today", "report-week", "report-day-model", "report-agent", "task", "task-unknown", "budget-status"]
)
def test_a_command_prints_what_was_looked_at_and_found_good(spent: Cli, name: str):
    command, _, expected = (GOLDEN / f"{name}.txt").read_text(encoding="utf-8").partition("\n")
    spent("budget", "--daily", "1", "--weekly", "50")
    spent("budget", "set", "hold", "--limit", "0.5", "--mode", "enforce", "--scope", "agent=coder", "--each", "session_id")
    spent("budget", "set", "calls", "--limit", "20", "--calls", "--period", "total", "--mode", "shadow")

    ran = spent(*command.removeprefix("$ cost-mcp ").split())

    assert ran.err == ""
    assert ran.out == expected
    assert ran.code == 0


def test_a_new_ledger_shows_nothing_spent_and_how_to_begin(cli: Cli, home: Path):
    ran = cli("today")

    assert ran.code == 0
    assert "$0.00  ·  nothing recorded yet" in ran.out
    assert "cost-mcp demo" in ran.out
    assert "cost-mcp record" in ran.out
    assert not (home / "ledger.db").exists(), "looking must not make a ledger"


def test_an_idle_period_shows_nothing_spent_and_where_the_calls_are(spent: Cli):
    ran = spent("report", "--period", "yesterday")

    assert "$0.00  ·  nothing recorded in this period" in ran.out
    assert "5 calls are recorded in all: cost-mcp report --period total" in ran.out


def test_json_gives_every_figure_exactly(spent: Cli):
    today = spent("today", "--json").json

    assert today["total_cost_usd"] == "0.3968"
    assert today["subscription_usd"] == "0.1425"
    assert (today["calls"], today["unpriced_calls"], today["lower_bound"]) == (4, 1, True)
    assert today["by_model"]["claude-opus-4-6"] == "0.39"
    assert today["timezone"] == "Europe/Berlin"


def test_a_report_takes_every_filter_and_pages_through_its_groups(spent: Cli):
    first = spent("report", "--period", "week", "--agent", "coder", "--group-by", "day,model", "--limit", "1", "--json").json
    rest = spent(
        "report", "--period", "week", "--agent", "coder", "--group-by", "day,model", "--limit", "9", "--cursor",
        first["next_cursor"], "--json",
    ).json  # fmt: skip

    assert first["filters"] == {"agent": "coder"}
    assert [group["model"] for group in (*first["groups"], *rest["groups"])] == ["gpt-5", "claude-opus-4-6", "gpt-5"]
    assert "next_cursor" not in rest


def test_a_report_by_its_days_counts_in_the_zone_that_was_asked_for(spent: Cli):
    report = spent("report", "--start", "2026-11-22", "--end", "2026-11-23", "--timezone", "Asia/Tokyo", "--json").json

    assert (report["period_start"], report["calls"]) == ("2026-11-21T15:00:00Z", 4)


def test_rows_left_out_are_said_to_be(spent: Cli):
    ran = spent("report", "--group-by", "model", "--limit", "2")

    assert "2 of 4 rows; --limit shows more." in ran.out
    assert "Total" not in ran.out


def test_a_long_name_is_whole_in_a_pipe_and_in_json(cli: Cli):
    name = "an-agent-with-" + "a-long-" * 12 + "name"
    cli("record", "--model", "gpt-5", "--input-tokens", "10", "--agent", name)
    cli("record", "--model", "gpt-5", "--input-tokens", "10")

    assert name in cli("today").out
    assert name in cli("today", "--json").json["by_agent"]


def test_a_task_nobody_recorded_is_zero_with_the_nearest_ids(spent: Cli):
    task = spent("task", "T-2", "--json").json

    assert (task["known"], task["cost_usd"], task["nearest"]) == (False, "0", ["T-1"])
