"""Budgets that settings declare, as they come to be in force."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import redirect_stdout
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from cost_mcp.cli.run import run
from cost_mcp.cli.surroundings import Surroundings

if TYPE_CHECKING:
    from conftest import Cli

Write = Callable[[str], Path]


@pytest.fixture
def user(home: Path) -> Write:
    """Writes the user's settings file."""

    def write(text: str) -> Path:
        path = home / "mine.yaml"
        path.write_text(text)
        return path

    return write


@pytest.fixture
def cloned(project: Path) -> Write:
    """Writes the settings file of the project commands run in; nobody trusts it."""

    def write(text: str) -> Path:
        path = project / ".cost-mcp" / "config.yaml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        return path

    return write


def budgets(cli: Cli, **variables: str) -> dict[str, dict[str, Any]]:
    """The budgets in force by name, as ``budget list`` shows them."""
    ran = cli("budget", "list", "--json", **variables)
    assert ran.code == 0, ran.err
    return {one["name"]: one for one in ran.json["budgets"]}


LISTED = """
budgets:
  - name: daily
    limit: 10
    mode: enforce
    unpriced: assume
    assume_usd_per_mtok: {input: 3, output: 15}
  - name: opus
    limit_tokens: 1_000_000
    period: week
    scope: {model: claude-opus-*}
    timezone: Asia/Tokyo
    week_start: sunday
    thresholds: [10, 20, 30, 40]
  - name: each
    limit: 0.50
    each: session
    period: total
    unpriced: deny
"""
MAPPED = """
budgets:
  daily:
    limit: "10"
    mode: enforce
    assume_usd_per_mtok:
      output: "15"
      input: 3.0
  opus:
    limit_tokens: 1000000
    period: week
    scope:
      model: claude-opus-*
    timezone: Asia/Tokyo
    week_start: Sunday
    thresholds: 10,20,30,40
  each:
    limit: 0.5
    each: session_id
    period: total
    unpriced: deny
"""


@pytest.mark.parametrize("text", [LISTED, MAPPED], ids=["listed", "mapped"])
def test_a_file_declares_budgets_with_the_fields_of_budget_set(cli: Cli, user: Write, text: str):
    path = user(text)

    made = budgets(cli, CONFIG=str(path))

    assert (made["daily"]["limit_usd"], made["daily"]["mode"], made["daily"]["timezone"]) == ("10", "enforce", "Europe/Berlin")
    assert (made["opus"]["limit_tokens"], made["opus"]["scope"]) == (1_000_000, {"model": "claude-opus-*"})
    assert (made["opus"]["timezone"], made["opus"]["week_start"]) == ("Asia/Tokyo", "sunday")
    assert made["opus"]["thresholds"] == {"info": 10.0, "warning": 20.0, "critical": 30.0, "exceeded": 40.0}
    assert (made["each"]["limit_usd"], made["each"]["each"]) == ("0.5", "session_id")
    assert [made[name].get("unpriced") for name in ("daily", "opus", "each")] == ["assume", None, "deny"]
    assert [Decimal(price) for price in made["daily"]["assume_usd_per_mtok"].values()] == [3, 15]
    assert {one["origin"] for one in made.values()} == {f"file:{path.resolve()}"}


def test_the_list_shows_where_each_budget_comes_from(cli: Cli, user: Write):
    path = user("cost: {alerts: {daily_limit: 10}}\n")
    cli("budget", "--weekly", "50")

    shown = cli("budget", "list", CONFIG=str(path), SESSION_LIMIT="1").out.splitlines()

    assert shown[0].endswith("  From")
    assert [line.split("  ")[-1] for line in shown[1:]] == [str(path.resolve()), "environment", "command line"]


def test_the_plain_form_watches_a_day_a_week_a_month_and_each_session(cli: Cli, user: Write):
    path = user(
        "cost:\n  alerts:\n    daily_limit: 10\n    weekly_limit: 50\n    monthly_limit: 150\n    session_limit: 1\n"
        "    warning_percent: 70\n"
    )

    made = budgets(cli, CONFIG=str(path))

    assert [(made[n]["limit_usd"], made[n]["period"], made[n]["mode"]) for n in ("daily", "weekly", "monthly", "session")] == [
        ("10", "day", "alert"),
        ("50", "week", "alert"),
        ("150", "month", "alert"),
        ("1", "total", "alert"),
    ]
    assert made["session"]["each"] == "session_id"
    assert made["daily"]["thresholds"] == {"info": 50.0, "warning": 70.0, "critical": 95.0, "exceeded": 100.0}


