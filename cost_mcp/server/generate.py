"""Writes ``definitions.json`` from the contract: ``python -m cost_mcp.server.generate`` after a change of either."""

from __future__ import annotations

import json
from pathlib import Path

from cost_mcp.server.contract import contract
from cost_mcp.server.definitions import DEFINITIONS_NAME


def generated() -> str:
    """The text that ``definitions.json`` should have."""
    return json.dumps(contract(), indent=1, ensure_ascii=False) + "\n"


def main() -> None:
    """Write the file beside this module."""
    Path(__file__).with_name(DEFINITIONS_NAME).write_text(generated(), encoding="utf-8")


if __name__ == "__main__":
    main()
