from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Cli


def test_a_day_a_week_and_a_month_are_watched_with_one_command(cli: Cli):
    made = cli("budget", "--daily", "10", "--weekly", "50", "--monthly", "200", "--json").json["budgets"]

    assert [(b["name"], b["limit_usd"], b["period"], b["mode"]) for b in made] == [
        ("daily", "10", "day", "alert"),
        ("weekly", "50", "week", "alert"),
        ("monthly", "200", "month", "alert"),
    ]
    assert {b["timezone"] for b in made} == {"Europe/Berlin"}


def test_when_one_of_three_cannot_be_taken_none_is_set(cli: Cli):
    ran = cli("budget", "--daily", "10", "--weekly", "much")

    assert ran.code == 2
    assert "limit is not an amount of money" in ran.err
    assert cli("budget", "list", "--json").json["budgets"] == []


def test_every_part_of_a_budget_can_be_set(cli: Cli):
    words = (
        "hold --limit 1_000_000 --tokens --period week --mode enforce --scope project=shop --scope model=claude-* --each session_id"
        " --timezone Asia/Tokyo --week-start sunday --thresholds 10,20,30,40 --include-subscription"
    )

    (made,) = cli("budget", "set", *words.split(), "--json").json["budgets"]

    assert made["limit_tokens"] == 1_000_000
    assert made["scope"] == {"model": "claude-*", "project": "shop"}
    assert (made["each"], made["timezone"], made["week_start"]) == ("session_id", "Asia/Tokyo", "sunday")
    assert made["thresholds"] == {"info": 10.0, "warning": 20.0, "critical": 30.0, "exceeded": 40.0}
    assert (made["mode"], made["include_subscription"]) == ("enforce", True)


@pytest.mark.parametrize(
    ("words", "said", "shape"),
    [
        ("--unpriced warn --mode enforce", " Calls without a known price: warn.", {"unpriced": "warn"}),
        ("--mode enforce", "", {"unpriced": "deny"}),
        ("", "", {"unpriced": "warn"}),
        (
            "--unpriced assume --assume-input 3 --assume-output 15",
            " Calls without a known price: assume $3.00 in, $15.00 out per million tokens.",
            {"unpriced": "assume", "assume_usd_per_mtok": {"input": "3", "output": "15"}},
        ),
        (
            "--assume 0.5",
            " Calls without a known price: assume $0.50 in, $0.50 out per million tokens.",
            {"unpriced": "assume", "assume_usd_per_mtok": {"input": "0.5", "output": "0.5"}},
        ),
    ],
)
def test_a_budget_says_what_calls_without_a_known_price_mean_to_it(cli: Cli, words: str, said: str, shape: dict[str, object]):
    ran = cli("budget", "set", "hold", "--limit", "5", *words.split())
    (kept,) = cli("budget", "list", "--json").json["budgets"]
    listed = cli("budget", "list").out
    cli("budget", "set", "hold", "--limit", "5", "--unpriced", "deny")

    assert ran.out.partition(").")[2] == f"{said}\n"
    assert {name: kept[name] for name in kept if name in ("unpriced", "assume_usd_per_mtok")} == shape
    assert ("Unpriced" in listed) == bool(said)
    assert "unpriced calls" in cli("budget", "history").out or shape == {"unpriced": "deny"}


FULL = (
    "--limit 5 --period week --mode enforce --scope project=shop --each session_id --timezone Asia/Tokyo --week-start sunday"
    " --thresholds 10,20,30,40 --assume-input 3 --assume-output 15 --include-subscription"
)


