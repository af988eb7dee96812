from __future__ import annotations

from html.parser import HTMLParser

from cost_mcp.views.html_report import html_text
from cost_mcp.views.terminal_page import BLANK, Column, Drawing, Page, Span, Table, line

HOSTILE = "<script>alert(1)</script>\" onload='x' &lt; \u202etxt"


class Reader(HTMLParser):
    """What a browser would see: the elements with their attributes, and the text."""

    def __init__(self) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element."""
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        """Note a text."""
        self.words.append(data)


def read(page: Page) -> Reader:
    reader = Reader()
    reader.feed(html_text(page))
    reader.close()
    return reader


def test_a_page_is_a_document_with_its_tables_and_pictures():
    page: Page = (
        line(Span("This week", "strong")),
        BLANK,
        Table(
            columns=(Column(title="Model"), Column(title="Cost", align="point"), Column(title="", draws=(2, 4))),
            rows=((line("gpt-5"), line("$0.40"), lambda width: (Span("█" * width),)),),
            total=(line("Total"), line("$0.40"), ()),
        ),
        Drawing(before=line("Days "), picture=lambda width: (Span("▁" * width),), behind=line(" most $1"), cells=(2, 4)),
    )

    seen = read(page)

    text = "".join(seen.words)
    assert [tag for tag, _ in seen.elements if tag in ("title", "h1", "table", "thead", "tbody", "tfoot")] == [
        "title", "h1", "table", "thead", "tbody", "tfoot",
    ]  # fmt: skip
    assert "This week" in text
    assert "gpt-5$0.40████" in text
    assert "Days ▁▁▁▁ most $1" in text


def test_nothing_is_loaded_and_nothing_runs_whatever_names_say():
    page: Page = (
        line(HOSTILE),
        line(HOSTILE),
        Table(columns=(Column(title=HOSTILE),), rows=((line(HOSTILE),),), total=(line(HOSTILE),)),
    )

    seen = read(page)

    tags = {tag for tag, _ in seen.elements}
    assert tags == {
        "html", "head", "meta", "title", "style", "body", "h1", "bdi", "p", "table", "thead", "tbody", "tfoot", "tr", "th", "td",
    }  # fmt: skip
    names = {name for _, attributes in seen.elements for name in attributes}
    assert names <= {"lang", "charset", "http-equiv", "content", "name", "class"}
    assert "".join(seen.words).count("<script>alert(1)</script>\" onload='x' &lt; �txt") == 6
    assert ("meta", "default-src 'none'") in [
        (tag, (a.get("content") or "")[:18]) for tag, a in seen.elements if "http-equiv" in a
    ]
