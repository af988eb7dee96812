from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from cost_mcp.capture.logs.formats import FORMATS
from cost_mcp.server.client import PRODUCTS, asker_of, product_of

if TYPE_CHECKING:
    from tests.server.conftest import Spoken

    Speak = Callable[..., Spoken]

CALL: dict[str, object] = {"model": "gpt-5-mini", "input_tokens": 1000, "output_tokens": 10}


def test_every_product_is_one_whose_log_is_read():
    assert set(PRODUCTS.values()) == set(FORMATS)


@pytest.mark.parametrize(
    ("name", "product"),
    [
        ("claude-code", "claude-code"),
        ("codex-mcp-client", "codex"),
        ("gemini-cli-mcp-client", "gemini-cli"),
        ("gemini-cli-mcp-client-cost", "gemini-cli"),
        ("opencode", "opencode"),
        ("github-copilot-developer", "copilot"),
        ("claude-code-router", None),
        ("claude-ai", None),
        ("", None),
        (None, None),
    ],
)
def test_only_known_names_stand_for_a_product(name: str | None, product: str | None):
    assert product_of(name) == product


@pytest.mark.parametrize(
    ("name", "meta", "environ", "session"),
    [
        ("claude-code", None, {"CLAUDE_CODE_SESSION_ID": "s"}, "s"),
        ("claude-code", {"threadId": "t"}, {}, None),
        ("codex-mcp-client", {"threadId": "t"}, {"CLAUDE_CODE_SESSION_ID": "s"}, "t"),
        ("codex-mcp-client", {"threadId": 7}, {}, None),
        ("codex-mcp-client", {"threadId": "two\nlines"}, {}, None),
        ("opencode", {}, {}, None),
    ],
)
def test_a_session_is_taken_from_where_the_program_says_it(
    name: str, meta: dict[str, object] | None, environ: dict[str, str], session: str | None
):
    asker = asker_of(name, meta, environ)
    assert asker is not None
    assert asker.session_id == session


def test_calls_of_codex_are_recorded_in_the_thread_that_each_request_names(speak: Speak):
    spoken = speak()
    about = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "codex-mcp-client", "version": "1"}}
    spoken.ask("initialize", about)
    spoken.tell("notifications/initialized")
    for thread in ("t-1", "t-2", "t-1"):
        request: dict[str, Any] = {"name": "record_call", "arguments": CALL, "_meta": {"threadId": thread}}
        assert spoken.ask("tools/call", request)["result"]["structuredContent"]["outcome"] == "created"
    report = spoken.call("get_cost_report", {"period": "today", "group_by": ["session_id"]})["structuredContent"]
    assert {row["session_id"]: row["calls"] for row in report["groups"]} == {"t-1": 2, "t-2": 1}
