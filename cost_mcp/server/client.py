"""Who the client is: the agent program whose own spend its calls may be, and which of its sessions asks.

Only what a client says of itself is taken, by a table of known names. An unknown one is no program that keeps a log: its calls
are its own, and nothing else tells of them.

Source (all read 2026-11-22): the names are those of ``clientInfo`` in ``initialize``: Claude Code's by
https://canimcp.dev/client/claude-code, Codex's by openai/codex codex-rs/core (its MCP client), Gemini CLI's (which adds the
server's name) by google-gemini/gemini-cli packages/core/src/tools/mcp-client.ts, OpenCode's by packages/opencode/src/mcp/index.ts, and
Copilot CLI's by github/copilot-cli#1268. Sessions: Claude Code gives the servers it starts CLAUDE_CODE_SESSION_ID, since 2.1.163
the same as its log's on resuming (anthropics/claude-code#63305, #64412, #65497); Codex sends its thread's id, under which its log is
kept, in the ``_meta`` of every call (openai/codex#18093).
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import NamedTuple

from cost_mcp.errors import InvalidInput
from cost_mcp.model.name import optional_name

PRODUCTS: Mapping[str, str] = {
    "claude-code": "claude-code",
    "codex-mcp-client": "codex",
    "gemini-cli-mcp-client": "gemini-cli",
    "github-copilot-developer": "copilot",
    "opencode": "opencode",
}
"""What a client calls itself → the product, as the source of its log is called."""

_ADDS_SERVER_NAME = "gemini-cli-mcp-client-"
_SESSION_VARIABLES: Mapping[str, str] = {"claude-code": "CLAUDE_CODE_SESSION_ID"}
_SESSION_META: Mapping[str, str] = {"codex": "threadId"}


class Asker(NamedTuple):
    """An agent program, and which of its sessions asks, where it says so."""

    product: str
    session_id: str | None


def asker_of(
    client_name: str | None, meta: Mapping[str, object] | None, environ: Mapping[str, str] = os.environ
) -> Asker | None:
    """The agent program that a client of this name is; None for one that is none we know.

    ``meta`` came with its request, ``environ`` with this process.
    """
    product = product_of(client_name)
    if product is None:
        return None
    told = environ.get(_SESSION_VARIABLES.get(product, "")) or (meta or {}).get(_SESSION_META.get(product, ""))
    try:
        return Asker(product, optional_name(told, "session_id"))
    except InvalidInput:
        return Asker(product, None)  # not a session's id, and the call is none the worse for it


def product_of(client_name: str | None) -> str | None:
    """The product that a client's name stands for; None for an unknown one."""
    if client_name is None:
        return None
    if client_name.startswith(_ADDS_SERVER_NAME):
        return PRODUCTS[_ADDS_SERVER_NAME[:-1]]
    return PRODUCTS.get(client_name)
