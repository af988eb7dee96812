"""What the server says about itself, read from a file: no schema is built while a client waits for the handshake."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

DEFINITIONS_NAME = "definitions.json"


@cache
def definitions() -> dict[str, Any]:
    """The contract as ``cost_mcp.server.contract`` makes it; do not change what it returns."""
    return json.loads(Path(__file__).with_name(DEFINITIONS_NAME).read_text(encoding="utf-8"))


def result(**members: object) -> dict[str, object]:
    """A result as the newest revision of the protocol wants it marked; older ones leave the mark out."""
    return {"resultType": "complete", **members}
