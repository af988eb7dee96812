"""What settings say of capturing: whether logs are followed, how each source is billed, what tells a task."""

from __future__ import annotations

from pathlib import Path

import pytest

from cost_mcp.config.settings import load_settings
from cost_mcp.errors import ConfigError


def given(folder: Path, text: str = "", **environ: str):
    config = folder / "config.yaml"
    config.write_text(text, encoding="utf-8")
    return load_settings({"COST_MCP_CONFIG": str(config), **environ}, folder).settings


@pytest.mark.parametrize(
    ("text", "environ", "mode"),
    [
        pytest.param("", {}, "off", id="not said"),
        pytest.param("capture: auto\n", {}, "auto", id="in a file"),
        pytest.param("capture: off\n", {}, "off", id="off, which YAML reads as false"),
        pytest.param("capture: off\n", {"COST_MCP_CAPTURE": "Auto"}, "auto", id="in the environment"),
    ],
)
def test_a_server_follows_logs_only_where_it_was_told_to(tmp_path: Path, text: str, environ: dict[str, str], mode: str):
    assert given(tmp_path, text, **environ).capture == mode


def test_each_source_can_be_billed_in_its_own_way(tmp_path: Path):
    written = given(tmp_path, "source_billing:\n  claude-code: subscription\n  codex: api\n")
    assert written.source_billing == {"claude-code": "subscription", "codex": "api"}
    said = given(tmp_path, COST_MCP_SOURCE_BILLING="claude-code=subscription, codex=api")
    assert said.source_billing == written.source_billing


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("capture: always\n", "line 1: capture is not a way to capture"),
        ("source_billing: [codex]\n", "does not say how each source is billed"),
        ("source_billing: {codex: free}\n", "is not a billing mode"),
        ("task_patterns: ['[A-Z']\n", "is not a regular expression"),
    ],
)
def test_what_cannot_be_taken_is_refused_by_its_line(tmp_path: Path, text: str, reason: str):
    with pytest.raises(ConfigError, match=reason):
        given(tmp_path, text)
