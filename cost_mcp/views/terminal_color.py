"""A laid-out page in colours, through rich; imported only where there is a terminal to show it on."""

from __future__ import annotations

import shutil
from typing import TextIO

from rich.console import Console
from rich.text import Text

from cost_mcp.views.terminal_layout import laid_out
from cost_mcp.views.terminal_page import Page
from cost_mcp.views.terminal_picture import spelled

_LOOKS = {
    "": "",
    "strong": "bold",
    "dim": "dim",
    "name": "cyan",
    "money": "bold",
    "picture": "bright_blue",
    # Blue, yellow and red are told apart by people who cannot tell green from red; each state is a word as well.
    "ok": "bright_blue",
    "info": "bright_cyan",
    "warning": "yellow",
    "critical": "bold red",
    "exceeded": "bold white on red",
}


def show(page: Page, file: TextIO) -> None:
    """Print the page as wide as the terminal is; ``NO_COLOR`` and dumb terminals get no colour."""
    width = shutil.get_terminal_size().columns  # rich takes every dumb terminal for 80 columns wide
    console = Console(file=file, width=width, highlight=False, markup=False, emoji=False)
    for line in laid_out(page, width):
        text = Text(no_wrap=True)
        for span in line:
            text.append(spelled(span.text, file.encoding), _LOOKS[span.style])
        console.print(text, soft_wrap=True)
