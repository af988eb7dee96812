from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from conftest import Cli


def spend(cli: Cli, task: str, usd: str, at: str, **options: str) -> None:
    given = {"model": "gpt-5", "task-type": "bugfix"} | options
    words = [word for name, value in given.items() for word in (f"--{name.replace('_', '-')}", value)]
    ran = cli(
        "record", "--input-tokens", "1", "--output-tokens", "1", "--task", task, "--cost-usd", usd, "--occurred-at", at, *words
    )
    assert ran.code == 0, ran.err


@pytest.fixture
def worked(cli: Cli) -> Cli:
    """Five bugfixes of earlier days for 1, 2, 4, 7 and 20 dollars, so 4 is usual, give or take 3; one of today for 3.20."""
    for day, usd in enumerate(("1", "2", "4", "7", "20"), 10):
        spend(cli, f"B-{day}", usd, f"2026-11-{day}T08:00:00Z")
    spend(cli, "B-now", "3.2", "2026-11-22T11:00:00Z")
    return cli


def test_a_task_is_shown_beside_what_is_usual(worked: Cli):
    shown = worked("task", "B-now").out

    assert (
        "Efficiency so far 1.25 (1 is usual, above is cheaper): 5 earlier tasks of its type cost $4.00 (median), give or take $3.00."
    ) in shown
    assert worked("task", "B-now", "--json").json["efficiency"] == {
        "score": "1.25",
        "baseline_median_usd": "4",
        "baseline_spread_usd": "3",
        "sample": 5,
        "minimum_sample": 5,
        "so_far": True,
    }


def test_where_there_is_no_score_the_task_says_why(worked: Cli):
    efficiency = worked("task", "B-14", "--json").json["efficiency"]

    assert efficiency == {
        "sample": 4,
        "minimum_sample": 5,
        "so_far": False,
        "why": "4 earlier tasks of its type have finished; 5 are needed",
    }
    assert "Efficiency: not known, 4 earlier tasks of its type have finished; 5 are needed." in worked("task", "B-14").out


def test_a_task_of_no_type_has_nothing_to_be_held_against(cli: Cli):
    cli("record", "--model", "gpt-5", "--input-tokens", "1", "--task", "T-1")
    cli("task", "done", "T-1", "--outcome", "merged")

    assert "efficiency" not in cli("task", "T-1", "--json").json
    assert "Efficiency" not in cli("task", "T-1").out
    assert "Outcome: merged, 2026-11-22 12:00Z.\n" in cli("task", "T-1").out


def test_a_tasks_end_is_noted_once_and_shown(worked: Cli):
    first = worked("task", "done", "B-now", "--outcome", "merged", "--at", "2026-11-22T11:30:00Z")
    again = worked("task", "done", "B-now", "--outcome", "merged", "--json")
    task = worked("task", "B-now", "--json").json

    assert (first.code, first.err) == (0, "")
    assert first.out == "Task B-now is noted as merged, 2026-11-22 11:30Z.\n"
    assert again.json["status"] == "known"
    assert (task["outcome"], task["done_at"], task["efficiency"]["so_far"]) == ("merged", "2026-11-22T11:30:00Z", False)
    assert "Outcome: merged, 2026-11-22 11:30Z." in worked("task", "B-now").out


def test_another_end_stands_above_the_first_which_is_still_told(worked: Cli):
    worked("task", "done", "B-10", "--outcome", "failed", "--at", "2026-11-11T08:00:00Z")
    ran = worked("task", "done", "B-10", "--outcome=merged")
    told = worked("task", "done", "B-10", "--outcome", "merged", "--json").json

    assert (
        "Task B-10 is noted as merged, 2026-11-22 12:00Z.\nIt stands above: failed, 2026-11-11 08:00Z, noted by cli" in ran.out
    )
    assert (told["status"], told["outcome"]) == ("known", "merged")
    assert [(one["outcome"], one["done_at"]) for one in told["earlier"]] == [("failed", "2026-11-11T08:00:00Z")]


