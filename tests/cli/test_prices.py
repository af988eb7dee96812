from __future__ import annotations

import stat
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Cli

GOOD = """\
providers:
  acme:
    acme-9: {input: 0.001, output: 0.002}
"""
BAD = """\
providers:
  acme:
    acme-9: {input: 0.001, output: 0.002}
    acme-8: {input: minus, output: 0.002}
"""


@pytest.fixture
def book(home: Path) -> Path:
    file = home / "book.yaml"
    file.write_text(GOOD, encoding="utf-8")
    return file


def fetched(home: Path) -> Path:
    return home / "data" / "cost-mcp" / "prices.yaml"


def test_show_marks_the_price_in_force_and_names_its_book(cli: Cli):
    ran = cli("prices", "show", "claude-opus-4-6")
    shape = cli("prices", "show", "claude-opus-4-6", "--json").json

    assert ran.code == 0
    assert ran.out.startswith("anthropic/claude-opus-4-6  ·  dollars per million tokens\n")
    assert ran.out.split("In force at 2026-11-22 12:00 UTC\n")[1].splitlines()[1].split()[:4] == [
        "standard",
        "5",
        "0.5",
        "6.25",
    ]
    assert "  fast (× 6)   30          3 " in ran.out
    assert shape["in_force"]["unit_prices_usd"]["input"] == "0.000005"
    assert any(price["applies"] for price in shape["prices"])


def test_show_of_an_unknown_model_names_similar_ones_and_ends_with_one(cli: Cli):
    ran = cli("prices", "show", "claude-opus-4-66")

    assert ran.code == 1
    assert "No price is known." in ran.out
    assert "Similar: anthropic/claude-opus-4-6, " in ran.out
    assert cli("prices", "show", "claude-opus-4-66", "--json").json["known"] is False


def test_explain_shows_every_meter_and_the_entry(spent: Cli):
    ran = spent("prices", "explain", "plan")

    assert ran.out.startswith("Call plan\n$0.39 at list price  ·  claude-opus-4-6  ·  anthropic\n")
    assert "input         40,000            5    $0.20" in ran.out
    assert "cache read    80,000            0.5  $0.04" in ran.out
    assert "Priced as  anthropic/claude-opus-4-6" in ran.out


def test_validate_names_each_broken_entry_by_line(cli: Cli, book: Path):
    good = cli("prices", "validate", str(book))
    book.write_text(BAD, encoding="utf-8")
    bad = cli("prices", "validate", str(book))
    shape = cli("prices", "validate", str(book), "--json")

    assert (good.code, good.out) == (0, "1 entry can be read.\n")
    assert bad.code == shape.code == 1
    assert f"{book}, line 4: " in bad.out
    assert (shape.json["entries"], shape.json["problems"][0]["line"]) == (1, 4)


def test_an_update_counts_at_once_and_is_private(cli: Cli, home: Path, book: Path):
    ran = cli("prices", "update", str(book))
    receipt = cli("record", "--model", "acme-9", "--provider", "acme", "--input-tokens", "1000", "--json").json

    assert ran.code == 0
    assert (receipt["priced"], receipt["cost_usd"]) == ("override", "0.001")
    assert stat.S_IMODE(fetched(home).stat().st_mode) == 0o600


def test_a_book_with_a_broken_entry_replaces_nothing(cli: Cli, home: Path, book: Path):
    cli("prices", "update", str(book))
    book.write_text(BAD, encoding="utf-8")

    ran = cli("prices", "update", str(book))

    assert ran.code == 1
    assert "stay as they were" in ran.out
    assert fetched(home).read_text(encoding="utf-8") == GOOD


@pytest.mark.parametrize("text", ["", "# nothing\n", "prices: []\n"])
def test_a_book_without_prices_replaces_nothing(cli: Cli, home: Path, book: Path, text: str):
    book.write_text(text, encoding="utf-8")

    assert cli("prices", "update", str(book)).code == 1
    assert not fetched(home).exists()


