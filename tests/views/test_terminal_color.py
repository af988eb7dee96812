from __future__ import annotations

import io

import pytest

from cost_mcp.views.terminal_color import show
from cost_mcp.views.terminal_page import STYLES, Page, Span, line


class Terminal(io.StringIO):
    """Keeps what it is shown."""

    def isatty(self) -> bool:
        """A terminal, as far as anyone can tell."""
        return True


def shown(page: Page, monkeypatch: pytest.MonkeyPatch, **environ: str) -> str:
    for name in ("NO_COLOR", "FORCE_COLOR", "COLORTERM", "COLUMNS", "TERM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    terminal = Terminal()
    show(page, terminal)
    return terminal.getvalue()


@pytest.mark.parametrize("style", STYLES)
def test_every_style_has_a_look(style: str, monkeypatch: pytest.MonkeyPatch):
    text = shown((line(Span("word", style)),), monkeypatch, TERM="xterm-256color")

    assert "word" in text
    assert ("\x1b[" in text) is (style != "")


def test_names_are_text_and_never_markup(monkeypatch: pytest.MonkeyPatch):
    assert "[bold]:smile: 127.0.0.1[/x]" in shown((line("[bold]:smile: 127.0.0.1[/x]"),), monkeypatch, TERM="xterm-256color")


@pytest.mark.parametrize("environ", [{"NO_COLOR": "1", "TERM": "xterm-256color"}, {"TERM": "dumb"}])
def test_a_terminal_without_colours_gets_none(environ: dict[str, str], monkeypatch: pytest.MonkeyPatch):
    text = shown((line(Span("word", "name")),), monkeypatch, **environ)

    assert "\x1b[3" not in text
