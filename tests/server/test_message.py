from __future__ import annotations

import json

import pytest
from mcp_types import JSONRPCError, JSONRPCRequest, JSONRPCResponse

from cost_mcp.server.message import Unreadable, read_message, written

DEEP = 100_000


def answer_to(line: bytes) -> JSONRPCError:
    with pytest.raises(Unreadable) as refused:
        read_message(line)
    return refused.value.answer


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (b"garbage", -32700),
        (b"\xff\xfe\x00", -32700),
        (b'{"jsonrpc": "2.0", "id": 7,', -32700),
        (b"42", -32600),
        (b"[]", -32600),
        (b'[{"jsonrpc": "2.0", "id": 7, "method": "ping"}]', -32600),
        (b"{}", -32600),
        (b'{"jsonrpc": "1.0", "method": "ping"}', -32600),
    ],
)
def test_a_line_that_is_no_message_is_told_so_without_being_quoted(line: bytes, code: int):
    answer = answer_to(line)
    assert (answer.id, answer.error.code) == (None, code)
    assert "garbage" not in answer.error.message


@pytest.mark.parametrize("request_id", [7, "seven"])
def test_a_malformed_request_is_answered_under_its_id(request_id: int | str):
    assert answer_to(json.dumps({"jsonrpc": "2.0", "id": request_id, "method": 5}).encode()).id == request_id


@pytest.mark.parametrize("where", ["before", "after"])
def test_a_request_nested_too_deeply_is_answered_under_its_id(where: str):
    deep = '"params": {"id": 1, "x": ' + "[" * DEEP + "]" * DEEP + "}"
    ends = ('"id": 7, ', "") if where == "before" else ("", ', "id": 7')
    answer = answer_to(f'{{"jsonrpc": "2.0", "method": "id", {ends[0]}{deep}{ends[1]}}}'.encode())
    assert (answer.id, answer.error.code) == (7, -32600)


@pytest.mark.parametrize("value", ['"\\ud800"', "1" * 5000, "[" * 300 + "]" * 300, "NaN"])
def test_what_python_can_hold_reaches_the_tool_it_is_for(value: str):
    message = read_message(
        f'{{"jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": {{"arguments": {value}}}}}'.encode()
    )
    assert isinstance(message, JSONRPCRequest)
    assert "arguments" in (message.params or {})


def test_half_a_surrogate_pair_goes_back_as_it_came():
    line = written(JSONRPCResponse(jsonrpc="2.0", id="\ud800", result={"ok": "ü"}))
    assert json.loads(line) == {"jsonrpc": "2.0", "id": "\ud800", "result": {"ok": "ü"}}
    assert line.endswith(b"\n")
