"""A newer price table takes the packaged one's place on every face, until it is replaced or forgotten."""

from __future__ import annotations

import json
import stat
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from cost_mcp.pricing.library import Library

if TYPE_CHECKING:
    from conftest import Cli

BOOK = "providers:\n  acme:\n    acme-9: {input: 0.001, output: 0.002}\n"


def rows(input_price: object = 1, **more: Any) -> str:
    prices = {"input_mtok": input_price, "output_mtok": 2}
    model = {"id": "rocket-1", "match": {"equals": "rocket-1"}, "prices": prices, **more}
    provider = {"id": "acme", "name": "Acme", "api_pattern": "acme", "model_match": {"starts_with": "rocket-"}}
    return json.dumps([{**provider, "models": [model]}])


@pytest.fixture
def table(home: Path) -> Path:
    file = home / "data.json"
    file.write_text(rows(), encoding="utf-8")
    return file


def stored(home: Path) -> Path:
    return home / "data" / "cost-mcp" / "prices-table.json"


def cost(cli: Cli) -> tuple[str, str | None]:
    receipt = cli("record", "--model", "rocket-1", "--input-tokens", "1000000", "--json").json
    return receipt["priced"], receipt.get("cost_usd")


def test_a_fetched_table_prices_calls_at_once_and_is_private(cli: Cli, home: Path, table: Path):
    assert cost(cli) == ("unpriced", None)

    ran = cli("prices", "update", str(table))

    assert ran.code == 0
    assert cost(cli) == ("list", "1")
    assert stat.S_IMODE(stored(home).stat().st_mode) == 0o600
    assert [file.name for file in stored(home).parent.iterdir()] == ["prices-table.json"]


def test_what_it_replaces_is_said_and_how_many_models_come_and_go(cli: Cli, home: Path, table: Path):
    packaged = Library()
    ran = cli("prices", "update", str(table))
    table.write_text(rows(3), encoding="utf-8")
    again = cli("prices", "update", str(table), "--json").json

    assert f"It replaces genai-prices {packaged.version}.\n" in ran.out
    listed = sum(len(packaged.models(provider)) for provider in packaged.providers)
    assert f"1 models are new in it, {listed:,} are no longer listed." in ran.out
    assert ran.out.splitlines()[0] == f"{again['replaced']}: 1 models of 1 providers can be read."
    assert (again["kept"], again["kind"], again["file"]) == (True, "table", str(stored(home)))
    assert (again["models"], again["models_added"], again["models_gone"]) == (1, 0, 0)
    assert again["version"].startswith("2026-11-22 ")
    assert again["version"] not in again["replaced"]


def test_prices_name_the_version_of_the_table_they_are_from(cli: Cli, table: Path):
    version = cli("prices", "update", str(table), "--json").json["version"]

    shown = cli("prices", "show", "rocket-1", "--json").json
    recorded = cli("record", "--model", "rocket-1", "--input-tokens", "5", "--call-id", "c1", "--json").code
    explained = cli("prices", "explain", "c1", "--json").json

    assert recorded == 0
    assert shown["in_force"]["version"] == shown["prices"][0]["version"] == version
    assert explained["price"]["version"] == version


def test_a_table_leaves_packaged_and_own_books_above_it(cli: Cli, home: Path, table: Path):
    book = home / "mine.yaml"
    book.write_text("prices:\n  - {provider: acme, model: rocket-1, input: 7, output: 7}\n", encoding="utf-8")
    cli("prices", "update", str(table))

    receipt = cli("record", "--model", "rocket-1", "--input-tokens", "1000000", "--json", PRICE_BOOK=str(book)).json
    local = cli("record", "--model", "llama3", "--provider", "ollama", "--input-tokens", "5", "--json").json

    assert (receipt["priced"], receipt["cost_usd"]) == ("override", "7")
    assert local["priced"] == "free"


@pytest.mark.parametrize(
    "text",
    ["[", "[]", "[1]", rows(-1), rows("cheap"), rows(match={"sounds": "x"}), rows()[:-9]],
    ids=["cut", "empty", "no rows", "negative", "no number", "no match", "cut later"],
)
def test_a_table_that_cannot_be_read_whole_replaces_nothing(cli: Cli, home: Path, table: Path, text: str):
    cli("prices", "update", str(table))
    before = stored(home).read_bytes()
    table.write_text(text, encoding="utf-8")

    ran = cli("prices", "update", str(table))

    assert ran.code == 2
    assert "the price table cannot be used" in ran.err
    assert stored(home).read_bytes() == before
    assert cost(cli) == ("list", "1")


def test_a_table_can_be_looked_at_without_being_taken(cli: Cli, home: Path, table: Path):
    ran = cli("prices", "validate", str(table), "--json")

    assert (ran.code, ran.json["kind"], ran.json["models"]) == (0, "table", 1)
    assert not stored(home).exists()


