"""The view of a chat on the wire: every client is told of it, and none has to look at it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from cost_mcp.server.definitions import definitions
from cost_mcp.views.html.app_view import app_view

Speak = Callable[..., Any]  # as the fixture beside this file makes it: tests cannot import their conftest
Result = dict[str, Any]

URI = "ui://cost/view"
EXTENSION = "io.modelcontextprotocol/ui"
MIME_TYPE = "text/html;profile=mcp-app"


@pytest.mark.parametrize("version", ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"])
def test_every_handshake_says_that_there_is_a_view(speak: Speak, version: str):
    answered = speak().handshake(version)
    assert (answered["protocolVersion"], answered["capabilities"]["extensions"]) == (
        version,
        {EXTENSION: {"mimeTypes": [MIME_TYPE]}},
    )


def test_discovery_says_that_there_is_a_view(speak: Speak):
    meta = {
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientInfo": {"name": "test", "version": "1"},
        "io.modelcontextprotocol/clientCapabilities": {},
    }
    answered = speak().ask("server/discover", {"_meta": meta})["result"]
    assert answered["capabilities"]["extensions"] == {EXTENSION: {"mimeTypes": [MIME_TYPE]}}


def test_a_client_that_shows_no_view_is_told_the_same(speak: Speak):
    told: list[list[Result]] = []
    for capabilities in ({}, {"extensions": {EXTENSION: {"mimeTypes": [MIME_TYPE]}}}):
        spoken = speak()
        about = {"protocolVersion": "2025-11-25", "capabilities": capabilities, "clientInfo": {"name": "t", "version": "1"}}
        spoken.ask("initialize", about)
        spoken.tell("notifications/initialized")
        spoken.call("record_call", {"model": "gpt-5", "input_tokens": 1000, "call_id": "once", "task_id": "T-1"})
        asked: list[tuple[str, dict[str, str]]] = [
            ("get_cost_report", {"period": "total"}),
            ("get_task_cost", {"task_id": "T-1"}),
            ("get_budget_status", {}),
        ]
        told.append([spoken.call(tool, arguments) for tool, arguments in asked])
    assert told[0] == told[1]
    assert all(result["content"][0]["text"] for result in told[0])


def test_the_tools_with_a_picture_name_a_view_that_can_be_read(speak: Speak):
    spoken = speak()
    spoken.handshake()
    tools = spoken.ask("tools/list")["result"]["tools"]
    drawn = {tool["name"]: tool["_meta"]["ui"]["resourceUri"] for tool in tools if "_meta" in tool}
    assert drawn == dict.fromkeys(("get_task_cost", "get_cost_report", "get_budget_status"), URI)
    (contents,) = spoken.ask("resources/read", {"uri": URI})["result"]["contents"]
    assert (contents["uri"], contents["mimeType"]) == (URI, MIME_TYPE)
    assert contents["text"] == app_view(definitions()["version"])
    assert "cost://budgets" in spoken.ask("resources/read", {"uri": "ui://cost/other"})["error"]["message"]


def test_the_view_is_one_document_that_asks_nobody_and_needs_no_library_of_the_dashboard():
    made = "from cost_mcp.views.html.app_view import app_view; import json, sys; print(json.dumps([app_view('1'), list(sys.modules)]))"
    document, modules = json.loads(subprocess.run([sys.executable, "-c", made], capture_output=True, check=True).stdout)
    assert not {"jinja2", "pygal", "markupsafe"} & set(modules)
    assert "{{" not in document
    assert "innerHTML" not in document
    assert document.replace("http://www.w3.org/2000/svg", "").count("://") == 0
    assert len(document.encode()) < 50_000
