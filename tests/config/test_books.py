from __future__ import annotations

from pathlib import Path

import pytest

from cost_mcp.config.books import fetched_book, price_books
from cost_mcp.config.settings import load_settings
from cost_mcp.config.trust import trust
from cost_mcp.errors import ConfigError


def test_books_come_fetched_first_then_the_users_then_the_projects(home: Path, repository: Path):
    for file, text in (
        (fetched_book(), "# fetched"),
        (home / "config" / "cost-mcp" / "prices.yaml", "# mine"),
        (repository / ".cost-mcp" / "prices.yaml", "# theirs"),
    ):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    trust(repository / ".cost-mcp")

    books = price_books(load_settings({}, repository).settings)

    assert [(book.text, book.layer) for book in books] == [("# fetched", "user"), ("# mine", "user"), ("# theirs", "project")]


@pytest.mark.usefixtures("home")
def test_a_project_book_that_changed_after_the_settings_were_read_is_refused(repository: Path):
    file = repository / ".cost-mcp" / "prices.yaml"
    file.write_text("providers: {}", encoding="utf-8")
    trust(file.parent)
    settings = load_settings({}, repository).settings
    file.write_text("providers: {openai: {}}", encoding="utf-8")

    with pytest.raises(ConfigError, match="changed since it was trusted"):
        price_books(settings)


@pytest.mark.usefixtures("home")
def test_a_named_book_that_is_not_there_is_an_error_and_not_an_empty_book(tmp_path: Path):
    settings = load_settings({"COST_MCP_PRICE_BOOK": "none.yaml"}, tmp_path).settings

    with pytest.raises(ConfigError, match=r"none\.yaml is not a file"):
        price_books(settings)