def test_the_environment_declares_budgets_and_counts_before_files(cli: Cli, user: Write):
    path = user("cost: {alerts: {daily_limit: 10}}\n")
    assert budgets(cli, CONFIG=str(path))["daily"]["limit_usd"] == "10"

    made = budgets(cli, CONFIG=str(path), DAILY_LIMIT="20", SESSION_LIMIT="1.5", WARNING_PERCENT="40", CRITICAL_PERCENT="60%")
    kept = cli("budget", "list", "--json", CONFIG=str(path))

    assert (made["daily"]["limit_usd"], made["daily"]["origin"]) == ("20", "environment")
    assert (made["session"]["limit_usd"], made["session"]["each"]) == ("1.5", "session_id")
    assert made["daily"]["thresholds"] == {"info": 20.0, "warning": 40.0, "critical": 60.0, "exceeded": 100.0}
    assert [one["limit_usd"] for one in kept.json["budgets"]] == ["20", "1.5"]
    assert "The budget daily that" in kept.err
    assert "an environment variable set one of this name" in kept.err


def test_what_does_not_change_is_not_written_again(cli: Cli, user: Write):
    path = str(user(LISTED))
    for _ in range(3):
        budgets(cli, CONFIG=path, DAILY_LIMIT="5")
        cli("record", "--model", "gpt-5", "--input-tokens", "1", CONFIG=path)

    changes = cli("budget", "history", "--json", CONFIG="").json["changes"]
    by = [(change["name"], change["change"], change["changed_by"]) for change in changes]
    assert ("daily", "made", "environment") in by
    assert len([name for name, _, _ in by if name != "daily"]) == 2


def test_a_budget_its_file_no_longer_declares_is_over_for_whoever_reads_that_file(cli: Cli, user: Write, home: Path):
    path = user(LISTED)
    other = home / "other.yaml"
    other.write_text("cost: {alerts: {monthly_limit: 9}}\n")
    budgets(cli, CONFIG=str(path))

    path.write_text("timezone: UTC\n")

    assert set(budgets(cli, CONFIG=str(other))) == {"daily", "opus", "each", "monthly"}
    assert set(budgets(cli, CONFIG="")) == {"daily", "opus", "each", "monthly"}
    assert set(budgets(cli, CONFIG=str(path))) == {"monthly"}


@pytest.mark.parametrize("wrong", ["budgetz:\n  - {name: hard, limit: 0.01, mode: enforce}\n", "bugets: []\ntimezone: UTC\n"])
def test_a_misspelt_key_ends_no_budget_and_the_gates_say_so(cli: Cli, user: Write, wrong: str):
    path = user("budgets:\n  - {name: hard, limit: 0.01, mode: enforce}\n  - {name: soft, limit: 5}\n")
    budgets(cli, CONFIG=str(path))
    path.write_text(wrong)

    ran = cli("check", "--estimate", "1", CONFIG=str(path))

    assert (ran.code, ran.out.count("\n")) == (1, 1)
    assert "line 1: b" in ran.err
    assert "Did you mean budgets? Until it is corrected, no budget of this file ends." in ran.err
    assert set(budgets(cli, CONFIG=str(path))) == {"hard", "soft"}

    path.write_text("budgets:\n  - {name: soft, limit: 5}\n")
    assert set(budgets(cli, CONFIG=str(path))) == {"soft"}


def test_a_name_the_command_line_set_is_left_as_it_is_and_it_is_said(cli: Cli, user: Write):
    cli("budget", "--daily", "3")
    path = user("cost: {alerts: {daily_limit: 10}}\n")

    ran = cli("budget", "list", "--json", CONFIG=str(path))

    assert [(one["limit_usd"], one["origin"]) for one in ran.json["budgets"]] == [("3", "cli")]
    assert "is not in force: the command line set one of this name, which stays" in ran.err
    assert ran.err.count("\n") == 1


def test_a_file_that_was_moved_takes_its_budgets_along(cli: Cli, user: Write, home: Path):
    path = user("cost: {alerts: {daily_limit: 10}}\n")
    budgets(cli, CONFIG=str(path))
    moved = path.rename(home / "moved.yaml")

    assert budgets(cli, CONFIG=str(moved))["daily"]["origin"] == f"file:{moved.resolve()}"

    shutil.copy(moved, path)
    ran = cli("budget", "list", CONFIG=str(path))
    assert "another file set one of this name" in ran.err


