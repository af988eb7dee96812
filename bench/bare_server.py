"""What ours is compared with: the SDK's server with one trivial tool, on the SDK's own stdio transport."""

from mcp.server import MCPServer

server = MCPServer("bare")


@server.tool()
async def echo(text: str) -> str:
    """Give the text back."""
    return text


if __name__ == "__main__":
    server.run("stdio")
