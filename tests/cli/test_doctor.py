from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Cli


def test_a_new_machine_is_healthy_and_the_doctor_changes_nothing(cli: Cli, home: Path):
    ran = cli("doctor")
    shape = cli("doctor", "--json").json

    assert ran.code == 0
    assert ran.out.endswith("Healthy.\n")
    assert shape["healthy"] is True
    assert shape["ledger"]["state"] == "not there yet; the first call makes it"
    assert {"python", "sqlite", "mcp", "genai-prices"} <= set(shape["versions"])
    assert list(home.iterdir()) == []


def test_every_setting_is_shown_with_where_it_came_from(cli: Cli, project: Path):
    (project / ".cost-mcp").mkdir()
    (project / ".cost-mcp" / "config.yaml").write_text("# mine\nproject: shop\nbilling: subscription\n", encoding="utf-8")

    shape = cli("doctor", "--json", AGENT="coder").json

    assert shape["settings"]["agent"] == {"value": "coder", "origin": "COST_MCP_AGENT"}
    assert shape["settings"]["project"] == {"value": "shop", "origin": f"{project}/.cost-mcp/config.yaml, line 2"}
    assert shape["settings"]["billing"] == {"value": "api", "origin": "default"}
    assert "billing ignored" in shape["warnings"][0]
    assert shape["healthy"] is True


def test_a_ledger_is_counted_and_measured(spent: Cli):
    spent("budget", "--daily", "1")

    ledger = spent("doctor", "--json").json["ledger"]

    assert (ledger["calls"], ledger["budgets"]) == ("5", "1")
    assert ledger["size"].endswith(" bytes")
    assert ledger["schema"].split(" of ")[0] == ledger["schema"].split(" of ")[1]


def test_a_ledger_others_can_read_is_warned_about(spent: Cli, home: Path):
    (home / "ledger.db").chmod(0o644)

    shape = spent("doctor", "--json").json

    assert any("can be read by other users" in warning for warning in shape["warnings"])


@pytest.mark.parametrize(
    ("variable", "value", "problem"),
    [
        ("DB", "postgresql://me:hunter2@db/cost", "not yet supported in this version"),
        ("TIMEZONE", "Mars/Base", "COST_MCP_TIMEZONE is not a known IANA time zone"),
        ("DB", "/" + "a" * 300, "cannot be opened"),
        ("PRICE_BOOK", "/nowhere/prices.yaml", "/nowhere/prices.yaml is not a file"),
    ],
)
def test_what_is_wrong_is_said_among_all_that_is_known(cli: Cli, variable: str, value: str, problem: str):
    ran = cli("doctor", **{variable: value})

    assert ran.code == 1
    assert problem in ran.out
    assert "Versions" in ran.out
    assert ran.out.endswith("Not healthy.\n")
    assert "hunter2" not in ran.out


def test_a_broken_entry_of_a_price_book_is_named_by_line(cli: Cli, home: Path):
    book = home / "prices.yaml"
    book.write_text("providers:\n  acme:\n    acme-9: {input: much}\n", encoding="utf-8")

    shape = cli("doctor", "--json", PRICE_BOOK=str(book)).json

    assert shape["price_books"] == [{"file": str(book), "layer": "user"}]
    assert shape["problems"][0].startswith(f"{book}, line 3: ")


def test_a_damaged_ledger_is_a_problem_and_not_a_crash(cli: Cli, home: Path):
    (home / "ledger.db").write_bytes(b"no database" * 200)

    ran = cli("doctor")

    assert ran.code == 1
    assert "damaged, or not a database" in ran.out


def test_calls_that_programs_could_not_record_are_warned_about(spent: Cli, home: Path):
    line = '{"day": "%s", "reason": "%s", "calls": %d}\n'
    rows = (("2026-11-20", "conflict", 2), ("2026-11-21", "queue_full", 3), ("2020-01-01", "conflict", 9))
    (home / "ledger.db.missed").write_text("".join(line % row for row in rows), encoding="utf-8")

    shape = spent("doctor", "--json").json

    assert shape["ledger"]["not recorded"] == "5"
    assert any("5 of the calls they track since 2026-11-20 (3 queue_full, 2 conflict)" in told for told in shape["warnings"])
    assert shape["healthy"] is True