@pytest.mark.parametrize("trusted", [False, True])
def test_a_projects_budgets_cover_that_project_only(cli: Cli, cloned: Write, *, trusted: bool):
    path = cloned(
        "project: shop\nbudgets:\n  - {name: hold, limit: 0.01, mode: enforce}\n  - {name: bot, limit: 1, scope: {agent: bot}}\n"
        "cost: {alerts: {daily_limit: 2}}\n"
    )
    if trusted:
        assert cli("trust").code == 0

    made = budgets(cli)

    assert {name: one["scope"] for name, one in made.items()} == {
        "shop/hold": {"project": "shop"},
        "shop/bot": {"agent": "bot", "project": "shop"},
        "shop/daily": {"project": "shop"},
    }
    assert {one["origin"] for one in made.values()} == {f"file:{path.resolve()}"}
    assert cli("check", "--estimate", "1").code == 1, "the settings name the project"
    assert cli("check", "--estimate", "1", "--project", "other").code == 0


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("budgets: [{name: a, limit: 1}]\n", "the file does not name its project."),
        ("project: shop\nbudgets:\n- name: a\n  limit: 1\n  scope: {project: other}\n", "line 5: the scope names another"),
        ("project: shop\nbudgets: [{name: a, limit: 0}]\n", "line 2: limit is not above zero. This budget is ignored."),
        ("project: shop\nbudgets: 5\n", "line 2: budgets are not a list. Its budgets are ignored."),
    ],
)
def test_a_project_nobody_trusts_stops_nothing_with_budgets_that_cannot_be_taken(
    cli: Cli, cloned: Write, text: str, reason: str
):
    cloned(text)

    ran = cli("budget", "list")

    assert (ran.code, reason in ran.err, "warning: " in ran.err) == (0, True, True)
    assert budgets(cli) == {}


def test_a_budget_that_can_no_longer_be_taken_does_not_end_the_one_in_force(cli: Cli, cloned: Write):
    cloned("project: shop\nbudgets: [{name: hold, limit: 1}]\n")
    budgets(cli)
    cloned("project: shop\nbudgets: [{name: hold, limit: -1}]\n")

    assert budgets(cli)["shop/hold"]["limit_usd"] == "1"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("budgets:\n  - name: a\n    limt: 10\n", "line 3: limt is not a field of a budget. Did you mean limit?"),
        ("budgets:\n  a:\n    limit: 1\n    moed: enforce\n", "line 4: moed is not a field of a budget. Did you mean mode?"),
        ("cost:\n  alert:\n    daily_limit: 1\n", "line 2: alert is not a setting of cost. Did you mean alerts?"),
        ("cost:\n  alerts:\n    daily: 1\n", "line 3: daily is not a setting of cost.alerts. Did you mean daily_limit?"),
        ("cost:\n  alerts:\n    daily_limit: 0\n", "line 3: limit is not above zero."),
        ("cost:\n  alerts:\n    daily_limit: -5\n", "line 3: limit is negative."),
        ("cost:\n  alerts:\n    daily_limit: 5\n    warning_percent: 97\n", "line 4: thresholds are not rising percents."),
        ("cost:\n  alerts:\n    daily_limit: 5\n    warning_percent: much\n", "line 4: warning_percent is not a percent."),
        ("cost: 5\n", "line 1: cost has no keys."),
        ("budgets:\n  - limit: 1\n", "line 2: a budget has no name."),
        ("budgets:\n  - nme: x\n    limit: 1\n", "line 2: nme is not a field of a budget. Did you mean name?"),
        ("budgets:\n  - name: a\n", "line 2: a budget takes exactly one limit."),
        ("budgets:\n  - name: a\n    limit: 0\n", "line 3: limit is not above zero."),
        ("budgets:\n  - name: a\n    limit_calls: -1\n", "line 3: limit_calls is not a whole number"),
        (
            "budgets:\n  - name: a\n    limit: 1\n    timezone: Mars/Olympus\n",
            "line 4: timezone is not a known IANA time zone.",
        ),
        ("budgets:\n  - name: a\n    limit: 1\n    thresholds: [80, 50, 95, 100]\n", "line 4: thresholds are not rising"),
        ("budgets:\n  - name: a\n    limit: 1\n    unpriced: asume\n", "line 4: unpriced is not one of the known values."),
        ("budgets:\n  - name: a\n    limit: 1\n    unpriced: assume\n", "line 4: unpriced: assume and a price to assume go"),
        ("budgets:\n  - name: a\n    limit: 1\n    assume_usd_per_mtok: {input: 1}\n", "line 4: assume_usd_per_mtok does not"),
        ("budgets:\n  - name: a\n    limit: 1\n    assume_usd_per_mtok: 0\n", "line 4: assume_usd_per_mtok is zero"),
        ("budgets:\n  - name: a\n    limit: 1\n    period: fortnight\n", "line 4: period is not one of the known values."),
        ("budgets:\n  - name: a\n    limit: 1\n    mode: forbid\n", "line 4: mode is not one of the known values."),
        ("budgets:\n  - name: a\n    limit: 1\n    scope: {colour: red}\n", "line 4: scope names an unknown dimension."),
        ("budgets:\n  - {name: a, limit: 1}\n  - {name: a, limit: 2}\n", "line 3: a budget of this name stands already."),
        ("budgets:\n  - name: a\n    limit: 1\n    limit: 2\n", "line 4: limit stands already on line 3."),
        ("budgets: everything\n", "line 1: budgets are not a list."),
    ],
)
def test_what_cannot_be_taken_is_refused_by_file_and_line(cli: Cli, user: Write, text: str, reason: str):
    path = user(text)

    ran = cli("budget", "list", CONFIG=str(path))

    assert ran.code == 2
    assert f"{path}, {reason}" in ran.err
    assert budgets(cli) == {}


