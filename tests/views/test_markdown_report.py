from __future__ import annotations

from cost_mcp.views.markdown_report import markdown_text
from cost_mcp.views.terminal_page import BLANK, Column, Drawing, Page, Span, Table, line

PAGE: Page = (
    line(Span("This week", "strong"), Span("  ·  UTC", "dim")),
    BLANK,
    line(Span("at least ", "warning"), Span("$0.40", "money")),
    Table(
        columns=(Column(title="Model"), Column(title="Cost", align="point"), Column(title="", draws=(2, 4))),
        rows=((line("a|b_*c*"), line("$0.40"), lambda width: (Span("█" * width),)),),
        total=(line("Total"), line("$0.40"), ()),
    ),
    Drawing(before=line("Days "), picture=lambda width: (Span("▁" * width),), behind=line(" most $1"), cells=(2, 4)),
    line("1. no list"),
    line("- no list"),
)


def test_a_page_reads_as_markdown_without_its_pictures():
    assert markdown_text(PAGE) == (
        "## This week  ·  UTC\n"
        "\n"
        "at least $0.40\n"
        "\n"
        "| Model | Cost |\n"
        "| --- | ---: |\n"
        "| a\\|b\\_\\*c\\* | $0.40 |\n"
        "| **Total** | **$0.40** |\n"
        "\n"
        "Days  most $1\n"
        "\n"
        "1\\. no list\n"
        "\n"
        "\\- no list\n"
    )


def test_a_name_cannot_write_markup_nor_turn_a_line_around():
    name = "<img src=x> [a](b) `c` ~~d~~ &amp; \u202etxt"

    written = markdown_text((line("head"), line(name)))

    assert "\\<img src=x\\> \\[a\\](b) \\`c\\` \\~\\~d\\~\\~ \\&amp; �txt" in written