def test_a_task_that_is_called_done_is_a_task_like_any_other(cli: Cli):
    spend(cli, "done", "1", "2026-11-22T08:00:00Z")

    assert cli("task", "done", "--json").json["cost_usd"] == "1"
    assert "$1.00" in cli("task", "done").out
    assert cli("task", "--json", "done").json["task_id"] == "done"
    assert cli("task", "done", "done", "--outcome", "merged", "--json").json["task_id"] == "done"
    assert cli("task", "done", "--json").json["outcome"] == "merged"
    assert "--outcome" in cli("task", "done", "--help").out


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("B-now", "Missing option '--outcome'"),
        ("--outcome merged", "Missing argument 'ID'"),
        ("B-now --outcome deployed", "Use one of: merged, failed, abandoned"),
        ("B-now --outcome merged --at yesterday", "at is not a time"),
        ("B-now --outcome merged --at 2026-11-23T00:00:00Z", "at is yet to come"),
        ("B-now --outcome merged --at 2019-01-01T00:00:00Z", "at is before 2020"),
        ("B-noww --outcome merged", "Did you mean B-now?"),
    ],
)
def test_what_cannot_be_noted_is_refused_with_what_would_do(worked: Cli, words: str, says: str):
    ran = worked("task", "done", *words.split())

    assert ran.code == 2
    assert says in " ".join(ran.err.split())
    assert "outcome" not in worked("task", "B-now", "--json").json


def test_finished_tasks_are_told_by_type_outcome_and_model(worked: Cli):
    """Seven bugfixes: 1 + 2 + 4 + 7 merged, 20 failed: 34 dollars through four. Of 15 and 16 one has five before it: 4 / 8."""
    for day, outcome in ((10, "merged"), (11, "merged"), (12, "merged"), (13, "merged"), (14, "failed")):
        at = f"2026-11-{day}T09:00:00Z"
        assert worked("task", "done", f"B-{day}", "--outcome", outcome, "--at", at).code == 0
    spend(worked, "B-15", "8", "2026-11-15T08:00:00Z", model="o3")
    spend(worked, "B-16", "8", "2026-11-16T08:00:00Z", project="shop")
    spend(worked, "C-1", "3", "2026-11-16T08:00:00Z", task_type="chore")

    told = worked("efficiency", "--json").json
    bugfix, chore = told["task_types"]

    assert (told["tasks"], told["scored_tasks"], told["score"], told["more"]) == (8, 1, "0.5", False)
    assert (told["usual_usd"], told["cost_usd"]) == ("4", "8")
    assert bugfix | {"by_model": []} == {
        "task_type": "bugfix",
        "score": "0.5",
        "scored_tasks": 1,
        "baseline_median_usd": "5.5",  # 1, 2, 4, 7, 8, 8
        "baseline_spread_usd": "2.5",  # 4.5, 3.5, 1.5, 1.5, 2.5, 2.5
        "sample": 6,
        "minimum_sample": 5,
        "tasks": 7,
        "merged": 4,
        "failed": 1,
        "abandoned": 0,
        "undecided": 2,
        "decided_cost_usd": "34",
        "lower_bound": False,
        "cost_per_merged_usd": "8.5",
        "success_percent": "80",
        "by_model": [],
    }
    assert [(model["model"], model["tasks"], model["sample"], model["too_few"]) for model in bugfix["by_model"]] == [
        ("gpt-5", 6, 5, False),
        ("o3", 1, 1, True),
    ]
    assert bugfix["by_model"][0]["median_usd"] == "4"
    assert (chore["task_type"], chore["sample"], "score" in chore) == ("chore", 1, False)
    report = worked("report", "--json").json
    assert (report["efficiency_score"], report["efficiency_tasks"]) == ("0.5", 1)
    assert "Efficiency 0.50, where 1 is usual for tasks of their types (the one that finished last)" in worked("report").out


