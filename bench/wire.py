"""A stdio server spoken to in plain JSON lines, so that only the server is measured."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Mapping, Sequence
from typing import IO, Any, cast


class Wire:
    """A started server; ``request`` sends one message and waits for its answer."""

    def __init__(self, command: Sequence[str], env: Mapping[str, str]) -> None:
        self.started = time.perf_counter()
        self._server = subprocess.Popen(
            list(command), env=dict(env), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        self._next = 0

    def initialize(self) -> float:
        """Shake hands; gives the seconds since the process was started."""
        self.request(
            "initialize",
            {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "bench", "version": "1"}},
        )
        answered = time.perf_counter() - self.started
        self._send({"jsonrpc": "2.0", "method": "notifications/initialized"})
        return answered

    def request(self, method: str, params: Mapping[str, object]) -> dict[str, Any]:
        """The result of one request.

        Raises:
            RuntimeError: the server answered an error, or ended.
        """
        self._next += 1
        self._send({"jsonrpc": "2.0", "id": self._next, "method": method, "params": params})
        while line := cast("IO[bytes]", self._server.stdout).readline():
            answer = cast("dict[str, Any]", json.loads(line))
            if answer.get("id") == self._next:
                if "error" in answer or answer["result"].get("isError"):
                    raise RuntimeError(json.dumps(answer))
                return cast("dict[str, Any]", answer["result"])
        raise RuntimeError("the server ended")

    def call(self, tool: str, arguments: Mapping[str, object]) -> float:
        """The seconds one tool call takes, there and back."""
        return self.answered(tool, arguments)[0]

    def answered(self, tool: str, arguments: Mapping[str, object]) -> tuple[float, dict[str, Any]]:
        """The seconds one tool call takes, there and back, and its structured answer."""
        began = time.perf_counter()
        result = self.request("tools/call", {"name": tool, "arguments": arguments})
        return time.perf_counter() - began, cast("dict[str, Any]", result["structuredContent"])

    def close(self) -> None:
        """End the server's input and wait for it to leave."""
        cast("IO[bytes]", self._server.stdin).close()
        self._server.wait(timeout=30)
        cast("IO[bytes]", self._server.stdout).close()

    def _send(self, message: Mapping[str, object]) -> None:
        pipe = cast("IO[bytes]", self._server.stdin)
        pipe.write(json.dumps(message).encode() + b"\n")
        pipe.flush()
