"""A scripted agent's end of the line: the MCP client against a real server process, as a host would start it."""

from __future__ import annotations

import sys
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple, cast


class Answer(NamedTuple):
    """What a tool answers: the text an agent reads, and the structure a program does."""

    text: str
    structure: Mapping[str, object]


Ask = Callable[[str, Mapping[str, object]], Awaitable[Answer]]


@asynccontextmanager
async def agent_of(environ: Mapping[str, str], cwd: Path) -> AsyncGenerator[Ask]:
    """A way to call tools of a server started for this block: tool and arguments in, its answer out."""
    from mcp import Client, StdioServerParameters
    from mcp_types import TextContent

    server = StdioServerParameters(command=sys.executable, args=["-m", "cost_mcp", "serve"], env=dict(environ), cwd=cwd)
    async with Client(server) as client:

        async def ask(tool: str, arguments: Mapping[str, object]) -> Answer:
            result = await client.call_tool(tool, cast("dict[str, object]", arguments))
            text = "\n".join(block.text for block in result.content if isinstance(block, TextContent))
            return Answer(text, cast("Mapping[str, object]", result.structured_content or {}))

        yield ask
