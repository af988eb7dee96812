"""Where answers go: a page in colours to a terminal, plain text to a pipe, one JSON object where it was asked for."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping

from cost_mcp.views.terminal_page import Page


def put_page(page: Page) -> None:
    """Print a page for people."""
    if sys.stdout.isatty():
        from cost_mcp.views.terminal_color import show

        show(page, sys.stdout)
    else:
        from cost_mcp.views.terminal_layout import plain

        sys.stdout.write(plain(page))


def put_json(shape: Mapping[str, object]) -> None:
    """Print one JSON object."""
    print(json.dumps(shape, indent=2, ensure_ascii=False))