def test_the_page_of_finished_tasks_says_the_same(worked: Cli):
    worked("task", "done", "B-10", "--outcome", "merged")
    for day in (15, 16):
        spend(worked, f"B-{day}", "8", f"2026-11-{day}T08:00:00Z", model="o3")

    shown = worked("efficiency").out

    assert shown.startswith("Efficiency  ·  This month  ·  1 – 30 November 2026  ·  Europe/Berlin\n")
    # The first of them has 1, 2, 4, 7, 20 before it, so 4 is usual; the second 8 more, so (4 + 7) / 2: 9.50 through 16.
    assert "Score 0.59 from 2 of 7 finished tasks: they cost $16.00, where $9.50 is usual.\n" in shown
    rows = [line.split() for line in shown.splitlines()]
    assert ["bugfix", "7", "1", "0", "0", "6", "$7.00", "$3.00", "0.59", "$1.00", "100", "%"] in rows
    assert ["gpt-5", "5", "$4.00", "$3.00", "$1.00", "100", "%"] in rows
    assert ["o3", "2", "too", "few", "(2)"] in rows
    assert worked("efficiency", "--task-type", "bugfix", "--json").json["task_types"][0]["tasks"] == 7
    assert worked("efficiency", "--task-type", "chore", "--json").json["tasks"] == 0


def test_of_one_project_its_tasks_are_told_beside_what_is_usual_everywhere(worked: Cli):
    spend(worked, "B-15", "8", "2026-11-15T08:00:00Z", project="shop")

    told = worked("efficiency", "--project", "shop", "--json").json

    assert (told["tasks"], told["score"], told["project"]) == (1, "0.5", "shop")
    assert worked("report", "--project", "shop", "--json").json["efficiency_score"] == "0.5"
    assert "efficiency_score" not in worked("report", "--model", "gpt-5", "--json").json


@pytest.mark.parametrize("words", ["", "--period yesterday", "--task-type nothing", "--period 2027-01"])
def test_without_finished_tasks_the_answer_has_the_same_shape_and_says_how_to_begin(cli: Cli, words: str):
    ran = cli("efficiency", *words.split())
    told = cli("efficiency", *words.split(), "--json").json

    assert "No task finished in this period" in ran.out
    assert "cost-mcp task done ID --outcome merged|failed|abandoned" in ran.out
    assert (told["tasks"], told["task_types"], told["minimum_sample"]) == (0, [], 5)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("--period fortnight", "period is not a known name"),
        ("--start 2026-11-22 --end 2026-11-21", "end is not after start"),
        ("--timezone Mars/Olympus", "not a known IANA time zone"),
        ("--task-type ", "task_type is empty"),
    ],
)
def test_what_cannot_be_asked_is_refused(cli: Cli, words: str, says: str):
    ran = cli("efficiency", *words.split(" "))
    assert (ran.code, says in ran.err) == (2, True)


def plans(told: dict[str, Any]) -> dict[str, Any]:
    return {name: told["task_types"][0].get(name) for name in ("decided_cost_usd", "decided_subscription_usd", "lower_bound")}


def test_plans_stand_apart_and_unpriced_calls_make_a_lower_bound(cli: Cli):
    spend(cli, "B-1", "2", "2026-11-10T08:00:00Z", billing="subscription")
    spend(cli, "B-1", "1", "2026-11-10T08:00:00Z")
    cli("record", "--model", "acme-9", "--input-tokens", "1", "--task", "B-1", "--occurred-at", "2026-11-10T08:00:00Z")
    cli("task", "done", "B-1", "--outcome", "merged")

    told = cli("efficiency", "--json").json

    assert plans(told) == {"decided_cost_usd": "1", "decided_subscription_usd": "2", "lower_bound": True}
    assert "≥ $1.00 + $2.00 plan" in cli("efficiency").out