def test_the_supplement_is_made_from_litellms_table(cli: Cli, home: Path):
    table = home / "litellm.json"
    table.write_text(
        '{"acme/acme-9": {"litellm_provider": "acme", "mode": "chat", "input_cost_per_token": 1e-06, "output_cost_per_token": 2e-06}}',
        encoding="utf-8",
    )
    into = home / "pricing"
    into.mkdir()

    made = cli("prices", "import", "litellm", str(table), "--version", "1.0", "--into", str(into), "--json").json
    page = cli("prices", "import", "litellm", str(table), "--version", "1.0", "--into", str(into), "--read-on", "2026-11-20")
    undated = cli("prices", "import", "litellm", str(table), "--version", "1.0", "--into", str(into), "--read-on", "lately")
    elsewhere = cli("prices", "import", "litellm", str(table), "--version", "1.0", "--into", str(home / "nowhere"))

    assert made["added"] == 1
    assert "acme-9" in (into / "litellm.json").read_text(encoding="utf-8")
    assert (into / "conflicts" / "litellm.md").exists()
    assert page.out == "1 models added, 0 known already, 0 of them at other prices.\n"
    assert "2026-11-20" in (into / "litellm.json").read_text(encoding="utf-8")
    assert elsewhere.code == undated.code == 2


def test_an_update_answers_in_json_whether_it_was_kept(cli: Cli, home: Path, book: Path):
    kept = cli("prices", "update", str(book), "--json").json
    book.write_text(BAD, encoding="utf-8")
    refused = cli("prices", "update", str(book), "--json").json

    assert (kept["kept"], kept["entries"], kept["file"]) == (True, 1, str(fetched(home)))
    assert (refused["kept"], refused["problems"][0]["line"]) == (False, 4)


def test_prices_of_an_earlier_day_can_be_asked_for(cli: Cli):
    then = cli("prices", "show", "deepseek-v4-pro", "--provider", "deepseek", "--at", "2026-08-01T00:00:00Z", "--json").json
    now = cli("prices", "show", "deepseek-v4-pro", "--provider", "deepseek", "--json").json

    assert then["in_force"]["unit_prices_usd"] != now["in_force"]["unit_prices_usd"]


def a_directory(file: Path) -> None:
    file.mkdir()


def not_utf_8(file: Path) -> None:
    file.write_bytes(b"\n\xff")


def bottomless(file: Path) -> None:
    file.write_text("\nproviders: " + "[" * 50_000, encoding="utf-8")


def an_absurd_price(file: Path) -> None:
    file.write_text(BAD.replace("minus", "'1e9999999'"), encoding="utf-8")


@pytest.mark.parametrize(
    ("make", "place"), [(a_directory, ""), (not_utf_8, ", line 2"), (bottomless, ", line 2"), (an_absurd_price, ", line 4")]
)
def test_a_broken_book_stops_nothing_and_is_named_wherever_a_price_may_be_missing(
    cli: Cli, home: Path, make: Callable[[Path], None], place: str
):
    file = home / "own.yaml"
    make(file)
    book = str(file)

    unpriced = cli("record", "--model", "acme-8", "--provider", "acme", "--input-tokens", "5", "--json", PRICE_BOOK=book).json
    priced = cli("record", "--model", "gpt-4o", "--input-tokens", "5", "--json", PRICE_BOOK=book).json
    shown = cli("prices", "show", "gpt-4o", "--json", PRICE_BOOK=book).json
    health = cli("doctor", PRICE_BOOK=book)

    assert (unpriced["priced"], priced["priced"], shown["provider"]) == ("unpriced", "list", "openai")
    for told in (unpriced, priced, shown):
        assert sum(f"A price book does not count in full: {book}{place}" in text for text in told["warnings"]) == 1
    assert health.code == 1
    assert f"problem: {book}{place}" in health.out


def test_a_call_charged_by_a_book_of_ones_own_is_not_told_of_the_books_other_entries(cli: Cli, book: Path):
    book.write_text(BAD, encoding="utf-8")

    ran = cli("record", "--model", "acme-9", "--provider", "acme", "--input-tokens", "5", "--json", PRICE_BOOK=str(book))

    assert (ran.json["priced"], ran.json["warnings"]) == ("override", [])