@pytest.mark.parametrize(
    ("words", "changed"),
    [
        ("--limit 25", {"limit_usd": "25"}),
        ("--mode alert", {"mode": "alert"}),
        ("--scope model=gpt-*", {"scope": {"model": "gpt-*"}}),
        ("--scope=", {"scope": {}}),
        ("--no-each", {"each": None}),
        ("--each=", {"each": None}),
        ("--each task", {"each": "task_id"}),
        ("--no-include-subscription", {"include_subscription": False}),
        ("--unpriced warn", {"unpriced": "warn", "assume_usd_per_mtok": None}),
        ("--unpriced assume --limit 6", {"limit_usd": "6"}),
        ("--limit 900 --tokens", {"limit_usd": None, "limit_tokens": 900, "unpriced": None, "assume_usd_per_mtok": None}),
    ],
)
def test_what_a_change_does_not_say_stays_as_it_was(cli: Cli, words: str, changed: dict[str, object]):
    (before,) = cli("budget", "set", "hold", *FULL.split(), "--json").json["budgets"]

    ran = cli("budget", "set", "hold", *words.split(), "--json")

    (after,) = ran.json["budgets"]
    assert {name: after.get(name) for name in before.keys() | after.keys() if before.get(name) != after.get(name)} == changed


def test_a_limit_stays_in_the_unit_of_its_budget_until_another_is_said(cli: Cli):
    cli("budget", "set", "hold", "--limit", "1000", "--tokens")

    kept = cli("budget", "set", "hold", "--limit", "2000", "--json").json["budgets"][0]
    dollars = cli("budget", "set", "hold", "--limit", "2.50", "--usd", "--json").json["budgets"][0]

    assert (kept["limit_tokens"], dollars["limit_usd"]) == (2000, "2.5")


def test_a_budget_that_comes_to_deny_denies_what_is_unpriced_too(cli: Cli):
    cli("budget", "set", "hold", "--limit", "5")

    (after,) = cli("budget", "set", "hold", "--mode", "enforce", "--json").json["budgets"]

    assert after["unpriced"] == "deny"


def test_watching_a_day_again_leaves_a_budget_that_denies_denying(cli: Cli):
    cli("budget", "set", "daily", "--limit", "5", "--mode", "enforce")

    (after,) = cli("budget", "--daily", "10", "--json").json["budgets"]

    assert (after["limit_usd"], after["mode"]) == ("10", "enforce")


def test_setting_says_what_the_budget_will_do(cli: Cli):
    ran = cli("budget", "set", "hold", "--limit", "5", "--mode", "enforce")

    assert ran.out == ("Budget hold: $5.00 per day, all calls, in Europe/Berlin; it denies what would exceed it (enforce).\n")


@pytest.mark.parametrize(
    "words",
    [
        "x --limit ten",
        "x --limit -1",
        "x --limit 5 --mode forbid",
        "x --limit 5 --period fortnight",
        "x --limit 5 --scope colour=red",
        "x --limit 5 --scope project",
        "x --limit 5 --each feature",
        "x --limit 5 --unpriced ignore",
        "x --limit 5 --unpriced assume",
        "x --limit 5 --unpriced warn --assume 3",
        "x --limit 5 --assume 0",
        "x --limit 5 --assume 3 --assume-input 3",
        "x --limit 5 --assume-input 3",
        "x --limit 5 --tokens --assume 3",
        "x --limit 5 --thresholds 50,80",
        "x --limit 5 --thresholds 80,50,95,100",
        "x --limit 5 --week-start someday",
        "x --limit 5.5 --calls",
        "x",
    ],
)
def test_a_budget_that_cannot_be_taken_is_not_set(cli: Cli, words: str):
    assert cli("budget", "set", *words.split()).code == 2
    assert cli("budget", "list", "--json").json["budgets"] == []


def test_without_a_budget_status_says_how_to_set_one(cli: Cli):
    for words in (("budget",), ("budget", "status"), ("budget", "list")):
        ran = cli(*words)
        assert ran.code == 0
        assert "No budget is set: nothing limits what is spent." in ran.out


def test_a_budget_made_late_counts_what_was_spent_before(spent: Cli):
    spent("budget", "--daily", "1")

    (standing,) = spent("budget", "status", "daily", "--json").json["budgets"]

    assert (standing["spent_usd"], standing["remaining_usd"], standing["lower_bound"]) == ("0.3968", "0.6032", True)


