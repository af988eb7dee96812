"""What the command line answers to limits, amounts and files it cannot take: the field, the reason, the next step, and exit code 2."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Cli

REFUSED = [
    ("budget set x --limit 0", "limit is not above zero."),
    ("budget set x --limit -1", "limit is negative."),
    ("budget set x --limit 1e12", "limit is above"),
    ("budget set x --limit nan", "limit is not"),
    ("budget set x --limit ten", "limit is not an amount of money."),
    ("budget set x --limit 0 --tokens", "limit_tokens is not a whole number from 1"),
    ("budget set x --limit -5 --tokens", "limit_tokens is not a whole number from 1"),
    ("budget set x --limit 0 --calls", "limit_calls is not a whole number from 1"),
    ("budget set x --limit 5.5 --calls", "limit is not a whole number."),
    ("budget --daily 0", "limit is not above zero."),
    ("budget --daily 5 --weekly -5", "limit is negative."),
    ("budget set x --limit 5 --thresholds 80,50,95,100", "thresholds are not rising percents. Give info < warning"),
    ("budget set x --limit 5 --thresholds 50,50,95,100", "thresholds are not rising percents."),
    ("budget set x --limit 5 --thresholds 0,50,95,100", "thresholds are not rising percents."),
    ("budget set x --limit 5 --thresholds 50,80,95,1001", "thresholds are not rising percents."),
    ("budget set x --limit 5 --thresholds 50,80", "thresholds are not four percents. Give info, warning"),
    ("budget set x --limit 5 --thresholds 50,80,95,nan", "thresholds are not finite."),
    ("budget set x --limit 5 --timezone Europe/Berln", "timezone is not a known IANA time zone. Did you mean Europe/Berlin"),
    ("budget set x --limit 5 --timezone Mars/Olympus", "timezone is not a known IANA time zone."),
    ("budget set x --limit 5 --week-start someday", "week_start is not a weekday. Use one of: monday"),
    ("budget set x --limit 5 --scope colour=red", "scope"),
    ("check --estimate -1", "--estimate is negative."),
    ("check --estimate much", "--estimate is not an amount of money."),
    ("check --budget nothing", "no budget of this name covers what was asked."),
    ("report --timezone Mars/Olympus", "timezone is not a known IANA time zone."),
]


@pytest.mark.parametrize(("words", "reason"), REFUSED)
def test_what_the_wallet_cannot_take_is_refused_by_name_and_changes_nothing(cli: Cli, words: str, reason: str):
    ran = cli(*words.split())

    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith(f"error: {reason}"), ran.err
    assert len(ran.err.split(". ")) >= 2, "the next step is missing"
    assert cli("budget", "list", "--json").json["budgets"] == []


SLIPS = [
    ("timezon: UTC\n", 0, "line 1: timezon is not a setting and is ignored. Did you mean timezone?"),
    ("agent: a\nhook-on-eror: deny\n", 0, "Did you mean hook_on_error?"),
    ("budget:\n  - name: a\n    limit: 1\n", 0, "line 1: budget is not a setting and is ignored. Did you mean budgets?"),
    ("zzz: 1\n", 0, "line 1: zzz is not a setting and is ignored. Known keys: db, "),
    ("timezone: Europe/Berln\n", 2, "line 1: timezone is not a known IANA time zone. Did you mean Europe/Berlin"),
    ("budgets:\n  - name: a\n    limit: 1\n    tresholds: [1, 2, 3, 4]\n", 2, "line 4: tresholds is not a field of a budget. Did you mean thresholds?"),
    ("budgets:\n  - name: a\n    limit: 1\n    scope: {projct: x}\n", 2, "line 4: scope"),
    ("cost:\n  alerts:\n    daly_limit: 1\n", 2, "line 3: daly_limit is not a setting of cost.alerts. Did you mean daily_limit?"),
    ("cost:\n  alerts:\n    daily_limit: 0\n", 2, "line 3: limit is not above zero."),
    ("cost:\n  alerts:\n    session_limit: -1\n", 2, "line 3: limit is negative."),
    ("budgets:\n  - name: a\n    limit: 1\n  - name: a\n    limit: 2\n", 2, "line 4: a budget of this name stands already. Keep one"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "code", "reason"), SLIPS)
def test_a_slip_in_a_file_is_named_with_its_line_and_the_nearest_key(cli: Cli, home: Path, text: str, code: int, reason: str):
    file = home / "mine.yaml"
    file.write_text(text)

    ran = cli("budget", "list", CONFIG=str(file))

    assert ran.code == code
    assert reason in ran.err, ran.err
    assert str(file) in ran.err


@pytest.mark.parametrize(
    ("variables", "code", "reason"),
    [
        ({"DAILY_LIMIT": "0"}, 2, "COST_MCP_DAILY_LIMIT: limit is not above zero."),
        ({"SESSION_LIMIT": "-1"}, 2, "COST_MCP_SESSION_LIMIT: limit is negative."),
        ({"MONTHLY_LIMIT": "much"}, 2, "COST_MCP_MONTHLY_LIMIT: limit is not an amount of money."),
        ({"WARNING_PERCENT": "0"}, 2, "COST_MCP_WARNING_PERCENT is not a percent."),
        ({"DAILY_LIMT": "5"}, 0, "Did you mean COST_MCP_DAILY_LIMIT?"),
        ({"TIMEZONE": "Mars/Olympus"}, 2, "COST_MCP_TIMEZONE is not a known IANA time zone."),
    ],
)
def test_a_slip_in_the_environment_is_named_by_its_variable(cli: Cli, variables: dict[str, str], code: int, reason: str):
    ran = cli("budget", "list", **variables)

    assert (ran.code, reason in ran.err) == (code, True), ran.err
