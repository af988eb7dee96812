from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Cli


def test_without_a_budget_a_spend_is_allowed_and_it_is_said_that_nothing_denies_it(cli: Cli):
    ran = cli("check", "--estimate", "1000")

    assert (ran.code, ran.err) == (0, "")
    assert ran.out == "allowed: No budget covers this. No enforcing budget covers this, so nothing denies it.\n"


@pytest.mark.parametrize(
    ("mode", "estimate", "code", "start"),
    [
        ("enforce", "0.05", 0, "allowed, with a warning: Budget hold is a lower bound: some calls in it are unpriced."),
        ("enforce", "0.20", 0, "allowed, with a warning: "),
        ("enforce", "0.30", 1, "denied: Budget hold would be exceeded: $0.25 left of $0.65 per day"),
        ("alert", "0.30", 0, "allowed, with a warning: "),
        ("shadow", "0.30", 0, "allowed: No budget covers this."),
    ],
)
def test_the_exit_code_and_one_line_say_whether_a_spend_is_allowed(spent: Cli, mode: str, estimate: str, code: int, start: str):
    spent("budget", "set", "hold", "--limit", "0.65", "--mode", mode, "--unpriced", "warn")

    ran = spent("check", "--estimate", estimate)

    assert ran.code == code
    assert ran.out.startswith(start)
    assert ran.out.count("\n") == 1
    assert ("No enforcing budget covers this" in ran.out) == (mode != "enforce")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            "--estimate 0 --model gpt-5 --input-tokens 9 --max-output-tokens 9",
            "error: --estimate and tokens of a model with a known",
        ),
        (
            "--model gpt-5 --input-tokens 9",
            "error: the output is missing: --max-output-tokens was not given. Give the output limit",
        ),
        ("--estimate=-1", "error: --estimate is negative."),
    ],
)
def test_what_would_be_judged_on_less_than_was_said_is_refused(cli: Cli, words: str, said: str):
    cli("budget", "set", "hold", "--limit", "0.00001", "--mode", "enforce")

    ran = cli("check", *words.split())

    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith(said)


def test_a_call_without_output_says_so_and_one_without_a_price_is_told_the_option_to_give(cli: Cli):
    cli("budget", "set", "hold", "--limit", "1", "--mode", "enforce")

    ran = cli("check", "--model", "gpt-5", "--input-tokens", "9", "--max-output-tokens", "0")
    unknown = cli("check", "--model", "acme-9", "--input-tokens", "9", "--max-output-tokens", "9")

    assert (ran.code, unknown.code) == (0, 1)
    assert "the model has no known price: give --estimate." in unknown.out


def test_it_decides_as_budget_status_does(spent: Cli):
    spent("budget", "set", "hold", "--limit", "0.65", "--mode", "enforce", "--unpriced", "warn")
    for estimate in ("0.1", "0.2", "0.25", "0.26", "3"):
        checked = spent("check", "--estimate", estimate, "--json")
        status = spent("budget", "status", "--estimated-cost-usd", estimate, "--json")

        assert checked.json.pop("enforced") is True
        assert {**checked.json, "enforced": None} == {**status.json, "enforced": None}
        assert checked.code == status.code


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("--project shop", 1),
        ("--project other", 0),
        ("--project shop --model gpt-5", 1),
        ("", 0),
        ("--project shop --budget calm", 0),
    ],
)
def test_only_budgets_that_cover_what_is_named_decide(cli: Cli, words: str, code: int):
    cli("budget", "set", "hold", "--limit", "1", "--mode", "enforce", "--scope", "project=shop")
    cli("budget", "set", "calm", "--limit", "100", "--mode", "enforce")

    assert cli("check", "--estimate", "2", *words.split()).code == code


def test_the_project_of_the_settings_is_the_one_asked_about(cli: Cli):
    cli("budget", "set", "hold", "--limit", "1", "--mode", "enforce", "--scope", "project=shop")

    assert cli("check", "--estimate", "2", PROJECT="shop").code == 1
    assert cli("check", "--estimate", "2", "--project", "other", PROJECT="shop").code == 0


def test_where_no_settings_name_the_project_it_is_the_repository_as_for_an_import(cli: Cli, project: Path):
    cli("budget", "set", "hold", "--limit", "1", "--mode", "enforce", "--scope", f"project={project.name}")

    assert cli("check", "--estimate", "2").code == 1
    assert cli("check", "--estimate", "2", PROJECT="shop").code == 0
    (project / ".cost-mcp").mkdir()
    (project / ".cost-mcp" / "config.yaml").write_text("project: shop\n")
    assert cli("check", "--estimate", "2").code == 0


@pytest.mark.parametrize(
    "words",
    ["--estimate much", "--estimate -1", "--estimate nan", "--budget nothing", "--colour red", "--model", "--project ''"],
)
def test_what_cannot_be_answered_is_an_error_and_never_a_denial(cli: Cli, words: str):
    ran = cli("check", *(word.strip("'") for word in words.split()))

    assert ran.code == 2
    assert ran.err.startswith("error: ")
    assert (ran.out, ran.err.count("\n")) == ("", 1)


def test_a_damaged_ledger_is_an_error(cli: Cli, home: Path):
    (home / "ledger.db").write_bytes(b"no ledger at all" * 300)

    ran = cli("check", "--json")

    assert ran.code == 2
    assert ran.json["error"]["code"] == "ledger_corrupt"


@pytest.mark.parametrize(
    ("arguments", "code", "start"),
    [
        (("--estimate", "1"), 1, "denied: Budget opus looks at the model: name the model this is for.\n"),
        ((), 0, "allowed: No budget covers this. No enforcing budget covers this, so nothing denies it.\n"),
        (("--estimate", "1", "--model", "claude-opus-4-6"), 0, "allowed: Within every budget"),
        (("--estimate", "1", "--model", "gpt-5"), 0, "allowed: No budget covers this."),
    ],
)
def test_a_budget_that_looks_at_the_model_is_not_passed_over(cli: Cli, arguments: tuple[str, ...], code: int, start: str):
    cli("budget", "set", "opus", "--limit", "5", "--mode", "enforce", "--scope", "model=claude-opus-*")
    ran = cli("check", *arguments)
    assert ran.code == code
    assert ran.out.startswith(start)
    assert ("looks at the model" in ran.out + ran.err) is ("--model" not in arguments), "a note, where nothing is to be spent"
