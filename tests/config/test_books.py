from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from cost_mcp.config.books import fetched_book, price_books
from cost_mcp.config.settings import load_settings
from cost_mcp.config.trust import trust


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

    assert books.problems == ()
    assert [(book.text, book.layer) for book in books.books] == [
        ("# fetched", "user"),
        ("# mine", "user"),
        ("# theirs", "project"),
    ]


@pytest.mark.usefixtures("home")
def test_a_project_book_that_changed_after_the_settings_were_read_does_not_count(repository: Path):
    file = repository / ".cost-mcp" / "prices.yaml"
    file.write_text("providers: {}", encoding="utf-8")
    trust(file.parent)
    settings = load_settings({}, repository).settings
    file.write_text("providers: {openai: {}}", encoding="utf-8")

    given = price_books(settings)

    assert given.books == ()
    assert "changed since it was trusted" in given.problems[0].sentence


def missing(_: Path) -> None:
    """A file that was never made."""


def a_directory(file: Path) -> None:
    file.mkdir()


def too_large(file: Path) -> None:
    file.write_bytes(b"#" * 1_000_001)


def not_utf_8(file: Path) -> None:
    file.write_bytes(b"# mine\n\xff\xfe\n")


def a_link_to_nothing(file: Path) -> None:
    file.symlink_to("nowhere.yaml")


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (missing, "is not a file"),
        (a_directory, "is not a file"),
        (too_large, "is larger than 1,000,000 bytes"),
        (not_utf_8, ", line 2: not UTF-8 text"),
        (a_link_to_nothing, "is not a file"),
    ],
)
@pytest.mark.parametrize("own", [True, False], ids=["named", "fetched"])
def test_a_book_that_cannot_be_read_is_a_problem_and_the_others_still_count(
    home: Path,
    tmp_path: Path,
    make: Callable[[Path], None],
    reason: str,
    own: bool,  # noqa: FBT001 (both cases of the parameter)
):
    mine, fetched = tmp_path / "mine.yaml", fetched_book()
    fetched.parent.mkdir(parents=True)
    broken, whole = (mine, fetched) if own else (fetched, mine)
    make(broken)
    whole.write_text("# whole", encoding="utf-8")

    given = price_books(load_settings({"COST_MCP_PRICE_BOOK": str(mine), "COST_MCP_CONFIG": ""}, home).settings)

    assert [book.text for book in given.books] == ["# whole"]
    if make is missing and not own:
        assert given.problems == (), "nothing was fetched"
    else:
        assert [problem.sentence.startswith(str(broken)) and reason in problem.sentence for problem in given.problems] == [True]
