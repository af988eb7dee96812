from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cost_mcp import errors
from cost_mcp.cli import reading
from cost_mcp.cli.failure import exit_code
from cost_mcp.errors import CostError

if TYPE_CHECKING:
    from conftest import Cli


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        ("report --period fortnight", 2, "period is not a known name."),
        ("report --limit many", 2, "not a whole number."),
        ("report --group-by colour", 2, "group_by names an unknown dimension."),
        ("report --timezone Mars/Base", 2, "timezone is not a known IANA time zone."),
        ("prices explain nothing", 2, "no call is recorded under this id."),
        ("budget remove nothing", 2, ""),
        ("budget set x --limit 0", 2, "limit is not above zero."),
        ("record --model gpt-5", 2, "no usage was given."),
        ("task", 2, "Missing argument 'ID'."),
        ("tody", 2, "there is no such command. Did you mean today?"),
        ("today --colour", 2, "No such option"),
    ],
)
def test_a_refusal_is_one_line_on_stderr_with_a_next_step(cli: Cli, words: str, code: int, sentence: str):
    ran = cli(*words.split())

    assert ran.code == code
    assert ran.out == ""
    assert ran.err.startswith("error: ")
    assert ran.err.count("\n") == 1
    assert sentence in ran.err


@pytest.mark.parametrize("words", ["report --period fortnight --json", "prices explain x --json", "task --json", "tody --json"])
def test_json_is_asked_for_and_given_even_when_it_fails(cli: Cli, words: str):
    ran = cli(*words.split())

    assert ran.code in {1, 2}
    assert set(ran.json) == {"error"}
    assert {"code", "message"} <= set(ran.json["error"])
    assert ran.err == ""


def test_a_refusal_does_not_repeat_what_it_was_given(cli: Cli):
    for words in (["report", "--period", "sesame-open"], ["report", "--limit", "sesame-open"], ["sesame-open"]):
        ran = cli(*words)
        assert ran.code == 2
        assert "sesame" not in ran.err


def test_every_error_of_the_tree_has_an_exit_code():
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, CostError)]

    assert len(kinds) > 8
    for kind in kinds:
        assert exit_code(kind.__new__(kind)) in {1, 2}


def test_what_nobody_foresaw_is_an_id_and_its_traceback_only_where_asked_for(cli: Cli, monkeypatch: pytest.MonkeyPatch):
    def broken(*_: object) -> object:
        raise ZeroDivisionError

    monkeypatch.setattr(reading, "today_page", broken)

    quiet = cli("today")
    loud = cli("today", DEBUG="1")

    assert quiet.code == loud.code == 2
    assert quiet.err.startswith("error: something broke inside cost-mcp (id ")
    assert quiet.err.count("\n") == 1
    assert "Traceback" in loud.err
    assert "ZeroDivisionError" in loud.err


def test_settings_that_cannot_be_read_stop_a_command_in_one_line(cli: Cli):
    ran = cli("today", TIMEZONE="Mars/Base")

    assert (ran.code, ran.err.count("\n")) == (2, 1)
    assert ran.err.startswith("error: COST_MCP_TIMEZONE is not a known IANA time zone.")


def test_what_was_ignored_in_a_projects_file_is_said_on_stderr(cli: Cli, project: Path):
    (project / ".cost-mcp").mkdir()
    (project / ".cost-mcp" / "config.yaml").write_text("tenant: acme\n", encoding="utf-8")

    ran = cli("today", "--json")

    assert ran.err.startswith("warning: ")
    assert "tenant ignored" in ran.err
    assert ran.json["calls"] == 0


def test_a_ledger_that_is_no_database_is_named_as_damaged(cli: Cli, home: Path):
    (home / "ledger.db").write_bytes(b"not a database at all, but long enough to be looked at as if it were one" * 20)

    ran = cli("today")

    assert ran.code == 2
    assert "damaged, or not a database" in ran.err
