"""The view that a chat shows beside an answer: one document without a server, put together of parts that stand beside this file.

It has to be there for everyone who runs the server, so it needs none of the libraries that pages are made with.
"""

from __future__ import annotations

import re
from base64 import b64encode
from functools import lru_cache
from hashlib import sha256
from importlib.resources import files

_PARTS = files("cost_mcp.views.html")
_SCRIPTS = ("words", "parts", "pictures", "bridge")
"""In the order in which each uses what those before it name."""

_DARK = re.compile(r"@media \(prefers-color-scheme: dark\) \{\s*:root \{([^}]*)\}\s*\}")
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)


@lru_cache(maxsize=1)
def app_view(version: str) -> str:
    """The whole document: its style is the pages' style, its policy admits its own script and style by their hashes only."""
    style = f"\n{_themed(_read('style.css'))}{_COMMENT.sub('', _read('app/view.css'))}"
    scripts = "\n".join(_read(f"app/{name}.js") for name in _SCRIPTS).replace("{{version}}", version)
    script = f'\n"use strict";\n{{\n{scripts}}}\n'  # in a block: what the parts name is theirs
    policy = f"default-src 'none'; script-src {_hash(script)}; style-src {_hash(style)}; base-uri 'none'; form-action 'none'"
    page = _read("app/view.html")
    for name, text in (("policy", policy), ("style", style), ("script", script)):
        page = page.replace(f"{{{{{name}}}}}", text)
    return page


def _themed(style: str) -> str:
    """The pages' style, dark where the host says so, and where the system does unless the host says light."""
    found = _DARK.search(style)
    assert found is not None, "style.css has no dark palette"
    dark = found[1]
    themes = (
        f"@media (prefers-color-scheme: dark) {{ :root:not([data-theme=light]) {{{dark}}} }}\n"
        f":root[data-theme=dark] {{ color-scheme: dark;{dark}}}\n:root[data-theme=light] {{ color-scheme: light; }}"
    )
    return _COMMENT.sub("", style[: found.start()] + themes + style[found.end() :])


def _hash(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


def _read(name: str) -> str:
    return _PARTS.joinpath(name).read_text(encoding="utf-8")
