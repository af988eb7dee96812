"""Every kind of log that can be read, by its source's name."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from cost_mcp.capture.logs import claude_code, codex, copilot, gemini_cli, opencode
from cost_mcp.capture.logs.sighting import LogFormat

_ALL: tuple[LogFormat, ...] = (claude_code.FORMAT, codex.FORMAT, copilot.FORMAT, gemini_cli.FORMAT, opencode.FORMAT)

FORMATS: Mapping[str, LogFormat] = MappingProxyType({known.source: known for known in _ALL})
"""The source a call is recorded under (``claude-code``) → its log's format."""
