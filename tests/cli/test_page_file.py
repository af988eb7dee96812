from __future__ import annotations

import stat
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Cli

WEEK = ("report", "--period", "week")


def test_a_report_reads_as_markdown_with_the_same_figures(spent: Cli):
    ran = spent(*WEEK, "--group-by", "agent", "--format", "markdown")

    assert ran.code == 0
    assert ran.out.startswith("## This week  ·  16 – 22 November 2026  ·  Europe/Berlin\n\nat least $0.54")
    assert "| coder | 3 |" in ran.out
    assert "| **Total** | **5** |" in ran.out


def test_a_report_is_left_as_a_page_for_browsers_that_only_its_owner_reads(spent: Cli, project: Path):
    ran = spent(*WEEK, "--output", "week.html")

    page = (project / "week.html").read_text(encoding="utf-8")
    assert (ran.code, ran.out) == (0, "")
    assert page.startswith("<!doctype html>")
    assert "claude-opus-4-6" in page
    assert "$0.39" in page
    assert stat.S_IMODE((project / "week.html").stat().st_mode) == 0o600


def test_a_hostile_name_is_text_in_both(cli: Cli):
    name = "<script>|*x*|</script>"
    cli("record", "--model", "gpt-5", "--input-tokens", "9", "--agent", name)
    cli("record", "--model", "gpt-5", "--input-tokens", "9")

    assert "<script>" not in cli("report", "--format", "html").out
    assert "\\<script\\>\\|\\*x\\*\\|\\</script\\>" in cli("report", "--format", "markdown").out


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--format", "pdf"], "format is not one that pages are written in. Use markdown or html."),
        (["--output", "week.pdf"], "--output tells no format by its ending"),
        (["--format", "html", "--json"], "--format and --output do not go with --json."),
        (["--output", "a.html", "--calls"], "--format and --output do not go with --calls."),
        (["--format", "html", "--force"], "--force is about a file: give --output."),
    ],
)
def test_what_is_no_page_is_refused(spent: Cli, project: Path, words: list[str], sentence: str):
    ran = spent(*WEEK, *words)

    assert ran.code == 2
    assert sentence in ran.err + ran.out
    assert not [path for path in project.iterdir() if path.is_file()]


def test_a_page_is_replaced_only_when_told_to(spent: Cli, project: Path):
    assert spent(*WEEK, "--output", "week.md").code == 0

    again = spent(*WEEK, "--output", "week.md", "--period", "today")
    forced = spent(*WEEK, "--output", "week.md", "--period", "today", "--force")

    assert (again.code, forced.code) == (2, 0)
    assert (project / "week.md").read_text(encoding="utf-8").startswith("## Today")
