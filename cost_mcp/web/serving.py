"""Serving the dashboard on loopback until somebody ends it."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from typing import TYPE_CHECKING

import uvicorn

from cost_mcp.errors import ConfigError
from cost_mcp.web.app import build_app
from cost_mcp.web.door import Door

if TYPE_CHECKING:
    from cost_mcp.web.pages import House

LOOPBACK = "127.0.0.1"


def serve_dashboard(house: House, port: int, told: Callable[[str], None]) -> None:
    """Serve until Ctrl-C; ``told`` hears the address to open now, and a new one each time a browser was let in.

    Raises:
        ConfigError: the port is taken.
    """
    listening = _listen(port)
    port = listening.getsockname()[1]

    def address(token: str) -> str:
        return f"http://{LOOPBACK}:{port}/enter?token={token}"

    door = Door(renewed=lambda token: told(address(token)))
    app = build_app(house, door, cookie=f"cost-mcp-{port}")
    server = uvicorn.Server(
        # Addresses hold the token: nothing is logged of them. Pages that listen for news never end by themselves.
        uvicorn.Config(app, log_level="warning", access_log=False, timeout_graceful_shutdown=1, server_header=False)
    )
    told(address(door.token))
    with listening:
        server.run(sockets=[listening])


def _listen(port: int) -> socket.socket:
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    if os.name == "posix":  # a port that was served a moment ago is free; on Windows the option would share one in use
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((LOOPBACK, port))
        listening.listen()  # a browser may come before the server is up: it waits
    except OSError:
        listening.close()
        raise ConfigError(f"port {port} is taken.", field="port", hint="Give another with --port, or 0 for any.") from None
    return listening