def test_a_book_and_a_table_stand_beside_each_other_and_each_replaces_its_own_kind(cli: Cli, home: Path, table: Path):
    book = home / "book.yaml"
    book.write_text(BOOK, encoding="utf-8")

    cli("prices", "update", str(table))
    first = cli("prices", "update", str(book), "--json").json
    second = cli("prices", "update", str(book), "--json").json

    assert (first["kind"], first["replaced"]) == ("book", "no earlier book")
    assert second["replaced"].startswith("the book fetched on 20")
    assert stored(home).exists()
    assert cost(cli) == ("list", "1")


def test_what_was_fetched_can_be_forgotten(cli: Cli, home: Path, table: Path):
    book = home / "book.yaml"
    book.write_text(BOOK, encoding="utf-8")
    cli("prices", "update", str(table))
    cli("prices", "update", str(book))

    done = cli("prices", "update", "--reset", "--json").json
    again = cli("prices", "update", "--reset")

    assert done["removed"] == [str(stored(home)), str(stored(home).with_name("prices.yaml"))]
    assert done["version"] == f"genai-prices {Library().version}"
    assert not list(stored(home).parent.iterdir())
    assert again.code == 0
    assert again.out.startswith("Nothing had been fetched.\nThe packaged prices count: genai-prices ")
    assert cost(cli) == ("unpriced", None)


@pytest.mark.parametrize("words", [(), ("data.json", "--reset")])
def test_an_update_is_of_something_or_a_reset(cli: Cli, words: tuple[str, ...]):
    ran = cli("prices", "update", *words)

    assert ran.code == 2
    assert "https://" in ran.err


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"version": "x", "providers": [{"id": "acme"}]}', "\udc80", "[" * 100_000])
def test_a_damaged_stored_table_stops_no_call_and_every_call_it_may_concern_says_so(
    cli: Cli, home: Path, table: Path, damage: str
):
    cli("prices", "update", str(table))
    stored(home).write_bytes(damage.encode("utf-8", "surrogateescape"))

    unpriced = cli("record", "--model", "rocket-1", "--input-tokens", "5", "--json").json
    priced = cli("record", "--model", "gpt-4o", "--input-tokens", "5", "--json").json
    shown = cli("prices", "show", "gpt-4o", "--json").json
    health = cli("doctor")
    mended = cli("prices", "update", str(table))

    assert (unpriced["priced"], priced["priced"]) == ("unpriced", "list")
    for told in (unpriced, priced, shown):
        (warning,) = [text for text in told["warnings"] if str(stored(home)) in text]
        assert "The packaged prices, which may be older, count instead." in warning
        assert "prices update --reset" in warning
    assert health.code == 1
    assert "prices-table.json" in health.out
    assert "It replaces an unreadable table." in mended.out
    assert cost(cli) == ("list", "1")


def test_a_damaged_stored_table_can_be_forgotten_too(cli: Cli, home: Path):
    stored(home).parent.mkdir(parents=True)
    stored(home).write_text("{", encoding="utf-8")

    assert "prices update --reset" in cli("prices", "show", "gpt-4o", "--json").out
    assert cli("prices", "update", "--reset").code == 0
    assert cli("prices", "show", "gpt-4o", "--json").json["warnings"] == []


def test_the_doctor_says_which_table_counts_and_what_it_lacks(cli: Cli, home: Path, table: Path):
    before = cli("doctor", "--json").json
    version = cli("prices", "update", str(table), "--json").json["version"]
    after = cli("doctor", "--json").json

    assert before["price_table"] == {"version": f"genai-prices {Library().version}, packaged"}
    assert after["price_table"] == {"file": str(stored(home)), "version": f"genai-prices {version}, fetched"}
    assert after["healthy"] is True
    assert any("lacks" in note and "--reset" in note for note in after["notes"])
    assert version in cli("doctor").out


def test_a_stored_table_is_not_read_before_a_price_is_asked_for(home: Path, environ: dict[str, str]):
    stored(home).parent.mkdir(parents=True)
    stored(home).write_text("{", encoding="utf-8")
    code = """
import os, sys
from datetime import UTC, datetime
from pathlib import Path
from cost_mcp.config.settings import load_settings
from cost_mcp.service.opening import load_catalog
catalog = load_catalog(load_settings(os.environ, Path.cwd()).settings)
assert "genai_prices" not in sys.modules
assert catalog.problems == ()
catalog.listing("gpt-4o", None, datetime.now(UTC))
assert "prices-table.json" in str(catalog.problems[0])
"""
    subprocess.run([sys.executable, "-c", code], check=True, env=environ, cwd=home)