@pytest.mark.parametrize(
    ("variables", "reason"),
    [
        ({"DAILY_LIMIT": "0"}, "COST_MCP_DAILY_LIMIT: limit is not above zero."),
        ({"SESSION_LIMIT": "much"}, "COST_MCP_SESSION_LIMIT: limit is not an amount of money."),
        ({"DAILY_LIMIT": "1", "WARNING_PERCENT": "97"}, "COST_MCP_WARNING_PERCENT: thresholds are not rising percents."),
        ({"WARNING_PERCENT": "-1"}, "COST_MCP_WARNING_PERCENT is not a percent."),
    ],
)
def test_a_variable_that_cannot_be_taken_is_named(cli: Cli, variables: dict[str, str], reason: str):
    ran = cli("budget", "list", **variables)

    assert (ran.code, reason in ran.err) == (2, True)


def test_a_misspelt_variable_or_key_is_answered_with_the_nearest(cli: Cli, user: Write):
    path = user("bugdets: []\n")

    ran = cli("budget", "list", CONFIG=str(path), DALY_LIMIT="5")

    assert "Did you mean budgets?" in ran.err
    assert "Did you mean COST_MCP_DAILY_LIMIT?" in ran.err


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """Another project's folder that names the same project, and has taken its budget's name with a limit that never denies."""
    path = tmp_path / "clone" / ".cost-mcp" / "config.yaml"
    path.parent.mkdir(parents=True)
    (path.parent.parent / ".git").mkdir()
    path.write_text("project: shop\nbudgets: [{name: hold, limit: 1000, mode: alert}]\n")
    return path


def in_folder(home: Path, folder: Path, *words: str) -> int:
    environ = {"COST_MCP_DB": str(home / "ledger.db"), "COST_MCP_CONFIG": "", "COST_MCP_TIMEZONE": "Europe/Berlin"}
    with redirect_stdout(StringIO()):
        return run(words, Surroundings(environ=environ, cwd=folder))


def test_a_clone_that_took_a_name_keeps_no_other_files_budget_out_of_force(cli: Cli, cloned: Write, clone: Path, home: Path):
    in_folder(home, clone.parent.parent, "budget", "list")
    path = cloned("project: shop\nbudgets: [{name: hold, limit: 0.01, mode: enforce}]\n")

    checked = cli("check", "--estimate", "1")
    made = budgets(cli)

    (own,) = set(made) - {"shop/hold"}
    assert (checked.code, own.startswith("shop/hold@")) == (1, True)
    assert f"the one that {path.resolve()} declares is in force as {own}." in checked.err + cli("budget", "list").err
    assert (made["shop/hold"]["limit_usd"], made[own]["limit_usd"], made[own]["mode"]) == ("1000", "0.01", "enforce")


def test_the_file_that_is_trusted_has_the_name_and_the_other_goes_on_under_one_of_its_own(
    cli: Cli, cloned: Write, clone: Path, home: Path
):
    in_folder(home, clone.parent.parent, "budget", "list")
    path = cloned("project: shop\nbudgets: [{name: hold, limit: 0.01, mode: enforce}]\n")
    budgets(cli)
    assert cli("trust").code == 0

    mine = budgets(cli)
    in_folder(home, clone.parent.parent, "budget", "list")
    both = budgets(cli)

    assert {name: (one["limit_usd"], one["origin"]) for name, one in mine.items()} == {
        "shop/hold": ("0.01", f"file:{path.resolve()}")
    }
    assert both["shop/hold"] == mine["shop/hold"]
    assert [one["origin"] for name, one in both.items() if name != "shop/hold"] == [f"file:{clone.resolve()}"]


def test_a_budget_under_a_name_of_its_own_ends_with_its_file_and_takes_the_name_when_it_is_free(
    cli: Cli, cloned: Write, clone: Path, home: Path
):
    in_folder(home, clone.parent.parent, "budget", "list")
    path = cloned("project: shop\nbudgets: [{name: hold, limit: 0.01, mode: enforce}]\n")
    assert len(budgets(cli)) == 2
    clone.unlink()

    assert {name: one["limit_usd"] for name, one in budgets(cli).items()} == {"shop/hold": "0.01"}
    path.write_text("project: shop\n")
    assert budgets(cli) == {}
