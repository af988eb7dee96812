from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from conftest import Cli


def _spend(cli: Cli, usd: str, **options: str) -> None:
    words = [word for name, value in options.items() for word in (f"--{name}", value)]
    ran = cli("record", "--model", "gpt-5", "--input-tokens", "1", "--output-tokens", "1", "--cost-usd", usd, *words)
    assert ran.code == 0, ran.err


def _listed(cli: Cli, *words: str) -> list[dict[str, Any]]:
    ran = cli("alerts", *words, "--json")
    assert ran.code == 0, ran.err
    return ran.json["alerts"]


@pytest.fixture
def told(cli: Cli) -> Cli:
    """A ledger whose daily budget has told of two levels."""
    assert cli("budget", "--daily", "10").code == 0
    _spend(cli, "8.2")
    _spend(cli, "3")
    return cli


def test_a_new_ledger_says_what_would_raise_an_alert(cli: Cli):
    assert cli("alerts").out == (
        "No alert was raised, and no budget is set that could raise one; unusual spend would, where it is watched.\n\nWatch a day   cost-mcp budget --daily 10\n"
    )


def test_without_an_alert_it_says_which_budgets_are_watched_and_from_which_level(cli: Cli):
    cli("budget", "--daily", "10")
    cli("budget", "set", "early", "--limit", "10", "--thresholds", "20,80,95,100")

    ran = cli("alerts")

    assert ran.out == (
        "No alert was raised: no budget reached its first level (20 % of its limit or more) while it was watched.\n"
        "Watched: daily, early.\n\nSee where they stand   cost-mcp budget status\n"
    )
    assert _listed(cli) == []


def test_alerts_are_listed_newest_first_with_what_was_spent_then(told: Cli):
    ran = told("alerts")

    assert [re.sub(r"alr_\w{26}", "alr_", row) for row in ran.out.splitlines()] == [
        "When   Level     About                   Sent     Alert",
        "13:00  exceeded  daily: 112 % of $10.00  nowhere  alr_",
        "13:00  warning   daily: 82 % of $10.00   nowhere  alr_",
        "",
        "They are sent nowhere: the settings name no channel under notifications.",
    ]


def test_as_json_an_alert_has_the_names_budgets_have(told: Cli):
    exceeded, warning = _listed(told, "list")

    assert exceeded["level"] == "exceeded"
    assert warning["alert_id"].startswith("alr_")
    assert warning | {"alert_id": ""} == {
        "alert_id": "",
        "kind": "budget",
        "level": "warning",
        "subject": "daily",
        "raised_at": "2026-11-22T12:00:00Z",
        "budget": "daily",
        "period": "day",
        "mode": "alert",
        "window_start": "2026-11-21T23:00:00Z",
        "window_end": "2026-11-22T23:00:00Z",
        "limit_usd": "10",
        "spent_usd": "8.2",
        "reserved_usd": "0",
        "used_percent": 82.0,
        "threshold_percent": 80.0,
        "unpriced_calls": 0,
        "lower_bound": False,
        "open": True,
        "deliveries": [],
    }


def test_what_was_acknowledged_is_listed_only_when_asked_for(told: Cli):
    newest, older = (alert["alert_id"] for alert in _listed(told))

    ran = told("alerts", "ack", older)

    assert ran.out == f"Acknowledged {older}: daily: 82 % of $10.00, warning.\n"
    assert [alert["alert_id"] for alert in _listed(told)] == [newest]
    (_, seen) = _listed(told, "list", "--all")
    assert (seen["open"], seen["acknowledged_at"]) == (False, "2026-11-22T12:00:00Z")
    assert seen["acknowledged_by"].startswith("cli")
    assert "Seen by" in told("alerts", "--all").out
    assert len(_listed(told, "--all", "--limit", "1")) == 1


def test_all_are_acknowledged_with_one_command_and_then_there_is_nothing_to_see(told: Cli):
    assert len(told("alerts", "ack", "--all").out.splitlines()) == 2
    assert told("alerts", "ack", "--all").out == "No alert is open.\n"
    assert told("alerts").out == ("No alert is open: all were acknowledged.\n\nSee all of them   cost-mcp alerts list --all\n")


def test_acknowledging_twice_is_fine(told: Cli):
    newest = _listed(told)[0]["alert_id"]
    assert [told("alerts", "ack", newest).code for _ in range(2)] == [0, 0]


def test_an_alert_that_went_nowhere_is_offered_again_to_channels_that_never_saw_it(told: Cli):
    newest = _listed(told)[0]["alert_id"]

    ran = told("alerts", "retry", newest)

    assert ran.out == f"{newest}: daily: 112 % of $10.00, is sent to channels that never saw it.\n"
    assert told("alerts", "retry", "--all").out == (
        "Nothing is to be tried again: no open alert waits, and none was given up.\n"
    )
    assert told("alerts", "retry", "--all", "--json").json == {"alerts": []}


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        ("ack", 2, "ids of alerts, or --all"),
        ("retry", 2, "ids of alerts, or --all"),
        ("ack alr_1 --all", 2, "ids of alerts, or --all"),
        ("ack alr_1", 2, "no alert with this id"),
        ("retry alr_1", 2, "no alert with this id"),
        ("list --limit 0", 2, "limit is not a whole number from 1 to 1,000"),
        ("list --limit many", 2, "not a whole number"),
        ("--all list", 2, "behind the command"),
    ],
)
def test_what_cannot_be_taken_is_refused(told: Cli, words: str, code: int, says: str):
    ran = told("alerts", *words.split())

    assert ran.code == code
    assert says in ran.err
    assert len(_listed(told)) == 2


def test_each_of_an_each_budget_is_named_with_its_value(cli: Cli):
    cli("budget", "set", "per-agent", "--limit", "1", "--each", "agent")
    _spend(cli, "0.6", agent="builder")
    _spend(cli, "0.1", agent="tester")
    (alert,) = _listed(cli)
    assert (alert["subject"], alert["each"], alert["each_value"]) == ("per-agent (agent=builder)", "agent", "builder")


def test_a_budget_made_over_several_full_windows_tells_once_how_many_there_are(cli: Cli):
    for agent, cost in (("a", "0.9"), ("b", "0.6"), ("c", "0.7")):
        _spend(cli, cost, agent=agent)
    cli("budget", "set", "per-agent", "--limit", "1", "--each", "agent")

    assert "per-agent (agent=a): 90 % of $1.00, and 2 more" in cli("alerts").out


def test_figures_that_are_a_lower_bound_say_so(cli: Cli):
    cli("budget", "--daily", "10")
    cli("record", "--model", "acme-9", "--provider", "acme", "--input-tokens", "5", "--output-tokens", "5")
    _spend(cli, "6")

    ran = cli("alerts")

    assert "daily: ≥ 60 % of $10.00" in ran.out
    assert "lower bound" in ran.out
    (alert,) = _listed(cli)
    assert (alert["unpriced_calls"], alert["lower_bound"]) == (1, True)
