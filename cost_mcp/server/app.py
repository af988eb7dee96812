"""The MCP server: every request it answers, over one service."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from mcp.server.caching import CacheHint
from mcp.server.context import CallNext, HandlerResult, ServerRequestContext
from mcp.server.lowlevel import Server
from mcp_types import CallToolRequestParams, GetPromptRequestParams, PaginatedRequestParams, ReadResourceRequestParams

from cost_mcp.server.backing import Backing
from cost_mcp.server.definitions import definitions
from cost_mcp.server.prompt import get_prompt, list_prompts
from cost_mcp.server.resource import Resources
from cost_mcp.server.tool import Tools

_FIXED = CacheHint(ttl_ms=3_600_000, scope="public")
"""What the server says about itself changes with its version only."""


def build_server(backing: Backing) -> Server[Any]:
    """The server over a service that may not be open yet; it neither opens nor closes it."""
    about = definitions()
    server: Server[Any] = Server(
        about["name"],
        version=about["version"],
        title=about["title"],
        instructions=about["instructions"],
        cache_hints={
            "server/discover": _FIXED,
            "tools/list": _FIXED,
            "prompts/list": _FIXED,
            "resources/list": _FIXED,
            "resources/templates/list": _FIXED,
            "resources/read": CacheHint(),  # stale at once
        },
    )
    server.extensions = about["extensions"]
    # In place of the SDK's tracing, which would carry what callers send into whatever collects the traces.
    server.middleware[:] = [_with_extensions]
    tools, resources = Tools(backing), Resources(backing)
    server.add_request_handler("tools/list", PaginatedRequestParams, tools.list)
    server.add_request_handler("tools/call", CallToolRequestParams, tools.call)
    server.add_request_handler("resources/list", PaginatedRequestParams, resources.list)
    server.add_request_handler("resources/templates/list", PaginatedRequestParams, resources.list_templates)
    server.add_request_handler("resources/read", ReadResourceRequestParams, resources.read)
    server.add_request_handler("prompts/list", PaginatedRequestParams, list_prompts)
    server.add_request_handler("prompts/get", GetPromptRequestParams, get_prompt)
    return server


async def _with_extensions(ctx: ServerRequestContext[Any, Any], call_next: CallNext) -> HandlerResult:
    """Say in the handshake too which extensions there are: the SDK leaves them out of what revisions before 2026 are told."""
    result = await call_next(ctx)
    if ctx.method == "initialize":
        told = cast("Mapping[str, Any]", result)
        return {**told, "capabilities": {**told["capabilities"], "extensions": definitions()["extensions"]}}
    return result