@pytest.mark.parametrize(("cost", "code", "decision"), [("0.05", 0, "warn"), ("0.30", 1, "deny")])
def test_a_question_is_answered_with_the_exit_code_too(spent: Cli, cost: str, code: int, decision: str):
    spent("budget", "set", "hold", "--limit", "0.65", "--mode", "enforce", "--unpriced", "warn")

    ran = spent("budget", "status", "--estimated-cost-usd", cost)

    assert ran.code == code
    assert ran.out.startswith(decision.upper())


def test_history_tells_who_changed_what(cli: Cli):
    cli("budget", "--daily", "10")
    cli("budget", "set", "daily", "--limit", "20", "--mode", "enforce")
    cli("budget", "remove", "daily")

    changes = cli("budget", "history", "daily", "--json").json["changes"]
    shown = cli("budget", "history").out

    assert [change["change"] for change in changes] == ["made", "changed", "removed"]
    assert all(change["changed_by"].startswith("cli") for change in changes)
    assert "made: $10.00 per day, alert" in shown
    assert "limit $10.00 → $20.00, mode alert → enforce" in shown
    assert "removed" in shown


def test_removing_a_budget_leaves_none(cli: Cli):
    cli("budget", "--daily", "10")

    assert cli("budget", "remove", "daily").out == "Removed daily ($10.00 per day); its history stays.\n"
    assert cli("budget", "list", "--json").json["budgets"] == []


def test_short_limits_do_not_mix_with_commands(cli: Cli):
    ran = cli("budget", "--daily", "10", "list")

    assert ran.code == 2
    assert "stand alone" in ran.err


def test_the_list_shows_how_every_budget_is_set(cli: Cli):
    cli("budget", "set", "hold", "--limit", "5", "--mode", "enforce", "--scope", "project=shop", "--each", "session_id")
    cli("budget", "set", "calls", "--limit", "1,000", "--calls", "--period", "total", "--thresholds", "10,20,30.5,40")

    assert cli("budget", "list").out == (
        "Budget        Limit  Per    Covers                         Mode     Zone           Thresholds\n"
        "calls   1,000 calls  total  all calls                      alert    Europe/Berlin  10, 20, 30.5, 40 %\n"
        "hold          $5.00  day    project=shop, each session_id  enforce  Europe/Berlin  50, 80, 95, 100 %\n"
    )


def test_removing_answers_with_what_was_removed(cli: Cli):
    cli("budget", "--daily", "10")

    assert cli("budget", "remove", "daily", "--json").json["removed"]["limit_usd"] == "10"


def test_a_name_no_budget_has_is_an_error_wherever_it_is_given(cli: Cli):
    assert cli("budget", "history").out == "No budget was ever set here.\n"
    cli("budget", "--daily", "10")

    for command in ("history", "status", "remove"):
        assert cli("budget", command, "dialy").code == 2
    assert "Did you mean daily?" in cli("budget", "history", "dialy").err


@pytest.mark.parametrize(
    ("limit", "hint"), [("-1", "Give what may be spent, as a positive amount."), ("nan", "Give an amount that can be reached")]
)
def test_a_limit_that_is_none_is_told_how_one_is_given(cli: Cli, limit: str, hint: str):
    assert hint in cli("budget", "set", "hold", f"--limit={limit}").err


def test_what_is_left_is_never_rounded_up(cli: Cli):
    cli("budget", "set", "hold", "--limit", "1", "--mode", "enforce")
    cli("record", "--model", "gpt-5", "--provider", "openai", "--input-tokens", "4000", "--output-tokens", "0")

    ran = cli("check", "--estimate", "1")
    cli("record", "--model", "acme-9", "--input-tokens", "4000")
    unpriced = cli("check", "--estimate", "0.01")

    assert "$0.99 left of $1.00 per day" in ran.out
    assert "holds 1 unpriced call: at most $0.99 left, and nobody knows how much of it." in unpriced.out
